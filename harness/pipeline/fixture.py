"""`pipeline` as a scenario sees it: three conversions, and saying them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from harness.core.errors import Problem
from harness.core.http import Request
from harness.core.people import Lead, Person, User, Visitor
from harness.pipeline.answer import OPERATIONS, Answer, Hears, Operation, Runner
from harness.pipeline.declared import Declared
from harness.pipeline.event_loops import AsyncBackend, all_of, on_a_thread, running_loop
from harness.pipeline.named import FORGED, LOOKED_AT
from harness.pipeline.pending import PendingCall
from harness.pipeline.python_object import PythonPipeline, calls_on_threads_of_their_own


class LacksOperation(Exception):
    """The pipeline does not do this, by its own word; the scenario is not run."""


@runtime_checkable
class Hearing(Protocol):
    """A pipeline that can be told by webhook."""

    @property
    def hears(self) -> bool:
        """Whether it takes notifications."""
        ...

    @property
    def works_on(self) -> bool:
        """Whether it may be at work when it has answered, and nobody is told when it is done."""
        ...

    @property
    def reads(self) -> Hears:
        """Return what it is handed of a notification."""
        ...

    def hear(self, told: Request) -> Answer:
        """Take one, as it is sent to a receiver."""
        ...


def hears_webhooks(runner: Runner) -> bool:
    """Whether a pipeline can be told by webhook."""
    return isinstance(runner, Hearing) and runner.hears


class PipelineUnderTest:
    """Hands each call to the runner and keeps its answer. The first call closes the given."""

    def __init__(
        self,
        runner: Runner,
        before_first_call: Callable[[], None],
        meeting: Callable[[int], AbstractContextManager[None]] = lambda workers: nullcontext(),
        polls: Callable[[], AbstractContextManager[None]] = nullcontext,
        before_job: Callable[[], None] = lambda: None,
        quiet: Callable[[Callable[[], Answer]], tuple[Answer, bool]] = lambda work: (work(), True),
        declared: Declared | None = None,
    ) -> None:
        self._runner = runner
        self._meeting = meeting
        self._polls = polls
        self._before_job = before_job
        self._quiet = quiet
        self._before_first_call = before_first_call
        self._answers: list[Answer] = []
        self._last: tuple[Operation, Mapping[str, Person]] | None = None
        self.called_with: list[Person] = []
        """The people of all calls so far, whether or not they exist."""
        self.on_answer: Callable[[Sequence[Answer]], object] = lambda answers: None
        """Told of all answers so far, after each; what it raises ends the scenario."""
        self._begun = False
        self._declared = declared or Declared()
        self.before_again: Callable[[], None] = lambda: None
        """To be called before a call comes once more that did its work."""
        self._awaitables: list[PendingCall[object]] = []

    @property
    def name(self) -> str:
        """The pipeline's name, as cassettes and reports show it."""
        return self._runner.name

    @property
    def answers(self) -> Sequence[Answer]:
        """All answers so far, oldest first."""
        return tuple(self._answers)

    def visitor_to_lead(self, visitor: Visitor) -> Answer:
        """Have the pipeline make the visitor a lead."""
        return self._call("visitor_to_lead", {"visitor": visitor})

    def visitor_to_user(self, visitor: Visitor, user: User | Lead) -> Answer:
        """Have the pipeline make the visitor this user: created if they do not exist, merged if they do."""
        return self._call("visitor_to_user", {"visitor": visitor, "user": user})

    def lead_to_user(self, lead: Lead, user: User | Lead) -> Answer:
        """Have the pipeline make the lead this user: created if they do not exist, merged if they do."""
        return self._call("lead_to_user", {"lead": lead, "user": user})

    def run(self) -> Answer:
        """Start a job that finds its people itself."""
        self._before_job()
        return self._call("run", {})

    def again(self) -> Answer:
        """The same call once more, as a queue that delivers twice would make it."""
        if self._last is None:
            raise Problem("pipeline.again() repeats a call; none was made yet", remedy="call the pipeline before it")
        last = next((one for one in reversed(self._answers) if one.operation == self._last[0]), None)
        if last is not None and not last.says_refused and not last.timed_out:
            self.before_again()
        return self._call(*self._last)

    def reads_of_webhooks(self) -> Hears:
        """Return what the pipeline is handed of a notification; the least where it takes none."""
        return self._runner.reads if isinstance(self._runner, Hearing) else "notification"

    def hear(self, told: Request) -> Answer:
        """Tell the pipeline something as Intercom's webhooks do; scenarios say `webhooks.tell(…)`."""
        runner = self._runner
        if not hears_webhooks(runner):
            raise LacksOperation(lacks(self.name, "webhook"))
        assert isinstance(runner, Hearing)
        self.begin()
        if runner.works_on:
            answer, done = self._quiet(lambda: runner.hear(told))
            answer = answer if done else replace(answer, trouble="it does not come to an end", timed_out=True)
        else:
            answer = runner.hear(told)
        answer = self._declared.judged(answer)
        self._answers.append(answer)
        self.on_answer(self.answers)
        return answer

    def polling(self) -> AbstractContextManager[None]:
        """A block in which the pipeline may read the same again until it is as it wants: a replay repeats the last."""
        self.begin()
        return self._polls()

    def together(self, *calls: Callable[[], Answer]) -> Sequence[Answer]:
        """Make several calls at once, each on a thread of its own; all have asked before any is answered.

        In an asynchronous scenario they run on its loop: `await pipeline.together(…)`.
        """
        if (backend := running_loop()) is not None:
            words = f"pipeline.together(… {len(calls)} calls …)"
            pending: Sequence[Answer] = self._pending(words, lambda: self._together(calls, backend))
            return pending
        self.begin()
        before = len(self._answers)
        with self._meeting(len(calls)), ThreadPoolExecutor(len(calls)) as workers, calls_on_threads_of_their_own():
            contexts = [copy_context() for _ in calls]
            begun = [workers.submit(context.run, call) for context, call in zip(contexts, calls, strict=True)]
            answers = [future.result() for future in begun]
        self._answers[before:] = answers
        return answers

    async def _together(self, calls: Sequence[Any], backend: AsyncBackend) -> Sequence[Answer]:
        self.begin()
        before = len(self._answers)
        with self._meeting(len(calls)):
            answers = await all_of([call() if callable(call) else call for call in calls], backend)
        self._answers[before:] = answers
        return answers

    def _pending(self, call: str, begin: Callable[[], Awaitable[object]]) -> Any:
        pending = PendingCall(call, begin)
        self._awaitables.append(pending)
        return pending

    def check_awaited(self) -> None:
        """Check that each call of an asynchronous scenario was awaited. Raises: `NotAwaited`."""
        for pending in self._awaitables:
            if not pending.was_awaited:
                raise pending.complaint()

    def _call(self, operation: Operation, people: Mapping[str, Person]) -> Answer:
        if operation in self._runner.without:
            raise LacksOperation(lacks(self.name, operation))
        _check_people(operation, people)
        if (backend := running_loop()) is not None:
            words = f"pipeline.{operation}({', '.join(people)})"
            pending: Answer = self._pending(words, lambda: self._call_in_loop(operation, people, backend))
            return pending
        self.begin()
        self._last = (operation, people)
        self.called_with += people.values()
        return self._keep(self._runner.call(operation, people), people)

    async def _call_in_loop(self, operation: Operation, people: Mapping[str, Person], backend: AsyncBackend) -> Answer:
        self.begin()
        self._last = (operation, people)
        self.called_with += people.values()
        if isinstance(self._runner, PythonPipeline):
            answer = await self._runner.call_in_loop(operation, people, backend)
        else:
            answer = await on_a_thread(lambda: self._runner.call(operation, people), backend)
        return self._keep(answer, people)

    def _keep(self, answer: Answer, people: Mapping[str, Person]) -> Answer:
        about = tuple(str(person.id) for person in people.values() if person.id)
        kept = replace(self._declared.judged(answer), about=about)
        self._answers.append(kept)
        self.on_answer(self.answers)
        return kept

    def begin(self) -> None:
        """The given is over: from here on whatever is asked is the pipeline's."""
        if not self._begun:
            self._begun = True
            self._before_first_call()


