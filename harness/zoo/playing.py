"""Plays scenarios in this process, with any pipeline, and tells what came of each: pytest's part without pytest.

It knows what the scenarios of this project use of pytest, functions with `parametrize`, and nothing more.
"""

from __future__ import annotations

import importlib.util
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeAlias

from harness.core.errors import Problem
from harness.runner.case import Case, ScenarioResult
from harness.runner.run import Run
from harness.runner.scenario import NOT_PLAYED, Scenario
from harness.verification import NotProved

Labels: TypeAlias = Callable[[object], object] | Sequence[object]
"""How the values of a parameter are called in the names of cases."""


class Mark(Protocol):
    """A mark of pytest's, as far as it is read here."""

    @property
    def args(self) -> tuple[str, Iterable[object]]:
        """Its arguments by position: what is varied, and the values."""
        ...

    @property
    def kwargs(self) -> Mapping[str, Labels]:
        """Its arguments by name: `ids`."""
        ...


@dataclass(frozen=True, slots=True)
class Played:
    """One case of one scenario: its function and the values of its parameters."""

    module: str
    name: str
    function: Callable[..., None]
    values: Mapping[str, object]

    @property
    def key(self) -> str:
        """Module and function, without parameters."""
        return f"{self.module}::{self.function.__name__}"

    @property
    def title(self) -> str:
        """What is played, in a sentence."""
        return (self.function.__doc__ or self.name).strip().splitlines()[0].rstrip(".")

    def __str__(self) -> str:
        return f"{self.module}::{self.name}"


@cache
def cases_in(path: Path) -> tuple[Played, ...]:
    """Every case of one scenario module, in the order in which pytest runs them."""
    return tuple(_cases(_load(path)))


def play(run: Run, case: Played) -> ScenarioResult:
    """Play one case to its end."""
    with run.scenario(Case(case.module, case.name, case.title)) as scenario:
        try:
            with scenario.playing():
                call(case, scenario)
        except NOT_PLAYED as why:
            scenario.ended.skipped = str(why)
        except (NotProved, Problem):
            pass  # what was found stands in the result
        return scenario.ended


def call(case: Played, scenario: Scenario) -> None:
    """Call a case's function with its fixtures and the values of its parameters."""
    wanted = inspect.signature(case.function).parameters.keys() - case.values.keys()
    if "webhooks" in wanted:
        scenario.intercom.subscribe()
    case.function(**{name: getattr(scenario, name) for name in wanted}, **case.values)


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"played_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cases(module: ModuleType) -> Iterator[Played]:
    name = module.__name__.removeprefix("played_")
    for function in vars(module).values():
        if inspect.isfunction(function) and function.__name__.startswith("test_"):
            marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
            for picked in itertools.product(*(_parameters(mark) for mark in marks)):
                suffix = "-".join(label for label, _ in picked)
                values = {key: value for _, part in picked for key, value in part.items()}
                yield Played(name, f"{function.__name__}[{suffix}]" if picked else function.__name__, function, values)


def _parameters(mark: Mark) -> list[tuple[str, dict[str, object]]]:
    argument, values = mark.args
    return [(_label(mark.kwargs.get("ids"), place, value), {argument: value}) for place, value in enumerate(values)]


def _label(ids: Labels | None, place: int, value: object) -> str:
    if ids is None:
        return str(value)
    return str(ids(value)) if callable(ids) else str(list(ids)[place])
