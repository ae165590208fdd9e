"""Plays the project's own scenarios in this process, with any pipeline, and tells what came of each."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.pipeline.fixture import LacksOperation
from harness.problems import Problem
from harness.run import Run
from harness.scenario import Case, ScenarioResult
from harness.verification import NotProved

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
MODULES = ("lead_to_user", "refusals", "visitor_to_lead", "visitor_to_user_create", "visitor_to_user_merge")
"""What every sound pipeline must pass; the others ask for more than that."""


@dataclass(frozen=True, slots=True)
class Played:
    """One case of one scenario: its function and the values of its parameters."""

    module: str
    name: str
    function: Callable[..., None]
    values: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Module and function, without parameters."""
        return f"{self.module}::{self.function.__name__}"


@cache
def all_cases() -> tuple[Played, ...]:
    """Every case of the flows and the refusals, in the order in which pytest runs them."""
    return tuple(case for name in MODULES for case in cases_in(name))


@cache
def cases_in(module: str) -> tuple[Played, ...]:
    """Every case of one module, whichever it is."""
    return tuple(_cases(_load(SCENARIOS / f"{module}.py")))


def cases_of(key: str) -> list[Played]:
    """The cases of one scenario, by module and function, or by the case's own name."""
    found = [case for case in all_cases() if key in (case.key, f"{case.module}::{case.name}", case.module)]
    assert found, f"there is no scenario {key}"
    return found


def play(run: Run, case: Played) -> ScenarioResult:
    """Play one case to its end, as the pytest plugin does."""
    error: Exception | None = None
    title = (case.function.__doc__ or case.name).strip().splitlines()[0]
    with run.scenario(Case(case.module, case.name, title)) as scenario:
        try:
            wanted = inspect.signature(case.function).parameters.keys() - case.values.keys()
            case.function(**{name: getattr(scenario, name) for name in wanted}, **case.values)
            scenario.finish(passed=True)
        except (NotProved, Problem, LacksOperation) as caught:
            error = caught
        result = scenario.result(None if isinstance(error, LacksOperation) else error)
        result.skipped = str(error) if isinstance(error, LacksOperation) else ""
        return result


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


def _parameters(mark: Any) -> list[tuple[str, dict[str, Any]]]:
    argument, values = mark.args
    labels = list(mark.kwargs.get("ids") or map(str, values))
    return [(label, {argument: value}) for label, value in zip(labels, values, strict=True)]
