"""A scenario module that was named on the command line was collected by pytest and by the plugin, and ran twice."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("named", ["scenarios", "scenarios/one.py", "."])
@pytest.mark.parametrize("python_files", ["test_*.py", "*.py"])
def test_a_scenario_is_collected_once_however_it_is_named(
    pytester: pytest.Pytester, named: str, python_files: str
) -> None:
    """By folder, by file or by the whole project, and whatever the project's own pattern for test files is."""
    pytester.makeini(f"[pytest]\npython_files = {python_files}\n")
    pytester.makefile(".toml", harness="")
    folder = pytester.mkdir("scenarios")
    (folder / "one.py").write_text("def test_nothing(): pass\n")
    others = [word for name in ("faker", "anyio", "cacheprovider") for word in ("-p", f"no:{name}")]
    pytester.runpytest_subprocess(named, *others).assert_outcomes(passed=1)
