"""What the pipeline told its caller, held against what was to be told: that it worked, or that nothing happened.

A caller who is told the wrong thing goes on wrongly. A pipeline that falls over where nobody refused anything has not
refused: nobody was hurt this time, by luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from harness.core.http import Exchange
from harness.verification.checks.printed import Printing
from harness.verification.claims import Claim, Verdict, Witness
from harness.verification.diagnosis.conversion_requests import Asked


class PipelineAnswer(Printing, Protocol):
    """What verification wants to know of one answer of the pipeline."""

    @property
    def trouble(self) -> str | None:
        """Why it counts as a failure, in words."""
        ...

    @property
    def intercom_error(self) -> str | None:
        """The code of the Intercom error that it handed back."""
        ...

    @property
    def contact(self) -> Mapping[str, Any] | None:
        """The person it says it has now."""
        ...

    @property
    def says_refused(self) -> bool:
        """Whether it told its caller that nothing happened."""
        ...

    @property
    def broken_down(self) -> bool:
        """Whether it failed by a mistake of its own, and not by its own word."""
        ...


def worked(answers: Sequence[PipelineAnswer], contact_id: str | None, role: str) -> Claim:
    """That it says that it worked, and hands back whom it should where it hands anybody back."""
    text = "the pipeline says that it worked"
    if not answers:
        return Claim(text, Verdict.UNKNOWN, "an answer", "the pipeline was never called")
    answer = next((a for a in answers if not (a.trouble or a.intercom_error)), answers[-1])
    seen = (
        Witness(
            "when", f"the pipeline's {answer.operation}", answer.trouble or answer.intercom_error or "no complaint"
        ),
    )
    if answer.trouble or answer.intercom_error:
        found = answer.trouble or f"it handed back Intercom's error {answer.intercom_error}"
        return Claim(text, Verdict.REFUTED, "no complaint", found, seen)
    shown = answer.contact
    if shown is not None and answer.operation != "run" and (wrong := _wrong_contact(shown, contact_id, role)):
        return Claim(text, Verdict.REFUTED, f"{role} {contact_id}", wrong, seen, likely=_LOOK_AT_ROLE)
    return Claim(text, Verdict.PROVED, "no complaint", "no complaint", seen)


def no(answers: Sequence[PipelineAnswer], asked: Sequence[Exchange]) -> Claim:
    """That it says no: in Intercom's words, or in its own where Intercom refused nothing."""
    text = "the pipeline says that it did not happen"
    if not answers:
        return Claim(text, Verdict.UNKNOWN, "an answer", "the pipeline was never called")
    answer = answers[-1]
    said = answer.trouble or (f"it handed back {answer.intercom_error}" if answer.intercom_error else "")
    refusals = [one.said for one in map(Asked, asked) if one.status >= 400 or not one.status]
    refusal = refusals[-1] if refusals else ""
    seen = [Witness("when", f"the pipeline's {answer.operation}", said or _AS_IF_WELL)]
    seen += [Witness("when", "its requests", refusal)] if refusal else []
    fell = answer.broken_down and not refusal
    return Claim(
        text,
        Verdict.PROVED if answer.says_refused and not fell else Verdict.REFUTED,
        "it raises, exits non-zero or returns Intercom's error",
        f"it fell over by itself, and Intercom refused nothing: {said}" if fell else said or _AS_IF_WELL,
        tuple(seen),
        likely=_FELL if fell else "" if said else _SILENT,
    )


_AS_IF_WELL = "it ended as if all were well"
_FELL = "a mistake in it kept it from going on: look at what it is given and answered, and say no in its own words"
_SILENT = "a caller who is told nothing takes it for done: look at the answer's status, and fail"
_LOOK_AT_ROLE = "a 200 alone proves nothing: look at role and id of what Intercom answered"


def _wrong_contact(shown: object, contact_id: str | None, role: str) -> str:
    body = shown if isinstance(shown, dict) else {}
    kind = body.get("role") or {"contact": "lead"}.get(str(body.get("type")), body.get("type"))
    if kind not in (None, role):
        return f"it handed back a {kind}"
    if contact_id is not None and str(body.get("id")) != contact_id:
        return f"it handed back {body.get('id')}"
    return ""
