"""Whether a difference between two dumps is only what a pipeline may add to the person it converts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from harness.mutation.observed_request import JsonValue
from harness.mutation.public_dump import PublicDump
from harness.verification import difference
from harness.verification.checks.additions import ADDABLE

ATTRIBUTES: Final = frozenset(row.what for row in ADDABLE if row.where.startswith("an attribute"))
THINGS: Final[Mapping[str, str]] = {"tag": "tags", "note": "notes", "event": "events", "company": "companies"}
"""The names of reads and lists that show what may be added."""


PLACE: Final = re.compile(r"(?:listed )?(?P<who>[^ .]+)(?: (?P<read>\w+)\[1\](?:\[\d+\])?)?\.(?P<field>.+)")
"""A place in a dump: whose, by which read, which field of it."""


def only_permitted(unchanged: PublicDump, dump: PublicDump, involved: Collection[str]) -> bool:
    """Return whether each difference is a row of the table of additions, on a person who was involved."""
    return all(_is_permitted(*one, involved) for one in difference.paths(unchanged, dump))


def only_permitted_in_answer(unchanged: Mapping[str, object], answer: Mapping[str, object]) -> bool:
    """Return whether each difference between two answers is an addition that the contact in it shows."""
    return all(
        path.startswith("value.") and _is_addition(path.removeprefix("value."), old, new)
        for path, old, new in difference.paths(unchanged, answer)
    )


def _is_permitted(path: str, old: JsonValue, new: JsonValue, involved: Collection[str]) -> bool:
    if path.startswith(("tags", "attributes")):
        return _is_longer(old, new) or isinstance(new, int)
    found = PLACE.match(path)
    if found is None or found["who"] not in involved:
        return False
    if found["read"] in THINGS.values():
        return _is_longer(old, new) or isinstance(new, int | bool)
    return _is_addition(found["field"], old, new)


def _is_addition(name: str, old: JsonValue, new: JsonValue) -> bool:
    """Return whether a field of a contact shows something that a pipeline may add."""
    first = name.partition(".")[0].partition("[")[0]
    if first in THINGS.values():
        return _is_longer(old, new) or isinstance(new, int | bool)
    known = name in ATTRIBUTES or (first == "custom_attributes" and "custom_attributes.*" in ATTRIBUTES)
    return known and old in (None, "", [], {}) and new is not None


def _is_longer(old: JsonValue, new: JsonValue) -> bool:
    if not isinstance(new, Sequence) or isinstance(new, str):
        return False
    had = old if isinstance(old, Sequence) and not isinstance(old, str) else []
    return all(entry in new for entry in had)
