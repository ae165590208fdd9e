"""The pytest sessions of `harness run`: one for the project's own scenarios, one for the stock scenarios.

The project's settings govern the first. The second has none but ours: no configuration file, no `conftest.py`, no
plugin of another package.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from _pytest.config.findpaths import locate_config

from harness.cli.run_interrupts import ending_in_order
from harness.cli.run_selection import Selection
from harness.config.stock import stock_folder
from harness.pytest_plugin import plugin
from harness.pytest_plugin.collection import ScenarioPlaces
from harness.pytest_plugin.project_session import ProjectSession
from harness.runner.run import Run
from harness.runner.session_config import RunOptions

UNWANTED = ("cacheprovider", "faker", "hypothesispytest", "randomly")
"""Plugins that cost much and that no scenario needs, and one that would change the order of scenarios."""
_ALONE = ("-p", "xdist", "-n0")
"""Words that keep scenarios in this process, whatever the project's settings say of pytest-xdist."""
ISOLATED = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": None, "PYTEST_PLUGINS": None}
"""What a session of stock scenarios finds in the environment; `None` for nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Handover:
    """Gives a session what was already made; a pytest plugin that comes before the others."""

    run: Run
    project: ProjectSession

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand over the run, and where scenarios lie."""
        config.stash[plugin.RUN] = self.run
        config.stash[plugin.SESSION] = self.project
        # pytest-asyncio says at each start that a setting of its own is absent; that says nothing of a run.
        warnings.filterwarnings("ignore", message=".*asyncio_default_fixture_loop_scope")


def project_of(options: RunOptions, selection: Selection, levels: Sequence[str]) -> ProjectSession:
    """Return where the scenarios of a run lie, and which of them are wanted."""
    configuration, named = options.configuration, tuple(selection.folders)
    places = ScenarioPlaces(options.root, configuration.scenarios, stock_folder(), levels, named)
    return ProjectSession(configuration, places)


def play_sessions(
    run: Run,
    selection: Selection,
    project: ProjectSession,
    junit: Path | None,
    plugins: Sequence[object],
    workers: Sequence[str] = (),
) -> None:
    """Play the stock scenarios, then the project's own, each in a pytest session.

    workers: the words that start other processes; without them the scenarios are played in this one.
    """
    also = [plugin, _Handover(run, project), *plugins]
    with tempfile.TemporaryDirectory(prefix="harness-") as folder, ending_in_order():
        reports = [Path(folder) / f"{name}.xml" for name in ("stock", "own")] if junit else [None, None]
        stock = [path for path in selection.stock if project.places.wants(Path(path.partition("::")[0]))]
        project_root = run.options.root if run.pipeline.fixture else None
        words = [*_common(selection, reports[0]), *workers]
        goes_on = not stock or _play_stock(stock, words, also, project_root)
        if selection.own and goes_on:
            _play_own(selection.own, run.options.root, [*_common(selection, reports[1]), *(workers or _ALONE)], also)
        if junit is not None:
            _merge([report for report in reports if report and report.exists()], junit)


def _play_stock(paths: Sequence[str], words: Sequence[str], plugins: Sequence[object], root: Path | None) -> bool:
    """Play stock scenarios, and return whether the run goes on.

    root: that of the project whose settings and fixtures they need; without it they are played apart from all of these.
    """
    if root is not None:
        _, settings, _, *_ = locate_config(root, [root])
        words = [*words, "-c", str(settings or os.devnull), "-p", "harness.pytest_plugin.project_conftest"]
        return _play_own(paths, root, words, plugins) != pytest.ExitCode.INTERRUPTED
    with _isolated():
        arguments = [*paths, "-c", os.devnull, f"--rootdir={stock_folder()}", "--noconftest", *words]
        return pytest.main(arguments, plugins=list(plugins)) != pytest.ExitCode.INTERRUPTED


def _play_own(
    paths: Sequence[str], root: Path, words: Sequence[str], plugins: Sequence[object]
) -> int | pytest.ExitCode:
    arguments = [*paths, f"--rootdir={root}", "-p", "no:harness", *words]
    arguments += [] if any(map(_has_asynchronous_scenarios, paths)) else ["-p", "no:anyio"]
    return pytest.main(arguments, plugins=list(plugins))


def _has_asynchronous_scenarios(path: str) -> bool:
    """Return whether a scenario at this path is an `async def`, which anyio's plugin may have to run."""
    place = Path(path.partition("::")[0])
    modules = place.glob("*.py") if place.is_dir() else [place]
    return any(b"async def test_" in module.read_bytes() for module in modules if module.is_file())


def _common(selection: Selection, report: Path | None) -> Sequence[str]:
    words = [word for name in UNWANTED for word in ("-p", f"no:{name}")]
    # The harness is imported before pytest can rewrite its assertions; where warnings are errors, that ends the run.
    words += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    words += ["--import-mode=importlib", "--tb=short"]
    words += ["-k", selection.expression] if selection.expression else []
    words += [f"--junitxml={report}"] if report else []
    for version in selection.versions:
        words += ["--intercom-version", version]
    return words


@contextmanager
def _isolated() -> Iterator[None]:
    """A block in which pytest finds no settings in the environment."""
    before = {name: os.environ.get(name) for name in ISOLATED}
    _set(ISOLATED)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _merge(reports: Sequence[Path], target: Path) -> None:
    """Write the sessions' JUnit files as one, a suite for each session."""
    suites = ET.Element("testsuites", name="harness run")
    for report in reports:
        suites.extend(ET.parse(report).getroot())  # noqa: S314  # pytest wrote it a moment ago
    target.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(suites).write(target, encoding="utf-8", xml_declaration=True)
