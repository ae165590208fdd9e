"""Failed scenarios grouped by what they fail for, the most frequent first: a person mends causes, not scenarios."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.report.result import ScenarioRow

VARYING: Final = re.compile(
    r"[\w.+-]+@[\w.-]+|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{24}\b|127\.0\.0\.1:\d+|\b\d+\b|'[^']*'"
)
"""What differs between scenarios that fail for the same cause: addresses, ids, numbers, values."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause, as the first scenario that shows it tells it, and all scenarios that fail for it."""

    text: str
    rows: Sequence[ScenarioRow]


def by_cause(rows: Sequence[ScenarioRow]) -> list[Cause]:
    """Return the failed scenarios of a run by cause, the most frequent first."""
    groups: dict[tuple[str, str], list[ScenarioRow]] = {}
    for row in rows:
        if row.failed:
            groups.setdefault((row.ending, VARYING.sub("…", cause_of(row))), []).append(row)
    found = [Cause(cause_of(group[0]), tuple(group)) for group in groups.values()]
    return sorted(found, key=lambda cause: -len(cause.rows))


def cause_of(row: ScenarioRow) -> str:
    """Return in a line why a scenario failed: the likely reason, else what went wrong, else its first failed claim."""
    failed = next((claim for claim in row.claims if claim.verdict != "proved"), None)
    claim = f"{failed.text}: {failed.found}" if failed is not None else ""
    return row.likely or (row.reason.strip().splitlines()[0] if row.reason.strip() else "") or claim
