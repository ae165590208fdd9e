"""What was kept, lost and moved, in the terminal: a table, or where that has no room a few lines for each thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from harness.report.result import KeptRow

WIDEST_CELL: Final = 34
"""Columns of one cell."""
INDENT: Final = 6
HEAD: Final = KeptRow("", "source", "target", "afterwards", "", None)


def kept_table(rows: Sequence[KeptRow], width: int | None) -> list[Text]:
    """The lines of a table of these; `width` is the terminal's, if it is one."""
    cells = [(row.what, row.source, row.target, row.after) for row in (HEAD, *rows)]
    widths = [min(WIDEST_CELL, max(len(each[place]) for each in cells)) for place in range(4)]
    wide = INDENT + sum(widths) + 2 * len(widths) + max((len(row.fate) for row in rows), default=0)
    if width is not None and wide > width:
        return [line for row in rows for line in _stacked(row, width)]
    return [_line(row, each, widths) for row, each in zip((HEAD, *rows), cells, strict=True)]


def _line(row: KeptRow, cells: Sequence[str], widths: Sequence[int]) -> Text:
    fitted = [_cut(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return Text((" " * INDENT + "  ".join([*fitted, row.fate])).rstrip(), style=_style(row))


def _stacked(row: KeptRow, width: int) -> list[Text]:
    lines = [f"{' ' * INDENT}{row.what}: {row.fate}"]
    for name, value in ((HEAD.source, row.source), (HEAD.target, row.target), (HEAD.after, row.after)):
        if value:
            lines.append(f"{' ' * (INDENT + 2)}{name:<11} {value}")
    return [Text(_cut(line, width), style=_style(row)) for line in lines]


def _style(row: KeptRow) -> str:
    return "red" if row.right is False else "dim"


def _cut(text: str, width: int) -> str:
    shown = text.replace("\n", " ")
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"
