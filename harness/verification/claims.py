"""A claim, its verdict and its witnesses. Unknown is never a pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """What the witnesses say of a claim."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Witness:
    """One independent read, and what it showed."""

    when: str
    read: str
    shows: str
    answer: object = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about one person, with what was expected and what was found.

    `source` names the fact behind the expectation; `assumed` says that Intercom's behaviour is not known there.
    """

    text: str
    verdict: Verdict
    expected: str = ""
    found: str = ""
    witnesses: tuple[Witness, ...] = ()
    likely: str = ""
    source: str = ""
    assumed: bool = False
    what: str = ""
    """The attribute, or kind of belonging, that it speaks of, so that the request which changed it can be found."""
    things: tuple[str, ...] = ()
    """The ids of the belongings that are gone, changed or new."""
    who: tuple[str, ...] = ()
    """The ids of the people it speaks of; empty where it speaks of source and target."""

    @property
    def proved(self) -> bool:
        """Return whether it is proved."""
        return self.verdict is Verdict.PROVED

    def because(self, likely: str) -> Claim:
        """The same claim with a likely reason, where it has none of its own."""
        return self if self.likely or not likely else replace(self, likely=likely)


def judged(
    text: str,
    right: bool,
    expected: str,
    found: str,
    witnesses: tuple[Witness, ...],
    source: str = "",
    *,
    assumed: bool = False,
    what: str = "",
    things: tuple[str, ...] = (),
    who: tuple[str, ...] = (),
) -> Claim:
    """Make a claim that conclusive reads decide: proved if what they show is right, refuted if not."""
    verdict = Verdict.PROVED if right else Verdict.REFUTED
    return Claim(text, verdict, expected, found, witnesses, "", source, assumed, what, things, who)


def worst(claims: Iterable[Claim]) -> Verdict:
    """The verdict of all together; no claim at all proves nothing."""
    verdicts = {claim.verdict for claim in claims}
    if Verdict.REFUTED in verdicts:
        return Verdict.REFUTED
    if Verdict.UNKNOWN in verdicts or not verdicts:
        return Verdict.UNKNOWN
    return Verdict.PROVED


class NotProved(AssertionError):
    """At least one claim was refuted or stayed unknown. `claims` holds all of them, the proved ones too."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.claims = tuple(claims)
        super().__init__("\n".join(_lines(claims)))


def _lines(claims: Sequence[Claim]) -> Iterable[str]:
    failed = [claim for claim in claims if claim.verdict is not Verdict.PROVED]
    yield f"{len(failed)} of {len(claims)} claims not proved"
    for claim in failed:
        yield from describe(claim)


def describe(claim: Claim) -> Iterable[str]:
    """A claim in words, a line each: what was claimed, expected, found, by which reads, and why it may be so."""
    yield f"{claim.verdict.value}: {claim.text}"
    rows = [("expected", claim.expected), ("found", claim.found)]
    rows += [("witness", f"{w.when}: {w.read}: {w.shows}") for w in claim.witnesses]
    rows += [("likely", claim.likely), ("rule", f"{claim.source}{' (assumed)' if claim.assumed else ''}")]
    for name, text in rows:
        if text:
            yield f"    {name}: {text}"
