"""The project's own scenarios, to be played in this process with any pipeline."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from harness.zoo import playing
from harness.zoo.bug import CONVERSIONS as MODULES
from harness.zoo.playing import Played, play

__all__ = ["MODULES", "SCENARIOS", "Played", "all_cases", "cases_in", "cases_of", "play"]

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"


@cache
def all_cases() -> tuple[Played, ...]:
    """Every case of the flows and the refusals, in the order in which pytest runs them."""
    return tuple(case for name in MODULES for case in cases_in(name))


def cases_in(module: str) -> tuple[Played, ...]:
    """Every case of one module, whichever it is."""
    return playing.cases_in(SCENARIOS / f"{module}.py")


def cases_of(key: str) -> list[Played]:
    """The cases of one scenario, by module and function, or by the case's own name."""
    found = [case for case in all_cases() if key in (case.key, str(case), case.module)]
    assert found, f"there is no scenario {key}"
    return found
