"""Which scenario each thread of this process works for.

Threads that the code under test starts may outlive their scenario. What they ask for later belongs to the scenario that
began them, not to the one that happens to be open. A thread is marked when it is started, a worker of a
`ThreadPoolExecutor` for each task. A thread that waits for work without a time limit when a scenario begins (a worker
at a queue) works for that scenario from then on: whatever wakes it, the new scenario caused.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Final
from weakref import WeakKeyDictionary

from harness.pipeline.event_loops import running_loop

IMPORT: Final = "the import of the pipeline"
"""The owner of what is started while the pipeline is loaded; it works for whichever scenario is open."""

_OWNER: ContextVar[str | None] = ContextVar("harness_thread_owner", default=None)
"""The scenario that the current context works for. Tasks of an event loop keep it, and what they do on threads."""

_WAITING_CODE: Final = ("/threading.py", "/queue.py")


class ThreadOwners:
    """Marks threads with the scenario that began them."""

    def __init__(self) -> None:
        self._marks: WeakKeyDictionary[threading.Thread, str] = WeakKeyDictionary()
        self._open: str | None = None
        self._callers: list[int] = []

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Mark threads and tasks that are started in this block."""
        start, submit = threading.Thread.start, ThreadPoolExecutor.submit

        def marked_start(thread: threading.Thread) -> None:
            if (owner := self.owner()) is not None and not thread.name.startswith("harness-"):
                self._marks[thread] = owner
            start(thread)

        def marked_submit(
            pool: ThreadPoolExecutor, fn: Callable[..., object], /, *args: object, **kwargs: object
        ) -> object:
            owner = self.owner()
            if owner is None:
                return submit(pool, fn, *args, **kwargs)
            return submit(pool, self._working_for, owner, fn, *args, **kwargs)

        _replace(threading.Thread, "start", marked_start)
        _replace(ThreadPoolExecutor, "submit", marked_submit)
        try:
            yield
        finally:
            _replace(threading.Thread, "start", start)
            _replace(ThreadPoolExecutor, "submit", submit)

    @contextmanager
    def opened(self, scenario: str) -> Iterator[None]:
        """Open a scenario for the length of a block."""
        before, self._open = self._open, scenario
        self._hand_over(scenario)
        try:
            yield
        finally:
            self._open = before

    @contextmanager
    def calling(self, owner: str | None = None) -> Iterator[None]:
        """Run code under test: the threads that it starts belong to `owner` (default: the scenario that is open)."""
        token, thread = _OWNER.set(owner or self._open), threading.get_ident()
        self._callers.append(thread)
        try:
            yield
        finally:
            self._callers.remove(thread)
            _OWNER.reset(token)

    @property
    def is_open(self) -> bool:
        """Whether a scenario is open."""
        return self._open is not None

    def owner(self) -> str | None:
        """Return the scenario that the current thread or task works for; `None` if nothing of a scenario's began it."""
        return _OWNER.get() or self._marks.get(threading.current_thread())

    def has_owner(self) -> bool:
        """Return whether the current thread or task runs code under test."""
        return self.owner() is not None

    def late(self) -> str | None:
        """Return the scenario that began this thread, if that is over: the thread has outlived it."""
        owner = self.owner()
        return owner if owner not in (None, IMPORT, self._open) else None

    def is_alone(self) -> bool:
        """Return whether the current thread is the only one that runs code under test, and no event loop's."""
        if threading.get_ident() not in self._callers or running_loop() is not None:
            return False
        return len(self._callers) == 1 and not any(thread.is_alive() for thread in list(self._marks))

    def _working_for(self, owner: str, fn: Callable[..., object], /, *args: object, **kwargs: object) -> object:
        with self.calling(owner):
            return fn(*args, **kwargs)

    def _hand_over(self, owner: str) -> None:
        frames = sys._current_frames()  # noqa: SLF001  # the only way to see what a thread waits for
        for thread in list(self._marks):
            frame = frames.get(thread.ident or 0)
            if frame is not None and _waits_for_others(frame):
                self._marks[thread] = owner


def _replace(owner: type, name: str, value: object) -> None:
    setattr(owner, name, value)


def _waits_for_others(frame: FrameType) -> bool:
    """Return whether a thread waits in a queue or lock of Python's without a time limit."""
    waits = frame.f_code.co_filename.endswith(_WAITING_CODE)
    return waits and frame.f_code.co_name in ("wait", "get", "acquire") and frame.f_locals.get("timeout") is None
