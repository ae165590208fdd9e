"""`harness mutate` within a pytest session: each scenario is played as usual, and then again with mutants in force.

pytest collects, makes fixtures and calls; what it would do for one call is done for each mutant, with the fixtures of
the harness exchanged for new ones. Fixtures of the project's own keep the values they had.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

import pytest

from harness.core.errors import Problem
from harness.mutation.given import Given, RecordedPeople, record_given
from harness.mutation.ground import MutationGround
from harness.pytest_plugin.plugin import OURS, RUN, SCENARIO
from harness.runner.scenario import Scenario
from harness.verification import NotProved


@dataclass(slots=True, eq=False)
class MutationSession:
    """A pytest plugin. takes: whether a scenario is this process's to mutate. on_ground: called with each scenario.

    on_failure: told of a scenario that does not hold without a mutant.
    """

    takes: Callable[[str], bool]
    on_ground: Callable[[str, MutationGround], None]
    on_failure: Callable[[str, str], None]
    _again: bool = field(default=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Leave out what is another process's; what the item before left set up for this one is torn down."""
        if self.takes(item.nodeid):
            return None
        item.session._setupstate.teardown_exact(nextitem)  # noqa: SLF001  # pytest does so after each item that it runs
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Play a scenario, and then again for each mutant."""
        scenario = pyfuncitem.stash.get(SCENARIO, None)
        if self._again or scenario is None:
            return (yield)
        given, run = Given(), pyfuncitem.config.stash[RUN]
        session = scenario.session
        workspace = session.backend.workspace_named(session.config.workspace or session.config.own_workspace)
        record_given(scenario, workspace, given)
        if "people" in pyfuncitem.funcargs:
            pyfuncitem.funcargs["people"] = RecordedPeople(scenario.people, given)
        try:
            result = yield
        except pytest.skip.Exception:
            raise
        except Exception as error:
            self.on_failure(pyfuncitem.nodeid, str(error))
            raise
        run.gateway.close()
        if given.is_over:
            self._mutate(pyfuncitem, MutationGround(run, scenario, given, _caller(pyfuncitem)))
        return result

    def _mutate(self, item: pytest.Function, ground: MutationGround) -> None:
        self._again = True
        try:
            self.on_ground(item.nodeid, ground)
        finally:
            self._again = False


def _caller(item: pytest.Function) -> Callable[[Scenario, object], None]:
    """Return what calls a test once more with the fixtures of another scenario."""

    def call(scenario: Scenario, people: object) -> None:
        kept, item.stash[SCENARIO] = item.stash[SCENARIO], scenario
        before = dict(item.funcargs)
        item.funcargs |= {name: people if name == "people" else getattr(scenario, name) for name in _used(item)}
        if "webhooks" in item.funcargs:
            scenario.intercom.subscribe()
        try:
            item.ihook.pytest_pyfunc_call(pyfuncitem=item)
        except (NotProved, Problem, pytest.skip.Exception):
            pass  # what was found stands in the scenario's result
        finally:
            item.stash[SCENARIO] = kept
            item.funcargs.clear()
            item.funcargs.update(before)

    return call


def _used(item: pytest.Function) -> Sequence[str]:
    return [name for name in OURS if name in item.funcargs]
