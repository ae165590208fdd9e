"""Whether a process still runs, for tests of what may stay behind."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil


def runs(process_id: int) -> bool:
    """Return whether a process is there and has not ended, reaped or not."""
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
