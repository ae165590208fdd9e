"""The pytest plugin: options, collection of `scenarios/`, and the fixtures people, pipeline and verify.

Hooks and fixtures only, and nothing heavy is imported before a scenario asks for it: a project that has the harness
installed pays nothing in its other tests. Plain `pytest` replays cassettes and reaches no network.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

from harness.config.stock import name_of
from harness.pytest_plugin.collection import case_of, defines_tests, is_whole, picks_some, refuse_nameless
from harness.pytest_plugin.hidden_fixtures import refuse_hidden_fixtures
from harness.pytest_plugin.project_session import ProjectSession, options_for, project_session
from harness.pytest_plugin.scenario_module import ScenarioModule, StockModule

if TYPE_CHECKING:
    from harness.core.clock import MovingClock
    from harness.people import People
    from harness.pipeline import PipelineUnderTest
    from harness.runner.case import Case, ScenarioResult
    from harness.runner.controls import Faults, Intercom, Webhooks
    from harness.runner.run import Run
    from harness.runner.scenario import Scenario
    from harness.runner.unused import UnusedDeclarations
    from harness.verification import Verify

RUN: pytest.StashKey[Run] = pytest.StashKey()
"""Set by `harness run` before collection; else made for the first scenario."""
OWN_RUN: pytest.StashKey[bool] = pytest.StashKey()
"""Set where the session made its run itself, and has to end it."""
SESSION: pytest.StashKey[ProjectSession] = pytest.StashKey()
"""Set by `harness run` before collection; otherwise read from the project's configuration."""

SCENARIO: pytest.StashKey[Scenario] = pytest.StashKey()
RESULT: pytest.StashKey[ScenarioResult] = pytest.StashKey()
COLLECTED: pytest.StashKey[list[pytest.Function]] = pytest.StashKey()
"""All scenarios that were found, whichever of them are run."""
PARTIAL: pytest.StashKey[bool] = pytest.StashKey()
"""Set where somebody picked cases out of what was found."""
REMAINS: pytest.StashKey[UnusedDeclarations] = pytest.StashKey()
"""What a run left over, of this process and of those that worked for it."""

