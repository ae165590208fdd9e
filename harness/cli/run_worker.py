"""The pytest plugin of a process that pytest-xdist started for `harness run -n`.

It plays its scenarios with a pipeline, a server and an enclosure of its own, and sends what each came to to the process
that reports. In that process itself, where it is loaded as well, it does nothing.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

from harness.cli.played_scenario import played_scenario
from harness.cli.stale import StaleOnly
from harness.cli.worker_order import (
    ORDER,
    WorkerOrder,
    arranged,
    described,
    order_by_duration,
    write_collection,
)
from harness.containment.enclosed_interpreter import entered
from harness.core.errors import Problem
from harness.pytest_plugin.plugin import RESULT, RUN, SESSION
from harness.runner.run import Run

TOLD: Final = "harness_told"
"""The name under which a worker's last words stand among what xdist hands back."""


@dataclass(slots=True)
class WorkerPlugin:
    """The part of the plugin that is at work in a worker. said: lines for a person, not sent yet."""

    order: WorkerOrder
    run: Run
    said: list[str] = field(default_factory=list)
    played: int = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Write down what there is, then put the longest first; where a module cannot be read, nothing is played."""
        if session.testsfailed:
            items.clear()
        write_collection(self.order.folder, arranged(items, self.order.cut))
        order_by_duration(items, self.order.durations)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Send along what the scenario came to."""
        report = yield
        if report.when == "call" and RESULT in item.stash:
            redactor, evidence = self.run.redactor(), self.order.evidence
            played = played_scenario(item.stash[RESULT], report, self.run.options, redactor, evidence=evidence)
            report.harness_played = pickle.dumps(played)
            report.harness_said, self.said[:] = list(self.said), []
            self.played += 1
        elif report.when == "setup" and not report.passed:
            report.harness_case = described(item)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Stop what was started, and tell what only this process knows."""
        self.run.close()
        pipeline = self.run.pipeline
        told = {"notes": list(pipeline.notes), "level": pipeline.containment.level, "played": self.played}
        if isinstance(stale := session.config.pluginmanager.get_plugin("harness-stale"), StaleOnly):
            told |= {"left_out": stale.left_out, "stale": stale.found}
        session.config.workeroutput[TOLD] = told  # type: ignore[attr-defined]  # xdist puts it there


@dataclass(frozen=True, slots=True)
class UnusableWorker:
    """The plugin of a worker that cannot make its pipeline: it plays nothing, and says why."""

    why: Problem

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Play nothing."""
        items.clear()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell why."""
        session.config.workeroutput[TOLD] = {"problem": str(self.why)}  # type: ignore[attr-defined]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take the order over, and make the pipeline."""
    data = getattr(config, "workerinput", {}).get(ORDER)
    if data is None:
        return
    order = WorkerOrder.unpacked(data)
    said: list[str] = []
    options = replace(order.options, entered=entered())
    if order.stale:
        stale = StaleOnly(said.append)
        config.pluginmanager.register(stale, "harness-stale")
        options = replace(options, show=stale.show)
    try:
        config.stash[RUN] = run = Run(options)
    except Problem as problem:
        config.pluginmanager.register(UnusableWorker(problem))
        return
    config.stash[SESSION] = order.project
    run.pipeline.watch.standard_error = config.stash.get(fault_handler_stderr_fd_key, 2)
    config.pluginmanager.register(WorkerPlugin(order, run, said))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, also where the session did not come to its end."""
    if hasattr(config, "workerinput") and RUN in config.stash:
        with contextlib.suppress(Problem):
            config.stash[RUN].close()
