"""The values of CSV cells: moments as Intercom and as Excel write them, flags, numbers, and the type of a column."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, Literal, TypeAlias

from harness.rehearsal.load.loaded_items import UnreadableValue, moment_of

DateOrder: TypeAlias = Literal["day-first", "month-first"]
CellType: TypeAlias = Literal["integer", "float", "boolean", "date", "string"]

FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SLASHED: Final = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
SERIAL: Final = re.compile(r"\d{5}(?:[.,]\d+)?")
FIRST_DAY: Final = dt.date(1970, 1, 1).toordinal()
SERIAL_START: Final = dt.datetime(1899, 12, 30, tzinfo=dt.UTC)
"""The day 0 of Excel's dates (those of 1904 are not told apart)."""
INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})")
FLOAT: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})\.\d{1,17}")
DATE: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC|[+-]\d\d:?\d\d)?")


def moment_in_cell(cell: str, order: DateOrder | None, what: str) -> int:
    """Return the moment in a cell, in seconds since 1970; times without a zone are UTC.

    order: which number of `3/4/2024` is the day. Raises: UnreadableValue.
    """
    if len(cell) == 19 and cell[4] == "-":
        try:
            found = dt.datetime.fromisoformat(cell)
        except ValueError:
            raise UnreadableValue(f"{what} is no moment") from None
        seconds = found.hour * 3_600 + found.minute * 60 + found.second
        return (found.toordinal() - FIRST_DAY) * 86_400 + seconds
    if len(cell) > 9 and cell[4] == "-":
        return moment_of(cell, what) or 0
    text = cell.strip()
    slashed = SLASHED.fullmatch(text)
    if slashed:
        return _slashed(slashed, order, what)
    if SERIAL.fullmatch(text):
        days = float(text.replace(",", "."))
        return int((SERIAL_START + dt.timedelta(days=days)).timestamp() + 0.5)
    return moment_of(text, what) or 0


def _slashed(found: re.Match[str], order: DateOrder | None, what: str) -> int:
    first, sign, second, year, hour, minute, second_of, half = found.groups()
    day, month = (first, second) if sign != "/" or order != "month-first" else (second, first)
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half in "pP" else 0)
    try:
        moment = dt.datetime(
            int(year) + (2000 if len(year) == 2 else 0), int(month), int(day), hours, int(minute or 0),
            int(second_of or 0), tzinfo=dt.UTC,
        )  # fmt: skip
    except ValueError:
        raise UnreadableValue(f"{what} is no moment") from None
    return int(moment.timestamp())


def flag_in_cell(cell: str, what: str) -> bool:
    """Return the flag in a cell. Raises: UnreadableValue."""
    found = FLAGS.get(cell)
    if found is None:
        found = FLAGS.get(cell.strip().lower())
    if found is None:
        raise UnreadableValue(f"{what} is neither true nor false")
    return found


def number_in_cell(cell: str, what: str) -> int:
    """Return the whole number in a cell. Raises: UnreadableValue."""
    if not INTEGER.fullmatch(cell.strip()):
        raise UnreadableValue(f"{what} is no whole number")
    return int(cell)


def type_of_cell(cell: str) -> CellType:
    """Return of what type a value is that stands in a cell as text; a number with leading zeros is a text."""
    if INTEGER.fullmatch(cell):
        return "integer"
    if FLOAT.fullmatch(cell):
        return "float"
    if cell.lower() in ("true", "false"):
        return "boolean"
    return "date" if DATE.fullmatch(cell) else "string"


def united(one: CellType | None, other: CellType) -> CellType:
    """Return the type of a column that has values of two types."""
    if one is None or one == other:
        return other
    return "float" if {one, other} == {"integer", "float"} else "string"


def value_in_cell(cell: str, kind: CellType) -> object:
    """Return the value of a custom attribute, in the type of its column."""
    match kind:
        case "integer":
            return int(cell)
        case "float":
            return float(cell)
        case "boolean":
            return cell.lower() == "true"
        case "date":
            return moment_of(cell, "date")
        case _:
            return cell


class DateOrderSeen:
    """What the dates of a file with slashes tell of their order."""

    def __init__(self) -> None:
        self.slashed = 0
        self._first = 0
        self._second = 0

    def see(self, cell: str) -> None:
        """Look at a cell that holds a moment."""
        if "/" not in cell:
            return
        found = SLASHED.fullmatch(cell.strip())
        if found and found[2] == "/":
            self.slashed += 1
            self._first, self._second = max(self._first, int(found[1])), max(self._second, int(found[3]))

    @property
    def order(self) -> DateOrder | None:
        """The order, if they tell."""
        if self._first > 12 >= self._second:
            return "day-first"
        return "month-first" if self._second > 12 >= self._first else None
