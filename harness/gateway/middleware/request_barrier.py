"""Lets requests meet: each of several workers has asked before any of them is answered, the same each time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from harness.core.http import Handler, Outcome, Request

PATIENCE: Final = 1.0
"""Seconds that a worker is waited for; one that asks nothing holds the others up no longer."""


class RequestBarrier:
    """Middleware that lets everything pass, but for the first requests of workers that are to meet."""

    def __init__(self) -> None:
        self._barrier: threading.Barrier | None = None
        self._turn = threading.Lock()
        self._left = 0

    @contextmanager
    def of(self, workers: int) -> Iterator[None]:
        """Within this block, hold the first `workers` requests of the pipeline until all are there."""
        self._barrier, self._left = threading.Barrier(workers), workers
        try:
            yield
        finally:
            self._barrier.abort()
            self._barrier = None

    @property
    def may_block(self) -> bool:
        """Whether a request may have to wait for another."""
        return self._barrier is not None

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request through, or have it wait for the others; those who met are answered one after the other."""
        barrier = self._barrier
        if barrier is None or request.caller != "pipeline":
            return inner(request)
        with self._turn:
            self._left -= 1
            meets = self._left >= 0
        if not meets:
            return inner(request)
        with suppress(threading.BrokenBarrierError):
            barrier.wait(PATIENCE)
        with self._turn:
            return inner(request)
