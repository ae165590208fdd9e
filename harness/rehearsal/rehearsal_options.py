"""What a rehearsal is asked for, and what of it cannot be meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from harness.containment.enclosure import Wish
from harness.gateway.middleware.fault import Fault
from harness.rehearsal.pace import LATENCY

Limits: TypeAlias = Literal["realistic", "none"]

PERMITS: Final = {
    "archived": "people are archived",
    "deleted": "people are deleted",
    "other-email": "somebody is merged into a person with another e-mail",
    "left-behind": "leads with the e-mail of one user stay leads",
    "others": "people who have nothing to do with a conversion are changed",
    "doubles": "several users have one e-mail afterwards",
    "ambiguous": "a lead is merged into one of several users with its e-mail",
}
"""What a job may be permitted to do, by the name that `--permit` takes."""

TIME_LIMIT: Final = 6 * 3600.0
"""Seconds of real time after which a job is cut off."""
IDLE_REQUESTS: Final = 20_000
"""Requests in a row that change nothing after which a job is taken to go on without end, if that is more than
three for each person."""


@dataclass(frozen=True, slots=True)
class RehearsalOptions:
    """What a rehearsal is asked for.

    people: the state folder. spec: the pipeline as `--pipeline` takes it, or `reference`. allowed: addresses that the
    job may reach. stop_after: conversions after which it is cut off; kill_at: percent of its writes at which it is
    killed once; latency: seconds that an answer of Intercom is taken to need.
    """

    people: Path
    spec: str
    root: Path
    python_path: tuple[Path, ...] = ()
    intercom_version: str | None = None
    rate_limit: Limits = "realistic"
    index_delay: Limits = "realistic"
    faults: Sequence[Fault] = ()
    stop_after: int | None = None
    kill_at: float | None = None
    allowed: Sequence[str] = ()
    containment: Wish = "prefer"
    latency: float = LATENCY
    time_limit: float = TIME_LIMIT
    permits: frozenset[str] = frozenset()
    may_write: Sequence[str] = ()
    before: str = ""
    """A command line that puts back what the job itself keeps, run before each performance."""
    env: Sequence[tuple[str, str]] = ()
    reveal: bool = field(default=False)
