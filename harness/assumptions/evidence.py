"""Evidence: what a TEST app answered on a day, held against the sandbox, in a file that can be committed.

`harness run --against test-app --compare sandbox --evidence FILE` and `harness doctor --unknowns --evidence FILE` write
such files; those in docs/evidence raise rows of docs/supported.md and docs/assumed.md. A rehearsal, in which something
else plays Intercom, writes the same file and says so in it: it is evidence of nothing, and refused there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from harness.assumptions.probes import PROBES
from harness.assumptions.questions import Question
from harness.assumptions.settling import Settled, named, settling
from harness.core.errors import Problem
from harness.sandbox.rules.versions import VERSIONS, Span

FORMAT: Final = 1
REAL: Final = "TEST app"
REHEARSAL: Final = "rehearsal"


class OperationEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often an operation was answered in a version, and in how many places the sandbox answers otherwise."""

    operation: str
    version: str
    answers: int
    differs: int


class EvidenceDifference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place where the TEST app answered otherwise; values as far as they are told."""

    scenario: str
    operation: str
    path: str
    tier: Literal["error", "warning", "info"]
    blame: Literal["sandbox wrong", "Intercom moved", "recording stale", "environment"]
    asked_by: Literal["harness", "pipeline"]
    test_app: object = None
    sandbox: object = None
    cassette: object = None

    @property
    def speaks_against_the_sandbox(self) -> bool:
        """Whether the sandbox is wrong here, in more than a field that it has beside."""
        return self.blame in ("sandbox wrong", "Intercom moved") and self.tier != "info"


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """One file."""

    format: int
    recorded_at: str
    source: Literal["TEST app", "rehearsal"]
    region: str
    harness: str
    pipeline: str
    against: list[str]
    scenarios: list[str]
    not_compared: dict[str, str]
    operations: list[OperationEvidence]
    differences: list[EvidenceDifference]

    @property
    def day(self) -> str:
        """The day on which it was recorded."""
        return self.recorded_at[:10]


def load(path: Path) -> Evidence:
    """The evidence in a file, or a `Problem` that says what is wrong with it."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Evidence)
    except (OSError, msgspec.DecodeError) as error:
        raise Problem(f"{path.name} is no evidence that can be read", evidence=str(error)) from None
    if found.format != FORMAT:
        raise Problem(f"{path.name} has the format {found.format}, and {FORMAT} is known", remedy="record it anew")
    return found


def committed(folder: Path) -> list[Evidence]:
    """Everything in a folder, oldest first; a rehearsal among it is a `Problem`."""
    found = []
    for path in sorted(folder.glob("*.json")):
        evidence = load(path)
        if evidence.source != REAL:
            raise Problem(
                f"{path.name} is a rehearsal, and no evidence of Intercom",
                why="something on this machine played Intercom when it was recorded",
                remedy="take it away; record against a TEST app: harness doctor --unknowns --evidence FILE",
            )
        if "sandbox" in evidence.against:
            found.append(evidence)
    return sorted(found, key=lambda one: one.recorded_at)


def standing(question: Question, evidence: Sequence[Evidence]) -> str:
    """What the youngest evidence that settles a guess says of it; empty where none does."""
    settled = settling(question)
    if not isinstance(settled, Settled):
        return ""
    for one in reversed(evidence):
        told = list(judged(settled, one))
        if told and all(verdict is not None for verdict in told):
            wrong = [verdict for verdict in told if verdict]
            return f"does not hold ({one.day}): {'; '.join(dict.fromkeys(wrong))}" if wrong else f"holds ({one.day})"
    return ""


def judged(settled: Settled, evidence: Evidence) -> Iterator[str | None]:
    """For each of what settles a guess: empty where it holds, what differs where not, `None` where it was not asked."""
    for name in settled.by:
        cases = [case for case in evidence.scenarios if case.partition("[")[0] == named(name)]
        if not cases:
            yield None
            continue
        against = (
            difference
            for difference in evidence.differences
            if difference.scenario in cases
            and difference.speaks_against_the_sandbox
            and (name not in PROBES or difference.asked_by == "pipeline")
            and _is_at(difference.path, settled.where)
        )
        first = next(against, None)
        yield "" if first is None else f"{first.operation} {first.path or 'status'}: {first.test_app!r}"


def _is_at(path: str, where: str) -> bool:
    return not where or re.search(re.escape(where) + r"($|\W)", path) is not None


def shown_by(operation: str, span: Span, evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """The days on which TEST apps answered an operation, in versions of this span, as the sandbox does."""
    return tuple(
        f"TEST app {one.day} ({row.version})"
        for one in evidence
        for row in one.operations
        if row.operation == operation and _covers(span, row.version) and row.answers and not row.differs
    )


def contradicted(evidence: Iterable[Evidence]) -> Iterator[tuple[str, str, EvidenceDifference]]:
    """Places where TEST apps answered otherwise than the sandbox: the day, the scenario, the difference."""
    for one in evidence:
        for difference in one.differences:
            if difference.speaks_against_the_sandbox:
                yield one.day, difference.scenario, difference


def _covers(span: Span, version: str) -> bool:
    return version in VERSIONS and span.covers(VERSIONS[version])
