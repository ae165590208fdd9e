"""Plays one case again and again from the end of its given, with a mutant in force or without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from harness.client import IntercomClient
from harness.core.errors import Problem
from harness.core.http import Exchange
from harness.mutation.fate import JudgedMutant, Trial, judge, new_trouble
from harness.mutation.given import CannotPlayAgain, Given, start_from
from harness.mutation.in_force import InForce, Noise, noise_between
from harness.mutation.mutant import Mutant
from harness.mutation.observed_request import Cast, ObservedRequest
from harness.mutation.public_dump import public_dump
from harness.mutation.sampling import ALIKE
from harness.pipeline import Answer
from harness.runner.run import Run
from harness.runner.scenario import Scenario
from harness.runner.wiring import gateway_requests
from harness.verification import Verdict
from harness.verification.snapshot import Snapshot

Call: TypeAlias = Callable[[Scenario, object], None]
"""Calls a case's function with the fixtures of a scenario; the second argument stands for `people`."""


class LoudEnough(Problem):
    """Ends a scenario in which the pipeline itself reported what the mutant did."""


def _read_last(scenario: Scenario) -> Snapshot | None:
    """Return what verification read after the pipeline's last call, if it read anything since."""
    after = scenario.verify.after
    return after[1] if after is not None and after[0] == len(scenario.answers) else None


@dataclass(slots=True)
class MutationGround:
    """A case whose given was made once. scenario: the one that made it, which is over."""

    run: Run
    scenario: Scenario
    given: Given
    call: Call
    noise: Noise = frozenset()
    unchanged: Trial | None = None
    requests: list[ObservedRequest] = field(default_factory=list)

    def observe(self) -> None:
        """Play the case once more without a mutant, and keep what it asked and what it came to.

        Raises:
            CannotPlayAgain: it did not come to the same as the first time.
        """
        first = [exchange.request for exchange in self.scenario.asked]
        force = InForce()
        trial = self._play(force)
        if trial.result.verdict is not Verdict.PROVED:
            raise CannotPlayAgain(
                f"{self.scenario.case.name} does not hold when it is played again",
                evidence=trial.result.trouble or "; ".join(one.text for one in trial.result.claims if not one.proved),
                why="a fixture keeps what belongs to the first play, or the pipeline remembers it",
            )
        self.noise = noise_between(first, force.requests)
        if self.noise:
            force = InForce(noise=self.noise)
            trial = self._play(force)
        self.unchanged = trial
        self.requests = list(self._observed(trial.asked, force))

    @property
    def worth_mutating(self) -> Sequence[ObservedRequest]:
        """The requests, of many that ask for the same the first ones and the last: the others have the same keys."""
        alike: dict[tuple[str, tuple[str, ...]], list[ObservedRequest]] = {}
        for one in self.requests:
            alike.setdefault((one.operation, tuple(field.name for field in one.fields)), []).append(one)
        kept = {one.place for ones in alike.values() for one in (*ones[: ALIKE - 1], *ones[-1:])}
        return [one for one in self.requests if one.place in kept]

    def judge(self, mutant: Mutant) -> JudgedMutant:
        """Play the case with a mutant in force, and tell what became of it."""
        assert self.unchanged is not None
        unchanged = self.unchanged
        force = InForce(mutant, self.noise)
        return judge(mutant, unchanged, self._play(force))

    def _play(self, force: InForce) -> Trial:
        session = self.scenario.session
        source = session.people()
        scenario = Scenario(
            self.scenario.case, self.run.gateway, replace(session, people=lambda: source), self.run.pipeline
        )
        scenario.outside_of_log, scenario.outermost, scenario.teaches = (force.outside,), (force.inside,), False
        workspace = session.backend.workspace_named(session.config.workspace or session.config.own_workspace)
        people = start_from(self.given, scenario, workspace)
        client = IntercomClient(
            gateway_requests(self.run.gateway, "harness", session.clock), token=session.token, base_url=session.base_url
        )
        with scenario.open():
            scenario.pipeline.on_answer = self._end_if_loud
            self.call(scenario, people)
            told = scenario.webhooks.read()
            trial = Trial(force, scenario.ended, scenario.asked, scenario.answers, tuple(told))
            if force.mutant is None or trial.is_open:
                involved = trial.involved if self.unchanged is None else self.unchanged.involved
                trial.dump = public_dump(client, scenario.everyone, involved, _read_last(scenario))
                trial.began, trial.ended = self.given.now, session.clock.now()
        return trial

    def _end_if_loud(self, answers: Sequence[Answer]) -> None:
        """End a play whose fate is known: nothing that is claimed afterwards changes it."""
        if self.unchanged is not None and new_trouble(self.unchanged.answers, answers) is not None:
            raise LoudEnough("the pipeline reported a failure that it does not report without the mutant")

    def _observed(self, exchanges: Sequence[Exchange], force: InForce) -> Sequence[ObservedRequest]:
        assert self.given.people is not None
        assert self.given.before is not None
        cast = Cast(
            self.given.people.everyone,
            self.given.people.bystanders,
            self.scenario.pipeline.called_with,
            self.given.before,
        )
        seen: dict[str, int] = {}
        found: list[ObservedRequest] = []
        for place, (exchange, mark) in enumerate(zip(exchanges, force.asked, strict=False)):
            seen[mark] = seen.get(mark, -1) + 1
            found.append(ObservedRequest(place, exchange, cast, len(exchanges) - place - 1, seen[mark]))
        converting = [one.place for one in found if one.attempt is not None]
        return [
            replace(
                one,
                earlier_conversions=sum(place < one.place for place in converting),
                later_conversions=sum(place > one.place for place in converting),
            )
            for one in found
        ]
