"""A pipeline that is a Python object in this process, called on a thread of its own so that a hang ends the call."""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.core.http import Request
from harness.core.people import Person
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, OPERATIONS, Answer, Operation
from harness.pipeline.breakdown import of_exception


class PythonPipeline:
    """Calls the object's methods with the scenario's people; what it raises, prints and returns is the answer."""

    def __init__(
        self,
        target: object,
        *,
        name: str,
        time_limit: float = DEFAULT_TIME_LIMIT,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.without = without | {name for name in OPERATIONS if not callable(getattr(target, name, None))}
        self._target = target
        self._time_limit = time_limit
        self._capturing = contextlib.ExitStack()
        self._output = io.StringIO(), io.StringIO()
        self._calls = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def _capture(self) -> Iterator[tuple[io.StringIO, io.StringIO]]:
        """What is printed meanwhile; calls at the same time share it, because a process has one stdout."""
        with self._lock:
            if not self._calls:
                self._output = io.StringIO(), io.StringIO()
                self._capturing.enter_context(contextlib.redirect_stdout(self._output[0]))
                self._capturing.enter_context(contextlib.redirect_stderr(self._output[1]))
            self._calls += 1
        try:
            yield self._output
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    self._capturing.close()

    def call(self, operation: Operation, people: Mapping[str, Person]) -> Answer:
        """Call one method, its people in the order of the contract."""
        return self._perform(operation, [people[name] for name in OPERATIONS[operation]])

    @property
    def hears(self) -> bool:
        """Whether it takes notifications."""
        return callable(getattr(self._target, "webhook", None))

    @property
    def works_on(self) -> bool:
        """Never: a method that came back has done its work."""
        return False

    def hear(self, told: Request) -> Answer:
        """Hand a notification to its `webhook` method."""
        return self._perform("webhook", [json.loads(told.body)])

    def _perform(self, operation: Operation, arguments: Sequence[Any]) -> Answer:
        method = getattr(self._target, operation)
        result: dict[str, Any] = {}

        def work() -> None:
            try:
                result["value"] = method(*arguments)
            except BaseException as error:  # noqa: BLE001  # a pipeline may raise anything, SystemExit included
                result["error"] = error

        started = time.monotonic()
        thread = threading.Thread(target=work, name=f"pipeline-{operation}", daemon=True)
        with self._capture() as (out, err):
            thread.start()
            thread.join(self._time_limit)
        seconds = time.monotonic() - started
        if thread.is_alive():
            _abandon(thread)
            trouble = f"it did not come back within {self._time_limit:g} s"
            return Answer(operation, None, trouble, True, True, out.getvalue(), err.getvalue(), None, seconds)
        error: BaseException | None = result.get("error")
        if error is None:
            return Answer(operation, result.get("value"), stdout=out.getvalue(), stderr=err.getvalue(), seconds=seconds)
        raised = f"it raised {type(error).__name__}: {error}"
        stderr = err.getvalue() + _trace(error)
        fell = of_exception(error)
        return Answer(operation, None, raised, True, False, out.getvalue(), stderr, None, seconds, broken_down=fell)


class Abandoned(BaseException):
    """Raised in a pipeline's thread whose call has ended without it."""


def _abandon(thread: threading.Thread) -> None:
    # What it asked for later would arrive in another scenario, and refute that one. CPython can raise in a thread, as
    # soon as the thread runs Python code again.
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Abandoned))


def _trace(error: BaseException) -> str:
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    return "".join(traceback.format_exception(type(error), error, frames, limit=-4))
