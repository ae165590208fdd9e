"""Lets the harness's clock keep pace with a pipeline that waits by its own.

A pipeline in another process, or one that calls `time.sleep`, is told to come back after so many seconds. Whoever asks
again after that time has waited, and the harness's clock moves by exactly what it had told; whoever asks earlier has
not, and it stays where it is. So a run with such a pipeline is repeatable to the second. Scaled down, a pipeline is
told a part of the time, and the clock still moves by the whole.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Final

from harness.core.clock import MovingClock
from harness.core.http import Handler, Outcome, Request, Response

TOLERANCE: Final = 0.05
"""Seconds by which a wait may fall short: two clocks are never read at the same moment."""


class TimeScale:
    """Middleware outside of everything else. `scale` is how much of a told second really has to pass, 1 for all of it.

    elapsed and today: the machine's own time, for measuring and for telling.
    """

    def __init__(
        self,
        clock: MovingClock,
        scale: float = 1.0,
        *,
        elapsed: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._scale = scale
        self._elapsed = elapsed
        self._today = today
        self._lock = threading.Lock()
        self._owed: tuple[float, float] | None = None
        """From when on somebody has waited, and by how much the clock then moves."""

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Move the clock if the pipeline has waited, and note what it is told to wait now."""
        if request.caller != "pipeline":
            return inner(request)
        self._settle()
        outcome = inner(request)
        if outcome.delay:
            self._clock.advance(outcome.delay)
            outcome = replace(outcome, delay=outcome.delay * self._scale) if outcome.waits else outcome
        response = outcome.answer
        if isinstance(response, Response) and (told := _told(response)) is not None:
            return replace(outcome, answer=self._tell(response, told))
        return outcome

    def _settle(self) -> None:
        with self._lock:
            if self._owed is None or self._elapsed() < self._owed[0]:
                return
            seconds, self._owed = self._owed[1], None
        self._clock.advance(seconds)

    def _tell(self, response: Response, told: int) -> Response:
        wait = ceil(told * self._scale)
        with self._lock:
            self._owed = self._elapsed() + max(wait - TOLERANCE, 0.0), float(told)
        headers = {**response.headers, "retry-after": str(wait)}
        if "x-ratelimit-reset" in headers:
            # Clients hold the reset against their own clock, which is the machine's.
            headers["x-ratelimit-reset"] = str(ceil(self._today() + wait))
        return replace(response, headers=headers)


def without_waiting(request: Request, inner: Handler) -> Outcome:
    """Middleware for replays: what comes late is told to be late, and nobody sleeps for it."""
    outcome = inner(request)
    return replace(outcome, waits=False) if outcome.delay else outcome


def _told(response: Response) -> int | None:
    value = response.headers.get("retry-after", "")
    return int(value) if value.isdigit() else None
