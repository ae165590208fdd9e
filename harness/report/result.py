"""One scenario's result as reports want it: plain values, no live objects, ready to be written as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final, Literal, TypeAlias

Ending: TypeAlias = Literal["proved", "refuted", "unknown", "not run", "could not run", "known"]
"""How a scenario ended; `known` is a failure that the baseline names."""

FORMAT: Final = 1
"""The version of the JSON that a run writes."""

ENDINGS: tuple[Ending, ...] = ("proved", "refuted", "unknown", "could not run", "known", "not run")


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """One read, when it was made and what it showed."""

    when: str
    read: str
    shows: str


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim with its evidence."""

    text: str
    verdict: str
    expected: str = ""
    found: str = ""
    likely: str = ""
    source: str = ""
    assumed: bool = False
    witnesses: Sequence[WitnessRow] = ()


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One request of the pipeline: what was asked, what came back."""

    request: str
    sent: str
    status: str
    answer: str
    operation: str = ""
    version: str = ""
    refused: str = ""
    unread: Sequence[str] = ()
    """The fields that were sent and that Intercom does not read there."""
    fault: str = ""
    """The fault that was armed and made it so; such an answer is no evidence."""
    at: float = 0.0
    """Seconds by the scenario's clock since the pipeline's first request."""
    webhook: str = ""
    """The topic, where it is not the pipeline that asked, but Intercom that told it this."""
    again: bool = False
    """Whether the same was asked before, in vain."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What the pipeline answered to one call."""

    operation: str
    trouble: str = ""
    stdout: str = ""
    stderr: str = ""
    exit_status: int | None = None


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One thing that somebody had: its values before and after, what became of it, and whether that is right."""

    what: str
    source: str
    target: str
    after: str
    fate: str
    right: bool | None


@dataclass(frozen=True, slots=True)
class KnownRow:
    """What the baseline says of a failure: how it ended, why it is excused, until when, and whether that is over."""

    ending: Ending
    reason: str
    expires: str
    expired: bool = False

    @property
    def text(self) -> str:
        """The same in a line."""
        return f"known until {self.expires}{', which is over' if self.expired else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """A whole scenario. `reason` says why it could not run or was not run, or what went wrong beside its claims."""

    module: str
    case: str
    title: str
    ending: Ending
    seconds: float = 0.0
    reason: str = ""
    claims: Sequence[ClaimRow] = ()
    asked: Sequence[AskedRow] = ()
    answers: Sequence[AnswerRow] = ()
    additions: Sequence[str] = ()
    intercom_version: str = ""
    kept: Sequence[Sequence[KeptRow]] = ()
    """For each conversion that was claimed, what was kept, lost and moved."""
    again: str = ""
    """The command that runs this scenario again as it was run."""
    known: KnownRow | None = None
    """What the baseline says of it, if it fails and is known to."""
    level: str = ""
    """How much a pipeline has to stand in it; empty where that is not known."""

    @property
    def parameters(self) -> str:
        """The parameters of the case, as its name shows them in brackets."""
        return self.case.partition("[")[2].removesuffix("]")

    @property
    def likely(self) -> str:
        """The reason that most of its failed claims share; empty where there is none."""
        reasons = [claim.likely for claim in self.claims if claim.verdict != "proved" and claim.likely]
        return max(reasons, key=reasons.count) if reasons else ""

    @property
    def failed(self) -> bool:
        """Whether this scenario stands in the way of exit code 0."""
        return self.ending in ("refuted", "unknown", "could not run")


@dataclass(frozen=True, slots=True)
class RunRow:
    """A whole run, for JSON and every other report."""

    pipeline: str
    against: str
    intercom_versions: Sequence[str]
    seconds: float
    scenarios: Sequence[ScenarioRow] = field(default_factory=tuple)
    problems: Sequence[str] = ()
    containment: Literal["full", "partial", "none"] = "none"
    """How much of the code under test was kept from reaching anything but the harness and declared addresses."""
    notes: Sequence[str] = ()
    """What a person should know beside the verdicts: credentials taken out, tokens replaced."""
    shard: str = ""
    """Which part of a run this is, as K/N; empty for a whole run."""
    incomplete: Sequence[str] = ()
    """What a run that was merged of its parts lacks."""

    @property
    def counts(self) -> Mapping[Ending, int]:
        """How many scenarios ended how."""
        return {ending: sum(row.ending == ending for row in self.scenarios) for ending in ENDINGS}

    @property
    def exit_code(self) -> int:
        """0 all proved; 1 something refuted or unknown; 2 could not run, nothing ran, or a part is missing."""
        counts = self.counts
        if self.incomplete:
            return 2
        if counts["refuted"] or counts["unknown"]:
            return 1
        if counts["could not run"] or self.problems or not (counts["proved"] or self.shard):
            return 2
        return 0

    def as_data(self) -> dict[str, object]:
        """The run as JSON shows it."""
        data = asdict(self)
        return {"format": FORMAT, "exit_code": self.exit_code, "counts": dict(self.counts), **data}
