"""The time of a rehearsal: hours at Intercom pass in minutes, and each wait of the job counts in full.

The sandbox's clock moves by what an answer of Intercom takes, shared among the requests under way at the same time, and
by what the job waits. A job whose preload tells its waits (Python, Node) waits for a moment only. Any other job is told
a tenth of each wait, and the clock moves by the whole once it comes back (as `gateway.middleware.time_scale` does).
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from math import ceil
from typing import Final

from harness.core.clock import ManualClock
from harness.core.http import Handler, Outcome, Request, Response
from harness.gateway.middleware.time_scale import TimeScale

LATENCY: Final = 0.2
"""Seconds that an answer of Intercom is taken to need."""
UNTOLD_SCALE: Final = 0.1
"""How much of a wait really passes for a job that does not tell its waits."""
TOGETHER: Final = 1.0
"""Real seconds in which waits of different threads are taken to begin at the same time."""


class Pace:
    """Middleware outside of everything else. clock: the sandbox's; latency: seconds of one answer."""

    def __init__(self, clock: ManualClock, latency: float = LATENCY) -> None:
        self.clock = clock
        self._latency = latency
        self._began = clock.now()
        self._scale = TimeScale(clock, UNTOLD_SCALE)
        self._lock = threading.Lock()
        self._under_way = 0
        self._tells = False
        self._waits_since = (0.0, 0.0)
        self._waiting: set[str] = set()
        self.waited = 0.0
        """Seconds of the sandbox's clock that the job waited."""

    @property
    def elapsed(self) -> float:
        """Return the seconds that the job would have taken at Intercom so far."""
        return self.clock.now() - self._began

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request through, and move the clock by what its answer takes."""
        with self._lock:
            self._under_way += 1
            share = self._latency / self._under_way
        try:
            self.clock.advance(share)
            return self._told(request, inner) if self._tells else self._scale.middleware(request, inner)
        finally:
            with self._lock:
                self._under_way -= 1

    def _told(self, request: Request, inner: Handler) -> Outcome:
        outcome = inner(request)
        if outcome.delay:
            self.clock.advance(outcome.delay)
            outcome = replace(outcome, delay=0.0)
        response = outcome.answer
        if isinstance(response, Response) and "x-ratelimit-reset" in response.headers:
            # Clients hold the reset against their own clock, which is the machine's.
            left = max(0.0, float(response.headers["x-ratelimit-reset"]) - self.clock.now())
            headers = {**response.headers, "x-ratelimit-reset": str(ceil(time.time() + left))}
            return replace(outcome, answer=replace(response, headers=headers))
        return outcome

    def wait(self, seconds: float, sleeper: str) -> None:
        """Take it that a thread of the job waits from now on for so many seconds; 0 says that it is going to tell.

        Threads that begin to wait one after the other wait at the same time; one that waits again has waited before.
        """
        now = time.monotonic()
        with self._lock:
            self._tells = True
            real, moment = self._waits_since
            if now - real > TOGETHER or sleeper in self._waiting:
                moment = self.clock.now()
                self._waiting.clear()
            self._waiting.add(sleeper)
            self._waits_since = (now, moment)
            further = moment + seconds - self.clock.now()
            self.waited += max(0.0, further)
        if further > 0:
            self.clock.advance(further)
