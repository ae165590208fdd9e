"""The index that lists and searches read: the workspace as it was some time ago, while reads by id are immediate.

Recorded (facts 23 and 66): a list and a search show each contact as a whole as it was at one earlier moment, whether it
was made, changed, archived, restored, merged, converted or deleted since. Without a lag this is the store itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

import msgspec

from harness.sandbox.rules.person import Kind, Person, email_key
from harness.sandbox.store import index_log
from harness.sandbox.store.database import Database
from harness.sandbox.store.person_store import ListOrder, PersonStore

_decode = msgspec.msgpack.Decoder(Person).decode

CONTACT_KINDS: tuple[Kind, ...] = ("lead", "user")


class ListedPeople(Protocol):
    """What lists and searches read contacts from."""

    def get(self, person_id: str) -> Person | None:
        """Return the person with this id."""
        ...

    def by_external_id(self, external_id: str) -> list[Person]:
        """Return everyone with this external id."""
        ...

    def by_email(self, email: str | None, kind: Kind | None = None) -> list[Person]:
        """Return everyone with this e-mail."""
        ...

    def by_phone(self, phone: str) -> list[Person]:
        """Return everyone with this phone number."""
        ...

    def contacts(self) -> Iterator[Person]:
        """Yield every contact who is not archived, the newest first."""
        ...

    def count(self, *kinds: Kind) -> int:
        """Return how many there are of these kinds, archived ones aside."""
        ...

    def page(
        self, kinds: tuple[Kind, ...], limit: int, *, before: int | None = None, skip: int = 0
    ) -> list[tuple[int, Person]]:
        """Return a page of people with their place in the order, the newest first."""
        ...

    def listing(self, order: ListOrder, limit: int, after: tuple[int, str] | None) -> list[Person]:
        """Return contacts in an order, after a place in it."""
        ...


class SearchIndex:
    """The index of one workspace. Its user holds the workspace's lock."""

    def __init__(self, database: Database, people: PersonStore) -> None:
        self._db = database
        self._people = people

    def follow(self, *, on: bool, now: int, delay: float) -> None:
        """Begin or cease to log changes.

        Contacts who were made shortly before are logged as well: they are new to an index that begins to lag.
        """
        names = [name for (name,) in self._db.all(index_log.NAMES)]
        if on and not names:
            self._log_newcomers(now - max(delay, index_log.KEPT))
            for statement in index_log.TRIGGERS:
                self._db.execute(statement)
        elif not on and names:
            for name in names:
                self._db.execute(f"DROP TRIGGER {name}")
            self._db.execute("DELETE FROM index_log")

    def _log_newcomers(self, since: float) -> None:
        first = f"{max(int(since), 0) + 1:08x}"
        made = self._db.all("SELECT person_id, seq FROM people WHERE person_id >= ?", (first,))
        rows = [(person_id, int(person_id[:8], 16), seq) for person_id, seq in made]
        logged = {row[0] for row in rows}
        for person_id, at in self._people.visitors_until(since).items():
            if person_id not in logged and (found := self._db.one(SEQ, (person_id,))):
                rows.append((person_id, at, found[0]))
        self._db.executemany("INSERT INTO index_log (person_id, at, seq) VALUES (?, ?, ?)", rows)

    def as_of(self, moment: float, now: float) -> ListedPeople:
        """Return the people as they were at a moment; the store itself where nobody changed since."""
        self._mend_clock(now)
        if self._db.one("SELECT 1 FROM index_log WHERE at > ? LIMIT 1", (moment,)) is None:
            return self._people
        return EarlierPeople(self._db, self._people, moment)

    def _mend_clock(self, now: float) -> None:
        """After a clock was set back, what was written in its future is taken to be written now."""
        if self._db.one("SELECT 1 FROM index_log WHERE at > ? LIMIT 1", (now,)) is None:
            return
        with self._db.transaction():
            self._db.execute(LATER_ROWS, (now,))
            self._db.execute("UPDATE index_log SET at = ?1 WHERE at > ?1", (now,))


