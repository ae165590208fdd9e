"""The one line of a terminal that tells what is under way; where nobody watches there is none.

It is written beside the console, never through it, so that a recording of what was printed knows nothing of it.
"""

from __future__ import annotations

from rich.cells import set_cell_size
from rich.console import Console

CLEAR = "\r\x1b[K"


class Progress:
    """Shows which scenario runs, and takes it away again before anything else is printed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = False

    def show(self, number: int, total: int, title: str) -> None:
        """Scenario `number` of `total` has begun."""
        if not self._console.is_terminal:
            return
        line = f"  {number} of {total}  {title}"
        self._write(CLEAR + set_cell_size(line, min(len(line), max(self._console.width - 1, 1))))
        self._shown = True

    def clear(self) -> None:
        """Leave the line empty."""
        if self._shown:
            self._write(CLEAR)
            self._shown = False

    def _write(self, text: str) -> None:
        self._console.file.write(text)
        self._console.file.flush()
