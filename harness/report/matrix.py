"""Several API versions side by side: which scenarios end differently, from which version on, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.report.result import Ending, RunRow, ScenarioRow


@dataclass(frozen=True, slots=True)
class Change:
    """Between two versions the ending changed; `why` is the likely reason of the one that failed."""

    since: str
    ending: Ending
    why: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One scenario with its ending in each version, in the order in which the versions were given."""

    module: str
    case: str
    title: str
    endings: Mapping[str, Ending]
    changes: Sequence[Change]


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
    for older, newer in pairwise(ran):
        was, now = rows[older], rows[newer]
        if was.ending != now.ending:
            failed = now if now.failed else was
            why = failed.likely or failed.reason.partition("\n")[0]
            yield Change(newer, now.ending, why if now.failed else f"before: {why}")
