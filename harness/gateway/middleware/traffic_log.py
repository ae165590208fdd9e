"""What really reached a backend: past every fault and every refusal, in the order in which it was asked.

The gateway's log holds what callers met; who wants to hold two backends against each other needs what they were asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.core.http import Exchange, Handler, Outcome, Request, Step


class BackendTrafficLog:
    """Keeps what passes its `middleware`, which belongs next to the backend. where: returns the scenario's step."""

    def __init__(self, where: Callable[[], Step | None], now: Callable[[], float]) -> None:
        self._where, self._now = where, now
        self._lock = threading.Lock()
        self._kept: list[Exchange] = []
        self.unordered = False
        """Whether some of it was asked by several workers at once."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Everything so far that was not refused."""
        with self._lock:
            return tuple(exchange for exchange in self._kept if not exchange.outcome.refused)

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request pass, and keep what came of it."""
        step = self._where()
        outcome = inner(request)
        with self._lock:
            self._kept.append(Exchange(len(self._kept) + 1, self._now(), "", "", request, outcome, step))
        return outcome

    @contextmanager
    def parallel(self) -> Iterator[None]:
        """Around what comes in no order."""
        self.unordered = True
        yield
