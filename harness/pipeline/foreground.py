"""Runs the user's command in front: its input, output and signals are its own, and nothing of it is left afterwards.

It is meant for a process that does nothing else: whatever children are left at the end are taken for the command's.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from harness.core.errors import Problem
from harness.pipeline.reaper import MARK, adopt_orphans, end_children, end_group, end_marked, running

PATIENCE = 10.0
"""Seconds that a command gets between being told to end and being ended."""

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def run_in_foreground(command: Sequence[str], environment: Mapping[str, str], prefix: Sequence[str] = ()) -> int:
    """Run a command to its end and tell its exit status as a shell does (128 and the number, for a signal).

    prefix: words before the command, which put it into a place of its own.
    """
    adopted, call, older = adopt_orphans(), secrets.token_hex(8), running()
    with _Forwarder() as forwarder:
        process = _start(command, environment if adopted else {**environment, MARK: call}, prefix)
        forwarder.began(process)
        with _terminal_lent_to(process):
            status = process.wait()
    end_group(process)
    if adopted:
        end_children(older)
    else:
        end_marked(call, older)
    return 128 - status if status < 0 else status


def _start(command: Sequence[str], environment: Mapping[str, str], prefix: Sequence[str]) -> subprocess.Popen[bytes]:
    found = shutil.which(command[0], path=environment.get("PATH"))
    if found is None:
        raise _cannot_start(command, "there is no such program, or it may not be executed")
    if prefix and not _is_executable_format(Path(found)):
        # What encloses it would have a shell read it; started plainly it cannot be executed.
        raise _cannot_start(command, "nothing can execute a file of this format")
    try:
        return subprocess.Popen([*prefix, *command], env=dict(environment), process_group=0)
    except OSError as error:
        raise _cannot_start(command, error.strerror or str(error)) from error


def _is_executable_format(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4).startswith((b"#!", b"\x7fELF"))
    except OSError:  # it may be executed and not read
        return True


def _cannot_start(command: Sequence[str], evidence: str) -> Problem:
    return Problem(
        f"the command {command[0]!r} could not be started",
        evidence=evidence,
        remedy="check its spelling and PATH; a shell's own words need: harness exec -- sh -c '…'",
    )


class _Forwarder:
    """Hands signals on to a command. What comes while that is being started waits until it has begun."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._killer: threading.Timer | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # A command goes on ignoring what we ignore, but only if that is still so when it is started.
        self._listen(number for number in FORWARDED if signal.getsignal(number) is not signal.SIG_IGN)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._killer is not None:
            self._killer.cancel()

    def began(self, process: subprocess.Popen[bytes]) -> None:
        """The command runs: it hears what came meanwhile, and whatever comes from now on."""
        self._process = process
        self._listen(number for number in FORWARDED if number not in self._before)
        while self._early:
            self._forward(self._early.pop(0))

    def _listen(self, numbers: Iterable[int]) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before |= {number: signal.signal(number, self._forward) for number in numbers}

    def _forward(self, number: int, _frame: object = None) -> None:
        if self._process is None:
            self._early.append(number)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        if number in _ENDING and self._killer is None:
            self._killer = threading.Timer(PATIENCE, _kill, [self._process])
            self._killer.start()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def _terminal_lent_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    # A command in a process group of its own may read from the terminal only while that group is in front.
    try:
        terminal = sys.stdin.fileno()
        ours = os.tcgetpgrp(terminal)
    except (OSError, ValueError, AttributeError):
        yield
        return
    if ours != os.getpgrp():
        yield
        return
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(terminal, process.pid)
            os.killpg(process.pid, signal.SIGCONT)  # it may have asked for input before it was in front
        yield
    finally:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(terminal, ours)
        signal.signal(signal.SIGTTOU, before)
