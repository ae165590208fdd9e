"""The given of a case, made once and kept: people, checkpoint, clock and reads, to start from again and again.

A scenario is a function, and the pipeline is called in its middle. When it is played again, the calls of `people` that
it made before the pipeline's first call are answered from what they returned the first time, without a request; at the
first call the workspace is put back to the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.gateway.control_api.sandbox_controls import WorkspaceControls
from harness.gateway.middleware.fault import Fault
from harness.people import People
from harness.runner.notification_bodies import SentNotification
from harness.runner.scenario import Scenario
from harness.verification.snapshot import PersonSnapshot, Snapshot


class CannotPlayAgain(Problem):
    """A case that does not come to the same when it is played a second time."""


@dataclass(frozen=True, slots=True)
class MadeCall:
    """One call of `people` before the pipeline's first call: what it returned."""

    name: str
    result: object


@dataclass(slots=True)
class Given:
    """What was there when the pipeline was first called."""

    made: list[MadeCall] = field(default_factory=list)
    told: list[Sequence[SentNotification]] = field(default_factory=list)
    """What was there to tell by webhook, at each time that the scenario asked before the first call."""
    left_to_tell: Sequence[SentNotification] = ()
    checkpoint: bytes = b""
    now: float = 0.0
    people: People | None = None
    before: Snapshot | None = None
    archived: Mapping[str, PersonSnapshot] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    """The faults that fixtures of the project's own armed before the scenario's function began."""

    @property
    def is_over(self) -> bool:
        """Whether the pipeline was called."""
        return self.people is not None


class RecordedPeople:
    """`people` while the given is made: notes what each call returns."""

    def __init__(self, people: People, given: Given) -> None:
        self._people, self._given = people, given

    def __getattr__(self, name: str) -> object:
        """Return what `people` has, each call noted until the given is over."""
        value = getattr(self._people, name)
        if not callable(value) or self._given.is_over:
            return value

        def noted(*words: object, **named: object) -> object:
            result = value(*words, **named)
            if not self._given.is_over:
                self._given.made.append(MadeCall(name, result))
            return result

        return noted


class PeopleAgain:
    """`people` when the case is played again: answers from the given, and works as usual after the first call."""

    def __init__(self, given: Given, people: Callable[[], People | None]) -> None:
        self._given, self._people = given, people
        self._place = 0

    def __getattr__(self, name: str) -> object:
        """Return the call of this name, or what the people of the given have."""
        if (live := self._people()) is not None:
            return getattr(live, name)
        kept: object = getattr(self._given.people, name)
        if not callable(kept):
            return kept
        return lambda *words, **named: self._next(name)

    def _next(self, name: str) -> object:
        place, self._place = self._place, self._place + 1
        if place >= len(self._given.made) or self._given.made[place].name != name:
            raise CannotPlayAgain(
                f"people.{name}() was not called here when the scenario was played first",
                why="the scenario's function does not do the same each time",
                remedy="mutants need scenarios that make the same people in the same order",
            )
        return self._given.made[place].result


def record_given(scenario: Scenario, workspace: WorkspaceControls, given: Given) -> None:
    """Have a scenario that is about to be played fill its given."""
    read, close = scenario.webhooks.read, scenario.close_given
    given.faults = [armed.fault for armed in scenario.faults.armed]
    left: list[SentNotification] = []

    def reading() -> Sequence[SentNotification]:
        found = [*left, *read()]
        left.clear()
        if not given.is_over:
            given.told.append(found)
        return found

    def closing() -> None:
        close()
        scenario.intercom.subscribe()  # what is told by webhook is part of what a mutant may change
        given.left_to_tell = read()
        left.extend(given.left_to_tell)
        given.checkpoint, given.now = workspace.checkpoint(), scenario.clock.now()
        given.before, given.archived = scenario.verify.before, dict(scenario.verify.archived)
        given.people = scenario.people.copied()

    scenario.webhooks.read, scenario.close_given = reading, closing


def start_from(given: Given, scenario: Scenario, workspace: WorkspaceControls) -> PeopleAgain:
    """Have a new scenario start where the given ended; return what stands for `people` in it."""
    live: list[People] = []
    told, read = list(given.told), scenario.webhooks.read
    left = list(given.left_to_tell)

    def reading() -> Sequence[SentNotification]:
        if not live:
            return told.pop(0) if told else ()
        found = [*left, *read()]
        left.clear()
        return found

    def closing() -> None:
        assert given.people is not None
        workspace.rewind(given.checkpoint)
        rewind_clock(scenario, given.now)
        read()  # what an earlier play left in the outbox
        scenario.people = given.people.copied()
        scenario.people.before_archiving = scenario.verify.remember
        scenario.verify.before, scenario.verify.archived = given.before, dict(given.archived)
        live.append(scenario.people)

    scenario.webhooks.read, scenario.close_given = reading, closing
    for fault in given.faults:
        scenario.faults.arm_again(fault)
    return PeopleAgain(given, lambda: live[0] if live else None)


def rewind_clock(scenario: Scenario, to: float) -> None:
    """Set the time of a scenario back, where it stands still until somebody waits."""
    clock: Any = scenario.clock
    if isinstance(clock, ManualClock):
        clock.rewind(to)
