"""The rows of a CSV file: separated by commas, semicolons or tabs; texts in quotation marks may span lines."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Final, TypeAlias

from harness.core.errors import Problem
from harness.rehearsal.load.input_file import BadRow, Line, text_lines

Row: TypeAlias = list[str] | BadRow

MOST_COLUMNS: Final = 2_000
MOST_LINES: Final = 500
"""Lines that one row may span; a quotation mark that is not closed in so many is taken for a mistake in its line."""
DELIMITERS: Final = ",;\t|"

csv.field_size_limit(2**31 - 1)


class CsvRows:
    """The header of a CSV file, and its rows, each with the number of its first line."""

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self._lines = text_lines(stream)
        self._waiting: deque[tuple[int, Line]] = deque()
        first = self._first_line(name)
        self._delimiter = max(DELIMITERS, key=first.count)
        if first.lower().startswith("sep=") and len(first) == 5:
            self._delimiter = first[4]
            first = self._first_line(name)
        header = self._parsed([first])
        if isinstance(header, BadRow):
            raise Problem(f"The header of {name} cannot be read", evidence=header.reason)
        if len(header) > MOST_COLUMNS:
            raise Problem(
                f"{name} has {len(header):,} columns",
                evidence=f"at most {MOST_COLUMNS:,} are read; Intercom's exports have far fewer",
                remedy="export the columns that are needed",
            )
        self.header = [cell.strip() for cell in header]

    def _first_line(self, name: str) -> str:
        for _, line in self._lines:
            if isinstance(line, BadRow):
                raise Problem(f"The header of {name} cannot be read", evidence=line.reason)
            if line.strip():
                return line.removeprefix("\ufeff")
        raise Problem(f"There is nothing in {name}", remedy="name a file with a header and at least one row")

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield each row, or why it cannot be read."""
        delimiter, columns = self._delimiter, len(self.header)
        while True:
            if self._waiting:
                number, line = self._waiting.popleft()
            elif (found := next(self._lines, None)) is None:
                return
            else:
                number, line = found
            if isinstance(line, BadRow):
                yield number, line
            elif line:
                row = self._quoted(line) if '"' in line else line.split(delimiter)
                if isinstance(row, list) and len(row) != columns:
                    row = BadRow(f"it has {len(row):,} fields, and the header has {columns:,}")
                yield number, row

    def _quoted(self, line: str) -> Row:
        """Read a row with quotation marks, with the lines after it as far as it spans them."""
        lines = [line]
        row = self._parsed(lines)
        ahead: list[tuple[int, Line]] = []
        while isinstance(row, BadRow) and row is OPEN and len(lines) < MOST_LINES:
            further = self._waiting.popleft() if self._waiting else next(self._lines, None)
            if further is None:
                break
            ahead.append(further)
            if isinstance(further[1], BadRow):
                break
            lines.append(further[1])
            if '"' in further[1]:
                row = self._parsed(lines)
        if isinstance(row, BadRow):
            self._waiting.extendleft(reversed(ahead))
        return row

    def _parsed(self, lines: list[str]) -> Row:
        try:
            text = [f"{line}\n" for line in lines]
            found = list(csv.reader(text, delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            return OPEN if "unexpected end" in str(error) else BadRow("its quotation marks do not fit together")
        return found[0] if len(found) == 1 else BadRow("its quotation marks do not fit together")


OPEN: Final = BadRow("a quotation mark in it is not closed")
