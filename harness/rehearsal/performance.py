"""One performance of a job: on a copy of the workspace, behind a gateway of its own, until it ends or is cut off."""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from harness.client import NEWEST_VERSION
from harness.containment.addresses import declared_address
from harness.containment.attempts import Attempt
from harness.containment.enclosure import Level
from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.core.tokens import token_of
from harness.gateway.core import GatewaySession
from harness.gateway.middleware.fault import Fault
from harness.gateway.server.tls import Authority
from harness.pipeline.environment import command_environment
from harness.pipeline.pipeline_file import environment_of, table_of, where_of
from harness.rehearsal.job_journal import JobJournal
from harness.rehearsal.job_process import TELLS, JobTask, is_python_job
from harness.rehearsal.pace import Pace
from harness.rehearsal.rehearsal_options import IDLE_REQUESTS, RehearsalOptions
from harness.rehearsal.rehearsed_job import RehearsedJob
from harness.rehearsal.state_copy import WORKSPACE
from harness.runner.command_session import TokenWatch, enclosed, way_to
from harness.runner.wiring import OpenBackend, prefer_version, sandbox_backend, service, workspace_faults
from harness.sandbox.workspace.workspace import USUAL_LIMIT

REALISTIC_DELAY: Final = 30.0
"""Seconds by which lists and searches lag (facts-recorded 23: between 20 and 60)."""
LOOKS: Final = 0.05
"""Seconds between two looks at the job."""
OTHERS: Final = 3600.0
"""Seconds after the last change of the workspace at which a rehearsal begins."""

Watch = Callable[[JobJournal, Pace], None]


@dataclass(frozen=True, slots=True)
class Performance:
    """What came of a job that was performed.

    trouble: how it ended badly, empty where it did not. stopped: why it was cut off. kills: how often it was killed.
    refused: ids that it said it did not convert. named: e-mails and ids that its output holds.
    """

    journal: JobJournal
    seconds: float
    waited: float
    real_seconds: float
    trouble: str
    stopped: str
    kills: int
    attempts: tuple[Attempt, ...]
    containment: Level
    refused: frozenset[str]
    named: frozenset[str]
    unfired: tuple[str, ...]
    last_line: str
    limit: int | None
    delay: float


class _Stopping:
    """Decides when a job is cut off, killed or ended."""

    def __init__(self, options: RehearsalOptions, people: int, kill_at: int | None) -> None:
        self._options = options
        self._kill_at = kill_at
        self._idle = max(IDLE_REQUESTS, 3 * people)
        self._began = time.monotonic()
        self.kills = 0
        self.reason = ""

    def after_write(self, journal: JobJournal) -> bool:
        """Tell whether the job is cut off after this write."""
        if self._kill_at is not None and not self.kills and journal.writes >= self._kill_at and journal.is_half_way:
            self.kills = 1
            return True
        stop_after = self._options.stop_after
        if stop_after is not None and journal.conversions >= stop_after:
            self.reason = f"it was stopped after {journal.conversions} conversions, as asked"
        return bool(self.reason)

    def never_ends(self, journal: JobJournal, job: RehearsedJob) -> str:
        """Return why the job is taken not to end; empty where it is not."""
        if journal.idle > self._idle:
            return f"it does not end: its last {journal.idle} requests changed nothing"
        if time.monotonic() - self._began > self._options.time_limit:
            return f"it did not end within {self._options.time_limit:g} s"
        return "it prints without end" if job.floods else ""


