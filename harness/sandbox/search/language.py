"""The query language of `POST …/search`: filters, AND and OR, sorting and pages, over items already in memory.

`compiled` turns a query into a test; `equalities` tells which values all results must have, so that whoever owns the
items can fetch few of them. Dates match by day up to 2.16 (facts §5), in UTC, which is every sandbox's time zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from harness.sandbox.requests import paging, parsing
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.versions import Version
from harness.sandbox.search.ranking import Ranking

T = TypeVar("T")
Test: TypeAlias = Callable[[T], bool]
Kind: TypeAlias = Literal["text", "id", "email", "date", "number", "boolean", "tags", "list"]

DAY = 86_400
DEEPEST = 2
WIDEST = 15
OPERATORS = ("=", "!=", "IN", "NIN", ">", "<", ">=", "<=", "~", "!~", "^", "$")
EQUAL, AMONG, ORDER, PARTS = ("=", "!="), ("IN", "NIN"), (">", "<", ">=", "<="), ("~", "!~", "^", "$")
OPERATORS_OF: Mapping[Kind, tuple[str, ...]] = {
    "text": EQUAL + AMONG + PARTS,
    "id": EQUAL + AMONG + ORDER,
    "email": EQUAL + AMONG + PARTS,
    "number": EQUAL + AMONG + ORDER + PARTS,
    "boolean": EQUAL + AMONG,
    "date": ("=", *ORDER),
    "tags": EQUAL,
    "list": EQUAL + AMONG + PARTS,
}
"""Which operators a field takes, by its type: the table of the official description, which lists custom numbers as text
as well. Matched by day, dates take three only."""
NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?")
DATES_BY_DAY = ("=", ">", "<")


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """A field that can be searched: its type, and how to read it off an item."""

    kind: Kind
    read: Callable[[T], object]


Fields: TypeAlias = Callable[[str], Field[T] | None]
"""Tells what a field's name stands for; `None` for an unknown one."""


def bad(reason: str) -> Refused:
    """A query that makes no sense."""
    return Refused(no.QUERY_INVALID.filled(reason=reason))


def compiled(query: object, fields: Fields[T], version: Version, depth: int = 0) -> Test[T]:
    """The test that a query stands for."""
    if not isinstance(query, dict):
        raise bad("query must be an object")
    operator, value = query.get("operator"), query.get("value")
    if operator in ("AND", "OR"):
        if "field" in query:
            raise Refused(no.SERVER_ERROR)  # facts-recorded 26: a field with the operator of a group
        return _group(operator, value, fields, version, depth)
    return _filter(query, fields, version)


def _group(operator: str, value: object, fields: Fields[T], version: Version, depth: int) -> Test[T]:
    if not isinstance(value, list) or not value:
        raise bad(f"the value of {operator} must be an array of filters")
    if depth >= DEEPEST:
        raise bad(f"filters can be nested at most {DEEPEST} levels deep")
    if len(value) > WIDEST:
        raise bad(f"there can be at most {WIDEST} filters in a group")
    tests = [compiled(one, fields, version, depth + 1) for one in value]
    together = all if operator == "AND" else any
    return lambda item: together(test(item) for test in tests)


def _filter(query: Mapping[str, object], fields: Fields[T], version: Version) -> Test[T]:
    name, operator, value = query.get("field"), query.get("operator"), query.get("value")
    field = fields(name) if isinstance(name, str) else None
    if field is None:
        raise bad(f"{name} is not a valid search field")
    if operator not in OPERATORS:
        raise bad(f"{operator} is not a valid operator")
    by_day = field.kind == "date" and version.has("dates_by_day")
    if operator not in (DATES_BY_DAY if by_day else OPERATORS_OF[field.kind]):
        raise bad(f"{operator} is not supported on {field.kind} fields")
    if field.kind == "date" and (value is not None or operator != "="):
        return _date_test(field, str(operator), value, version)
    test = _test(field.kind, str(operator), _wanted(field.kind, str(operator), value))
    read = field.read
    return lambda item: test(read(item))


def _wanted(kind: Kind, operator: str, value: object) -> object:
    if operator in ("IN", "NIN"):
        if not isinstance(value, list):
            raise bad(f"the value of {operator} must be an array")
        return [_one(kind, one) for one in value]
    return _one("text" if operator in PARTS and kind == "number" else kind, value)


def _one(kind: Kind, value: object) -> object:
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        raise bad("the value of a filter must be text, a number or a boolean")
    if kind == "boolean":
        if str(value).lower() not in ("true", "false"):
            raise bad("the value of a boolean field must be true or false")
        return str(value).lower() == "true"
    if kind == "email":
        return str(value).strip().lower()
    return _number(value) if kind == "number" else str(value)


