"""The architecture that import-linter cannot see: what starting costs, where a library may be used, who reads what.

The layers themselves stand in `pyproject.toml` and are held by `make lint`.
"""

from __future__ import annotations

import ast
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness

PLACES = {
    "click": {"cli"},
    "cryptography": {"report"},
    "dotenv": {"config"},
    "faker": {"people"},
    "filelock": {"cassette", "sandbox", "test_app"},
    "httptools": {"gateway"},
    "jinja2": {"report"},
    "playwright": {"test_app"},
    "psutil": {"pipeline"},
    "pytest": {"pytest_plugin", "cli"},
    "rich": {"report", "cli", "rehearsal"},
    "trustme": {"gateway"},
    "urllib3": {"cassette", "gateway", "test_app"},
    "uvicorn": {"gateway"},
    "vcr": {"cassette", "gateway"},
    "yaml": {"cassette"},
}
"""Each library with an edge of its own, and the parts that may use it; the others are used throughout."""

READ_THE_ENVIRONMENT = {
    "containment.child_processes": "a child inherits this process's environment, and the way to the gateway is added",
    "cli.pytest_sessions": "hides settings of pytest from the stock scenarios, and puts them back",
    "rehearsal.job_process": "is a process of its own, told by a variable what to run",
    "rehearsal.performance": "hands what it was started with on to the job, without real credentials",
    "pipeline.environment": "hides real credentials from a pipeline in this process, and puts them back",
    "config.env_settings": "it is the reader",
    "runner.pipeline_session": "hands the pipeline its base URL and token",
    "gateway.clients.preload.python.harness_read_files": "runs in the user's own process, as sitecustomize does",
    "gateway.clients.preload.python.sitecustomize": "runs in the user's own process, where nothing of ours is imported",
}

LONGEST = 320
"""Lines that a module may have."""

LONGER: dict[str, str] = {}
"""Modules that are longer, with the reason for each; a reason that is not needed fails."""

SAME_MODULE_NAME: dict[str, str] = {}
"""Module names that stand in several packages, with the reason for each; a reason that is not needed fails."""

SAME_CLASS_NAME: dict[str, str] = {}
"""Class names that stand in several modules, with the reason for each; a reason that is not needed fails."""

HEAVY = {
    "aiohttp",
    "cryptography",
    "dotenv",
    "faker",
    "httptools",
    "jinja2",
    "playwright",
    "requests",
    "rich",
    "trustme",
    "uvicorn",
    "vcr",
    "yaml",
}


def _modules() -> Iterator[tuple[str, Path]]:
    folder = Path(harness.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if parts[0] != "tests":
            yield ".".join(parts).removesuffix(".__init__"), path


def _files() -> Iterator[Path]:
    """Yield all modules of the harness and of its tests, but not the examples for other tools below them."""
    folder = Path(harness.__file__).parent
    return (path for path in sorted(folder.rglob("*.py")) if "node_modules" not in path.parts)


def _libraries(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _mentions_environment(path: Path) -> bool:
    names = {"environ", "environb", "getenv", "putenv"}
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in names
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(ast.parse(path.read_text()))
    )


def _loaded_by(statement: str, cwd: Path) -> set[str]:
    code = f"{statement}\nimport sys; print(*(name.partition('.')[0] for name in sys.modules))"
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd, env=unmeasured
    )
    return set(done.stdout.splitlines()[-1].split())


def test_a_library_is_used_only_at_its_own_edge() -> None:
    """Whoever wants one of these libraries elsewhere wants a part of the harness that wraps it."""
    strays = [
        f"{module} imports {library}"
        for module, path in _modules()
        for library in sorted(_libraries(path) & PLACES.keys())
        if module.partition(".")[0] not in PLACES[library]
    ]
    assert strays == []


def test_nobody_reads_the_environment_but_settings() -> None:
    """Exceptions have their reasons, and one that is not needed is one too many; the zoo plays code of users."""
    ours = [(module, path) for module, path in _modules() if not module.startswith("zoo.")]
    readers = {module for module, path in ours if _mentions_environment(path)}
    assert readers == set(READ_THE_ENVIRONMENT)


def test_importing_the_package_costs_nothing(tmp_path: Path) -> None:
    """`import harness` loads no library at all that takes time."""
    loaded = _loaded_by("import harness", tmp_path)
    assert loaded & (HEAVY | {"click", "msgspec", "pytest", "sqlite3"}) == set()


def test_the_plugin_costs_nothing_where_it_is_not_used(tmp_path: Path) -> None:
    """pytest loads the plugin in every project of the environment, so importing it loads nothing heavy."""
    loaded = _loaded_by("import pytest; import harness.pytest_plugin.plugin", tmp_path)
    assert loaded & (HEAVY | {"click", "sqlite3"}) == set()


@pytest.mark.parametrize("command", [["--help"], ["--version"]])
def test_the_help_page_imports_no_command(command: list[str], tmp_path: Path) -> None:
    """`harness --help` reads the table of commands: it imports nothing else of the harness, and nothing heavy."""
    code = f"from harness.cli.main import main; main({command!r})"
    assert _loaded_by(code, tmp_path) & (HEAVY | {"json", "pathlib", "dataclasses", "msgspec"}) == set()
    names = f"{code}; import sys; print(*sorted(n for n in sys.modules if n.startswith('harness')))"
    done = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True, cwd=tmp_path)
    parts = {"harness", "harness.cli", "harness.cli.lazy_group", "harness.cli.main", "harness.core"}
    assert set(done.stdout.splitlines()[-1].split()) == {*parts, "harness.core.errors"}


def test_no_module_is_a_drawer_for_everything() -> None:
    """Modules are split along a noun: none is called for having no name, and none is longer than 320 lines."""
    named = [
        module for module, _ in _modules() if module.rpartition(".")[2] in {"utils", "helpers", "common", "manager"}
    ]
    long = {module for module, path in _modules() if len(path.read_text().splitlines()) > LONGEST}
    assert named == []
    assert long == LONGER.keys()


def test_functions_are_short() -> None:
    """Half of the functions have at most six lines, docstring and signature included."""
    lengths = [
        node.end_lineno - node.lineno + 1
        for _, path in _modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    assert statistics.median(lengths) <= 6


def test_no_module_name_is_used_twice() -> None:
    """A module is found by its name alone: the command of that name in `cli` and the exceptions listed excepted."""
    places: dict[str, list[str]] = {}
    for path in _files():
        if path.stem not in ("__init__", "__main__", "conftest") and path.parent.name != "cli":
            places.setdefault(path.stem, []).append(str(path))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert twice.keys() == SAME_MODULE_NAME.keys(), twice


def test_no_class_name_is_used_twice() -> None:
    """A class is found by its name alone, in the product and in its tests."""
    places: dict[str, set[str]] = {}
    for path in _files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, set()).add(str(path))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert twice.keys() == SAME_CLASS_NAME.keys(), twice


def test_no_test_patches_our_own_code() -> None:
    """Tests run the real parts; none swaps one out."""
    folder = Path(__file__).parents[1]
    found = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*.py"))
        if "node_modules" not in path.parts and {"mock", "pytest_mock"} & _imported(path)
    ]
    assert found == []


def _imported(path: Path) -> set[str]:
    found = _libraries(path)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "unittest":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.rpartition(".")[2] for alias in node.names}
    return found
