"""A rehearsal from its beginning to its result: copies, performance, census, claims, and once more with a kill."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.rehearsal.census import fate_counts, flows, take_census
from harness.rehearsal.census_ledger import CensusLedger, open_ledger
from harness.rehearsal.ends import KilledPerformance, compare_ends
from harness.rehearsal.invariants import claims_of, kill_claims
from harness.rehearsal.job_journal import JobJournal
from harness.rehearsal.matches import CONVERTIBLE, doubles_left, find_matches, undecided
from harness.rehearsal.noticing import assumed_refusals, find_refusals
from harness.rehearsal.pace import Pace
from harness.rehearsal.performance import Performance, Watch, perform
from harness.rehearsal.rehearsal_options import RehearsalOptions
from harness.rehearsal.rehearsal_result import Bill, RehearsalResult
from harness.rehearsal.state_copy import copy_before, copy_to_work_on, held_folder
from harness.sandbox.workspace.workspace import WINDOW

PAIRS: Final = """
SELECT l.person_id, l.external_id, l.email_key, max(u.person_id), max(u.external_id), max(u.email_key)
FROM before.people l JOIN before.people u ON u.email_key = l.email_key
WHERE l.kind = 'lead' AND l.archived = 0 AND l.email_key IS NOT NULL AND u.kind = 'user' AND u.archived = 0
GROUP BY l.person_id HAVING count(*) = 1 ORDER BY l.seq
"""

Note = Callable[[str], None]
"""Told what the rehearsal is at, in words."""
Progress = Callable[[JobJournal, Pace, int], None]
"""Told now and then what the job has done, and how many conversions are expected."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal that is over; the ledger is open until the block ends in which it was rehearsed."""

    result: RehearsalResult
    ledger: CensusLedger


@contextmanager
def rehearsed(options: RehearsalOptions, note: Note, progress: Progress) -> Iterator[Rehearsed]:
    """Rehearse a job on a copy of a workspace, and yield what came of it; the copies are deleted afterwards.

    Raises:
        Problem: The workspace cannot be copied, or the pipeline cannot be started.
    """
    folder = Path(tempfile.mkdtemp(prefix="harness-rehearsal-"))
    try:
        with held_folder(options.people) as state:
            note("copying the workspace")
            before = copy_before(state, folder)
            work = copy_to_work_on(before, folder / "work")
            with open_ledger(folder / "beforehand.sqlite", before, work) as ledger:
                everyone, expected = _look_before(ledger, folder)
            note("the job is at work")

            def told(journal: JobJournal, pace: Pace) -> None:
                progress(journal, pace, expected)

            performance = perform(options, work, folder / "job", told, everyone)
        again = None
        if options.kill_at is not None and not performance.stopped:
            note("the job is at work once more, and is killed on the way")
            again = _once_more(options, before, folder, performance, everyone, told)
        note("taking the census")
        with open_ledger(folder / "ledger.sqlite", before, work) as ledger:
            yield Rehearsed(_judged(options, ledger, performance, again), ledger)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _once_more(
    options: RehearsalOptions, before: Path, folder: Path, first: Performance, people: int, watch: Watch
) -> KilledPerformance:
    """Perform the job on another copy, kill it in the middle and start it again."""
    percent = options.kill_at or 0.0
    at_write = max(1, math.ceil(first.journal.writes * percent / 100))
    work = copy_to_work_on(before, folder / "killed")
    performance = perform(options, work, folder / "job-again", watch, people, kill_at=at_write)
    return KilledPerformance(work, percent, at_write, performance)


def _look_before(ledger: CensusLedger, folder: Path) -> tuple[int, int]:
    """Write down who could be converted, and return how many people there are, and how many of them could."""
    with (folder / "pairs.jsonl").open("w", encoding="utf-8") as file:
        for lead_id, uuid, email, user_id, external_id, user_email in ledger.execute(PAIRS):
            lead = {"id": lead_id, "external_id": uuid, "email": email}
            user = {"id": user_id, "external_id": external_id, "email": user_email}
            file.write(json.dumps({"lead": lead, "user": user}) + "\n")
    return ledger.number("SELECT count(*) FROM before.people"), ledger.number(CONVERTIBLE)


def _judged(
    options: RehearsalOptions, ledger: CensusLedger, performance: Performance, again: KilledPerformance | None
) -> RehearsalResult:
    take_census(ledger)
    find_matches(ledger)
    find_refusals(ledger, performance)
    kill = None if again is None else compare_ends(ledger, again)
    assumed = {str(rule): int(people) for rule, people in ledger.execute("SELECT rule, people FROM assumed")}
    assumed |= assumed_refusals(performance)
    return RehearsalResult(
        pipeline=options.spec if not options.spec.endswith(".toml") else Path(options.spec).name,
        people=str(options.people),
        intercom_version=options.intercom_version or "",
        census=fate_counts(ledger),
        roles=_counted(ledger, "SELECT kind, count(*) FROM before.people GROUP BY kind"),
        flows=list(flows(ledger)),
        outcomes=_outcomes(ledger),
        findings=_counted(ledger, "SELECT kind, count(DISTINCT person_id) FROM findings GROUP BY kind"),
        claims=[*claims_of(ledger, performance, options), *kill_claims(kill, options)],
        assumed=sorted(assumed.items(), key=lambda one: -one[1]),
        bill=bill_of(performance, options),
        containment=performance.containment,
        stopped=performance.stopped,
        trouble=performance.trouble,
        doubles_left=doubles_left(ledger),
        undecided=undecided(ledger),
        kill=kill,
        last_line=performance.last_line if options.reveal else "",
    )


def _counted(ledger: CensusLedger, sql: str) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in ledger.execute(sql)}


def _outcomes(ledger: CensusLedger) -> dict[str, int]:
    """Return how many people lost something, had something overwritten, united, moved, dropped or added."""
    names = ("lost", "overwritten", "united", "moved", "dropped", "added")
    sums = ", ".join(f"sum({name} > 0)" for name in names)
    row = ledger.execute(f"SELECT {sums} FROM people").fetchone()  # noqa: S608 - names of our own schema
    return {name: int(count or 0) for name, count in zip(names, row, strict=True)}


def bill_of(performance: Performance, options: RehearsalOptions) -> Bill:
    """Return what a performance would cost at Intercom."""
    journal, limit = performance.journal, performance.limit
    limited = sum(one.limited for one in journal.bills.values())
    # The first and the last window of the rate limit may be cut short.
    windows = math.ceil((journal.requests - limited) / limit) - 2 if limit else 0
    return Bill(
        requests=journal.requests,
        writes=journal.writes,
        conversions=journal.conversions,
        retries=sum(one.retries for one in journal.bills.values()),
        limited=limited,
        seconds=performance.seconds,
        waited=performance.waited,
        at_least=float(max(0, windows) * WINDOW),
        latency=options.latency,
        limit=limit,
        delay=performance.delay,
        real_seconds=performance.real_seconds,
        operations=journal.bills,
    )