def _number(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    raise bad("the value of a number field must be a number")


def _test(kind: Kind, operator: str, wanted: object) -> Callable[[object], bool]:
    def normal(found: object) -> object:
        return found.lower() if kind == "email" and isinstance(found, str) else found

    def equal(found: object) -> bool:
        if isinstance(found, list) and kind in ("list", "tags"):
            return wanted in found
        return normal(found) == wanted or _blank(found, wanted)

    several = wanted if isinstance(wanted, list) else []

    tests: dict[str, Callable[[object], bool]] = {
        "=": equal,
        "!=": lambda found: not equal(found),
        "IN": lambda found: _among(normal(found), several),
        "NIN": lambda found: not _among(normal(found), several),
        ">": lambda found: _compared(found, wanted) > 0,
        "<": lambda found: _compared(found, wanted) < 0,
        ">=": lambda found: _compared(found, wanted) >= 0,
        "<=": lambda found: found is not None and _compared(found, wanted) <= 0,
        "~": lambda found: found is not None and _low(wanted) in _low(found),
        "!~": lambda found: found is None or _low(wanted) not in _low(found),
        "^": lambda found: found is not None and _low(found).startswith(_low(wanted)),
        "$": lambda found: found is not None and _low(found).endswith(_low(wanted)),
    }
    return tests[operator]


def _blank(found: object, wanted: object) -> bool:
    return found in (None, "") and wanted in (None, "")


def _among(found: object, wanted: Sequence[object]) -> bool:
    return any(one in wanted for one in found) if isinstance(found, list) else found in wanted


def _low(value: object) -> str:
    return str(value).lower()


def _compared(found: object, wanted: object) -> float:
    """Below, at or above zero; what is missing is neither. Text that is no number is below every decimal id."""
    if isinstance(found, str) and isinstance(wanted, str):
        found, wanted = (int(one) if one.isascii() and one.isdigit() else -1 for one in (found, wanted))
    if not isinstance(found, (int, float)) or not isinstance(wanted, (int, float)):
        return float("nan")
    return float(found > wanted) - float(found < wanted)


def _date_test(field: Field[T], operator: str, value: object, version: Version) -> Test[T]:
    start, end = _bounds(operator, value, by_day=version.has("dates_by_day"))
    read = field.read
    return lambda item: isinstance(at := read(item), (int, float)) and start <= at < end


def _bounds(operator: str, value: object, *, by_day: bool) -> tuple[float, float]:
    at = _moment(value)
    step: float = DAY if by_day else 1
    if by_day:
        at -= at % DAY
    ends: dict[str, tuple[float, float]] = {
        "=": (at, at + step),
        ">": (at + step, float("inf")),
        "<": (float("-inf"), at),
        ">=": (at, float("inf")),
        "<=": (float("-inf"), at + step),
    }
    return ends[operator]


def _moment(value: object) -> int:
    try:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return int(float(value))
    except (TypeError, ValueError, OverflowError):
        pass
    raise bad("the value of a date field must be a timestamp")


def equalities(query: object) -> dict[str, object]:
    """The fields that must equal one value for anything to be found, as far as the top level and its AND say."""
    if not isinstance(query, dict):
        return {}
    if query.get("operator") == "AND" and isinstance(query.get("value"), list):
        found: dict[str, object] = {}
        for one in query["value"]:
            found |= equalities(one)
        return found
    if query.get("operator") == "=" and isinstance(query.get("field"), str):
        return {query["field"]: query.get("value")}
    return {}


@dataclass(frozen=True, slots=True)
class ResultPage(Generic[T]):
    """One page of results, and what is shown around it."""

    items: list[T]
    total: int
    pages: dict[str, object]


def page_of(items: list[T], body: dict[str, object], usual: int, ranking: Ranking[T]) -> ResultPage[T]:
    """Return the page of the results, sorted by `ranking`, that a search asks for."""
    pagination = parsing.mapping(body, "pagination") or {}
    per_page = min(max(parsing.whole(pagination, "per_page") or usual, 1), paging.LARGEST_PAGE)
    cursor = paging.read(pagination.get("starting_after"))
    following = ranking.after(items, cursor)
    shown = following[:per_page]
    further = ranking.next_cursor(cursor, shown[-1]) if len(following) > per_page else None
    return ResultPage(shown, len(items), paging.pages(len(items), per_page, cursor.page, further))


def ranking_of(sort: object, fields: Fields[T], version: Version, usual: Ranking[T]) -> Ranking[T]:
    """Return the order that is asked for, or else the usual one."""
    if not isinstance(sort, dict) or not sort:
        return usual
    order = sort.get("order", "descending")
    if order not in ("ascending", "descending") and version.has("sort_order_checked"):
        raise Refused(no.SORT_ORDER.filled(order=order))
    name = sort.get("field")
    field = fields(name) if isinstance(name, str) else None
    if field is None:
        raise bad(f"{name} is not a valid sort field")
    return Ranking(field.read, usual.name, reverse=order != "ascending", dated=field.kind == "date")
