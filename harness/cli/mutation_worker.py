"""One process of `harness mutate`: it plays the cases that it claims, unchanged and with mutants, and tells of each.

Cases are claimed by files that one process alone can make. What is told goes through a queue: rows, what is begun, what
could not be mutated.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Final, Literal, TypeAlias

import pytest
from _pytest.terminal import TerminalReporter

from harness.cli.pytest_sessions import play_sessions, project_of
from harness.cli.run_enclosure import enclose_run
from harness.cli.run_interrupts import ending_in_order
from harness.cli.run_selection import Selection, levels_played
from harness.core.errors import Problem
from harness.core.people import User
from harness.mutation.fate import MutantFate
from harness.mutation.given import CannotPlayAgain
from harness.mutation.ground import MutationGround
from harness.mutation.mutant import Mutant
from harness.mutation.operators import chosen, mutants_of
from harness.mutation.sampling import sampled
from harness.pytest_plugin.mutation_session import MutationSession
from harness.report.mutation_result import MutantRow
from harness.runner.run import Run
from harness.runner.session_config import RunOptions

TRIES: Final = 2
"""How often a quick run plays mutants of a key in one module that come to nothing that counts."""

Word: TypeAlias = Literal["cases", "observed", "begun", "row", "failed", "not mutated", "problem", "done"]


@dataclass(frozen=True, slots=True)
class WorkerMessage:
    """One message of a worker."""

    word: Word
    case: str = ""
    text: str = ""
    row: MutantRow | None = None
    cases: Sequence[str] = ()
    seconds: float = 0.0
    number: int = 0
    """How many mutants a case has."""
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """What all workers of one command do. claims: the folder in which cases are claimed.

    quotas: how many mutants of each case are played; all of all cases, where there are none. played: the mutants of a
    case that an earlier worker played before it ended, by case. keys: the survivors of a sample that are looked for in
    other scenarios, until one kills them; budget: how many mutants a worker plays for that. quick: whether a key is
    played until one scenario kills it, and a few times in each module where nothing comes of it.
    """

    options: RunOptions
    selection: Selection
    operators: Sequence[str]
    seed: int
    claims: Path
    quotas: Mapping[str, int] | None = None
    played: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keys: Collection[str] | None = None
    budget: int = 0
    quick: bool = False


def work(job: Job, queue: SimpleQueue[WorkerMessage]) -> None:
    """Do a job to its end; the entry of a worker's process."""
    silence()
    worker = _Worker(job, queue)
    try:
        with ending_in_order():
            if job.options.pipeline is not None:  # the reference pipeline reaches nothing but the gateway
                worker.enclose()
            worker.work()
    except KeyboardInterrupt:
        return  # told to end: what the pipeline had running is ended by now
    except Problem as problem:
        queue.put(WorkerMessage("problem", text=str(problem)))
    queue.put(WorkerMessage("done", text=worker.containment))


