"""A pipeline that is a Python object in this process, called on the thread that runs the test.

So whatever code binds to its thread works as it does at home: connections of sqlite3 and Django, signal handlers, event
loops, context variables. A watchdog keeps the time limit. Only calls at the same time (`pipeline.together`) have
threads of their own.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import Final

from harness.core.foreign_values import message
from harness.core.http import Request
from harness.core.people import Person
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, OPERATIONS, Answer, Hears, Operation
from harness.pipeline.breakdown import interrupts_the_run, of_exception
from harness.pipeline.event_loops import AsyncBackend, OwnLoop, running_loop, within
from harness.pipeline.output_capture import OutputCapture, Printed
from harness.pipeline.watchdog import AGAIN, GRACE, TimeLimitReached, Watchdog

_HAS_OWN_THREAD: ContextVar[bool] = ContextVar("harness_call_has_own_thread", default=False)

_BOUND_TO_A_THREAD: Final = re.compile(r"same thread|main thread|event loop in thread|attached to a different loop")
"""What errors say of code that is bound to a thread or to its event loop."""

_OWN_THREADS: Final = (
    "; pipeline.together gives each call a thread of its own, and this code is bound to the one that began it: "
    "open connections and loops inside the call, or make the calls one after the other"
)


@contextmanager
def calls_on_threads_of_their_own() -> Iterator[None]:
    """Give each call within this context a thread that can be left alone after its time limit."""
    token = _HAS_OWN_THREAD.set(True)
    try:
        yield
    finally:
        _HAS_OWN_THREAD.reset(token)


class PythonPipeline:
    """Calls the object's methods with the scenario's people; what it raises, prints and returns is the answer.

    stuck: called on another thread with the answer of a call that can neither end nor be interrupted; it has to end the
    process. watched: called when a call begins, with the monotonic time at which it is given up, and with 0 at its end.
    lent: what each call is wrapped in, on the caller's thread; working: the same on the thread that runs the code.
    """

    def __init__(
        self,
        target: object,
        *,
        name: str,
        time_limit: float = DEFAULT_TIME_LIMIT,
        without: frozenset[str] = frozenset(),
        watchdog: Watchdog | None = None,
        loop: OwnLoop | None = None,
        async_backend: AsyncBackend = "asyncio",
    ) -> None:
        self.name = name
        self.without = without | {name for name in OPERATIONS if not callable(getattr(target, name, None))}
        self.stuck: Callable[[Answer], object] = _end_the_process
        self.watched: Callable[[Operation, float], object] = lambda operation, given_up: None
        self.lent: Callable[[], AbstractContextManager[None]] = nullcontext
        self.working: Callable[[], AbstractContextManager[None]] = nullcontext
        self._target = target
        self._time_limit = time_limit
        self.watchdog = watchdog or Watchdog()
        self._output = OutputCapture()
        self._loop = loop or OwnLoop()
        self._backend = async_backend

    def call(self, operation: Operation, people: Mapping[str, Person]) -> Answer:
        """Call one method, its people in the order of the contract."""
        return self._perform(operation, [people[name] for name in OPERATIONS[operation]])

    def call_plainly(self, operation: Operation, people: Mapping[str, Person]) -> object:
        """Call one method and return what it returns: nothing is captured, limited or caught.

        It is for a process that does nothing else, which can be ended from outside.
        """
        value = getattr(self._target, operation)(*(people[name] for name in OPERATIONS[operation]))
        return self._come_to(value) if isawaitable(value) else value

    @property
    def hears(self) -> bool:
        """Whether it takes notifications."""
        return callable(getattr(self._target, "webhook", None))

    @property
    def works_on(self) -> bool:
        """Never: a method that came back has done its work."""
        return False

    @property
    def reads(self) -> Hears:
        """Return what its method is handed: the notification, whose signature was looked at before."""
        return "notification"

    def hear(self, told: Request) -> Answer:
        """Hand a notification to its `webhook` method."""
        return self._perform("webhook", [json.loads(told.body)])

    def _perform(self, operation: Operation, arguments: Sequence[object]) -> Answer:
        def act() -> object:
            with self.working():
                value = getattr(self._target, operation)(*arguments)
                return self._come_to(value) if isawaitable(value) else value

        call = _Call(operation, act, self._time_limit)
        with self.lent():
            return self._on_its_own_thread(call) if _HAS_OWN_THREAD.get() else self._on_this_thread(call)

    async def call_in_loop(self, operation: Operation, people: Mapping[str, Person], backend: AsyncBackend) -> Answer:
        """Call one method on the loop that runs, and await what it returns."""
        arguments = [people[name] for name in OPERATIONS[operation]]
        call = _Call(operation, lambda: getattr(self._target, operation)(*arguments), self._time_limit)
        with self.lent(), self.working(), self._output.capture() as printed:
            self.watched(operation, time.monotonic() + self._time_limit + GRACE + AGAIN)
            with self.watchdog.limit(self._time_limit + AGAIN, lambda: self._give_up(call, printed)) as limit:
                await call.work_in_loop(backend)
            call.timed_out = call.timed_out or limit.fired
            self.watched(operation, 0.0)
        if call.error is not None and not call.timed_out and interrupts_the_run(call.error):
            raise call.error
        return call.answer(printed)

    def _come_to(self, awaitable: Awaitable[object]) -> object:
        """Return what an awaitable comes to; where a loop runs on this thread, on a thread and loop of its own."""
        if running_loop() is None and not _HAS_OWN_THREAD.get():
            return self._loop.run(awaitable, self._time_limit, self._backend)
        apart = OwnLoop()
        with ThreadPoolExecutor(1) as thread:
            try:
                return thread.submit(apart.run, awaitable, self._time_limit, self._backend).result()
            finally:
                thread.submit(apart.close).result()

    def _on_this_thread(self, call: _Call) -> Answer:
        stopped: list[Callable[[], None]] = []

        def debugging() -> None:
            self.watched(call.operation, 0.0)
            for stop in stopped:
                stop()

        with self._output.capture(debugging) as printed:
            try:
                with self.watchdog.limit(self._time_limit, lambda: self._give_up(call, printed)) as limit:
                    stopped.append(limit.end)
                    self.watched(call.operation, limit.given_up)
                    call.work()
                call.timed_out = call.timed_out or limit.fired
            except TimeLimitReached:
                call.timed_out = True
            self.watched(call.operation, 0.0)
        if call.error is not None and not call.timed_out and interrupts_the_run(call.error):
            raise call.error
        return call.answer(printed)

    def _on_its_own_thread(self, call: _Call) -> Answer:
        name, context = f"pipeline-{call.operation}", copy_context()
        thread = threading.Thread(target=context.run, args=[call.work], name=name, daemon=True)
        with self._output.capture() as printed:
            thread.start()
            thread.join(self._time_limit)
        call.timed_out = thread.is_alive()
        if call.timed_out:
            _abandon(thread)
        answer = call.answer(printed)
        if answer.trouble and _BOUND_TO_A_THREAD.search(answer.trouble):
            return replace(answer, trouble=answer.trouble + _OWN_THREADS)
        return answer

    def _give_up(self, call: _Call, printed: Printed) -> None:
        call.timed_out = True
        answer = call.answer(printed)
        self._output.release()
        self.stuck(replace(answer, trouble=f"{answer.trouble} and could not be interrupted; the run ended here"))


@dataclass(slots=True)
class _Call:
    """One call of a method: what it does, and what came of it."""

    operation: Operation
    act: Callable[[], object]
    time_limit: float
    value: object = None
    error: BaseException | None = None
    timed_out: bool = False
    started: float = 0.0
    seconds: float = 0.0

    def work(self) -> None:
        """Do it; a pipeline may raise anything, `SystemExit` included."""
        self.started = time.monotonic()
        try:
            self.value = self.act()
        except TimeLimitReached:
            self.timed_out = True
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is the pipeline's answer
            self.error = error
        finally:
            self.seconds = time.monotonic() - self.started

    async def work_in_loop(self, backend: AsyncBackend) -> None:
        """Do it and await what it returns. A cancellation is not the pipeline's answer: it is passed on."""
        self.started = time.monotonic()
        try:
            value = self.act()
            self.value = await within(value, self.time_limit, backend) if isawaitable(value) else value
        except TimeLimitReached:
            self.timed_out = True
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it is, it is the pipeline's answer
            self.error = error
        finally:
            self.seconds = time.monotonic() - self.started

    def answer(self, printed: Printed) -> Answer:
        """Tell what came of it."""
        seconds = self.seconds or time.monotonic() - self.started
        out, err = printed.out, printed.err + "".join(map(_put_back, printed.replaced))
        if self.timed_out:
            trouble = f"it did not come back within {self.time_limit:g} s"
            return Answer(self.operation, None, trouble, True, True, out, err, None, seconds)
        if self.error is None or _is_an_ordinary_end(self.error):
            return Answer(self.operation, self.value, stdout=out, stderr=err, seconds=seconds)
        raised, fell = f"it raised {type(self.error).__name__}: {message(self.error)}", of_exception(self.error)
        err += _trace(self.error)
        return Answer(self.operation, None, raised, True, False, out, err, None, seconds, broken_down=fell)


class Abandoned(BaseException):
    """Raised in a pipeline's thread whose call has ended without it."""


def _abandon(thread: threading.Thread) -> None:
    # What it asked for later would arrive in another scenario, and refute that one. CPython can raise in a thread, as
    # soon as the thread runs Python code again.
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Abandoned))


def _end_the_process(answer: Answer) -> None:
    os.write(2, f"\nharness: pipeline.{answer.operation}: {answer.trouble}\n".encode())
    os._exit(1)


def _is_an_ordinary_end(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _put_back(name: str) -> str:
    return f"harness: the pipeline replaced {name} and did not put it back; it was put back after the call\n"


def _trace(error: BaseException) -> str:
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames, limit=-4))
