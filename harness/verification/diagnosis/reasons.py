"""Why a claim may have failed: what the pipeline was seen to do, in a person's words.

A table of rows, the most telling first: each looks at the pipeline's own requests and at who was meant, and says what
it sees in one sentence, or nothing. A reason is a hint for a reader and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qsl

from harness.verification.claims import Claim
from harness.verification.diagnosis import identifiers, other_operation, silence, wrong_person
from harness.verification.diagnosis.conversion_requests import Asked, ConversionAttempt, Meant, Seen
from harness.verification.diagnosis.deeds import reason_for

__all__ = ["Meant", "Seen", "explained", "likely"]

Reason = Callable[[Seen], str | None]


def explained(claims: Sequence[Claim], seen: Seen) -> list[Claim]:
    """Return the claims, each that failed with the likeliest reason: the request that did it, or what went wrong."""
    reason = likely(seen)
    return [claim if claim.proved else claim.because(reason_for(claim, seen) or reason) for claim in claims]


def likely(seen: Seen) -> str:
    """The likeliest reason why a claim failed; empty where none stands out."""
    return next((reason for row in ROWS if (reason := row(seen))), "") or _last_error(seen) or ""


# --- nothing was asked that could be done ----------------------------------------------------------


def _stopped_requests(seen: Seen) -> str | None:
    found = next((asked for asked in seen.asked if asked.exchange.outcome.refused), None)
    if found is None:
        return None
    asked = found.exchange.request.target if found.method == "CONNECT" else found.path
    return f"the gateway refused {found.method} {asked}: {found.exchange.outcome.refused}"


def _wrong_version(seen: Seen) -> str | None:
    found = next((asked for asked in seen.asked if asked.error == "intercom_version_invalid"), None)
    if found is None:
        return None
    sent = found.exchange.request.headers.get("intercom-version")
    how = f"it sent Intercom-Version {sent}, which" if sent else "it sent no Intercom-Version: what Intercom takes then"
    return f"{how} does not have this operation; {found.said}"


# --- what was answered was not heard --------------------------------------------------------------


def _first_page_only(seen: Seen) -> str | None:
    for place, asked in enumerate(seen.asked):
        pages = asked.answer.get("pages")
        following = pages.get("next") if isinstance(pages, dict) else None
        if not following or not asked.granted or not isinstance(pages, dict):
            continue
        if not any(later.path == asked.path and _pages_on(later) for later in seen.asked[place + 1 :]):
            total = asked.answer.get("total_count")
            of = f" of {total}" if total else ""
            listed = next((value for value in asked.answer.values() if isinstance(value, list)), [])
            read = f"it read the first page only ({len(listed)}{of})"
            page, pages_there = pages.get("page"), pages.get("total_pages")
            numbered = f", page {page} of {pages_there}," if page and pages_there else ""
            return f"{read}{numbered} of {asked.method} {asked.path}: follow `pages.next`"
    return None


def _pages_on(asked: Asked) -> bool:
    query = dict(parse_qsl(asked.exchange.request.target.partition("?")[2]))
    pagination = asked.body.get("pagination")
    sent = {*query, *(pagination if isinstance(pagination, dict) else {})}
    return bool(sent & {"starting_after", "page", "scroll_param", "cursor"})


def _asked_twice(seen: Seen) -> str | None:
    done: list[tuple[str, str]] = []
    for attempt in seen.attempts:
        if attempt.source in done and not attempt.asked.granted:
            return f"it asked for the same conversion again after it was done; {attempt.asked.said}"
        if attempt.asked.granted and attempt.asked.status and attempt.source:
            done.append(attempt.source)
    return None


def _gone_after_a_lost_answer(seen: Seen) -> str | None:
    lost: list[tuple[str, str]] = []
    for attempt in seen.attempts:
        status = attempt.asked.status
        if attempt.source in lost and status in (404, 410):
            return (
                f"an answer was lost, the work was done, and it took {status} for a failure: look where the source went"
            )
        if attempt.source and (not status or status >= 500):
            lost.append(attempt.source)
    return None


def _searched_too_soon(seen: Seen) -> str | None:
    for asked in seen.asked:
        if not asked.path.endswith("/search") or not asked.granted or asked.answer.get("data"):
            continue
        query = str(asked.body.get("query")).lower()
        known = (person.email.lower() for meant in seen.meant if (person := meant.target) and person.email)
        if any(email in query for email in known):
            return (
                "it searched for the user and believed that nobody is there: a search lags behind, reads by id do not"
            )
    return None


def _not_found_for_done(seen: Seen) -> str | None:
    found = _last_attempt(seen)
    if found is None or found.asked.status not in (404, 410) or seen.complained:
        return None
    return f"it took {found.asked.status} for success, or told nobody: look at the answer's status; {found.asked.said}"


def _did_not_wait(seen: Seen) -> str | None:
    found = _last_attempt(seen)
    if found is None or found.asked.status != 429:
        return None
    response = found.asked.exchange.outcome.response
    pause = response.headers.get("retry-after") if response else None
    return f"it gave up at a rate limit: wait {f'{pause} s ' if pause else ''}as Intercom says, and ask again"


def _answer_lost(seen: Seen) -> str | None:
    found = _last_attempt(seen)
    if found is None or (found.asked.status and found.asked.status < 500):
        return None
    how = f"was answered {found.asked.status}" if found.asked.status else "was not answered"
    return f"its last {found.asked.method} {found.asked.path} {how}: it may have been done, so look, then ask again"


def _last_attempt(seen: Seen) -> ConversionAttempt | None:
    return seen.attempts[-1] if seen.attempts else None


def _converted_nobody(seen: Seen) -> str | None:
    if seen.attempts or _last_error(seen):
        return None
    return f"the pipeline asked for no conversion{f': {seen.trouble}' if seen.trouble else ''}"


def _last_error(seen: Seen) -> str | None:
    return next((asked.said for asked in reversed(seen.asked) if asked.status >= 400), None)


ROWS: Final[Sequence[Reason]] = (
    silence.asked_nothing,
    _stopped_requests,
    _wrong_version,
    identifiers.lost_identifier,
    identifiers.unread_field,
    identifiers.unread_parameter,
    wrong_person.backwards,
    identifiers.intercom_id_for_own_id,
    identifiers.email_for_own_id,
    identifiers.uuid_for_own_id,
    identifiers.visitor_for_contact,
    identifiers.other_id_for_contact,
    wrong_person.lead_where_user_was_wanted,
    wrong_person.lead_by_update,
    wrong_person.user_made_a_lead,
    wrong_person.unconverted,
    wrong_person.other_source,
    wrong_person.other_target,
    wrong_person.bystander_written,
    other_operation.needs_duplicates,
    other_operation.attribute_nobody_made,
    other_operation.owner_is_text,
    _first_page_only,
    other_operation.created,
    other_operation.deleted,
    other_operation.archived,
    other_operation.unarchived,
    other_operation.took_away,
    other_operation.wrote_over,
    other_operation.shouted,
    _gone_after_a_lost_answer,
    _asked_twice,
    _did_not_wait,
    _not_found_for_done,
    _answer_lost,
    _searched_too_soon,
    identifiers.other_identifier,
    silence.some_left_over,
    _converted_nobody,
)