def perform(
    options: RehearsalOptions,
    database: Path,
    folder: Path,
    watch: Watch,
    people: int,
    *,
    kill_at: int | None = None,
) -> Performance:
    """Perform the job on the state folder that holds `database`, and return what came of it.

    folder: for files of its own. watch: called now and then. people: how many there are. kill_at: the number of the
    write at which the job is killed and started again.

    Raises:
        Problem: The pipeline cannot be loaded or started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _put_back(options)
    clock = ManualClock(_start_of(database))
    stopping = _Stopping(options, people, kill_at)
    journal, pace = JobJournal(stopping.after_write), Pace(clock, options.latency)
    began = time.monotonic()
    with ExitStack() as stack:
        backend = stack.enter_context(closing(sandbox_backend(clock, state=database.parent)))
        limit, delay = _settle(backend, options)
        job, told, unfired = stack.enter_context(_led_job(options, backend, journal, pace, folder))
        trouble = _play(job, journal, pace, stopping, watch)
        attempts, level = told()
        return Performance(
            journal,
            pace.elapsed,
            pace.waited,
            time.monotonic() - began,
            trouble[0],
            stopping.reason,
            stopping.kills,
            tuple(attempts),
            level,
            frozenset(trouble[1]),
            job.named(),
            tuple(f"{fault} of {fault.operation}" for fault in unfired()),
            job.last_line(),
            limit,
            delay,
        )


def _play(
    job: RehearsedJob, journal: JobJournal, pace: Pace, stopping: _Stopping, watch: Watch
) -> tuple[str, list[str]]:
    """Run the job to its end; return its trouble, and the ids it said it did not convert."""
    try:
        job.start()
        while job.is_running:
            time.sleep(LOOKS)
            watch(journal, pace)
            if reason := stopping.never_ends(journal, job):
                stopping.reason, journal.cut = reason, True
            if not journal.cut:
                continue
            job.kill()
            if stopping.reason:
                break
            journal.cut = False
            job.start()
        ended = job.end()
    except KeyboardInterrupt:
        journal.cut, stopping.reason = True, "it was interrupted"
        return "", []
    finally:
        job.kill()
    return ("", ended["refused"]) if stopping.reason else (ended["trouble"], ended["refused"])


@contextmanager
def _led_job(
    options: RehearsalOptions, backend: OpenBackend, journal: JobJournal, pace: Pace, folder: Path
) -> Iterator[tuple[RehearsedJob, Callable[[], tuple[list[Attempt], Level]], Callable[[], Sequence[Fault]]]]:
    authority, token = Authority(), token_of(WORKSPACE)
    journal.name_of = backend.operation or (lambda request: "")
    tables = workspace_faults(backend, pace.clock, options.faults, WORKSPACE)
    session = GatewaySession(
        backend,
        (pace.middleware, journal.middleware),
        token=token,
        intercom_version=options.intercom_version,
        name="rehearsal",
    )
    allowed = [declared_address(text) for text in (*options.allowed, *_own_service(options.spec))]
    _, server = service(
        backend,
        pace.clock,
        session=session,
        faults=tables,
        allowed=[one.host for one in allowed if one.host],
        authority=authority,
        watch=TokenWatch(dict(os.environ)),
        waits=pace.wait,
    )
    with server, enclosed(server, allowed, options.containment) as made:
        way = way_to(server, token, authority, folder, dict(os.environ), told_waits=True)
        declared = {**environment_of(options.spec), **dict(options.env)}
        environment = command_environment(os.environ, way, declared=tuple(declared.items()))
        if not is_python_job(options.spec):
            environment.pop(TELLS)
        job = RehearsedJob(_task(options, folder), environment, made.prefix(options.root), options.root)
        try:
            yield job, lambda: (list(made.attempts()), made.level), lambda: tables.table(WORKSPACE).unfired
        finally:
            job.kill()


def _own_service(spec: str) -> Iterator[str]:
    """Yield the addresses of a service that its owner started: whoever asks it stands inside and has to reach it."""
    if is_python_job(spec):
        return
    table = table_of(Path(spec), where_of(Path(spec)))
    for key in () if "service" in table else ("hook", "job", "awaits"):
        if str(table.get(key, "")).startswith(("http://", "https://")):
            yield urlsplit(str(table[key])).netloc


def _task(options: RehearsalOptions, folder: Path) -> JobTask:
    return {
        "spec": options.spec,
        "folders": [str(path) for path in (options.root, *options.python_path)],
        "pairs": str(folder.parent / "pairs.jsonl"),
        "ended": str(folder / "ended.json"),
        "version": options.intercom_version or NEWEST_VERSION,
    }


def _put_back(options: RehearsalOptions) -> None:
    """Run the command that puts back what the job itself keeps between two performances."""
    if not options.before:
        return
    done = subprocess.run(shlex.split(options.before), cwd=options.root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(
            "What the job keeps could not be put back.",
            evidence=f"{options.before} ended with exit status {done.returncode}: {done.stderr.strip()[-200:]}",
            remedy="run the command of --before by hand",
        )


def _settle(backend: OpenBackend, options: RehearsalOptions) -> tuple[int | None, float]:
    """Have the workspace's limits and lags as wanted; return them."""
    workspace = backend.workspace_named(WORKSPACE)
    own = workspace.settings()
    limit = None if options.rate_limit == "none" else own["rate_limit"] or USUAL_LIMIT
    delay = 0.0 if options.index_delay == "none" else own["index_delay"] or REALISTIC_DELAY
    workspace.update_settings({"rate_limit": limit, "index_delay": delay, "webhook_url": None})
    prefer_version(backend, WORKSPACE, options.intercom_version)
    return (int(str(limit)) if limit is not None else None), float(str(delay))


def _start_of(database: Path) -> float:
    """Return when a rehearsal begins by the sandbox's clock: the same for each copy of one workspace."""
    with closing(sqlite3.connect(database)) as connection:
        (latest,) = connection.execute("SELECT ifnull(max(updated_at), 0) FROM people").fetchone()
        (at,) = connection.execute("SELECT ifnull(max(at), 0) FROM tombstones").fetchone()
    return float(max(latest, at)) + OTHERS
