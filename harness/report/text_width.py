"""A row of the terminal's report in as many lines as its words need there, each below the first word.

What is no terminal gets one line however long, for whoever searches it.
"""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.text import Text

GAP: Final = 2
"""Columns between what is told and its figures, at least."""
NARROWEST: Final = 20


def fitted(head: Text, told: Text, figures: str, width: int, *, wraps: bool) -> list[Text]:
    """`head`, what is told, and at the right end its figures, in columns of a terminal if it `wraps`."""
    room = width - len(figures)
    lines = [told]
    if wraps and head.cell_len + told.cell_len > width:
        lines = list(told.wrap(_PLAIN, max(width - head.cell_len, NARROWEST)))
    lines = [(Text(" " * head.cell_len) if place else head) + line for place, line in enumerate(lines)]
    if not figures:
        return lines
    if wraps and lines[-1].cell_len + GAP > room:
        lines.append(Text(" " * head.cell_len))
    lines[-1].pad_right(max(0 if wraps else GAP, room - lines[-1].cell_len))
    lines[-1].append(figures, style="dim")
    return lines


_PLAIN: Final = Console(color_system=None)
"""What wrapping asks for words' widths."""
