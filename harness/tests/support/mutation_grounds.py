"""Stock scenarios made ready for mutants in this process, without pytest between."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.core.errors import Problem
from harness.mutation.given import Given, RecordedPeople, record_given
from harness.mutation.ground import MutationGround
from harness.runner.case import Case
from harness.runner.run import Run
from harness.runner.scenario import NOT_PLAYED, Scenario
from harness.tests.support.stock_scenarios import SCENARIOS
from harness.verification import NotProved
from harness.zoo.playing import Played, cases_in


def stock_case(name: str) -> Played:
    """Return the first case of the stock scenarios of which the name begins so: `module::function`."""
    module = name.partition("::")[0]
    return next(case for case in cases_in(SCENARIOS / f"{module}.py") if str(case).startswith(name))


@contextmanager
def mutation_ground(run: Run, case: Played) -> Iterator[MutationGround]:
    """Play a case as usual, and yield it ready for mutants."""
    given, call = Given(), _caller(case)
    with run.scenario(Case(case.module, case.name, case.title)) as scenario:
        session = scenario.session
        workspace = session.backend.workspace_named(session.config.workspace or session.config.own_workspace)
        record_given(scenario, workspace, given)
        call(scenario, RecordedPeople(scenario.people, given))
        run.gateway.close()
        ground = MutationGround(run, scenario, given, call)
        ground.observe()
        yield ground


def _caller(case: Played) -> Callable[[Scenario, object], None]:
    wanted = inspect.signature(case.function).parameters.keys() - case.values.keys()

    def call(scenario: Scenario, people: object) -> None:
        if "webhooks" in wanted:
            scenario.intercom.subscribe()
        fixtures = {name: people if name == "people" else getattr(scenario, name) for name in wanted}
        try:
            with scenario.playing():
                case.function(**fixtures, **case.values)
        except (NotProved, Problem, *NOT_PLAYED):
            pass  # what was found stands in the scenario's result

    return call
