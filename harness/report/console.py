"""The terminal as reports print to it: marks and colours of each ending, and nothing that could move the cursor."""

from __future__ import annotations

import os
import sys
from typing import Final

from rich.console import Console

from harness.report.result import Ending

STYLES: dict[Ending, str] = {
    "proved": "green",
    "refuted": "bold red",
    "unknown": "bold yellow",
    "could not run": "bold magenta",
    "known": "yellow",
    "not run": "dim",
}
MARKS: dict[Ending, tuple[str, str]] = {
    "proved": ("✓", "ok"),
    "refuted": ("✗", "XX"),
    "unknown": ("?", "??"),
    "could not run": ("!", "!!"),
    "known": ("≈", "~~"),
    "not run": ("-", "--"),
}
CLAIM_ENDINGS: dict[str, Ending] = {"proved": "proved", "refuted": "refuted", "unknown": "unknown"}

VISIBLE: Final = {
    **{sign: 0x2400 + sign for sign in range(0x20) if chr(sign) not in "\t\n"},
    **dict.fromkeys(range(0x7F, 0xA0), 0xFFFD),
}
"""Control characters as signs: what a pipeline prints must not move the cursor, nor write over a verdict."""


class ReportConsole(Console):
    """A console whose reader may leave before the end (`| head`): the run goes on and its files are written."""

    def on_broken_pipe(self) -> None:
        """Say no more."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
