"""The order of results, and where a page of them begins.

A page begins after an item's place: the value that results are sorted by, and the item's id. Nothing is skipped or
shown twice because of items that are gone or new since the page before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from harness.sandbox.requests.paging import Cursor

T = TypeVar("T")

Key = tuple[int, object]


@dataclass(frozen=True, slots=True)
class Ranking(Generic[T]):
    """How items are ordered: by what, which way, and by their id where that is the same."""

    read: Callable[[T], object]
    name: Callable[[T], str | int]
    reverse: bool = True
    dated: bool = True
    """Whether the values are times, which a cursor has in milliseconds."""

    def sorted(self, items: list[T]) -> list[T]:
        """Return the items in this order."""
        return sorted(items, key=self._key, reverse=self.reverse)

    def after(self, items: list[T], cursor: Cursor) -> list[T]:
        """Return those of the sorted items that come after a cursor's place."""
        if cursor.item is None:
            return items
        value = cursor.value
        if self.dated and isinstance(value, (int, float)):
            value = value / 1000
        place = (sort_key(value), sort_key(cursor.item))
        if self.reverse:
            return [item for item in items if self._key(item) < place]
        return [item for item in items if self._key(item) > place]

    def next_cursor(self, cursor: Cursor, last: T) -> Cursor:
        """Return the cursor of the page that begins after an item."""
        value = self.read(last)
        if self.dated and isinstance(value, (int, float)):
            value = int(value) * 1000
        return Cursor(cursor.page + 1, value, self.name(last))

    def _key(self, item: T) -> tuple[Key, Key]:
        return sort_key(self.read(item)), sort_key(self.name(item))


def sort_key(value: object) -> Key:
    """Return what orders values of several types: what is missing, numbers, text."""
    if value is None:
        return (0, 0)
    if isinstance(value, (int, float)):
        return (1, value)
    return (2, str(value))
