"""Which scenarios there are in pytest's eyes: the modules that hold them, and the case that a test is."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config.stock import level_of, name_of

if TYPE_CHECKING:
    import pytest

    from harness.runner.case import Case

FOLDER = "scenarios"


@dataclass(frozen=True, slots=True)
class ScenarioPlaces:
    """Where the scenarios of a session lie.

    root: the project's folder. folders: those that were named, with all below them; where there are none, each folder
    called `scenarios`. stock: the folder of the stock scenarios, `None` where they take no part. levels: those that are
    run; all, where there are none.
    """

    root: Path
    folders: Collection[Path] = ()
    stock: Path | None = None
    levels: Collection[str] = ()
    named: Collection[Path] = ()
    """Folders that were named for this session alone; what lies below them is not meant."""

    def holds(self, path: Path) -> bool:
        """Return whether a file lies where scenarios lie, and is meant to hold some."""
        return is_named_as_one(path) and (self.is_stock(path) or self._is_own(path))

    def is_stock(self, path: Path) -> bool:
        """Return whether a file is a stock scenario module. In the project of the harness itself none is."""
        return self.stock is not None and path.parent == self.stock and not path.is_relative_to(self.root)

    def wants(self, path: Path) -> bool:
        """Return whether the level of a scenario module is run."""
        return not self.levels or level_of(path) in self.levels

    def _is_own(self, path: Path) -> bool:
        if path.parent in self.named:
            return True
        if not self.folders:
            return path.parent.name == FOLDER
        return any(path.is_relative_to(folder) for folder in self.folders)


def is_named_as_one(path: Path) -> bool:
    """Return whether a file in a folder of scenarios has the name of a scenario module."""
    return path.suffix == ".py" and not path.name.startswith(("_", "conftest", "test_"))


def defines_tests(path: Path, patterns: Collection[str] = ("test",)) -> bool:
    """Return whether a module defines tests, read without importing it: a script beside scenarios is not executed.

    patterns: prefixes or globs of the names of test functions and classes. One that cannot be parsed is left to pytest.
    """
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return True
    return any(name == "*" or _fits(name, patterns) for node in body for name in _names(node))


def _fits(name: str, patterns: Collection[str]) -> bool:
    return any(name.startswith(pattern) or fnmatch(name, pattern) for pattern in (*patterns, "test", "Test"))


def _names(node: ast.AST) -> list[str]:
    """The names that a statement of a module defines, also within a block; `*` for all names of another module."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.ImportFrom | ast.Import):
        return [alias.asname or alias.name for alias in node.names]
    targets = [each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    inner = [name for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt) for name in _names(child)]
    return [target.id for target in targets] + inner


def is_whole(folder: Path, collected: Collection[Path], places: ScenarioPlaces) -> bool:
    """Return whether all modules of a folder were collected, of the levels that are run."""
    modules = (path for path in folder.iterdir() if is_named_as_one(path) and defines_tests(path))
    return all(path in collected for path in modules if places.wants(path))


REPEATED = "__pytest_repeat_step_number"
"""The parameter that pytest-repeat gives each repetition of a test."""


def case_of(node: pytest.Function, root: Path | None = None) -> Case:
    """Return which case of which scenario a test is. root: the project's folder; pytest's own, where none is given."""
    from harness.runner.case import Case

    version = _version_of(node)
    doc = (getattr(node.function, "__doc__", None) or node.originalname.replace("_", " ")).strip()
    name = _name(node, version)
    node_id = f"{name_of(node.path, root or node.config.rootpath)}::{name}"
    title, given = doc.splitlines()[0].rstrip("."), given_name(node)
    return Case(node.path.stem, name, title, node_id, node.path, version, given + _parameters(name) if given else "")


MARK = "cassette"
"""The mark that gives a case's cassette a name."""


def given_name(node: pytest.Item) -> str:
    """Return the name that a mark gives the cassette of a case; empty where there is no mark.

    Raises:
        ValueError: the mark holds no name.
    """
    mark = node.get_closest_marker(MARK)
    if mark is None:
        return ""
    match mark.args:
        case (str(name),) if name.strip() and not mark.kwargs:
            return name
    raise ValueError(f'{node.nodeid}: write @pytest.mark.{MARK}("a name"), not {mark.args or mark.kwargs}')


def refuse_nameless(items: Iterable[pytest.Item]) -> None:
    """Raise `pytest.UsageError` for a case whose mark holds no name."""
    import pytest

    for item in items:
        try:
            given_name(item)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None


def picks_some(config: pytest.Config) -> bool:
    """Return whether the command line picks cases, in a way that pytest does not tell plugins of."""
    # `--lf` leaves out what passed while it collects.
    return bool(config.getoption("lf", default=False)) or any("::" in argument for argument in config.args)


def _parameters(name: str) -> str:
    return "".join(name.partition("[")[1:])


def _name(node: pytest.Function, version: str) -> str:
    """Return a case's name: its classes, its function and its parameters.

    A version that a comparison gave it, and the number of a repetition (pytest-repeat), are no part of it.
    """
    classes = "".join(f"{part}::" for part in node.nodeid.split("::")[1:-1])
    repetition = _repetition_of(node)
    if not version and not repetition:
        return f"{classes}{node.name}"
    shown = f"-{node.callspec.id}-".replace(f"-{repetition}-", "-") if repetition else node.callspec.id
    rest = "-".join(part for part in shown.split("-") if part and part != version)
    return f"{classes}{node.originalname}[{rest}]" if rest else f"{classes}{node.originalname}"


def _repetition_of(node: pytest.Function) -> str:
    """Return the parameter that pytest-repeat gave a case, as its id shows it; empty for any other case."""
    step = node.callspec.params.get(REPEATED) if hasattr(node, "callspec") else None
    return f"{step + 1}-{node.config.getoption('count', 1)}" if isinstance(step, int) else ""


def _version_of(item: pytest.Function) -> str:
    return str(item.callspec.params.get("_intercom_version", "")) if hasattr(item, "callspec") else ""
