"""The baseline: failures that are known, each with a reason and an expiry, and a run judged by them.

A known failure is one scenario that fails for one cause. If it fails otherwise, it is a new failure. `judged` is a pure
function over values, so that a whole run and the merge of its shards are judged alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeAlias

from harness.report.causes import VARYING, cause_of
from harness.report.result import Ending, KnownRow, RunRow, ScenarioRow

FORMAT: Final = 1
BASELINE_FILE: Final = "harness-baseline.json"
"""The file of a project's baseline, unless its configuration names another one."""
REMEDY: Final = "harness baseline write"
_LISTED: Final = 5

Key: TypeAlias = tuple[str, str, str]
"""What tells a scenario apart: its module, its case, and the API version."""
Exists: TypeAlias = Callable[[str, str], bool]
"""Tells whether there is a scenario, by its module and its case."""


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One known failure as the file holds it.

    cause, claims: what failed, without what differs between runs. reason: why it is excused. expires: the last day on
    which it is, as YYYY-MM-DD.
    """

    module: str
    case: str
    intercom_version: str
    ending: str
    cause: str
    claims: Sequence[str]
    reason: str
    expires: str

    @property
    def key(self) -> Key:
        """What tells its scenario apart."""
        return self.module, self.case, self.intercom_version

    def is_expired(self, today: date) -> bool:
        """Return whether its last day is over."""
        return date.fromisoformat(self.expires) < today

    def covers(self, row: ScenarioRow, against: str) -> bool:
        """Return whether a scenario fails as it is known to.

        In a replay it also covers a missing cassette: only what passed was recorded.
        """
        if against == "cassette" and row.ending == "could not run" and not row.claims:
            return True
        failed = claims_of(row)
        same_claims = set(failed) <= set(self.claims) if failed else self.cause == plain_cause(row)
        return row.ending == self.ending and same_claims


@dataclass(frozen=True, slots=True)
class Baseline:
    """The known failures of one pipeline."""

    pipeline: str
    known: Sequence[KnownFailure] = ()
    format: int = FORMAT


def judged(run: RunRow, baseline: Baseline, today: date, exists: Exists | None) -> RunRow:
    """Return a run in which known failures are told apart from new ones.

    exists: tells which scenarios there are; `None` for a run of some scenarios only, which cannot tell what is gone.
    """
    run = unjudged(run)
    if baseline.pipeline != run.pipeline:
        told = f"the baseline is of pipeline {baseline.pipeline}, and excuses nothing of {run.pipeline}"
        return replace(run, notes=(*run.notes, told)) if baseline.known else run
    entries = {entry.key: entry for entry in baseline.known}
    rows = tuple(_judged_row(row, entries.get(key_of(row)), today, run.against) for row in run.scenarios)
    problems = (*run.problems, *_gone(run, baseline, exists)) if exists else run.problems
    return replace(run, scenarios=rows, problems=problems, notes=(*run.notes, *_notes(rows, entries, today)))


def unjudged(run: RunRow) -> RunRow:
    """Return a run as it was before it was judged by a baseline."""
    rows = (replace(row, ending=row.known.ending, known=None) if row.known else row for row in run.scenarios)
    return replace(run, scenarios=tuple(rows))


def renewed(
    run: RunRow, before: Baseline | None, reason: str, expires: date, today: date, exists: Exists
) -> tuple[Baseline, Sequence[str]]:
    """Return the baseline of a run's failures, and the names of known scenarios that are gone.

    What was known already keeps its reason and its expiry, unless it has expired. What was not run stays known.
    """
    old = {entry.key: entry for entry in before.known} if before and before.pipeline == run.pipeline else {}
    rows = unjudged(run).scenarios
    ran = {key_of(row) for row in rows if row.ending != "not run"}
    known: list[KnownFailure] = []
    for row in rows:
        entry = old.get(key_of(row))
        if row.failed:
            keeps = entry is not None and not entry.is_expired(today)
            known.append(
                _known(row, entry.reason, entry.expires) if entry and keeps else _known(row, reason, f"{expires}")
            )
    left = [entry for entry in old.values() if entry.key not in ran]
    gone = [f"{entry.module}: {entry.case}" for entry in left if not exists(entry.module, entry.case)]
    known += [entry for entry in left if exists(entry.module, entry.case)]
    return Baseline(run.pipeline, tuple(sorted(known, key=lambda entry: entry.key))), gone


def key_of(row: ScenarioRow) -> Key:
    """Return what tells a scenario apart."""
    return row.module, row.case, row.intercom_version


def claims_of(row: ScenarioRow) -> tuple[str, ...]:
    """Return the failed claims of a scenario, without what differs between runs, each once."""
    return tuple(sorted({VARYING.sub("…", claim.text) for claim in row.claims if claim.verdict != "proved"}))


def plain_cause(row: ScenarioRow) -> str:
    """Return the cause of a failure without what differs between runs."""
    return VARYING.sub("…", cause_of(row))


def _known(row: ScenarioRow, reason: str, expires: str) -> KnownFailure:
    return KnownFailure(*key_of(row), row.ending, plain_cause(row), claims_of(row), reason, expires)


def _judged_row(row: ScenarioRow, entry: KnownFailure | None, today: date, against: str) -> ScenarioRow:
    if entry is None or not row.failed or not entry.covers(row, against):
        return row
    expired = entry.is_expired(today)
    ending: Ending = row.ending if expired else "known"
    return replace(row, ending=ending, known=KnownRow(row.ending, entry.reason, entry.expires, expired))


def _notes(rows: Sequence[ScenarioRow], entries: dict[Key, KnownFailure], today: date) -> Iterator[str]:
    expired = [row for row in rows if row.known and row.known.expired]
    if expired:
        named = _listed([f"{_name(row)} (since {row.known.expires})" for row in expired if row.known])
        yield f"{len(expired)} known failures have expired: {named}\n  remedy: mend them, or: {REMEDY} --reason WHY"
    fixed = [row for row in rows if key_of(row) in entries and row.ending == "proved"]
    if fixed:
        named = _listed([_name(row) for row in fixed])
        yield f"{len(fixed)} known failures are fixed: {named}\n  remedy: {REMEDY} takes them out"
    other = [row for row in rows if row.failed and not row.known and key_of(row) in entries]
    if other:
        named = _listed([_name(row) for row in other])
        yield f"{len(other)} known failures fail for another cause now: {named}"


def _name(row: ScenarioRow) -> str:
    return f"{row.module}: {row.title}" + (f" ({row.parameters})" if row.parameters else "")


def _gone(run: RunRow, baseline: Baseline, exists: Exists) -> Iterator[str]:
    there = {key_of(row) for row in run.scenarios}
    gone = [entry for entry in baseline.known if entry.key not in there and not exists(entry.module, entry.case)]
    if gone:
        named = _listed([f"{entry.module}: {entry.case}" for entry in gone])
        told = f"The baseline names {len(gone)} scenarios that are gone."
        yield f"{told}\n  evidence: {named}\n  remedy: {REMEDY} takes them out"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return "; ".join(names[:_LISTED]) + more
