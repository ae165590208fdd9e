"""Works out from the field table which keys a version shows of a contact, as of a date."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Final

from harness.sandbox.rules.contact_field import ContactField
from harness.sandbox.rules.contact_fields import FIELDS, LOCATION, OLD_KEYS
from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import Version

WORKED_OUT: Final = frozenset({"external_id", "name", "avatar", "owner_id", "social_profiles", "location"})
"""Fields that are stored and shown in another form."""


@dataclass(frozen=True, slots=True)
class ShownFields:
    """The keys of a contact in their order, and which of them are copied from the person as they are."""

    empty: dict[str, object]
    copied: tuple[str, ...]
    values: Callable[[Person], tuple[object, ...]]
    further: tuple[str, ...]
    location: tuple[tuple[str, str], ...]
    blank_texts: tuple[str, ...]

    def fill(self, shown: dict[str, object], person: Person) -> None:
        """Copy the person's plain attributes into a contact."""
        shown.update(zip(self.copied, self.values(person), strict=True))
        for name in self.further:
            shown[name] = person.further.get(name)

    def blank(self, shown: dict[str, object]) -> None:
        """Show a missing text as `""`, as reads by id did before a date and lists never."""
        for name in self.blank_texts:
            if shown[name] is None:
                shown[name] = ""


@lru_cache(256)
def shown_fields(version: Version, as_of: str | None) -> ShownFields:
    """Return what `version` shows as of an ISO date; `None` is the newest."""
    return shown_of(FIELDS, version, as_of)


def shown_of(table: Iterable[ContactField], version: Version, as_of: str | None) -> ShownFields:
    """Return what the rows of a table show."""
    covering = (row for row in table if row.shown is not None and row.shown.covers(version))
    rows = [row for row in covering if _is_there(row.since, as_of)]
    copied = [row for row in rows if row.fate is not None and row.name not in WORKED_OUT and _is_own(row)]
    return ShownFields(
        empty={**dict.fromkeys(row.name for row in rows), "type": "contact"},
        copied=tuple(row.name for row in copied),
        values=_values(row.attribute for row in copied),
        further=tuple(row.name for row in rows if row.fate is not None and not _is_own(row)),
        location=tuple((name, stored) for name, stored, since in LOCATION if _is_there(since, as_of)),
        blank_texts=tuple(row.name for row in rows if row.blank_until and not _is_there(row.blank_until, as_of)),
    )


@lru_cache(64)
def not_yet(as_of: str) -> frozenset[str]:
    """Return the keys that 1.x did not have yet on an ISO date."""
    dated = {name: row.old_since for row in FIELDS for name in row.old} | OLD_KEYS
    return frozenset(name for name, since in dated.items() if not _is_there(since, as_of))


def _is_there(since: str, as_of: str | None) -> bool:
    return not since or as_of is None or as_of >= since


def _is_own(row: ContactField) -> bool:
    return row.attribute in Person.__struct_fields__


def _values(attributes: Iterable[str]) -> Callable[[Person], tuple[object, ...]]:
    read: Callable[[Person], tuple[object, ...]] = attrgetter(*attributes)
    return read
