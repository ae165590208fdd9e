"""The one line of a terminal that tells what is under way; where nobody watches there is none.

It is written beside the console, never through it, so that a recording of what was printed knows nothing of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from typing import IO, Final

from rich.cells import set_cell_size
from rich.console import Console

CLEAR = "\r\x1b[K"
WORTH_TELLING: Final = 5.0
"""Seconds from which on it is told how long the rest will take."""


class Progress:
    """Shows which scenario runs, and takes it away again before anything else is printed."""

    def __init__(self, console: Console, elapsed: Callable[[], float] = time.monotonic, *, quiet: bool = False) -> None:
        self._elapsed = elapsed
        self._stream = None if quiet else _watched(console)
        self._width = console.width if console.is_terminal else _width_of(self._stream)
        self._began: float | None = None
        self._line = ""
        self._shown = False

    def show(self, number: int, total: int, title: str) -> None:
        """Scenario `number` of `total` has begun."""
        if self._stream is None:
            return
        now = self._elapsed()
        if self._began is None:
            self._began = now
        left = (now - self._began) / (number - 1) * (total - number + 1) if number > 1 else 0.0
        told = f", {duration_text(left)} left" if left >= WORTH_TELLING else ""
        self._line = f"  {number} of {total}{told}  {title}"
        self._put(self._line)

    def note(self, text: str) -> None:
        """What the scenario under way waits for, in the same line."""
        if self._stream is not None:
            self._put(f"  {text}  {self._line}" if self._line else f"  {text}")

    def clear(self) -> None:
        """Leave the line empty."""
        if self._shown:
            self._write(CLEAR)
            self._shown = False

    def _put(self, line: str) -> None:
        self._write(CLEAR + set_cell_size(line, min(len(line), max(self._width - 1, 1))))
        self._shown = True

    def _write(self, text: str) -> None:
        assert self._stream is not None
        self._stream.write(text)
        self._stream.flush()


def _watched(console: Console) -> IO[str] | None:
    """Return the stream that a person watches; standard error first, so that results can be piped."""
    if sys.stderr is not None and sys.stderr.isatty():
        return sys.stderr
    return console.file if console.is_terminal else None


def _width_of(stream: IO[str] | None) -> int:
    """Return the columns of a terminal."""
    with contextlib.suppress(OSError, ValueError):
        if stream is not None:
            return os.get_terminal_size(stream.fileno()).columns or 80
    return 80


def duration_text(seconds: float) -> str:
    """A length of time as it is estimated: in minutes where it is more than one and a half."""
    return f"about {seconds / 60:.0f} min" if seconds >= 90 else f"about {seconds:.0f} s"
