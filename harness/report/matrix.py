"""Several API versions side by side: which scenarios end differently, from which version on, and why.

What fails for another reason than in the version before ends differently as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.report.result import Ending, RunRow, ScenarioRow

ID = re.compile(r"[0-9a-f]{8,}|\d{5,}")
"""What differs from run to run in what is said otherwise alike."""


@dataclass(frozen=True, slots=True)
class Change:
    """From this version on it ends so; `why` is the likely reason of the failure, be it this one or the one before."""

    since: str
    ending: Ending
    why: str
    first: bool = False
    """Whether it failed from the first of these versions on."""

    def is_like(self, other: Change) -> bool:
        """Whether they tell the same, but for ids."""
        return (self.since, self.ending, ID.sub("", self.why)) == (other.since, other.ending, ID.sub("", other.why))


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One scenario with its ending in each version, in the order in which the versions were given."""

    module: str
    case: str
    title: str
    endings: Mapping[str, Ending]
    changes: Sequence[Change]

    @property
    def alike(self) -> Ending | None:
        """How it ends, where that is the same in each version and nothing is to be said of it."""
        found = frozenset(self.endings.values())
        return next(iter(found)) if len(found) == 1 and not self.changes else None

    def changes_as(self, other: MatrixRow | None) -> bool:
        """Whether the two scenarios change between versions alike."""
        return (
            other is not None
            and len(self.changes) == len(other.changes)
            and all(mine.is_like(theirs) for mine, theirs in zip(self.changes, other.changes, strict=True))
        )


def matrix(run: RunRow) -> list[MatrixRow]:
    """A row for each scenario; empty unless several versions were run."""
    versions = [version for version in run.intercom_versions if version]
    if len(versions) < 2:
        return []
    by_case: dict[tuple[str, str], dict[str, ScenarioRow]] = {}
    for row in run.scenarios:
        by_case.setdefault((row.module, row.case), {})[row.intercom_version] = row
    return [_row(rows, versions) for rows in by_case.values()]


def _row(rows: Mapping[str, ScenarioRow], versions: Sequence[str]) -> MatrixRow:
    first = next(iter(rows.values()))
    endings = {version: rows[version].ending for version in versions if version in rows}
    return MatrixRow(first.module, first.case, first.title, endings, tuple(_changes(rows, versions)))


def _changes(rows: Mapping[str, ScenarioRow], versions: Sequence[str]) -> Iterator[Change]:
    ran = [version for version in versions if version in rows]
    if ran and rows[ran[0]].failed:
        yield Change(ran[0], rows[ran[0]].ending, _why(rows[ran[0]]), first=True)
    for older, newer in pairwise(ran):
        was, now = rows[older], rows[newer]
        if now.failed and not (was.ending == now.ending and ID.sub("", _why(was)) == ID.sub("", _why(now))):
            yield Change(newer, now.ending, _why(now))
        elif was.ending != now.ending:
            yield Change(newer, now.ending, _between(was, now))


def _between(was: ScenarioRow, now: ScenarioRow) -> str:
    if now.ending == "not run":
        return _why(now)
    return f"before: {_why(was)}" if was.failed or was.ending == "not run" else ""


def _why(row: ScenarioRow) -> str:
    return row.likely or row.reason.partition("\n")[0]
