"""Runs the user's command in front: its input, output and signals are its own, and nothing of it is left afterwards.

It is meant for a process that does nothing else: whatever children are left at the end are taken for the command's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence

from harness.pipeline.commands import end_group
from harness.pipeline.orphans import adopt_orphans, end_orphans
from harness.problems import Problem

PATIENCE = 10.0
"""Seconds that a command gets between being told to end and being ended."""

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def run_in_foreground(command: Sequence[str], environment: Mapping[str, str], prefix: Sequence[str] = ()) -> int:
    """Run a command to its end and tell its exit status as a shell does (128 and the number, for a signal).

    prefix: words before the command, which put it into a place of its own.
    """
    adopted = adopt_orphans()
    process = _start(command, environment, prefix)
    with _forwarding(process), _terminal_lent_to(process):
        status = process.wait()
    end_group(process)
    if adopted:
        end_orphans()
    return 128 - status if status < 0 else status


def _start(command: Sequence[str], environment: Mapping[str, str], prefix: Sequence[str]) -> subprocess.Popen[bytes]:
    if shutil.which(command[0], path=environment.get("PATH")) is None:
        raise _cannot_start(command, "there is no such program, or it may not be executed")
    try:
        return subprocess.Popen([*prefix, *command], env=dict(environment), process_group=0)
    except OSError as error:
        raise _cannot_start(command, error.strerror or str(error)) from error


def _cannot_start(command: Sequence[str], evidence: str) -> Problem:
    return Problem(
        f"the command {command[0]!r} could not be started",
        evidence=evidence,
        remedy="check its spelling and PATH; a shell's own words need: harness exec -- sh -c '…'",
    )


@contextlib.contextmanager
def _forwarding(process: subprocess.Popen[bytes]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    killers: list[threading.Timer] = []

    def forward(number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        if number in _ENDING and not killers:
            killers.append(threading.Timer(PATIENCE, _kill, [process]))
            killers[0].start()

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for killer in killers:
            killer.cancel()


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
