"""Projects without a configuration, in whose environment the harness is installed: nothing of theirs changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

QUICK = ("-p", "no:faker", "-p", "no:anyio", "-p", "no:cacheprovider", "-q")
STARTS = {
    "pytest": ("-c", "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"),
    "python -m pytest": ("-m", "pytest"),
}
NOTHING_LOADED = """
import sys

def test_nothing_of_the_harness_is_loaded():
    loaded = [name for name in sys.modules if name.partition(".")[0] == "harness"]
    assert loaded == []
"""


def _pytest(folder: Path, start: str, *words: str) -> tuple[int, str]:
    """pytest as it is started; `pytest` alone puts no folder in front of what is installed."""
    isolated = ["-P"] if start == "pytest" else []
    command = [sys.executable, *isolated, *STARTS[start], *QUICK, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a test of its own and no configuration of the harness."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\n[tool.pytest.ini_options]\naddopts = '-ra'\n")
    (tmp_path / "test_shop.py").write_text(NOTHING_LOADED)
    return tmp_path


@pytest.mark.parametrize("start", STARTS)
def test_nothing_of_the_harness_is_imported(project: Path, start: str) -> None:
    """The entry point looks for a configuration, and imports no module of the package."""
    code, told = _pytest(project, start)
    assert (code, "1 passed" in told) == (0, True), told


@pytest.mark.parametrize("start", STARTS)
def test_a_package_called_harness_is_the_projects_own(project: Path, start: str) -> None:
    """A project with a package of that name imports it, and its tests pass."""
    (project / "harness").mkdir()
    (project / "harness" / "__init__.py").write_text("WHOSE = 'the project'\n")
    (project / "conftest.py").write_text("")
    (project / "test_shop.py").write_text("import harness\n\ndef test_whose(): assert harness.WHOSE == 'the project'\n")
    code, told = _pytest(project, start)
    assert (code, "1 passed" in told) == (0, True), told


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("configured", [False, True])
def test_a_script_among_scenarios_is_not_executed(project: Path, start: str, configured: bool) -> None:
    """A module without a test, in a folder called scenarios, is no scenario: with a configuration neither."""
    (project / "scenarios").mkdir()
    (project / "scenarios" / "deploy.py").write_text("open('deployed', 'w').close()\n")
    if configured:
        (project / "harness.toml").write_text("stock_scenarios = false\n")
        (project / "test_shop.py").write_text("def test_it(): pass\n")
    code, told = _pytest(project, start)
    assert (code, "1 passed" in told, (project / "deployed").exists()) == (0, True, False), told


@pytest.mark.parametrize("start", STARTS)
def test_no_option_is_added(project: Path, start: str) -> None:
    """Options of scenarios are unknown where there are none, so another plugin may have them."""
    code, told = _pytest(project, start, "--against", "sandbox")
    assert (code, "unrecognized arguments: --against" in told) == (4, True), told
    (project / "conftest.py").write_text("def pytest_addoption(parser): parser.addoption('--against')\n")
    assert _pytest(project, start, "--against", "sandbox")[0] == 0


def test_a_table_of_another_tool_is_no_configuration(project: Path) -> None:
    """Only `[tool.harness]` counts, not a word in a comment or a key of another table."""
    (project / "pyproject.toml").write_text("# harness\n[tool.other]\nharness = true\n")
    code, told = _pytest(project, "pytest")
    assert (code, "1 passed" in told) == (0, True), told


def test_a_configured_project_with_a_package_called_harness_is_told(project: Path) -> None:
    """Both cannot be imported under one name: pytest ends at once, and says what to do."""
    (project / "harness").mkdir()
    (project / "harness" / "__init__.py").write_text("")
    (project / "harness.toml").write_text("")
    code, told = _pytest(project, "python -m pytest")
    assert code == 4
    assert "a module of its own named harness" in told
    assert "Traceback" not in told
    assert _pytest(project, "python -m pytest", "-p", "no:harness")[0] == 0


def test_arguments_in_two_projects_are_refused(tmp_path: Path) -> None:
    """One session tests one pipeline: two configurations are named, and nothing is run."""
    for name in ("shop", "desk"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "harness.toml").write_text("")
    code, told = _pytest(tmp_path, "pytest", "shop", "desk")
    assert (code, "lie in several projects" in told) == (4, True), told
