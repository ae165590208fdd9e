"""Processes that a command left behind in a session of their own, where ending its group does not reach them.

On Linux a process can ask to be made the parent of its orphaned descendants; elsewhere these stay unknown.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

PATIENCE = 1.0
"""Seconds between asking an orphan to end and ending it."""

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """From now on become the parent of descendants whose own parents end; tells whether the system does that."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def end_orphans() -> int:
    """End every child that is still there: ask, wait, then make it end. Tells how many there were."""
    met: set[int] = set()
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE
        while (children := _children()) and time.monotonic() < deadline:
            for child in children - met if number is signal.SIGTERM else children:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(child, number)
            met |= children
            time.sleep(0.01)
    return len(met)


def _children() -> set[int]:
    """Our living children; those that have ended are reaped on the way."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            child = int(entry.parent.name)
            if fields[0] == "Z":
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child, os.WNOHANG)
            else:
                found.add(child)
    return found
