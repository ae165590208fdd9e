"""Scenario modules as pytest collects them, in any project, whatever its settings say of test files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from harness.core.text_files import Unmerged, text_of


class ScenarioModule(pytest.Module):
    """A module of scenarios. Modules of one name in several folders are several modules."""

    def _getobj(self) -> ModuleType:
        option = self.config.option
        before, option.importmode = option.importmode, "importlib"
        _forget_namesakes(self.path)
        try:
            text_of(
                self.path.read_bytes(), self.path.name, f"; then record again: harness run {self.path.name} --record"
            )
        except Unmerged as problem:
            raise self.CollectError(str(problem)) from None
        except UnicodeDecodeError:
            pass  # Python says which encoding it is
        try:
            found: ModuleType = super()._getobj()  # type: ignore[no-untyped-call]  # pytest declares no types here
            return found
        finally:
            option.importmode = before


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
