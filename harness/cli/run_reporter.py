"""pytest under `harness run`: it collects and calls, and says nothing; what it saw becomes rows for the reports."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from harness.cassette.redaction.redactor import Redactor
from harness.cli.run_rows import command_line, evidence_of, scenario_row, told_by
from harness.cli.survivor import Survivor
from harness.pytest_plugin.plugin import REMAINS, RESULT
from harness.report.exchange_rows import RowEvidence
from harness.report.result import Ending, RunRow, ScenarioRow
from harness.report.terminal import TerminalReport
from harness.runner.case import Case, ScenarioResult
from harness.runner.run import Run
from harness.runner.unused import UnusedDeclarations


def left_behind(entries: Sequence[str]) -> Sequence[str]:
    """What a run that ended too early has to say of the TEST app."""
    if not entries:
        return ()
    told = "; ".join(entries[:5])
    return (f"{len(entries)} entries may still be in the TEST app: {told}\n  remedy: finish it with: harness sweep",)


class RunReporter:
    """A pytest plugin in the place of the terminal reporter."""

    def __init__(
        self, run: Run, versions: Sequence[str], terminal: TerminalReport, survivor: Survivor | None = None
    ) -> None:
        self._run = run
        self._survivor = survivor
        self.versions = tuple(versions) or (run.sent_version(Case("", "", "")) or "as the pipeline asks",)
        self._terminal = terminal
        self._rows: list[ScenarioRow] = []
        self._problems: list[str] = []
        self._titles: dict[str, str] = {}
        self._results: dict[str, ScenarioResult] = {}
        self._not_run: set[str] = set()
        self._behind: list[ScenarioResult | None] = []
        self._remains = UnusedDeclarations()
        self._failed = False
        self._session: pytest.Session | None = None

    def result(self, seconds: float, hint: str) -> RunRow:
        """Everything the run came to."""
        problems = [*self._problems, *left_behind(self._run.test_app.leftovers)]
        if not self._rows and not problems:
            problems.append(f"nothing was run: {hint}")
        problems += (self._remains.of_a_failure() if self._failed else self._remains).problems()
        problems += self._gaps_in_the_way()
        name, against = self._run.pipeline.name, self._run.options.against
        return RunRow(
            name,
            against,
            self.versions,
            seconds,
            tuple(self._rows),
            tuple(problems),
            self._run.pipeline.containment.level,
            (*self._run.pipeline.notes, *self._gaps()),
        )

    def _gaps(self) -> Iterator[str]:
        """Say which operations the pipeline used and the sandbox lacks."""
        asked = Counter(name for result in self._results.values() for name in result.not_modelled)
        for name, count in sorted(asked.items()):
            yield f"the sandbox does not model {name}: it answered 501 to the pipeline in {count} scenarios"

    def _gaps_in_the_way(self) -> list[str]:
        """Say which of them kept a scenario from being proved."""
        accepted = self._run.options.configuration.accept_not_modelled
        waiting = [self._results[node] for node in sorted(self._not_run) if node in self._results]
        names = sorted({name for result in waiting for name in result.not_modelled if name not in accepted})
        if not names:
            return []
        listed = ", ".join(f'"{name}"' for name in names)
        count = sum(bool(set(result.not_modelled) & set(names)) for result in waiting)
        told = f"{count} scenarios were not run: the pipeline asked for {', '.join(names)}, which the sandbox lacks."
        remedy = f"if the response does not matter to the conversion, set accept_not_modelled = [{listed}]"
        return [f"{told}\n  remedy: {remedy}"]

    @property
    def troubled(self) -> bool:
        """Whether something could not even begin."""
        return bool(self._problems)

    def evidence(self, redactor: Redactor) -> list[RowEvidence]:
        """What stands behind each row of the result, in the same order, redacted."""
        return [evidence_of(result, self._run.options, redactor) for result in self._behind]

    @property
    def played(self) -> Sequence[ScenarioResult]:
        """What came of each scenario that was played to its end."""
        played = (result for node, result in self._results.items() if node not in self._not_run)
        return tuple(result for result in played if not result.problem)

    @property
    def scenario_files(self) -> Collection[Path]:
        """The scenario modules of which something was run."""
        return {result.case.path for result in self._results.values()}

    # --- hooks ------------------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Silence pytest's own report."""
        own = config.pluginmanager.get_plugin("terminalreporter")
        if own is not None:
            config.pluginmanager.unregister(own)
            config.pluginmanager.register(TerminalReporter(config, io.StringIO()), "terminalreporter")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, object]:
        """Keep what the scenario came to."""
        report = yield
        if RESULT in item.stash:
            self._results[item.nodeid] = item.stash[RESULT]
        elif report.when == "setup":
            report.harness_case = _described(item)
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many scenarios there are."""
        self._session = session
        self._titles |= {item.nodeid: _described(item)[2] for item in session.items}
        if self._survivor is not None:
            self._survivor.total(len(self._titles))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """One of them begins."""
        self._terminal.running(len(self._rows) + 1, len(self._titles), self._titles.get(nodeid, nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A scenario's row is complete with its call, or with a set-up that failed or was skipped."""
        if report.when == "call" or (report.when == "setup" and not report.passed):
            self._not_run |= {report.nodeid} if report.skipped else set()
            self._add(self._row(report))
            self._stop_with_the_test_app()
        elif report.when == "teardown" and report.failed:
            self._problems.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be collected could not run."""
        if report.failed:
            self._problems.append(f"{report.nodeid} could not be read\n{report.longreprtext}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep what the session left over: only all sessions together can tell what was needed."""
        self._failed = self._failed or bool(session.testsfailed)
        self._remains = self._remains.and_(session.config.stash.get(REMAINS, UnusedDeclarations()))

    def pytest_internalerror(self, excrepr: object) -> None:
        """pytest itself failed."""
        self._problems.append(str(excrepr))

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """The person had enough, or the TEST app was lost."""
        told = "interrupted: the scenarios after this one did not run"
        if not self._run.test_app.stopped and told not in self._problems:
            self._problems.append(told)

    # --- rows -------------------------------------------------------------------------------------

    def _stop_with_the_test_app(self) -> None:
        if not self._run.test_app.stopped or self._session is None or self._session.shouldstop:
            return
        left = len(self._titles) - len(self._rows)
        self._session.shouldstop = self._run.test_app.stopped
        self._problems.append(f"stopped: {self._run.test_app.stopped} {left} scenarios after this one did not run.")

    def _add(self, row: ScenarioRow) -> None:
        self._rows.append(row)
        if self._survivor is not None:
            self._survivor.row(row)
        self._terminal.scenario(row)

    def _row(self, report: pytest.TestReport) -> ScenarioRow:
        result = self._results.get(report.nodeid)
        self._behind.append(result)
        if result is None:
            module, case, title = getattr(
                report, "harness_case", (report.nodeid.partition("::")[0], report.nodeid, report.nodeid)
            )
            ending: Ending = "not run" if report.skipped else "could not run"
            return ScenarioRow(module, case, title, ending, report.duration, told_by(report))
        row = scenario_row(result, report)
        return replace(row, again=command_line(result.case, self._run.options))


def _described(item: pytest.Item) -> tuple[str, str, str]:
    doc = (getattr(getattr(item, "function", None), "__doc__", None) or item.name).strip()
    return item.path.stem, item.name, doc.splitlines()[0].rstrip(".")