def silence() -> None:
    """Send what pytest and pipelines print to nowhere: the command itself has the terminal."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


class _Worker:
    def __init__(self, job: Job, queue: SimpleQueue[WorkerMessage]) -> None:
        self._job, self._queue = job, queue
        self._quotas = job.quotas
        self._operators = chosen(job.operators)
        self.containment = ""
        self._budget = job.budget
        self._vain: Counter[str] = Counter()
        """How often mutants of a key came to nothing that counts, by key and module."""

    def work(self) -> None:
        run = Run(self._job.options)
        run.pipeline.watch.on_stuck = lambda case, answer, to: os._exit(1)
        try:
            levels = levels_played(self._job.selection.levels, self._job.selection.named, run.pipeline.lacking)
            session = MutationSession(self._takes, self._on_ground, self._on_failure)
            project = project_of(self._job.options, self._job.selection, levels)
            play_sessions(run, self._job.selection, project, None, [_Silent(self), session])
            self.containment = run.pipeline.containment.level
        finally:
            run.close()

    def enclose(self) -> None:
        """Enclose this process, so that code under test reaches nothing but the harness."""
        self._job = replace(self._job, options=replace(self._job.options, entered=enclose_run(self._job.options)))

    def collected(self, cases: Sequence[str]) -> None:
        """Learn which cases there are."""
        self._queue.put(WorkerMessage("cases", cases=cases))

    def not_collected(self, place: str, text: str) -> None:
        """Tell that a module cannot be collected, which ends everything."""
        self._queue.put(WorkerMessage("problem", text=f"{place} cannot be collected\n  evidence: {text}"))

    def not_set_up(self, case: str, text: str) -> None:
        """Tell that the fixtures of a case cannot be made."""
        self._queue.put(WorkerMessage("failed", case, text))

    def _takes(self, case: str) -> bool:
        if self._quotas is not None and not self._quotas.get(case):
            return False
        if self._job.keys is not None and (self._budget <= 0 or not self._left):
            return False
        return claim(self._job.claims, case)

    def _on_failure(self, case: str, text: str) -> None:
        self._queue.put(WorkerMessage("failed", case, text))

    def _on_ground(self, case: str, ground: MutationGround) -> None:
        began = time.monotonic()
        try:
            ground.observe()
        except CannotPlayAgain as problem:
            self._queue.put(WorkerMessage("not mutated", case, str(problem)))
            return
        mutants = [mutant for request in ground.worth_mutating for mutant in mutants_of(request, self._operators)]
        if self._job.keys is not None:
            mutants = [mutant for mutant in mutants if str(mutant.key) in self._job.keys]
        total = len(mutants)
        if self._quotas is not None:
            mutants = list(sampled(mutants, self._quotas[case], self._job.seed, case))
        seconds, asked = time.monotonic() - began, len(ground.requests)
        flow, played = flow_of(ground), set(self._job.played.get(case, ()))
        keys = list({str(mutant.key) for mutant in mutants})
        self._queue.put(WorkerMessage("observed", case, flow, None, keys, seconds, total, asked))
        for mutant in mutants:
            if mutant.name not in played and self._wants(mutant, case):
                self._play(case, flow, ground, mutant)

    @property
    def _left(self) -> Collection[str]:
        """The keys that no scenario has killed yet."""
        return [key for key in self._job.keys or () if not is_noted(self._job.claims, f"killed {key}")]

    def _wants(self, mutant: Mutant, case: str) -> bool:
        """Return whether a mutant is to be played: it did not hang the pipeline before, nor was killed by another."""
        key = str(mutant.key)
        if is_noted(self._job.claims, f"hung {key}"):
            return False
        if (self._job.quick or self._job.keys is not None) and is_noted(self._job.claims, f"killed {key}"):
            return False
        if self._job.quick and self._vain[_in_module(key, case)] >= TRIES:
            return False
        return self._job.keys is None or self._budget > 0

    def _play(self, case: str, flow: str, ground: MutationGround, mutant: Mutant) -> None:
        self._queue.put(WorkerMessage("begun", case, mutant.name, row_of(case, flow, mutant)))
        judged, self._budget = ground.judge(mutant), self._budget - 1
        self._vain[_in_module(str(mutant.key), case)] += not judged.fate.counts
        for known, word in ((judged.hung, "hung"), (judged.fate is MutantFate.KILLED, "killed")):
            if known:
                note(self._job.claims, f"{word} {mutant.key}")
        row = row_of(
            case, flow, mutant, fate=judged.fate.value, claim=judged.claim, found=judged.found, reason=judged.reason,
            names=judged.names, again=self._job.keys is not None, hung=judged.hung, before=judged.before,
            after=judged.after, differs=judged.differs,
        )  # fmt: skip
        self._queue.put(WorkerMessage("row", case, row=row))


@dataclass(frozen=True, slots=True, eq=False)
class _Silent:
    """A pytest plugin that takes the place of the terminal reporter, and tells which cases there are."""

    worker: _Worker

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Silence pytest's own report."""
        own = config.pluginmanager.get_plugin("terminalreporter")
        if own is not None:
            config.pluginmanager.unregister(own)
            config.pluginmanager.register(TerminalReporter(config, io.StringIO()), "terminalreporter")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tell what cannot be collected."""
        if report.failed:
            self.worker.not_collected(report.nodeid, report.longreprtext.strip().rpartition("\n")[2])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell whose fixtures cannot be made."""
        if report.when == "setup" and report.failed:
            self.worker.not_set_up(report.nodeid, report.longreprtext.strip())

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell which cases there are."""
        self.worker.collected([item.nodeid for item in session.items])


def _in_module(key: str, case: str) -> str:
    return f"{key} in {case.partition('::')[0]}"


def claim(folder: Path, case: str) -> bool:
    """Take a case for this process; return whether nobody had it."""
    try:
        os.close(os.open(_file(folder, case), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def unclaim(folder: Path, case: str) -> None:
    """Give a case back whose process ended in the middle of it."""
    _file(folder, case).unlink(missing_ok=True)


def note(folder: Path, text: str) -> None:
    """Note something for all processes: that mutants of a key make the pipeline hang, or are killed."""
    _file(folder, text).touch()


def is_noted(folder: Path, text: str) -> bool:
    """Return whether a process has noted this."""
    return _file(folder, text).exists()


def _file(folder: Path, name: str) -> Path:
    return folder / hashlib.sha256(name.encode()).hexdigest()


def flow_of(ground: MutationGround) -> str:
    """Return what a case has the pipeline do, in words that are the same for all cases of a kind."""
    calls = ground.scenario.pipeline
    first = calls.answers[0].operation if calls.answers else "run"
    if first in ("run", "webhook"):
        return {"run": "job", "webhook": "webhook"}[first]
    target = next((one for one in calls.called_with if isinstance(one, User)), None)
    words = first.replace("_", " ")
    return words.replace("to user", "to new user") if target is not None and target.id is None else words


def row_of(case: str, flow: str, mutant: Mutant, **told: object) -> MutantRow:
    """Return the row of a mutant, without what became of it where that is not told."""
    key = mutant.key
    return MutantRow(
        **{"fate": "killed", **told},  # type: ignore[arg-type]
        case=case,
        flow=flow,
        operation=key.operation,
        operator=key.operator,
        family=mutant.operator.family,
        field=key.field,
        person=key.person,
        number=mutant.number,
        place=mutant.request.place,
        needs=mutant.operator.needs,
    )
