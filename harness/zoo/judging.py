"""Plays the zoo, and judges how each of its pipelines ended: a wrong one by its stated reason, a right one unharmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from harness.core.errors import Problem
from harness.runner.case import ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import DEFAULT_SEED, RunOptions
from harness.verification import Claim, Verdict
from harness.zoo.bug import ADVERSITY, CONVERSIONS, JOBS, Bug, Kill, Right
from harness.zoo.playing import Played, cases_in, play
from harness.zoo.specimens import Specimen

TIME_SCALE = 0.01
"""How much of each told second the zoo waits; one that does not wait at all is told the whole time all the same."""


class Ending(StrEnum):
    """How a pipeline of the zoo ended."""

    KILLED = "killed"
    MISTAKEN = "killed for another reason"
    LIVES = "lives"
    UNHARMED = "unharmed"
    TOUCHED = "touched"
    SKIPPED = "skipped"

    @property
    def right(self) -> bool:
        """Whether it had to end like this."""
        return self in (Ending.KILLED, Ending.UNHARMED, Ending.SKIPPED)


@dataclass(frozen=True, slots=True)
class Death:
    """One scenario that refuted a pipeline: by which claim first, and why."""

    scenario: str
    claim: str
    found: str
    likely: str


@dataclass(slots=True)
class Judged:
    """What came of one pipeline. `missed` says for each kill that did not come about what came instead."""

    specimen: Specimen
    played: list[str] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def ending(self) -> Ending:
        """How it ended."""
        if self.specimen.lacks:
            return Ending.SKIPPED
        if isinstance(self.specimen.mark, Right):
            return Ending.TOUCHED if self.deaths or not self.played else Ending.UNHARMED
        if not self.deaths:
            return Ending.LIVES
        return Ending.MISTAKEN if self.missed else Ending.KILLED


@dataclass(frozen=True, slots=True)
class Ground:
    """What the zoo is played over: the scenarios' folder, and whether each is played or only what a bug names."""

    scenarios: Path
    whole: bool = True
    seed: int = DEFAULT_SEED

    def cases(self, specimen: Specimen) -> Sequence[Played]:
        """The cases for a pipeline: those its bug names, the first of each other scenario of its modules."""
        mark = specimen.mark
        named = {kill.scenario for kill in mark.kills} if isinstance(mark, Bug) else set(mark.only)
        cases = [case for module in specimen.modules for case in self._of(module)]
        if missing := named - {str(case) for case in cases}:
            raise Problem(
                f"there is no scenario {min(missing)}",
                evidence=f"looked in {self.scenarios.name}/",
                why=f"the bug of {specimen.name} is to be caught by it",
                remedy="run the zoo over this project's own scenarios",
            )
        wanted = set(named)
        if not named or (self.whole and isinstance(mark, Bug)):
            # The sample of a right one is a case of each module: the reference, in the tests, plays them all.
            by_module = not self.whole and len(specimen.modules) > 1
            firsts = {case.module if by_module else case.key: case for case in reversed(cases)}
            wanted |= set(map(str, firsts.values()))
        return [case for case in cases if str(case) in wanted]

    def _of(self, module: str) -> Sequence[Played]:
        path = self.scenarios / f"{module}.py"
        if not path.is_file():
            raise Problem(
                f"there is no scenario module {module} in {self.scenarios}",
                remedy="go to the folder that holds scenarios/, or name it: harness zoo --scenarios DIR",
            )
        return cases_in(path)


def judge(
    specimen: Specimen,
    ground: Ground,
    version: str | None = None,
    about_to: Callable[[Played], object] = lambda case: None,
) -> Judged:
    """Play one pipeline over its cases; `about_to` is told of each before it is played."""
    judged = Judged(specimen)
    if specimen.lacks:
        return judged
    options = RunOptions(
        pipeline=specimen.spec,
        time_scale=TIME_SCALE,
        seed=ground.seed,
        intercom_version=version,
        root=ground.scenarios,
        time_limit=specimen.mark.time_limit if isinstance(specimen.mark, Bug) else None,
    )
    run = Run(options)
    try:
        for case in ground.cases(specimen):
            about_to(case)
            _note(judged, case, play(run, case))
    finally:
        run.close()
    return judged


def _note(judged: Judged, case: Played, result: ScenarioResult) -> None:
    if result.skipped:
        return
    name = str(case)
    judged.played.append(name)
    kills = judged.specimen.mark.kills if isinstance(judged.specimen.mark, Bug) else ()
    stated = [kill for kill in kills if kill.scenario == name]
    if result.verdict is not Verdict.PROVED:
        judged.deaths.append(_death(name, result, stated))
    for kill in stated:
        if not (result.verdict is Verdict.REFUTED and any(_names(kill, claim) for claim in result.claims)):
            judged.missed.append(f"{name}: {_instead(kill, result)}")


def _names(kill: Kill, claim: Claim) -> bool:
    return (
        claim.verdict is Verdict.REFUTED
        and kill.claim in claim.text
        and kill.found in claim.found
        and kill.likely in claim.likely
    )


def _death(name: str, result: ScenarioResult, stated: Sequence[Kill]) -> Death:
    open_claims = [claim for claim in result.claims if claim.verdict is not Verdict.PROVED]
    telling = [claim for claim in open_claims if any(_names(kill, claim) for kill in stated)]
    claim = next(iter((*telling, *open_claims)), None)
    if claim is None:
        return Death(name, result.problem or result.trouble, "", "")
    return Death(name, claim.text, claim.found, claim.likely)


def _instead(kill: Kill, result: ScenarioResult) -> str:
    wanted = ", ".join(filter(None, (f"“{kill.claim}”", kill.found, kill.likely)))
    there = [f"“{c.text}”, {c.found}, {c.likely}" for c in result.claims if c.verdict is not Verdict.PROVED]
    return f"wanted {wanted}; there was {'; '.join(there) or result.problem or 'nothing refuted'}"


def matrix(all_judged: Sequence[Judged]) -> Mapping[str, int]:
    """The scenarios that anybody was played over, each with its column's number from 1: module by module."""
    names = dict.fromkeys(name for judged in all_judged for name in judged.played)
    order = (*CONVERSIONS, *JOBS, *ADVERSITY)
    return {
        name: number
        for number, name in enumerate(sorted(names, key=lambda name: order.index(name.partition("::")[0])), 1)
    }
