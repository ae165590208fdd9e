"""The result of a rehearsal as plain values: what reports and the JSON file are made of, the people aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.containment.enclosure import Level
from harness.rehearsal.job_journal import OperationBill
from harness.verification.claims import Claim, Verdict, worst

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Bill:
    """What the job costs at Intercom.

    seconds: by the sandbox's clock, with `latency` seconds for each answer. waited: of these, what the job waited.
    at_least: seconds that the rate limit alone needs for so many requests; 0 without a limit.
    """

    requests: int
    writes: int
    conversions: int
    retries: int
    limited: int
    seconds: float
    waited: float
    at_least: float
    latency: float
    limit: int | None
    delay: float
    real_seconds: float
    operations: Mapping[str, OperationBill]


@dataclass(frozen=True, slots=True)
class KillResult:
    """What a kill in the middle changed. different: how many people ended otherwise. who: the first of them.

    killed: whether the job came as far. trouble: how the second performance ended badly, empty where it did not.
    """

    percent: float
    at_write: int
    killed: bool
    trouble: str
    different: int
    who: Sequence[str]
    kinds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RehearsalResult:
    """What came of a rehearsal."""

    pipeline: str
    people: str
    intercom_version: str
    census: Mapping[str, int]
    roles: Mapping[str, int]
    flows: Sequence[tuple[str, str, str, int]]
    outcomes: Mapping[str, int]
    findings: Mapping[str, int]
    claims: Sequence[Claim]
    assumed: Sequence[tuple[str, int]]
    bill: Bill
    containment: Level
    stopped: str
    trouble: str
    doubles_left: int
    undecided: int
    kill: KillResult | None = None
    last_line: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict of all claims together."""
        return worst(self.claims)

    @property
    def exit_code(self) -> int:
        """0 where all claims are proved, else 1."""
        return 0 if self.verdict is Verdict.PROVED else 1

    @property
    def everyone(self) -> int:
        """How many people there were before."""
        return sum(self.roles.values())

    def as_data(self) -> dict[str, Any]:
        """Return the result for programs; the people are written beside it, one a line."""
        return {
            "format": FORMAT,
            "verdict": self.verdict.value,
            "exit_code": self.exit_code,
            "pipeline": self.pipeline,
            "people_folder": self.people,
            "intercom_version": self.intercom_version,
            "containment": self.containment,
            "stopped": self.stopped,
            "trouble": self.trouble,
            "before": dict(self.roles),
            "census": dict(self.census),
            "flows": [dict(zip(("from", "fate", "to", "people"), flow, strict=True)) for flow in self.flows],
            "outcomes": dict(self.outcomes),
            "findings": dict(self.findings),
            "doubles_left": self.doubles_left,
            "undecided": self.undecided,
            "claims": [_claim(claim) for claim in self.claims],
            "assumed": [{"rule": rule, "people": people} for rule, people in self.assumed],
            "bill": _bill(self.bill),
            "kill": _kill(self.kill),
        }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "claim": claim.text,
        "verdict": claim.verdict.value,
        "expected": claim.expected,
        "found": claim.found,
        "likely": claim.likely,
        "source": claim.source,
        "assumed": claim.assumed,
        "first_people": list(claim.who),
    }


def _bill(bill: Bill) -> dict[str, Any]:
    shown = {name: getattr(bill, name) for name in Bill.__dataclass_fields__ if name != "operations"}
    operations = {
        name: {field: getattr(one, field) for field in OperationBill.__dataclass_fields__}
        for name, one in sorted(bill.operations.items())
    }
    return {**shown, "operations": operations}


def _kill(kill: KillResult | None) -> dict[str, Any] | None:
    if kill is None:
        return None
    return {name: getattr(kill, name) for name in KillResult.__dataclass_fields__} | {"who": list(kill.who)}
