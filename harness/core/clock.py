"""Time, handed to whoever needs it, so that a run can be repeated to the second."""

from __future__ import annotations

import threading
import time
from typing import Protocol

RUN_START = 1_767_225_600.0
"""Where the clock of `run`, pytest and recording starts: 2026-01-01T00:00:00Z."""


class Clock(Protocol):
    """Tells the time in seconds since 1970, UTC."""

    def now(self) -> float:
        """The time."""
        ...


class MovingClock(Clock, Protocol):
    """A clock by which one can wait."""

    def advance(self, seconds: float) -> float:
        """Let so many seconds go by, and tell the new time."""
        ...


class WallClock:
    """The machine's own time; waiting takes as long as it says."""

    def now(self) -> float:
        """The time by the machine's clock."""
        return time.time()

    def advance(self, seconds: float) -> float:
        """Wait for so long, and tell the new time."""
        if seconds < 0:
            raise ValueError(f"a clock moves forward only, not by {seconds} seconds")
        time.sleep(seconds)
        return self.now()


class ManualClock:
    """Stands still until it is told to move; safe to use from several threads."""

    def __init__(self, start: float = RUN_START) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """The time it was last set to."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move on by `seconds`, which may not be negative, and tell the new time."""
        if seconds < 0:
            raise ValueError(f"a clock moves forward only, not by {seconds} seconds")
        with self._lock:
            self._now += seconds
            return self._now

    def rewind(self, to: float) -> None:
        """Set the clock back to an earlier moment, together with the workspace that it is the time of."""
        with self._lock:
            self._now = to


LATEST = 2**37
"""The latest moment that a clock is told, which can still be written as a date."""


class SkippingClock:
    """Follows another clock, and skips what is waited for; only what is owed to somebody elsewhere really passes."""

    def __init__(self, followed: Clock) -> None:
        self._followed = followed
        self._skipped = 0.0
        self._owed_until = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """The followed clock's time, later by what was skipped."""
        return self._followed.now() + self._skipped

    def owe(self, seconds: float) -> None:
        """Somebody with a clock of their own is to be asked again after so many seconds, and not before."""
        self._owed_until = max(self._owed_until, time.monotonic() + seconds)

    def advance(self, seconds: float) -> float:
        """Let so many seconds go by, as few of them really as can be, and tell the new time."""
        if seconds < 0:
            raise ValueError(f"a clock moves forward only, not by {seconds} seconds")
        began = self._followed.now()
        time.sleep(min(seconds, max(0.0, self._owed_until - time.monotonic())))
        with self._lock:
            self._skipped += max(0.0, seconds - (self._followed.now() - began))
        return self.now()


class FollowingClock:
    """Follows another clock until it is told a time; from then on it stands still until it is told again."""

    def __init__(self, followed: Clock) -> None:
        self._followed = followed
        self._told: float | None = None
        self._ahead = 0.0

    def now(self) -> float:
        """The time it was told, or the followed clock's and what it was moved ahead of it."""
        return self._followed.now() + self._ahead if self._told is None else self._told

    def advance(self, seconds: float) -> float:
        """Move on by `seconds`, which may not be negative, and tell the new time; whether it follows stays."""
        if seconds < 0:
            raise ValueError(f"a clock moves forward only, not by {seconds} seconds")
        if self._told is None:
            self._ahead += seconds
        else:
            self._told += seconds
        return self.now()

    @property
    def follows(self) -> bool:
        """Whether nobody has told it a time yet."""
        return self._told is None

    def tell(self, moment: float) -> float:
        """Stand still at `moment`, which may not lie before now, and tell the new time."""
        if moment < self.now():
            raise ValueError(f"a clock moves forward only: it is {self.now():.0f}, later than {moment:.0f}")
        if not moment <= LATEST:
            raise ValueError(f"a clock goes no further than {LATEST}, some thousand years from now")
        self._told = float(moment)
        return self._told

    @property
    def told(self) -> float | None:
        """The time it was told, `None` while it follows."""
        return self._told

    def rewind(self, told: float | None) -> None:
        """Be again what it was at a checkpoint: the one way to an earlier time."""
        self._told = told
