"""Scenario modules as pytest collects them, in any project, whatever its settings say of test files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest

from harness.core.text_files import Unmerged, text_of


class ScenarioModule(pytest.Module):
    """A module of scenarios. Modules of one name in several folders are several modules.

    It is imported under its path from the project's root, wherever pytest's own root is: otherwise a folder above the
    project would become a package with the name of one of the project's modules.
    """

    root: Path
    """The project's root."""

    @classmethod
    def of(cls, path: Path, parent: pytest.Collector, root: Path, **more: Any) -> Self:
        """Return the module of a file in a project."""
        module: Self = cls.from_parent(parent, path=path, **more)
        module.root = root if path.is_relative_to(root) else path.parent.parent
        return module

    def _getobj(self) -> ModuleType:
        try:
            text_of(
                self.path.read_bytes(), self.path.name, f"; then record again: harness run {self.path.name} --record"
            )
        except Unmerged as problem:
            raise self.CollectError(str(problem)) from None
        except UnicodeDecodeError:
            pass  # Python says which encoding it is
        with _imported_from(self.config, self.root):
            _forget_other(self.path, self.root)
            _forget_namesakes(self.path)
            found: ModuleType = super()._getobj()  # type: ignore[no-untyped-call]  # pytest declares no types here
            return found


class StockModule(ScenarioModule):
    """A stock scenario module, to which the settings of a project's own tests do not apply."""

    def funcnamefilter(self, name: str) -> bool:
        """Return whether a function is a scenario, whatever `python_functions` says."""
        return name.startswith("test_")

    def classnamefilter(self, _name: str) -> bool:
        """Return that no class holds stock scenarios, whatever `python_classes` says."""
        return False

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Collect the scenarios. What is a warning in one is no error because it is one in the project's tests."""
        self.add_marker(pytest.mark.filterwarnings("default"))
        yield from super().collect()


@contextmanager
def _imported_from(config: pytest.Config, root: Path) -> Iterator[None]:
    """A block in which pytest imports test modules by their files, and names them from another root than its own."""
    before = config.option.importmode, config._rootpath  # noqa: SLF001  # pytest takes its root from nowhere else
    config.option.importmode, config._rootpath = "importlib", root  # noqa: SLF001
    try:
        yield
    finally:
        config.option.importmode, config._rootpath = before  # noqa: SLF001


def _forget_other(path: Path, root: Path) -> None:
    """Forget a module of the same name that another file was imported as: pytest would take it for this one."""
    name = ".".join(path.relative_to(root).with_suffix("").parts)
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) != str(path):
        del sys.modules[name]


def _forget_namesakes(path: Path) -> None:
    """Forget a package `scenarios` of another folder, whose modules would be taken for those of this one.

    Only a folder with `__init__.py` has a package's name, and only one that lies in no package has this name alone.
    """
    folder = path.parent
    loaded = sys.modules.get(folder.name)
    alone = (folder / "__init__.py").is_file() and not (folder.parent / "__init__.py").is_file()
    if loaded is None or not alone or folder in map(Path, getattr(loaded, "__path__", ())):
        return
    for name in [name for name in sys.modules if name == folder.name or name.startswith(f"{folder.name}.")]:
        del sys.modules[name]