OURS = ("people", "pipeline", "verify", "faults", "intercom", "clock", "webhooks")
"""The fixtures of scenarios."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """The options of the contract."""
    from harness.pytest_plugin.options import add_options

    add_options(parser, pluginmanager)


def pytest_configure(config: pytest.Config) -> None:
    """Read the project's configuration before anything is collected."""
    config.addinivalue_line("markers", "cassette(name): name the cassette of this scenario")
    if SESSION not in config.stash:
        config.stash[SESSION] = project_session(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Tell which pipeline the scenarios will be played with."""
    chosen = config.stash[SESSION].configuration.pipeline
    spec = config.getoption("--pipeline") or (chosen.portable(config.stash[SESSION].places.root) if chosen else "none")
    return f"harness: pipeline {spec}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop whatever scenarios started."""
    if OWN_RUN in config.stash:
        config.stash[RUN].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect every module of the project's scenarios that defines tests, whatever `python_files` says."""
    places = parent.config.stash[SESSION].places
    if not places.holds(file_path):
        return None
    if parent.session.isinitpath(file_path) or any(map(file_path.match, parent.config.getini("python_files"))):
        return None  # pytest collects it by itself
    names = [*parent.config.getini("python_functions"), *parent.config.getini("python_classes")]
    if not defines_tests(file_path, names) or not places.wants(file_path):
        return None
    return pytest_pycollect_makemodule(file_path, parent)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect a scenario module as one, also where pytest found it by itself."""
    places = parent.config.stash[SESSION].places
    if not places.holds(module_path):
        return None
    if places.is_stock(module_path):
        return StockModule.of(module_path, parent, places.root, nodeid=name_of(module_path, places.root))
    return ScenarioModule.of(module_path, parent, places.root)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One run of each scenario for every version that was asked for."""
    versions = metafunc.config.stash[SESSION].versions_asked(metafunc.config)
    if versions and "_scenario" in metafunc.fixturenames and len(versions) > 1:
        metafunc.parametrize("_intercom_version", versions)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Remember what there is, before any plugin picks out of it, and whether one does so without telling."""
    found = [item for item in items if isinstance(item, pytest.Function) and "_scenario" in item.fixturenames]
    refuse_nameless(found)
    config.stash[COLLECTED] = found
    yield
    if not {item.nodeid for item in found} <= {item.nodeid for item in items}:
        config.stash[PARTIAL] = True


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remember that not everything is run."""
    for item in items[:1]:
        item.config.stash[PARTIAL] = True


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of pytest-xdist saw."""
    from harness.runner.unused import UnusedDeclarations

    if told := getattr(node, "workeroutput", {}).get("harness"):
        before = node.config.stash.get(REMAINS, UnusedDeclarations())
        node.config.stash[REMAINS] = before.and_(UnusedDeclarations.from_data(told))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that left something over failed."""
    config = session.config
    if (seen := _remains(session)) is not None:
        config.stash[REMAINS] = config.stash[REMAINS].and_(seen) if REMAINS in config.stash else seen
    if REMAINS not in config.stash:
        return
    if session.testsfailed:
        config.stash[REMAINS] = config.stash[REMAINS].of_a_failure()
    if hasattr(config, "workeroutput"):
        config.workeroutput["harness"] = config.stash[REMAINS].as_data()
    elif not session.exitstatus and config.stash[REMAINS].problems():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what kept a replay from the network, and what it left over."""
    for note in config.stash[RUN].pipeline.said_at_the_end if RUN in config.stash else ():
        terminalreporter.line(f"harness: {note}")
    remains = config.stash.get(REMAINS, None)
    if remains is not None and (problems := remains.problems()):
        terminalreporter.section("left over")
        for problem in problems:
            terminalreporter.line(problem)


@pytest.fixture
def _intercom_version() -> str:
    """The version of this case where several are compared."""
    return ""


@pytest.fixture
def _scenario(request: pytest.FixtureRequest, _intercom_version: str) -> Iterator[Scenario]:
    run, case = _run(request.config), _case(request.node)
    # Told before the stage is set: a scenario that is not run has no cassette either.
    from harness.pipeline.named import operations_in

    if run.pipeline.fixture:
        from harness.pytest_plugin.pipeline_fixture import bind_fixture

        bind_fixture(request, run.pipeline)
    callspec = getattr(request.node, "callspec", None)
    if reason := run.pipeline.lacking(
        operations_in(request.node.function, callspec.params.values() if callspec else ())
    ):
        pytest.skip(reason)
    run.check_recordings([_case(item) for item in request.config.stash[COLLECTED]])
    with run.scenario(case) as scenario:
        request.node.stash[SCENARIO] = scenario
        yield scenario


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Leave the other tests of a session alone: what they ask of Intercom is their own business."""
    if RUN in item.config.stash:
        item.config.stash[RUN].pipeline.guards_everything = "_scenario" in getattr(item, "fixturenames", ())
    return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a fixture of the project's that takes the place of one of ours: a scenario would mean something else."""
    if isinstance(item, pytest.Function) and "_scenario" in item.fixturenames:
        refuse_hidden_fixtures(item, OURS, __name__)


@pytest.fixture
def people(_scenario: Scenario) -> People:
    """Makes the visitors, leads and users of this scenario."""
    return _scenario.people


@pytest.fixture
def pipeline(_scenario: Scenario) -> PipelineUnderTest:
    """The code under test."""
    return _scenario.pipeline


@pytest.fixture
def verify(_scenario: Scenario) -> Verify:
    """Claims about what became of everybody."""
    return _scenario.verify


@pytest.fixture
def faults(_scenario: Scenario) -> Faults:
    """Arms what goes wrong on purpose in this scenario."""
    return _scenario.faults


@pytest.fixture
def intercom(_scenario: Scenario) -> Intercom:
    """What Intercom is like while the pipeline works: its settings, how far search lags."""
    return _scenario.intercom


@pytest.fixture
def webhooks(_scenario: Scenario) -> Webhooks:
    """Tells the pipeline what Intercom's webhooks would."""
    from harness.core.errors import NotPossibleHere

    try:
        _scenario.intercom.subscribe()
    except NotPossibleHere as why:
        pytest.skip(str(why))
    return _scenario.webhooks


@pytest.fixture
def clock(_scenario: Scenario) -> MovingClock:
    """The time of this scenario; it stands still until somebody waits."""
    return _scenario.clock


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """What must hold at the end of every scenario counts as part of the scenario."""
    scenario = pyfuncitem.stash.get(SCENARIO, None)
    if scenario is None:
        return (yield)
    from harness.runner.scenario import NOT_PLAYED

    try:
        with scenario.playing(KeyboardInterrupt, pytest.exit.Exception):
            return (yield)
    except NOT_PLAYED as why:
        pytest.skip(str(why))
    finally:
        pyfuncitem.stash[RESULT] = scenario.ended


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a person can act on is shown as it was written, without a traceback."""
    report = yield
    if call.excinfo is not None and report.failed:
        from harness.core.errors import Problem
        from harness.verification.claims import NotProved

        if isinstance(call.excinfo.value, Problem | NotProved):
            report.longrepr = str(call.excinfo.value)
    if RUN in item.config.stash:
        from harness.pytest_plugin.clean_reports import clean_report

        clean_report(item, report, item.config.stash[RUN])
    return report


def _remains(session: pytest.Session) -> UnusedDeclarations | None:
    """What this process saw of the scenarios; `None` where it ran none, or was interrupted."""
    config = session.config
    ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if RUN not in config.stash or not ended:
        return None
    cases = {item: _case(item) for item in config.stash.get(COLLECTED, [])}
    if PARTIAL in config.stash or picks_some(config) or not cases:
        return None
    modules = {item.path for item in cases}
    project = config.stash[SESSION]
    folders = {path.parent for path in modules}
    whole = not session.testsfailed and all(is_whole(folder, modules, project.places) for folder in folders)
    return config.stash[RUN].unused(list(cases.values()), whole=whole)


def _case(item: pytest.Function) -> Case:
    return case_of(item, item.config.stash[SESSION].places.root)


def _run(config: pytest.Config) -> Run:
    if RUN not in config.stash:
        from harness.runner.run import Run

        config.stash[RUN] = Run(options_for(config.stash[SESSION].configuration, config))
        config.stash[RUN].pipeline.watch.standard_error = config.stash.get(fault_handler_stderr_fd_key, 2)
        config.stash[OWN_RUN] = True
    return config.stash[RUN]
