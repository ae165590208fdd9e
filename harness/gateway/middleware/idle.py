"""Knows when a pipeline has done its work that says of itself only that it was told: it asks nothing any more.

Middleware outside of everything else. Who was told to come back later, or was not answered, gets that much longer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from harness.core.http import Handler, Outcome, Request, Response

SETTLED: Final = 0.3
"""Seconds without a request after which nobody is at work any more."""
Result = TypeVar("Result")
AFTER_TROUBLE: Final = 3.0
"""The same after an answer that did not come, or was an error of Intercom's."""


class IdleDetector:
    """Counts what is under way, and notes until when somebody may come back. now: the machine's own time."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._under_way = 0
        self._until = 0.0
        self._changed = threading.Condition()

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request through: the gateway's middleware."""
        if request.caller != "pipeline":
            return inner(request)
        with self._changed:
            self._under_way += 1
        longer = AFTER_TROUBLE
        try:
            outcome = inner(request)
            longer = _longer(outcome)
            return outcome
        finally:
            with self._changed:
                self._under_way -= 1
                self._until = self._now() + longer
                self._changed.notify_all()

    def around(self, work: Callable[[], Result], limit: float) -> tuple[Result, bool]:
        """Do something that has others work, and wait until they ask nothing any more, `limit` seconds at most.

        Tells its result, and whether it became quiet. What was under way before is not waited for: it may wait for us.
        """
        before = self._under_way
        return work(), self._wait(before, self._now() + limit)

    def _wait(self, before: int, deadline: float) -> bool:
        with self._changed:
            self._until = max(self._until, self._now() + SETTLED)
            while (now := self._now()) < deadline:
                at_work = self._under_way > before
                if not at_work and now >= self._until:
                    return True
                self._changed.wait(min(deadline, deadline if at_work else self._until) - now)
        return False


def _longer(outcome: Outcome) -> float:
    answer = outcome.answer
    if not isinstance(answer, Response):
        return outcome.delay + AFTER_TROUBLE
    told = answer.headers.get("retry-after", "")
    wanted = float(told) if told.isdigit() else 0.0
    return outcome.delay + wanted + (AFTER_TROUBLE if answer.status >= 500 else SETTLED)
