"""One case of a scenario, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.http import Exchange
from harness.gateway.middleware.traffic_log import BackendTrafficLog
from harness.pipeline import Answer
from harness.verification import Claim, Conversion, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """Which scenario this is: its module, its name with parameters, and its title."""

    module: str
    name: str
    title: str
    node_id: str = ""
    path: Path = Path()
    """The scenario module's file, by whose text a cassette knows that it is older."""
    intercom_version: str = ""
    """Told where a run compares several versions; no part of the name."""
    given_name: str = ""
    """What names its cassette in the place of its classes and function (`@pytest.mark.cassette`)."""


@dataclass(slots=True)
class ScenarioResult:
    """What came of one scenario, for reports. `problem` says why it could not run, `skipped` why it was not run."""

    case: Case
    verdict: Verdict
    claims: Sequence[Claim] = ()
    answers: Sequence[Answer] = ()
    exchanges: Sequence[Exchange] = ()
    additions: Sequence[str] = ()
    seconds: float = 0.0
    trouble: str = ""
    problem: str = ""
    skipped: str = ""
    ends_run: bool = False
    """Whether no further scenario would fare better."""
    notes: list[str] = field(default_factory=list)
    conversions: Sequence[Conversion] = ()
    reached: BackendTrafficLog | None = None
    """What reached the backend, where that can be compared with what others would have answered."""
    not_modelled: Sequence[str] = ()
    """The operations that the pipeline asked for and the sandbox lacks."""
