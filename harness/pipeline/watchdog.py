"""The time limit of a call that runs on the caller's own thread.

A second thread waits for the deadline. It then raises `TimeLimitReached` in the caller's thread; on the main thread a
signal wakes a call that sleeps or reads. SIGALRM is not used: it belongs to the user (pytest-timeout). A call that
cannot be interrupted is given up: `stuck` is called, which is to end the process. Where such a call holds the
interpreter's lock, no Python code can run any more; then faulthandler's thread, which needs no lock, writes the stack
and ends the process with 1. Starting that thread costs as much as the rest of a call, so calls that follow each other
share one.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

GRACE: Final = 5.0
"""Seconds that an interrupted call gets to come back before the process is ended."""

AGAIN: Final = 1.0
"""Seconds between two interruptions: the first may have been swallowed, and cleaning up takes time."""

LAST: Final = 2.0
"""Seconds in which other processes and threads can tell of a call that is stuck, before the process is ended."""

SPARE: Final = 5.0
"""Seconds that faulthandler's thread gets beyond what a call needs; calls that begin within them share the thread."""

IDLE: Final = 1.0
"""Seconds between two looks at whether faulthandler's thread is still needed."""

WAKE: Final = signal.SIGURG if hasattr(signal, "SIGURG") else None
"""A signal that means nothing to almost every program, and whose default is to be ignored."""

STANDARD_ERROR: Final = 2


class TimeLimitReached(BaseException):
    """Raised in the code of a call whose time limit is over."""


class Limit:
    """The time limit of one block of code. `fired` says whether it was reached."""

    def __init__(self, seconds: float, stuck: Callable[[], None], over: Callable[[Limit], None]) -> None:
        self.due = time.monotonic() + seconds
        self.given_up = self.due + GRACE
        self.fired = False
        self.is_over = False
        self.is_stuck = False
        self.stuck = stuck
        self.thread_id = threading.get_ident()
        self.on_main = threading.current_thread() is threading.main_thread()
        self._over = over

    def end(self) -> None:
        """Stop the limit before the block ends, for instance because a person is debugging."""
        self._over(self)


class Watchdog:
    """Limits blocks of code; one thread serves all of them. Safe to use from several threads.

    last_words: the file descriptor to which the stack is written if no Python code can run any more.
    """

    def __init__(self, last_words: int = STANDARD_ERROR) -> None:
        self.last_words = last_words
        self._condition = threading.Condition()
        self._limits: list[Limit] = []
        self._looks_at: float | None = None
        self._armed_until = 0.0
        self._needed_at = 0.0
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def limit(self, seconds: float, stuck: Callable[[], None]) -> Iterator[Limit]:
        """Limit a block on the current thread. If it does not end although it is interrupted, `stuck` is called."""
        limit = Limit(seconds, stuck, self._end)
        before = signal.signal(WAKE, _wake) if limit.on_main and WAKE is not None else None
        self._begin(limit)
        try:
            yield limit
        finally:
            self._end(limit)
            if limit.on_main and WAKE is not None:
                signal.signal(WAKE, before if before is not None else signal.SIG_DFL)

    def forget_arming(self) -> None:
        """Start faulthandler's thread anew with the next call: other code may have ended the one that is there."""
        with self._condition:
            self._armed_until = 0.0

    def _begin(self, limit: Limit) -> None:
        with self._condition:
            self._limits.append(limit)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="harness-watchdog", daemon=True)
                self._thread.start()
            if self._looks_at is None or self._looks_at > limit.due:
                self._condition.notify()
            if limit.on_main and not 0 <= self._armed_until - limit.given_up - LAST <= SPARE:
                self._arm(limit.given_up + LAST + SPARE)
                self._condition.notify()

    def _end(self, limit: Limit) -> None:
        with self._condition:
            if limit.is_over:
                return
            limit.is_over = True
            self._limits.remove(limit)
            self._needed_at = time.monotonic() if limit.on_main else self._needed_at
            if limit.fired:
                _raise_in(limit.thread_id, None)

    def _arm(self, until: float) -> None:
        with contextlib.suppress(OSError, ValueError):  # there is nowhere to write to
            faulthandler.dump_traceback_later(until - time.monotonic(), exit=True, file=self.last_words)
            self._armed_until = until

    def _disarm_if_idle(self) -> None:
        if any(limit.on_main for limit in self._limits):
            self._needed_at = time.monotonic()
        elif self._armed_until and time.monotonic() - self._needed_at >= IDLE:
            self._armed_until = 0.0
            faulthandler.cancel_dump_traceback_later()

    def _watch(self) -> None:
        while True:
            with self._condition:
                now = time.monotonic()
                stuck = [limit for limit in self._limits if now >= limit.given_up and not limit.is_stuck]
                waiting = [limit for limit in self._limits if now < limit.given_up]
                for limit in waiting:
                    if limit.due <= now:
                        _interrupt(limit)
                for limit in stuck:
                    limit.is_stuck = True
                self._disarm_if_idle()
                looks = [limit.due for limit in waiting] + ([now + IDLE] if self._armed_until else [])
                self._looks_at = min(looks, default=None)
                if not stuck:
                    self._condition.wait(None if self._looks_at is None else max(self._looks_at - now, 0))
            for limit in stuck:
                limit.stuck()


def _interrupt(limit: Limit) -> None:
    limit.fired = True
    limit.due = min(time.monotonic() + AGAIN, limit.given_up)
    _raise_in(limit.thread_id, TimeLimitReached)
    if limit.on_main and WAKE is not None:
        signal.pthread_kill(limit.thread_id, WAKE)


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: running this function lets the interpreter raise what is waiting to be raised."""


def _raise_in(thread_id: int, kind: type[BaseException] | None) -> None:
    raised = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), raised)
