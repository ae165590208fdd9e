"""What a report shows of one person: each attribute and belonging that was decided on, before and after.

Without `--reveal` no value is shown: its kind and length stand for it, so that a reader still sees what was filled,
dropped or overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from harness.rehearsal.census_ledger import CensusLedger

_Group: TypeAlias = tuple[str, list[tuple[Any, ...]]]

WITH_DETAILS: Final = """
SELECT person_id, details FROM people WHERE fate NOT IN ('passing') ORDER BY person_id
"""
THINGS: Final = "SELECT person_id, kind, key, outcome FROM things ORDER BY person_id, kind, key"
FOUND: Final = "SELECT person_id, kind, told, other_id FROM findings ORDER BY person_id, number"


def masked(value: object) -> str:
    """Return what stands for a value: its kind and length, nothing of it."""
    match value:
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
        case str() if "@" in value:
            return f"e-mail of {len(value)}"
        case str():
            return f"text of {len(value)}"
        case int() | float():
            return "number"
        case list():
            return f"list of {len(value)}"
        case dict():
            return f"object of {len(value)}"
        case _:
            return "value"


def shown(value: object) -> str:
    """Return a value as it is, in JSON where it is no text."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def detail_rows(ledger: CensusLedger, *, reveal: bool) -> Iterator[tuple[str, list[Any]]]:
    """Yield the id and the details of each person who is not as they were, in the order of ids.

    Details are: attributes (name, outcome, came, before, after, assumed rule), belongings (kind, key, outcome) and
    findings (kind, told, other id).
    """
    tell = shown if reveal else masked
    things, found = _grouped(ledger, THINGS), _grouped(ledger, FOUND)
    pending: dict[str, _Group | None] = {
        "things": next(things, None),
        "found": next(found, None),
    }
    for row in ledger.stream(WITH_DETAILS):
        person_id = str(row["person_id"])
        attributes = [
            [name, outcome, " / ".join(map(tell, came)), tell(before), tell(after), rule]
            for name, outcome, came, before, after, rule in json.loads(row["details"] or "[]")
        ]
        own = _of(person_id, pending, "things", things)
        told = _of(person_id, pending, "found", found)
        yield person_id, [attributes, own, told]


def _grouped(ledger: CensusLedger, sql: str) -> Iterator[_Group]:
    held: list[tuple[Any, ...]] = []
    current = ""
    for row in ledger.stream(sql):
        if row[0] != current and held:
            yield current, held
            held = []
        current = str(row[0])
        held.append(tuple(row)[1:])
    if held:
        yield current, held


def _of(
    person_id: str,
    pending: dict[str, _Group | None],
    name: str,
    rows: Iterator[_Group],
) -> list[tuple[Any, ...]]:
    """Return what a stream that is sorted by id holds of a person, and read it on as far."""
    while (first := pending[name]) is not None and first[0] < person_id:
        pending[name] = next(rows, None)
    return first[1] if first is not None and first[0] == person_id else []
