"""A line of progress while a job is rehearsed: counts, and the time that is left at this pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from harness.rehearsal.job_journal import JobJournal
from harness.rehearsal.pace import Pace
from harness.rehearsal.rehearsal_terminal import duration

EVERY_ON_TERMINAL: Final = 0.5
EVERY_ELSEWHERE: Final = 15.0
"""Seconds between two lines."""


class RehearsalProgress:
    """Says how far a job is. say: shows one line, over the last one if it is a terminal's."""

    def __init__(self, say: Callable[[str], object], *, on_terminal: bool) -> None:
        self._say = say
        self._every = EVERY_ON_TERMINAL if on_terminal else EVERY_ELSEWHERE
        self._began = self._said = time.monotonic()

    def __call__(self, journal: JobJournal, pace: Pace, expected: int) -> None:
        """Say how far it is, if it was not said a moment ago."""
        now = time.monotonic()
        if now - self._said < self._every:
            return
        self._said = now
        done, spent = journal.conversions, now - self._began
        left = f", about {duration(spent / done * (expected - done))} left" if 0 < done < expected else ""
        self._say(
            f"{done:,} of about {expected:,} conversions, {journal.requests:,} requests, "
            f"{duration(pace.elapsed)} at Intercom{left}"
        )
