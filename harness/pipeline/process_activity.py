"""Whether a process and those that it started do anything, and where they listen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import psutil

LOOKED_AT: Final = 1.0
"""Seconds over which it is seen whether they do something."""

IDLE: Final = 0.01
"""Seconds of processor time in that time below which they do nothing."""


class ProcessActivity:
    """The processor time of a process and of all that it started, seen over the last second."""

    def __init__(self, process_id: int) -> None:
        self._process_id = process_id
        self._seen: deque[tuple[float, float]] = deque()

    def look(self, now: float) -> None:
        """Note how much processor time they have taken. now: seconds on any clock."""
        self._seen.append((now, sum(_seconds(process) for process in self._family())))
        while len(self._seen) > 1 and now - self._seen[1][0] > LOOKED_AT:
            self._seen.popleft()

    def idle(self, now: float) -> bool:
        """Return whether they have done nothing for about a second."""
        if not self._seen or now - self._seen[0][0] < LOOKED_AT / 2:
            return False
        return self._seen[-1][1] - self._seen[0][1] < IDLE

    def listens_on(self) -> Sequence[str]:
        """Return the addresses on which they listen."""
        return sorted({place for process in self._family() for place in _listening(process)})

    def _family(self) -> Iterator[psutil.Process]:
        try:
            process = psutil.Process(self._process_id)
            yield process
            yield from process.children(recursive=True)
        except psutil.Error:
            return


def listened_by(process_id: int) -> Sequence[str]:
    """Return the addresses on which one process listens."""
    try:
        return _listening(psutil.Process(process_id))
    except psutil.Error:
        return []


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.Error:
        return 0.0


def _listening(process: psutil.Process) -> Sequence[str]:
    try:
        found = process.net_connections(kind="tcp")
    except psutil.Error:
        return []
    return [f"{each.laddr.ip}:{each.laddr.port}" for each in found if each.status == psutil.CONN_LISTEN]
