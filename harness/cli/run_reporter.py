"""pytest under `harness run`: it collects and calls, and says nothing; what it saw becomes rows for the reports."""

from __future__ import annotations

import io
import shlex
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from _pytest.terminal import TerminalReporter

from harness.cassette.redaction.redactor import Redactor
from harness.cli.played_scenario import PlayedScenario, played_scenario
from harness.cli.run_rows import evidence_of, told_by
from harness.cli.run_workers import WorkerReports
from harness.cli.shard_cut import ShardCut
from harness.cli.survivor import Survivor
from harness.cli.worker_order import CollectedCase, arranged, described
from harness.pytest_plugin.plugin import REMAINS, RESULT
from harness.report.exchange_rows import RowEvidence
from harness.report.gaps import gap_notes, gap_problems
from harness.report.result import Ending, RunRow, ScenarioRow
from harness.report.secret_cleaning import SecretCleaner
from harness.report.shard_file import ShardScenario
from harness.report.terminal import TerminalReport
from harness.runner.case import Case, ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.runner.unused import UnusedDeclarations

Cleaned = TypeVar("Cleaned")


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
        self._workers: WorkerReports | None = None
        self.cut: ShardCut | None = None
        """Which scenarios fall to this run, where others play the rest."""
        self.plan: dict[str, int] = {}
        """All scenarios of the run, whoever plays them, each with the number of its part."""
        self._found: Mapping[str, CollectedCase] = {}
        self._survivor = survivor
        self.versions = tuple(versions) or (run.sent_version(Case("", "", "")) or "as the pipeline asks",)
        self._terminal = terminal
        self._ended: dict[str, ScenarioRow] = {}
        self._problems: list[str] = []
        self._cases: dict[str, CollectedCase] = {}
        self._results: dict[str, ScenarioResult] = {}
        self._played: dict[str, PlayedScenario] = {}
        self._not_run: set[str] = set()
        self.remains = UnusedDeclarations()
        """What the sessions left over; only the whole run can tell what was needed."""
        self._failed = False
        self._session: pytest.Session | None = None
        self._config: pytest.Config | None = None
        self._stopped = ""
        """What ended the run, and would meet every further scenario as well."""

    def result(self, seconds: float, hint: str) -> RunRow:
        """Everything the run came to."""
        problems = [*self._problems, *left_behind(self._run.test_app.leftovers)]
        problems += self._workers.problems if self._workers else []
        if not self.plan and not problems:
            problems.append(f"nothing was run: {hint}")
        if self.cut is None:  # of a part it cannot be told what the rest needs
            problems += (self.remains.of_a_failure() if self._failed else self.remains).problems()
            problems += self._gaps_in_the_way
        name, against = self._run.pipeline.name, self._run.options.against
        notes = (*(self._workers.notes if self._workers else self._run.pipeline.notes), *gap_notes(self._lacking))
        return RunRow(
            name,
            against,
            self.versions,
            seconds,
            tuple(self._ended[node] for node in self._in_order),
            self._cleaned(tuple(problems)),
            self._workers.level if self._workers and self._workers.level else self._run.pipeline.containment.level,
            self._cleaned(notes),
            shard=str(self.cut.chosen) if self.cut else "",
        )

    @property
    def _in_order(self) -> Sequence[str]:
        """The node ids of what has ended, in the order in which one process plays them."""
        places = {node: place for place, node in enumerate(self._cases)}
        return sorted(self._ended, key=lambda node: places.get(node, len(places)))

    @property
    def scenarios(self) -> Sequence[ShardScenario]:
        """What came of each scenario that ended, in order, as one shard of a run hands it on."""
        found = [(node, self._ended[node], self._played.get(node)) for node in self._in_order]
        return [ShardScenario(node, row, played.not_modelled if played else ()) for node, row, played in found]

    @property
    def _lacking(self) -> Iterator[Sequence[str]]:
        """For each scenario, the operations that the pipeline asked for and the sandbox lacks."""
        return (played.not_modelled for played in self._played.values())

    @property
    def _gaps_in_the_way(self) -> Sequence[str]:
        not_run = [self._played[node].not_modelled for node in sorted(self._not_run) if node in self._played]
        return gap_problems(not_run, self._run.options.configuration.accept_not_modelled)

    @property
    def redactor(self) -> Redactor:
        """What knows all that must not leave the run."""
        return self._run.redactor()

    @property
    def options(self) -> RunOptions:
        """What the run was asked for."""
        return self._run.options

    @property
    def troubled(self) -> bool:
        """Whether something could not even begin."""
        return bool(self._problems)

    def evidence(self, redactor: Redactor) -> list[RowEvidence]:
        """What stands behind each row of the result, in the same order, redacted."""
        return [self._evidence(node, redactor) for node in self._in_order]

    def _evidence(self, node: str, redactor: Redactor) -> RowEvidence:
        played = self._played.get(node)
        known = played.evidence if played else None
        return known or evidence_of(self._results.get(node), self._run.options, redactor)

    @property
    def played(self) -> Sequence[ScenarioResult]:
        """What came of each scenario that was played to its end."""
        played = (result for node, result in self._results.items() if node not in self._not_run)
        return tuple(result for result in played if not result.problem)

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long each scenario took that was played, by node id."""
        return {node: played.seconds for node, played in self._played.items()}

    @property
    def scenario_files(self) -> Collection[Path]:
        """The scenario modules of which something was run."""
        return {played.path for played in self._played.values()}

    # --- hooks ------------------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Silence pytest's own report."""
        self._config = config
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
            report.harness_case = described(item)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the scenarios in the order of their levels, and keep those that fall to this run."""
        self._found = arranged(items, self.cut)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many scenarios there are."""
        self._session = session
        self.expect(self._found, [item.nodeid for item in session.items])

    def expect(self, found: Mapping[str, CollectedCase], nodes: Collection[str]) -> None:
        """Take note of the scenarios of one session, in their order, and of those of them that are played here."""
        new = {node: case.shard for node, case in found.items() if node not in self.plan}
        if self.cut is not None:
            self.cut.learn(new.items())
        self.plan |= new
        played = set(nodes)
        self._cases |= {node: case for node, case in found.items() if node in played}
        if self._survivor is not None:
            self._survivor.total(len(self._cases))

    def report_of(self, workers: WorkerReports) -> None:
        """Take notes and containment from other processes, which play the scenarios."""
        self._workers = workers

    def take(self, node: str, played: PlayedScenario) -> None:
        """Take over what a scenario came to that another process played."""
        self._played[node] = played

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """One of them begins."""
        case = self._cases.get(nodeid)
        self._terminal.running(len(self._ended) + 1, len(self._cases), case.title if case else nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A scenario's row is complete with its call, or with a set-up that failed or was skipped."""
        if report.when == "call" or (report.when == "setup" and not report.passed):
            self._not_run |= {report.nodeid} if report.skipped else set()
            row = self._row(report)
            if self._ends_again(report.nodeid):
                return
            self._add(report.nodeid, row)
            self._stop_with_the_test_app()
            self._stop_with(report.nodeid)
        elif report.when not in ("setup", "call", "teardown"):
            self._add(report.nodeid, self._lost(report.nodeid))
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
        self.remains = self.remains.and_(session.config.stash.get(REMAINS, UnusedDeclarations()))

    def pytest_internalerror(self, excrepr: object) -> None:
        """pytest itself failed."""
        self._problems.append(str(excrepr))

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """The person had enough, or the TEST app was lost."""
        told = "interrupted: the scenarios after this one did not run"
        if not self._run.test_app.stopped and not self._stopped and told not in self._problems:
            self._problems.append(told)

    # --- rows -------------------------------------------------------------------------------------

    def _stop_with_the_test_app(self) -> None:
        if not self._run.test_app.stopped or self._session is None or self._session.shouldstop:
            return
        left = len(self._cases) - len(self._ended)
        self._session.shouldstop = self._run.test_app.stopped
        self._problems.append(f"stopped: {self._run.test_app.stopped} {left} scenarios after this one did not run.")

    def _ends_again(self, node: str) -> bool:
        """Return whether a scenario met what has ended the run already: several processes may meet it."""
        played = self._played.get(node)
        return bool(self._stopped) and played is not None and played.ends_run

    def _stop_with(self, node: str) -> None:
        """End the run where no further scenario would fare better."""
        played = self._played.get(node)
        if played is None or not played.ends_run or self._config is None:
            return
        self._stopped = played.row.reason.partition("\n")[0]
        left = len(self._cases) - len(self._ended)
        self._problems.append(f"stopped: {self._stopped}. {left} scenarios after this one did not run.")
        for part in (self._session, self._config.pluginmanager.get_plugin("dsession")):
            if part is not None:
                part.shouldstop = self._stopped

    def _add(self, node: str, row: ScenarioRow) -> None:
        self._ended[node] = row = self._cleaned(row)
        if self._survivor is not None:
            self._survivor.row(row)
        self._terminal.scenario(row)

    def _cleaned(self, value: Cleaned) -> Cleaned:
        """Return what is shown or written, without secrets and people."""
        return SecretCleaner(self._run.redactor()).clean(value)

    def _row(self, report: pytest.TestReport) -> ScenarioRow:
        if (result := self._results.get(report.nodeid)) is not None:
            self._played[report.nodeid] = played_scenario(
                result, report, self._run.options, self._run.redactor(), evidence=False
            )
        if (played := self._played.get(report.nodeid)) is None:
            module, case, title = getattr(
                report, "harness_case", (report.nodeid.partition("::")[0], report.nodeid, report.nodeid)
            )
            ending: Ending = "not run" if report.skipped else "could not run"
            return ScenarioRow(module, case, title, ending, report.duration, told_by(report))
        return played.row

    def _lost(self, node: str) -> ScenarioRow:
        """Return the row of a scenario whose process ended while it was played."""
        case = self._cases.get(node) or CollectedCase(0, node.partition("::")[0], node, node)
        reason = (
            "the process that played this scenario ended before the scenario did\n"
            "  likely: the pipeline's code ended it (os._exit, a crash in native code), or a call never came back\n"
            f"  remedy: play it alone, and see what it prints: {shlex.join(['harness', 'run', node])}"
        )
        return ScenarioRow(case.module, case.case, case.title, "refuted", reason=reason)
