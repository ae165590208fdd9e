"""Play the scenarios of `harness run`: in this process, or in several others."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.cli.durations import Durations, of_this_machine
from harness.cli.pytest_sessions import play_sessions, project_of
from harness.cli.run_outputs import Outputs
from harness.cli.run_reporter import RunReporter
from harness.cli.run_selection import Selection, levels_played
from harness.cli.run_workers import WorkerReports
from harness.cli.stale import StaleOnly
from harness.cli.worker_order import WorkerOrder
from harness.pytest_plugin.project_session import ProjectSession
from harness.runner.run import Run


def play(
    run: Run, reporter: RunReporter, selection: Selection, outputs: Outputs, stale: StaleOnly, processes: int
) -> None:
    """Play the scenarios of a selection in so many processes; `reporter` is told what each came to."""
    if processes > 1:
        _play_in_workers(processes, run, reporter, selection, outputs, stale)
    else:
        _play(run, reporter, selection, outputs.junit, [stale] if selection.stale else [])


def _play(run: Run, reporter: RunReporter, selection: Selection, junit: Path | None, also: Sequence[object]) -> None:
    """Run the scenarios to their end, or to that of a person's patience."""
    try:
        if run.options.against == "test-app":
            run.test_app()  # what is in the way is in every scenario's way
        play_sessions(run, selection, _project(run, selection), junit, [reporter, *also])
    except KeyboardInterrupt:  # a second one, while the first was being heeded
        reporter.pytest_keyboard_interrupt()
    finally:
        run.close()


def _play_in_workers(
    number: int, run: Run, reporter: RunReporter, selection: Selection, outputs: Outputs, stale: StaleOnly
) -> None:
    """Play the scenarios in other processes, each with a pipeline of its own; that of this one is not needed then."""
    project = _project(run, selection)
    run.close()
    durations = Durations(of_this_machine(run.options.root), run.title)
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        order = WorkerOrder(
            run.options,
            project,
            Path(folder),
            durations.known(),
            stale=selection.stale,
            evidence=outputs.report is not None,
            cut=reporter.cut,
        )
        workers = WorkerReports(order, reporter.expect, reporter.take, stale.say)
        reporter.report_of(workers)
        try:
            play_sessions(run, selection, project, outputs.junit, [workers, reporter], workers.words(number))
        except KeyboardInterrupt:
            reporter.pytest_keyboard_interrupt()
    stale.learn(workers.left_out, workers.found_stale)
    durations.keep(reporter.seconds)


def _project(run: Run, selection: Selection) -> ProjectSession:
    levels = levels_played(selection.levels, selection.named, run.pipeline.lacking)
    return project_of(run.options, selection, levels)