class EarlierPeople:
    """The people of a workspace as they were at a moment."""

    def __init__(self, database: Database, people: PersonStore, moment: float) -> None:
        self._db = database
        self._people = people
        self._moment = moment

    def get(self, person_id: str) -> Person | None:
        """Return the person with this id, as they were."""
        row = self._db.one(f"{THEN} AND person_id = ?2", (self._moment, person_id))
        return _person(row) if row else self._people.get(person_id)

    def by_external_id(self, external_id: str) -> list[Person]:
        """Return everyone who had this external id."""
        return self._having("external_id", external_id, self._people.by_external_id(external_id))

    def by_email(self, email: str | None, kind: Kind | None = None) -> list[Person]:
        """Return everyone of a kind who had this e-mail."""
        key = email_key(email)
        if key is None:
            return []
        found = self._having("email_key", key, self._people.by_email(email))
        return [person for person in found if kind in (None, person.kind)]

    def by_phone(self, phone: str) -> list[Person]:
        """Return everyone who had this phone number."""
        return self._having("phone", phone, self._people.by_phone(phone))

    def _having(self, column: str, value: str, now: list[Person]) -> list[Person]:
        same = [person for person in now if not self._changed(person.person_id)]
        rows = self._db.all(f"{THEN} AND {column} = ?2 ORDER BY seq", (self._moment, value))
        return sorted([*same, *filter(None, map(_person, rows))], key=self._place)

    def _changed(self, person_id: str) -> bool:
        found = self._db.one(
            "SELECT 1 FROM index_log WHERE person_id = ? AND at > ? LIMIT 1", (person_id, self._moment)
        )
        return found is not None

    def _place(self, person: Person) -> int:
        row = self._db.one(SEQ, (person.person_id,)) or self._db.one(LOGGED_SEQ, (person.person_id,))
        return int(row[0])

    def contacts(self) -> Iterator[Person]:
        """Yield every contact who was not archived then, the newest first."""
        return (person for _, person in self.page(CONTACT_KINDS, 2**62))

    def count(self, *kinds: Kind) -> int:
        """Return how many there were of these kinds, archived ones aside."""
        marks = ", ".join("?" * len(kinds))
        changed = self._db.one(
            f"SELECT count(*) FROM people WHERE kind IN ({marks}) AND archived = 0 "  # noqa: S608 - question marks
            "AND person_id IN (SELECT person_id FROM index_log WHERE at > ?)",
            (*kinds, self._moment),
        )
        return self._people.count(*kinds) - int(changed[0]) + len(self._then(kinds))

    def page(
        self, kinds: tuple[Kind, ...], limit: int, *, before: int | None = None, skip: int = 0
    ) -> list[tuple[int, Person]]:
        """Return a page of people as they were, the newest first."""
        then = [(seq, person) for seq, person in self._then(kinds) if before is None or seq < before]
        changed = {person_id for (person_id,) in self._db.all(CHANGED, (self._moment,))}
        now = self._people.page(kinds, min(limit + skip + len(changed), 2**62), before=before)
        same = [(seq, person) for seq, person in now if person.person_id not in changed]
        return sorted([*then, *same], key=lambda one: -one[0])[skip : skip + limit]

    def listing(self, order: ListOrder, limit: int, after: tuple[int, str] | None) -> list[Person]:
        """Return contacts as they were, in an order, after a place in it."""
        then = [person for _, person in self._then(CONTACT_KINDS) if after is None or _follows(order, person, after)]
        changed = {person_id for (person_id,) in self._db.all(CHANGED, (self._moment,))}
        now = self._people.listing(order, limit + len(changed), after)
        same = [person for person in now if person.person_id not in changed]
        return sorted([*then, *same], key=KEYS[order], reverse=order == "updated")[:limit]

    def _then(self, kinds: tuple[Kind, ...]) -> list[tuple[int, Person]]:
        """Everyone of these kinds who changed since, as they were, archived ones aside."""
        rows = self._db.all(THEN, (self._moment,))
        found = ((row[1], _person(row)) for row in rows if row[2] in kinds)
        return [(seq, person) for seq, person in found if person is not None and not person.archived]


KEYS: Final[Mapping[ListOrder, Callable[[Person], tuple[int, str]]]] = {
    "updated": lambda person: (person.updated_at, person.person_id),
    "made": lambda person: (0, person.person_id),
}


def _follows(order: ListOrder, person: Person, after: tuple[int, str]) -> bool:
    if order == "updated":
        return KEYS[order](person) < after
    return person.person_id > after[1]


THEN = """SELECT person_id, seq, kind, document, had FROM index_log AS log WHERE at > ?1 AND number = (
    SELECT min(number) FROM index_log WHERE person_id = log.person_id AND at > ?1)"""
CHANGED = "SELECT DISTINCT person_id FROM index_log WHERE at > ?"
SEQ = "SELECT seq FROM people WHERE person_id = ?"
LOGGED_SEQ = "SELECT seq FROM index_log WHERE person_id = ?"
LATER_ROWS = """DELETE FROM index_log WHERE at > ?1 AND number NOT IN (
    SELECT min(number) FROM index_log WHERE at > ?1 GROUP BY person_id)"""


def _person(row: tuple[str, int, str, bytes | None, str | None]) -> Person | None:
    """A person as the log tells them, with what they had; `None` where they were not there yet."""
    _, _, _, document, had = row
    if document is None:
        return None
    found = _decode(document)
    found.owns, found.had = had is not None, json.loads(had) if had is not None else None
    return found
