"""Ends what a command leaves running: its process group, what has left the group, and what was orphaned.

Ending a process group does not reach a process in a session of its own. Such a process is found by a mark in its
environment, which each process inherits from the command; psutil reads it on Linux, macOS and Windows. On Linux a
process that does nothing but run one command can also become the parent of all orphans of that command.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from typing import Final

import psutil

MARK: Final = "HARNESS_CALL"
"""The variable whose value tells to which call a process belongs."""

GRACE: Final = 2.0
"""Seconds between asking a process group to end and ending it."""

PATIENCE: Final = 1.0
"""Seconds between asking any other process to end and ending it."""

_LOOKS: Final = 0.01
"""Seconds between two looks whether a process has ended."""

_TREES: Final = 3
"""How often a tree of processes is looked through while it is killed."""
_TRIES: Final = 15
"""How often a process that is being started is looked for, each `_LOOKS` seconds."""
_PR_SET_CHILD_SUBREAPER: Final = 36


def running() -> frozenset[int]:
    """Return the ids of all processes on this machine: none of them can belong to a call that starts later."""
    return frozenset(psutil.pids())


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a command's process group: ask, wait for `GRACE`, then kill."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and any(_in_group(process.pid)):
            process.poll()
            time.sleep(_LOOKS)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)


def end_marked(call: str, older: Collection[int] = ()) -> int:
    """End every process that carries the mark of a call: ask, wait for `PATIENCE`, then kill. Return their number.

    older: ids of processes that ran before the call, which need not be looked at.
    """
    return _end(lambda: set(_marked(call, older)))


def kill_tree(root: int) -> None:
    """Kill a process and all that it started, at once: nothing is asked to end, and nothing can start more."""
    for _ in range(_TREES):
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(root)
            for stop in (psutil.Process.suspend, psutil.Process.kill):
                for process in [*top.children(recursive=True), top]:
                    with contextlib.suppress(psutil.Error):
                        stop(process)


def end_children(older: Collection[int] = ()) -> int:
    """End the children of this process: ask, wait for `PATIENCE`, then kill. Return their number.

    older: ids of processes that stay, because they ran before: one of them may hold an enclosure.
    """
    return _end(lambda: {process for process in _children() if process.pid not in older})


@contextlib.contextmanager
def unless_interrupted(call: str, older: Collection[int] = ()) -> Iterator[None]:
    """End all processes of a call if the block is left by an exception.

    A process that is only just being started shows its mark a moment late, so that it is looked for more than once.
    """
    try:
        yield
    except BaseException:
        for _ in range(_TRIES):
            end_marked(call, older)
            time.sleep(_LOOKS)
        raise


def adopt_orphans() -> bool:
    """Make this process the parent of descendants whose own parents end. Return False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _end(find: Callable[[], set[psutil.Process]]) -> int:
    met: set[psutil.Process] = set()
    for stop in (psutil.Process.terminate, psutil.Process.kill):
        deadline = time.monotonic() + PATIENCE
        while (there := find()) and time.monotonic() < deadline:
            for process in there - met if stop is psutil.Process.terminate else there:
                with contextlib.suppress(psutil.Error):
                    stop(process)
            met |= there
            time.sleep(_LOOKS)
        if not there:
            break
    return len(met)


def _marked(call: str, older: Collection[int]) -> Iterator[psutil.Process]:
    for process_id in running() - frozenset(older):
        with contextlib.suppress(psutil.Error, OSError):  # another user's, or gone by now
            process = psutil.Process(process_id)
            if process.environ().get(MARK) == call:
                yield process


def _children() -> Iterator[psutil.Process]:
    """Yield the living children of this process. Those that have ended are reaped."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error, ChildProcessError):
            if child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)
            else:
                yield child


def _in_group(group: int) -> Iterator[psutil.Process]:
    """Yield the living processes of a group. One that has ended stays in it until its parent reaps it, maybe never."""
    for process_id in running():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getpgid(process_id) == group:
                process = psutil.Process(process_id)
                if process.status() != psutil.STATUS_ZOMBIE:
                    yield process
