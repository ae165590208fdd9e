"""People in the database: who is there, who is gone and why, and how to find either by each identifier.

Somebody who was merged or deleted is not flagged but moved to the tombstones, so no read can show them by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from harness.sandbox.rules.person import Kind, Person, email_key
from harness.sandbox.store import former_people
from harness.sandbox.store.database import Database

ListOrder: TypeAlias = Literal["updated", "made"]
"""The latest changed first, or the oldest first."""
Reason: TypeAlias = Literal["merged", "deleted", "converted"]

_decode = msgspec.msgpack.Decoder(Person).decode
_encode = msgspec.msgpack.Encoder().encode

REASONS_GONE: tuple[Literal["merged", "deleted"], ...] = ("merged", "deleted")
CONTACTS = "('lead', 'user')"
MAX_HOPS = 3
"""How many merges in a row are followed (facts §4); whoever stands there may have been merged away as well."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Somebody who is gone, or who is somebody else now."""

    person_id: str
    kind: Kind
    external_id: str | None
    reason: Reason
    into_id: str | None
    at: int


class PersonStore:
    """The people of one workspace."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self.listener: Callable[[Person | None, Person | None, Reason | None], None] | None = None
        """Told who somebody was, who they are now and why they are gone; nobody is told where nobody subscribed."""

    def add(self, person: Person) -> None:
        """Let somebody new in."""
        if self.listener is not None:
            self.listener(None, person, None)
        self._db.execute(
            "INSERT INTO people (person_id, kind, archived, external_id, email_key, phone, updated_at, document) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (person.person_id, *_columns(person)),
        )

    def put(self, person: Person) -> None:
        """Write somebody who is there already."""
        if self.listener is not None:
            self.listener(self.get(person.person_id), person, None)
        self._db.execute(
            "UPDATE people SET kind = ?, archived = ?, external_id = ?, email_key = ?, phone = ?, updated_at = ?, "
            "document = ? WHERE person_id = ?",
            (*_columns(person), person.person_id),
        )

    def get(self, person_id: str) -> Person | None:
        """Whoever has this id."""
        row = self._db.one("SELECT document, owns FROM people WHERE person_id = ?", (person_id,))
        return _person(*row) if row else None

    def by_external_id(self, external_id: str) -> list[Person]:
        """Everyone with this external id: at most one user, and whatever leads and visitors."""
        rows = self._db.all("SELECT document, owns FROM people WHERE external_id = ? ORDER BY seq", (external_id,))
        return [_person(*row) for row in rows]

    def by_email(self, email: str | None, kind: Kind | None = None) -> list[Person]:
        """Everyone of a kind (or of any) with this e-mail, the oldest first."""
        key = email_key(email)
        if key is None:
            return []
        rows = self._db.all("SELECT kind, document, owns FROM people WHERE email_key = ? ORDER BY seq", (key,))
        return [_person(*row) for found, *row in rows if kind in (None, found)]

    def by_phone(self, phone: str) -> list[Person]:
        """Everyone with this phone number."""
        rows = self._db.all("SELECT document, owns FROM people WHERE phone = ? ORDER BY seq", (phone,))
        return [_person(*row) for row in rows]

    def contacts(self) -> Iterator[Person]:
        """Every lead and user who is not archived, the newest first."""
        cursor = self._db.execute(
            f"SELECT document, owns FROM people WHERE kind IN {CONTACTS} AND archived = 0 ORDER BY seq DESC"  # noqa: S608
        )
        return (_person(*row) for row in cursor.fetchall())

    def everyone(self, kind: Kind) -> Iterator[Person]:
        """Everyone of a kind who is not archived, the newest first."""
        cursor = self._db.execute(
            "SELECT document, owns FROM people WHERE kind = ? AND archived = 0 ORDER BY seq DESC", (kind,)
        )
        return (_person(*row) for row in cursor.fetchall())

    def count(self, *kinds: Kind) -> int:
        """How many there are of these kinds, archived ones aside."""
        marks = ", ".join("?" * len(kinds))
        row = self._db.one(f"SELECT count(*) FROM people WHERE kind IN ({marks}) AND archived = 0", kinds)  # noqa: S608
        return int(row[0])

    def count_tagged(self, tag_id: int, kind: Kind) -> int:
        """How many of a kind have a tag, archived ones aside."""
        row = self._db.one(
            "SELECT count(*) FROM taggings JOIN people USING (person_id) "
            "WHERE tag_id = ? AND kind = ? AND archived = 0",
            (tag_id, kind),
        )
        return int(row[0])

    def tagged(self, tag_id: int, kind: Kind) -> list[Person]:
        """Everyone of a kind who has a tag and is not archived, the newest first."""
        rows = self._db.all(
            "SELECT document, owns FROM taggings JOIN people USING (person_id) "
            "WHERE tag_id = ? AND kind = ? AND archived = 0 ORDER BY seq DESC",
            (tag_id, kind),
        )
        return [_person(*row) for row in rows]

    def page(
        self, kinds: tuple[Kind, ...], limit: int, *, before: int | None = None, skip: int = 0
    ) -> list[tuple[int, Person]]:
        """A page of people with their place in the order, the newest first."""
        marks = ", ".join("?" * len(kinds))
        rows = self._db.all(
            f"SELECT seq, document, owns FROM people WHERE kind IN ({marks}) AND archived = 0 "  # noqa: S608
            "AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?",
            (*kinds, 2**62 if before is None else before, limit, skip),
        )
        return [(seq, _person(*row)) for seq, *row in rows]

    def listing(self, order: ListOrder, limit: int, after: tuple[int, str] | None) -> list[Person]:
        """Return contacts in an order, after a place in it: a time in seconds and an id."""
        if order == "updated":
            rows = self._db.all(UPDATED_FIRST, (*(after or LATEST), limit))
        else:
            rows = self._db.all(OLDEST_FIRST, ("" if after is None else after[1], limit))
        return [_person(*row) for row in rows]

    def tombstone(self, person: Person, reason: Reason, at: int, into_id: str | None = None) -> None:
        """Move somebody out, for good."""
        if self.listener is not None:
            self.listener(person, None, reason)
        self.remember(person, reason, at, into_id)
        self._db.execute("DELETE FROM people WHERE person_id = ?", (person.person_id,))

    def remember(self, person: Person, reason: Reason, at: int, into_id: str | None = None) -> None:
        """Note what becomes of somebody; told before anything is changed."""
        key = email_key(person.email)
        grave = (person.person_id, person.kind, person.external_id, key, reason, into_id, at)
        former_people.tombstone(self._db, grave, person)

    def departed(self, limit: int) -> list[tuple[int, Tombstone]]:
        """Who is gone, or somebody else now, each with its number, the latest first."""
        rows = self._db.all(
            "SELECT seq, person_id, kind, external_id, reason, into_id, at FROM tombstones ORDER BY seq DESC LIMIT ?",
            (limit,),
        )
        return [(row[0], Tombstone(*row[1:])) for row in rows]

    def was_here(self, external_id: str) -> bool:
        """Whether somebody with this external id is gone, or is somebody else now."""
        return self._db.one("SELECT 1 FROM tombstones WHERE external_id = ? LIMIT 1", (external_id,)) is not None

    def visitors_until(self, since: float) -> dict[str, int]:
        """Who was a visitor until some time after that moment, and is a contact now: ids, and when they changed."""
        rows = self._db.all(
            "SELECT person_id, at FROM tombstones WHERE reason = 'converted' AND kind = 'visitor' AND at > ?", (since,)
        )
        return dict(rows)

    def reason_gone(self, contact_id: str) -> Literal["merged", "deleted"] | None:
        """Return why a contact is gone; `None` for one who is there or never was."""
        for reason in REASONS_GONE:
            row = self._db.one(
                f"SELECT 1 FROM tombstones WHERE person_id = ? AND reason = '{reason}' AND kind IN {CONTACTS}",  # noqa: S608
                (contact_id,),
            )
            if row:
                return reason
        return None

    def held_by(self, external_id: str | None, email: str | None) -> str | None:
        """Return the id of a user who is gone and still holds the external id or the e-mail (facts-recorded 11, 50)."""
        for column, value in (("external_id", external_id), ("email_key", email_key(email))):
            row = value and self._db.one(
                f"SELECT person_id FROM tombstones WHERE {column} = ? AND kind = 'user' "  # noqa: S608
                "AND reason IN ('merged', 'deleted') ORDER BY seq DESC",
                (value,),
            )
            if row:
                return str(row[0])
        return None

    def merged_into_id(self, *, contact_id: str | None = None, external_id: str | None = None) -> str | None:
        """The id of whoever a merged-away contact is now, through a chain of merges; `None` for everybody else."""
        column, value = ("person_id", contact_id) if contact_id is not None else ("external_id", external_id)
        row = self._db.one(
            f"SELECT into_id FROM tombstones WHERE {column} = ? AND reason = 'merged' AND kind IN {CONTACTS} "  # noqa: S608
            "ORDER BY seq DESC",
            (value,),
        )
        found = str(row[0]) if row else None
        for _ in range(MAX_HOPS - 1):
            if found is None or (further := self._next_heir(found)) is None:
                break
            found = further
        return found

    def _next_heir(self, contact_id: str) -> str | None:
        row = self._db.one("SELECT into_id FROM tombstones WHERE person_id = ? AND reason = 'merged'", (contact_id,))
        return str(row[0]) if row else None

    def merged_into(self, contact_id: str) -> list[tuple[int, Tombstone]]:
        """The contacts that were merged into this one, each with its place in the order, the newest first."""
        rows = self._db.all(
            "SELECT seq, person_id, kind, external_id, reason, into_id, at FROM tombstones "
            "WHERE into_id = ? AND reason = 'merged' AND kind IN ('lead', 'user') ORDER BY seq DESC",
            (contact_id,),
        )
        return [(row[0], Tombstone(*row[1:])) for row in rows]


LATEST = (2**62, "")
UPDATED_FIRST = """SELECT document, owns FROM people WHERE archived = 0 AND kind != 'visitor'
    AND (updated_at, person_id) < (?, ?) ORDER BY updated_at DESC, person_id DESC LIMIT ?"""
OLDEST_FIRST = """SELECT document, owns FROM people WHERE archived = 0 AND kind != 'visitor' AND person_id > ?
    ORDER BY person_id LIMIT ?"""


def _person(document: bytes, owns: int) -> Person:
    found = _decode(document)
    if owns:
        found.owns = True
    return found


def _columns(person: Person) -> tuple[str, int, str | None, str | None, str | None, int, bytes]:
    return (
        person.kind,
        int(person.archived),
        person.external_id,
        email_key(person.email),
        person.phone,
        person.updated_at,
        _encode(person),
    )
