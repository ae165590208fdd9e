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


class FollowingClock:
    """Follows another clock until it is told a time; from then on it stands still until it is told again."""

    def __init__(self, followed: Clock) -> None:
        self._followed = followed
        self._told: float | None = None

    def now(self) -> float:
        """The time it was told, or the followed clock's."""
        return self._followed.now() if self._told is None else self._told

    @property
    def follows(self) -> bool:
        """Whether nobody has told it a time yet."""
        return self._told is None

    def tell(self, moment: float) -> float:
        """Stand still at `moment`, which may not lie before now, and tell the new time."""
        if moment < self.now():
            raise ValueError(f"a clock moves forward only: it is {self.now():.0f}, later than {moment:.0f}")
        self._told = float(moment)
        return self._told

    @property
    def told(self) -> float | None:
        """The time it was told, `None` while it follows."""
        return self._told

    def rewind(self, told: float | None) -> None:
        """Be again what it was at a checkpoint: the one way to an earlier time."""
        self._told = told
