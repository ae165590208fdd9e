"""Processes that a command left behind in a session of their own, found by a mark in their environment.

Ending a command's process group does not reach what has left it. Each call marks its command's environment, which
whatever it starts inherits; where a system shows no environments (other than Linux), such processes stay unknown.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

MARK: Final = "HARNESS_CALL"
"""The variable that tells which call a process belongs to."""

PATIENCE: Final = 1.0
"""Seconds between asking such a process to end and ending it."""


def processes() -> frozenset[int]:
    """All that there are on this machine now: none of them can come of a call that starts later."""
    try:
        return frozenset(int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208  # paths would cost
    except OSError:
        return frozenset()


def end_leftovers(call: str, older: Collection[int] = ()) -> int:
    """End every process of this call that is still there: ask, wait, then make it end. Tells how many there were.

    older: processes that were there before the call, which need not be looked at.
    """
    met: set[int] = set()
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE
        while (there := set(_marked(call, older))) and time.monotonic() < deadline:
            for process in there - met if number is signal.SIGTERM else there:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, number)
            met |= there
            time.sleep(0.01)
        if not there:
            break
    return len(met)


@contextlib.contextmanager
def unless_interrupted(call: str, older: Collection[int] = ()) -> Iterator[None]:
    """Where the block is left by an exception, whatever the call has started is ended: also what nobody holds yet."""
    try:
        yield
    except BaseException:
        end_leftovers(call, older)
        raise


def _marked(call: str, older: Collection[int]) -> Iterator[int]:
    wanted = f"{MARK}={call}".encode()
    for process in processes() - frozenset(older):
        with contextlib.suppress(OSError):  # somebody else's, or gone by now
            if wanted in Path(f"/proc/{process}/environ").read_bytes().split(b"\0"):
                yield process
