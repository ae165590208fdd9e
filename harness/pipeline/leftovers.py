"""Processes that a command left behind in a session of their own, found by a mark in their environment.

Ending a command's process group does not reach what has left it. Each call marks its command's environment, which
whatever it starts inherits; where a system shows no environments (other than Linux), such processes stay unknown.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MARK: Final = "HARNESS_CALL"
"""The variable that tells which call a process belongs to."""

PATIENCE: Final = 1.0
"""Seconds between asking such a process to end and ending it."""


def end_leftovers(call: str) -> int:
    """End every process of this call that is still there: ask, wait, then make it end. Tells how many there were."""
    met: set[int] = set()
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE
        while (there := set(_marked(call))) and time.monotonic() < deadline:
            for process in there - met if number is signal.SIGTERM else there:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, number)
            met |= there
            time.sleep(0.01)
    return len(met)


def _marked(call: str) -> Iterator[int]:
    wanted, own = f"{MARK}={call}".encode(), os.getuid()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_uid == own and wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
