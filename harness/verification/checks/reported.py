"""What the pipeline told its caller, held against what was to be told: that it worked, or that nothing happened.

A caller who is told the wrong thing goes on wrongly. A pipeline that falls over where nobody refused anything has not
refused: nobody was hurt this time, by luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from harness.core.foreign_values import shown
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
    def returns(self) -> str | None:
        """What it declared that it returns; `None` where nothing is to be compared."""
        ...

    @property
    def about(self) -> tuple[str, ...]:
        """The ids of the people whom the call was about."""
        ...

    @property
    def said_no(self) -> bool:
        """Whether it handed back what it declared to mean no."""
        ...

    @property
    def says_refused(self) -> bool:
        """Whether it told its caller that nothing happened."""
        ...

    @property
    def status(self) -> int | None:
        """The HTTP status of a service's answer; `None` where it is no service."""
        ...

    @property
    def broken_down(self) -> bool:
        """Whether it failed by a mistake of its own, and not by its own word."""
        ...


def worked(answers: Sequence[PipelineAnswer], contact_id: str | None, role: str, source_id: str | None = None) -> Claim:
    """Claim that it says that it worked, and hands back what it declared to hand back.

    source_id: whose conversion it is; of several calls those about this person count.
    """
    text = "the pipeline says that it worked"
    if not answers:
        return Claim(text, Verdict.UNKNOWN, "an answer", "the pipeline was never called")
    ours = [one for one in answers if source_id is not None and source_id in one.about] or list(answers)
    answer = next((one for one in ours if not complaint(one)), ours[-1])
    told = complaint(answer)
    seen = (Witness("when", f"the pipeline's {answer.operation}", told or "no complaint"),)
    if told:
        return Claim(text, Verdict.REFUTED, "no complaint", told, seen)
    if wrong := wrong_return(answer, contact_id, role):
        return Claim(text, Verdict.REFUTED, f"{role} {contact_id}", wrong, seen, likely=_LOOK_AT_ROLE)
    return Claim(text, Verdict.PROVED, "no complaint", "no complaint", seen)


def complaint(answer: PipelineAnswer) -> str:
    """Return what an answer complains of, in words; empty where it says that all is well."""
    if answer.trouble:
        return answer.trouble
    if answer.intercom_error:
        return f"it handed back Intercom's error {answer.intercom_error}"
    return f"it handed back {shown(answer.value)}, which it declared to mean no" if answer.said_no else ""


def no(answers: Sequence[PipelineAnswer], asked: Sequence[Exchange]) -> Claim:
    """That it says no: in Intercom's words, or in its own where Intercom refused nothing."""
    text = "the pipeline says that it did not happen"
    if not answers:
        return Claim(text, Verdict.UNKNOWN, "an answer", "the pipeline was never called")
    answer = answers[-1]
    said = complaint(answer)
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
        likely=_FELL if fell else "" if said else _says_nothing(answer),
    )


_AS_IF_WELL = "it ended as if all were well"
_FELL = "a mistake in it kept it from going on: look at what it is given and answered, and say no in its own words"
_SILENT = "a caller who is told nothing takes it for done: look at the answer's status, and fail"
_LOOK_AT_ROLE = "a 200 alone proves nothing: look at role and id of what Intercom answered"


def _says_nothing(answer: PipelineAnswer) -> str:
    if answer.value is False or isinstance(answer.value, Mapping):
        return f"{_SILENT}; if {shown(answer.value)} is its word for no, declare it with says_no"
    return _SILENT


def wrong_return(answer: PipelineAnswer, contact_id: str | None, role: str) -> str:
    """Return what is wrong with what was handed back; empty where it is right, or where nothing was declared."""
    if answer.returns is None or answer.operation in ("run", "webhook"):
        return ""
    if answer.returns == "nothing":
        return "" if answer.value is None else "it handed something back, and declares that it returns nothing"
    if answer.returns == "contact_id":
        told = answer.value if answer.value is not None else answer.stdout.strip() or None
        if not isinstance(told, str | int) or isinstance(told, bool):
            return f"it declares that it returns a contact's id, and handed back {_brief(told)}"
        return "" if contact_id in (None, str(told)) else f"it handed back the id {shown(told)}"
    return _wrong_contact(answer.value, contact_id, role)


def _wrong_contact(value: object, contact_id: str | None, role: str) -> str:
    known, told, kind = (_told(value, name) for name in ("id", "role", "type"))
    if not isinstance(known, str | int):
        return f"it declares that it returns a contact, and handed back {_brief(value)}"
    is_now = told or ("lead" if kind == "contact" else kind)
    if isinstance(is_now, str) and is_now != role:
        return f"it handed back a {is_now}"
    return "" if contact_id in (None, str(known)) else f"it handed back {known}"


def _told(value: object, name: str) -> object:
    try:
        return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    except Exception:  # noqa: BLE001  # a pipeline's own class may raise anything
        return None


def _brief(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
