"""The processes of `harness mutate`: started, listened to, and replaced where a mutant took one down."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Final

from harness.cli.mutation_worker import Job, WorkerMessage, note, unclaim, work
from harness.cli.run_selection import Selection
from harness.client import NEWEST_VERSION
from harness.config import PipelineChoice
from harness.core.errors import Problem
from harness.mutation.sampling import PER_CASE, quotas
from harness.report.mutation_result import MutantRow, fates_by
from harness.report.progress import Progress, duration_text
from harness.runner.session_config import RunOptions

UNCHANGED: Final = 1
"""How often a case is played from its checkpoint without a mutant."""

POLL: Final = 0.2
"""Seconds after which it is asked whether a worker still lives."""


def processes(number: str) -> int:
    """Return how many processes `-n` asks for.

    Raises:
        Problem: it is neither a number above 0 nor `auto`.
    """
    if number == "auto":
        return os.cpu_count() or 1
    if not number.isdigit() or int(number) < 1:
        raise Problem(f"-n {number}: there is no such number of processes", remedy="a number above 0, or auto")
    return int(number)


@dataclass(slots=True)
class _Process:
    """One worker: its process, its queue, what it has begun."""

    process: BaseProcess
    queue: SimpleQueue[WorkerMessage]
    case: str = ""
    begun: MutantRow | None = None
    done: bool = False


@dataclass(slots=True)
class MutationRun:
    """Plays all mutants of a selection in several processes, and keeps what they tell."""

    options: RunOptions
    selection: Selection
    operators: Sequence[str]
    sample: int | None
    seed: int
    number: int
    progress: Progress
    rows: list[MutantRow] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    observed: dict[str, int] = field(default_factory=dict)
    """How many mutants each case has that was observed."""
    not_mutated: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    present: dict[str, set[str]] = field(default_factory=dict)
    """The keys of each flow."""
    quick: bool = False
    excused: Collection[str] = ()
    """The keys that the ledger excuses: they get no second chance in a sample."""
    containment: str = "none"
    _failed: dict[str, str] = field(default_factory=dict)
    tell: Callable[[str], object] = lambda text: None
    """WorkerMessage once how long it will take."""
    _told: bool = False
    _looked_at: set[str] = field(default_factory=set)

    @property
    def pipeline(self) -> str:
        """The pipeline's name as a report shows it."""
        spec = self.options.pipeline
        return PipelineChoice(spec).portable(self.options.root.resolve()) if spec else "reference"

    @property
    def version(self) -> str:
        """The version of the pipeline's requests, where none was asked for; empty where only the pipeline knows."""
        return NEWEST_VERSION if self.options.pipeline is None else ""

    def play(self) -> None:
        """Play everything to its end.

        Raises:
            Problem: a scenario does not hold without a mutant, none is there, or none asks for anything.
        """
        if self.sample is None:
            self._round(None, self.number)
        else:
            self._round({}, 1)  # nothing but which cases there are
            while (left := self.sample - len(self.rows)) > 0 and (open_cases := self._open_cases()):
                played = Counter(row.case for row in self.rows)
                more = quotas(open_cases, left, self.seed)
                self._round({case: played[case] + number for case, number in more.items()}, self.number)
            if alive := {one.key for one in fates_by(self.rows, lambda row: row.key) if one.fate == "survived"}:
                self._round(None, self.number, alive - set(self.excused))
        self.progress.clear()
        self._check()

    def _open_cases(self) -> Sequence[str]:
        """Return the cases that were not looked at, or else those that have mutants left."""
        played = Counter(row.case for row in self.rows)
        new = [case for case in self.cases if case not in self._looked_at]
        return new or [case for case, total in self.observed.items() if total > played[case]]

    def _round(self, quota: Mapping[str, int] | None, number: int, keys: Collection[str] | None = None) -> None:
        """Play some mutants of each case that has a quota; all of all cases, where there is none.

        keys: the survivors of a sample, which are looked for in other scenarios, with as many mutants again at most.
        """
        self._looked_at |= set(quota or ())
        with tempfile.TemporaryDirectory(prefix="harness-mutate-") as folder:
            job = Job(self.options, self.selection, self.operators, self.seed, Path(folder), quota, self._played())
            job = replace(job, keys=keys, budget=(self.sample or 0) // number + 1, quick=self.quick)
            workers = [self._start(job) for _ in range(number)]
            try:
                self._listen(job, workers)
            finally:
                for worker in workers:
                    worker.process.terminate()
                    worker.process.join()
        self._check_failures()

    def _start(self, job: Job) -> _Process:
        context = multiprocessing.get_context("fork")  # what was imported is there, and nothing runs beside it
        queue: SimpleQueue[WorkerMessage] = context.SimpleQueue()
        process = context.Process(target=work, args=(job, queue), daemon=False)
        process.start()
        return _Process(process, queue)

    def _listen(self, job: Job, workers: list[_Process]) -> None:
        while not all(worker.done for worker in workers) and not self._failed:
            heard = False
            for place, worker in enumerate(workers):
                while not worker.done and not worker.queue.empty():
                    heard = True
                    self._hear(worker, worker.queue.get())
                if not worker.done and not worker.process.is_alive() and worker.queue.empty():
                    workers[place] = self._replace(job, worker)
            if not heard:
                time.sleep(POLL / 10)

    def _hear(self, worker: _Process, told: WorkerMessage) -> None:
        match told.word:
            case "cases":
                self.cases += [case for case in told.cases if case not in self.cases]
            case "observed":
                self.observed[told.case] = told.number
                self.present.setdefault(told.text, set()).update(told.cases)
                self.requests += told.requests
                self._estimate(told.seconds)
                worker.case = told.case
            case "begun":
                worker.case, worker.begun = told.case, told.row
            case "row" if told.row is not None:
                self.rows.append(told.row)
                worker.begun = None
                self._show(told.case)
            case "not mutated":
                self.not_mutated[told.case] = told.text
            case "failed":
                self._failed[told.case] = told.text
            case "problem":
                raise Problem(told.text)
            case "done":
                worker.done, self.containment = True, told.text or self.containment
            case _:
                pass

    def _estimate(self, seconds: float) -> None:
        """Tell how long it will take, once the first case was played unchanged twice."""
        if self._told or self.sample is None:
            return
        self._told, one = True, seconds / UNCHANGED
        plays = self.sample + (1 + UNCHANGED) * min(len(self.cases), ceil(self.sample / PER_CASE))
        self.tell(
            f"{duration_text(one * plays / self.number)}: a play takes {one:.2g} s, and there are {plays} on "
            f"{self.number} process{'es' if self.number > 1 else ''}"
        )

    def _replace(self, job: Job, worker: _Process) -> _Process:
        """Start another worker where one ended: a mutant made the pipeline hang where nothing can interrupt it."""
        row = worker.begun
        if row is None:
            raise Problem(
                f"a process of harness mutate ended by itself, in {worker.case or 'no scenario yet'}",
                evidence=f"exit status {worker.process.exitcode}",
                remedy="run that scenario alone: harness run",
            )
        self.rows.append(replace(row, fate="killed", claim="the pipeline came back", hung=True))
        unclaim(job.claims, worker.case)
        note(job.claims, f"hung {row.key}")
        return self._start(replace(job, played=self._played()))

    def _played(self) -> Mapping[str, Sequence[str]]:
        played: dict[str, list[str]] = {}
        for one in self.rows:
            played.setdefault(one.case, []).append(one.mutant)
        return played

    def _show(self, case: str) -> None:
        known = self.sample or _expected(self.observed, len(self.cases))
        self.progress.show(min(len(self.rows) + 1, known), known, case.rpartition("::")[2])

    def _check_failures(self) -> None:
        if self._failed:
            case, text = next(iter(self._failed.items()))
            raise Problem(
                f"the pipeline fails without a mutant, in {case}",
                evidence=text.partition("\n\n")[0],
                why="mutants of a pipeline that is not right tell nothing",
                remedy="make it pass first: harness run",
            )

    def _check(self) -> None:
        if not self.cases:
            raise Problem("nothing was run: no scenario was collected", remedy="name a scenario, or widen -k")
        if not self.requests and not self.not_mutated:
            raise Problem(
                "the scenarios have the pipeline ask for nothing, so there is no request to mutate",
                evidence=f"{len(self.cases)} scenarios were looked at",
                remedy="name scenarios that call the pipeline",
            )


def _expected(observed: dict[str, int], cases: int) -> int:
    known = sum(observed.values())
    return round(known / len(observed) * max(cases, len(observed))) if observed else 0
