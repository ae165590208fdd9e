"""Reasons: nothing was asked of Intercom, or nothing for one of several people, and yet an answer came."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Final

from harness.verification.diagnosis.conversion_requests import ReportedAnswer, Seen

NOT_AWAITED: Final = "was never awaited"
"""What Python prints of a coroutine that nobody awaited."""

NOBODY_ASKED: Final = "no request of the pipeline reached the gateway"


def asked_nothing(seen: Seen) -> str | None:
    """No request came at all: tell why, as far as the answers show it."""
    if seen.asked:
        return None
    if seen.trouble:
        return f"it failed before it asked Intercom anything: {seen.trouble}"
    for row in ROWS:
        if reason := row(seen.answers):
            return f"{NOBODY_ASKED}: {reason}"
    return (
        f"{NOBODY_ASKED}, and it complained of nothing: the code that asks was not run, or it asks a host that is led "
        "nowhere (it must honour INTERCOM_BASE_URL, the proxy, or be Intercom's own)"
    )


def _not_awaited(answers: Sequence[ReportedAnswer]) -> str:
    if any(isinstance(answer.value, Awaitable) or NOT_AWAITED in answer.stderr for answer in answers):
        return "it left a coroutine that nobody awaited, so none of its code was run"
    return ""


def _answered_early(answers: Sequence[ReportedAnswer]) -> str:
    early = next((answer for answer in answers if answer.status), None)
    if early is None:
        return ""
    return (
        f"its service answered {early.status} before it asked anything: it works on after its answer, or not at all; "
        "answer when it is done, or 202 with Location, or say where to look with awaits"
    )


def _from_memory(answers: Sequence[ReportedAnswer]) -> str:
    told = next((answer for answer in answers if answer.value not in (None, "", False)), None)
    if told is None:
        return ""
    return "it handed back an answer all the same: from memory, or from what an earlier call left behind"


ROWS: Final = (_not_awaited, _answered_early, _from_memory)


def some_left_over(seen: Seen) -> str | None:
    """Some of several people were asked for, and others not."""
    named = {attempt.source[1] for attempt in seen.attempts if attempt.source}
    left = [meant for meant in seen.meant if meant.source.id not in named and meant.source.uuid not in named]
    if not seen.converted or not left or len(left) == len(seen.meant):
        return None
    text = f"it asked for no conversion of {len(left)} of {len(seen.meant)} people who were meant"
    ids = {meant.source.id for meant in left}
    called = [answer for answer in seen.answers if ids & set(answer.about)]
    return f"{text}, and answered for them all the same: from memory of another call" if called else text