_KINDS: Mapping[str, tuple[type, ...]] = {"visitor": (Visitor,), "lead": (Lead,), "user": (User, Lead)}
"""Who may stand where; a lead in a user's place is what must be refused."""

_MAKERS: Mapping[str, str] = {
    "visitor": "people.visitor()",
    "lead": "people.lead()",
    "user": "people.user(), or people.newcomer() for one who does not exist yet",
}


def _check_people(operation: Operation, people: Mapping[str, Person]) -> None:
    for name, person in people.items():
        if not isinstance(person, _KINDS[name]):
            given = getattr(person, "kind", None) or type(person).__name__
            raise Problem(
                f"pipeline.{operation}() was given a {given} as {name}",
                why="the order is source, then target: " + ", ".join(people),
                remedy=f"make one with {_MAKERS[name]}",
            )


def lacks(name: str, operation: Operation) -> str:
    """Why a scenario that needs this operation is not run with this pipeline."""
    if operation == "run":
        return f"the pipeline {name!r} is asked for each conversion; it is no job that finds its people itself"
    return f"the pipeline {name!r} has no {operation}"


def why_lacking(runner: Runner | None, wanted: frozenset[str]) -> str | None:
    """Return why a scenario is not run with a pipeline: it lacks one of the operations that the scenario names.

    runner: `None` for the reference, which has all of them and is handed the notification alone.
    """
    if runner is None:
        handed = "request" if LOOKED_AT in wanted else "body" if FORGED in wanted else ""
        return f"needs a receiver that is handed the {handed}; this one gets the notification" if handed else None
    if wanted & {"webhook", FORGED, LOOKED_AT} and not hears_webhooks(runner):
        return lacks(runner.name, "webhook")
    lacked = [operation for operation in OPERATIONS if operation in runner.without & wanted]
    return lacks(runner.name, lacked[0]) if lacked else None
