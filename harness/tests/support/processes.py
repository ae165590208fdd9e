"""Whether a process still runs, for tests of what may stay behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def runs(process_id: int) -> bool:
    """Whether a process is there and is no zombie: who has ended is no longer in anybody's way."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
