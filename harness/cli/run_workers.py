"""Several processes for one run: how many, and what they tell the process that reports."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from harness.cli.played_scenario import PlayedScenario
from harness.cli.run_enclosure import reachable, service_stands_outside
from harness.cli.run_worker import TOLD
from harness.cli.worker_order import ORDER, CollectedCase, WorkerOrder, read_collection
from harness.containment.addresses import declared_address
from harness.containment.enclosed_interpreter import interpreter
from harness.containment.enclosure import Level
from harness.core.errors import Problem
from harness.pipeline.process_activity import listened_by
from harness.runner.session_config import RunOptions

LEVELS_OF_CONTAINMENT: Final[Sequence[Level]] = ("none", "partial", "full")

MOST_RESTARTS: Final = 1000
"""How many workers may be lost to the code under test before the run ends."""


def number_of_workers(options: RunOptions) -> int:
    """Return how many processes play the scenarios.

    Raises:
        Problem: a number was asked for, and this run has room for one process only.
    """
    asked = options.configuration.workers
    if asked is None or asked == 1:
        return 1
    why = _why_one(options)
    if why and asked != "auto" and options.configuration.origin("workers").kind == "command line":
        raise Problem(f"-n {asked}: this run takes one process", why=why, remedy="leave -n out, or: -n 1")
    return 1 if why else _cores() if asked == "auto" else int(asked)


def _why_one(options: RunOptions) -> str:
    if options.against == "test-app":
        return "a TEST app is one workspace, which scenarios change one after another"
    if options.workspace:
        return f"--workspace {options.workspace} is one workspace for all scenarios"
    if options.port:
        return f"--port {options.port} is one port, and each process has a gateway of its own"
    if service_stands_outside(options.pipeline):
        return "the pipeline is a service that stands outside of the run, and finds one gateway (service = … starts it)"
    return ""


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


MOST_LOST: Final = 3
"""How many workers may end before they have played anything."""


@dataclass(slots=True)
class WorkerReports:
    """A pytest plugin of the process that reports: it gives the workers their order, and takes what they tell.

    expect: told what was collected, and what of it is played. take: told what one scenario came to, before its report.
    say: prints a line.
    """

    order: WorkerOrder
    expect: Callable[[Mapping[str, CollectedCase], Sequence[str]], object]
    take: Callable[[str, PlayedScenario], object]
    say: Callable[[str], object]
    notes: dict[str, None] = field(default_factory=dict)
    levels: set[Level] = field(default_factory=set)
    problems: dict[str, None] = field(default_factory=dict)
    left_out: int = 0
    found_stale: bool = False
    _packed: bytes = b""
    _ready: set[str] = field(default_factory=set)
    _lost: int = 0

    def words(self, number: int) -> Sequence[str]:
        """Return the words of pytest's command line that start the workers."""
        ours = ["-p", "harness.pytest_plugin.plugin", "-p", "harness.cli.run_worker", "-p", "xdist"]
        return [*ours, f"-n{number}", "--dist=load", "--maxschedchunk=1", f"--max-worker-restart={MOST_RESTARTS}"]

    @property
    def level(self) -> Level | None:
        """How much was contained in the worker that held least; `None` where none played anything."""
        return min(self.levels, key=LEVELS_OF_CONTAINMENT.index, default=None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: Sequence[Any]) -> None:
        """Make the order of a session; start each worker in an enclosure of its own where the run is enclosed."""
        self._packed = self.order.packed()
        if self.order.options.entered is not None:
            # Plugins of pytest (rerunfailures) have their workers ask this process on a port of loopback.
            plugins = [declared_address(text) for text in listened_by(os.getpid())]
            command = interpreter([*reachable(self.order.options), *plugins])
            for spec in specs:
                spec.python = command

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the order over."""
        node.workerinput[ORDER] = self._packed

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Tell what there is to play."""
        self._ready.add(node.gateway.id)
        self.expect(read_collection(self.order.folder), ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take what came of a scenario, and what a person should read of it."""
        for line in getattr(report, "harness_said", ()):
            self.say(line)
        if (data := getattr(report, "harness_played", None)) is not None:
            self.take(report.nodeid, pickle.loads(data))  # noqa: S301  # a process that this one started made it

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take the last words of a worker."""
        told = getattr(node, "workeroutput", {}).get(TOLD, {})
        if error is not None and "keyboard" not in str(error) and node.gateway.id not in self._ready:
            self._lost_at_its_start(node, error)
        if problem := told.get("problem"):
            self.problems[problem] = None
        if told.get("played"):
            self.levels.add(told["level"])
            self.notes |= dict.fromkeys(told["notes"])
        self.left_out, self.found_stale = max(self.left_out, told.get("left_out", 0)), told.get("stale", False)

    def _lost_at_its_start(self, node: Any, error: object) -> None:
        """Take note of a worker that ended before it could play anything; after some, the run ends."""
        self._lost += 1
        what = "a process that was to play scenarios ended before it could"
        remedy = "play in one process, and see what it says: harness run -n 1"
        self.problems[str(Problem(what, evidence=str(error).strip().rpartition("\n")[2], remedy=remedy))] = None
        session = node.config.pluginmanager.get_plugin("dsession")
        if self._lost >= MOST_LOST and session is not None:
            session.shouldstop = what
