"""Fills the database of one workspace with many people at once, without a request for each.

Indices and triggers are taken off while rows come in and put back at the end, which is several times faster; the file
is then what requests would have made of it. Nothing here is safe against a crash: the caller writes into a file of its
own, and moves it into its place when all is done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

import msgspec

from harness.sandbox.rules.person import Person, email_key
from harness.sandbox.store import database
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.belongings import Company, Conversation, Note

AT_ONCE: Final = 2_000
"""Rows of people that are written together."""
CACHE: Final = 48 * 1024
"""KiB of pages that SQLite keeps in memory."""
PRAGMAS: Final = (
    "journal_mode = OFF",
    "synchronous = OFF",
    f"cache_size = -{CACHE}",
    "temp_store = FILE",
    "threads = 2",
)

PERSON: Final = "INSERT OR IGNORE INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ROWS: Final = {
    "taggings": "INSERT OR IGNORE INTO taggings (person_id, tag_id, applied_at) VALUES (?, ?, ?)",
    "memberships": "INSERT OR IGNORE INTO memberships VALUES (?, ?, ?)",
    "consents": "INSERT OR IGNORE INTO consents VALUES (?, ?, ?)",
    "notes": "INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?, ?)",
    "tags": "INSERT OR IGNORE INTO tags VALUES (?, ?, ?)",
    "companies": "INSERT OR IGNORE INTO companies (company_key, company_id, name, document) VALUES (?, ?, ?, ?)",
    "conversations": "INSERT OR IGNORE INTO conversations (conversation_id, document) VALUES (?, ?)",
    "participants": "INSERT OR IGNORE INTO participants VALUES (?, ?)",
    "labels": "INSERT OR IGNORE INTO labels VALUES (?, ?, ?, ?)",
    "attributes": "INSERT OR IGNORE INTO attributes VALUES (?, ?, ?, ?)",
}
"""How a row of each other table is written; one that is there already stays as it is."""

LATE: Final = ("notes", "participants")
"""Tables of what people have that may be filled after them; the others are filled with them."""
OWNERS: Final = " UNION ".join(f"SELECT person_id FROM {table}" for table in LATE)  # noqa: S608 - ours
NOTE_OWNERS: Final = f"UPDATE people SET owns = 1 WHERE owns = 0 AND person_id IN ({OWNERS})"  # noqa: S608 - ours

IN_ORDER: Final = {"companies": "company_key", "conversations": "CAST(conversation_id AS INTEGER)"}
"""Tables that are listed the newest first, with what tells the order in which their rows were made: ids rise."""

_encode = msgspec.msgpack.Encoder().encode


PersonRow: TypeAlias = tuple[
    int | None, str, str, bool, str | None, str | None, str | None, int, bool, bytes
]  # fmt: skip
"""A row of `people`."""


def person_row(person: Person, *, owns: bool, seq: int | None = None) -> PersonRow:
    """Return the row of a person.

    owns: whether a tagging, a membership or a consent of theirs is added; notes and conversations are seen at the end.
    seq: their place in the order of everyone, the oldest first; the next one by default.
    """
    return (
        seq,
        person.person_id,
        person.kind,
        person.archived,
        person.external_id,
        email_key(person.email),
        person.phone,
        person.updated_at,
        owns,
        _encode(person),
    )


class BulkWriter:
    """Writes people and what they have into a new database. Use it in a `with` block, which closes the file."""

    def __init__(self, path: Path) -> None:
        database.make_file(path)
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._set_aside = self._take_off_indices()
        self._people: list[tuple[object, ...]] = []
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in ROWS}
        self.taggings = self._rows["taggings"].append
        """Adds a tagging: person id, tag id, time."""
        self.consents = self._rows["consents"].append
        """Adds an opt-in or an opt-out: person id, id of the subscription type, `opt_in` or `opt_out`."""
        self._memberships = 0
        self._connection.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def _take_off_indices(self) -> list[str]:
        """Drop each index and each trigger, and return what makes them again, the triggers last."""
        found = self._connection.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
        ).fetchall()
        for kind, name, _ in found:
            self._connection.execute(f"DROP {kind} {name}")
        return [sql for _, _, sql in sorted(found)]

    def person(self, person: Person, *, owns: bool) -> None:
        """Add a person; `person_row` says what `owns` is."""
        self._people.append(person_row(person, owns=owns))
        if len(self._people) >= AT_ONCE:
            self.flush()

    def contacts(
        self,
        people: Sequence[PersonRow],
        taggings: Iterable[tuple[str, int, int]],
        memberships: Sequence[tuple[str, str]],
        consents: Iterable[tuple[str, int, str]],
    ) -> None:
        """Write rows of people at once, with what they have; of two people with one id the first counts."""
        self._connection.executemany(PERSON, people)
        self._connection.executemany(ROWS["taggings"], taggings)
        numbered = ((*row, number) for number, row in enumerate(memberships, self._memberships + 1))
        self._connection.executemany(ROWS["memberships"], numbered)
        self._memberships += len(memberships)
        self._connection.executemany(ROWS["consents"], consents)

    def member(self, person_id: str, company_key: str) -> None:
        """Make a person belong to a company."""
        self._memberships += 1
        self._rows["memberships"].append((person_id, company_key, self._memberships))

    def tag(self, tag_id: int, name: str) -> None:
        """Add a tag; the first of a name counts, letter case aside."""
        self._rows["tags"].append((tag_id, name, name.lower()))

    def note(self, note: Note) -> None:
        """Add a note on somebody."""
        self._add("notes", (note.note_id, note.person_id, note.created_at, note.admin_id, note.body))

    def company(self, company: Company) -> None:
        """Add a company; the first of an id counts."""
        self._add("companies", (company.company_key, company.company_id, company.name, _encode(company)))

    def conversation(self, conversation: Conversation, person_ids: list[str]) -> None:
        """Add a conversation with those who take part in it."""
        self._add("conversations", (conversation.conversation_id, _encode(conversation)))
        self._rows["participants"] += [(person_id, conversation.conversation_id) for person_id in person_ids]

    def label(self, kind: str, thing: str, tag_id: int, at: int) -> None:
        """Hang a tag on a company or a conversation."""
        self._add("labels", (kind, thing, tag_id, at))

    def attribute(self, attribute: Attribute) -> None:
        """Add a data attribute."""
        self._add("attributes", (attribute.attribute_id, attribute.model, attribute.name, _encode(attribute)))

    def _sort(self, table: str, order: str) -> None:
        """Put the rows of a table into an order, if they have another."""
        earlier = f"SELECT {order} AS this, lag({order}) OVER (ORDER BY seq) AS earlier FROM {table}"  # noqa: S608 - ours
        if not self.rows(f"SELECT 1 FROM ({earlier}) WHERE this < earlier LIMIT 1"):  # noqa: S608 - ours
            return
        columns = ", ".join(str(row[1]) for row in self.rows(f"PRAGMA table_info({table})") if row[1] != "seq")
        self._connection.execute(f"CREATE TEMP TABLE sorted AS SELECT {columns} FROM {table} ORDER BY {order}")  # noqa: S608 - ours
        self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        self._connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM sorted ORDER BY rowid")  # noqa: S608 - ours
        self._connection.execute("DROP TABLE sorted")

    def _add(self, table: str, row: tuple[object, ...]) -> None:
        rows = self._rows[table]
        rows.append(row)
        if len(rows) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what was added so far."""
        self._connection.executemany(PERSON, self._people)
        self._people.clear()
        for table, rows in self._rows.items():
            if rows:
                self._connection.executemany(ROWS[table], rows)
                rows.clear()

    def count(self, table: str) -> int:
        """Return how many rows a table has, of those that were written."""
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - ours

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Return the rows that a question yields, of those that were written."""
        return self._connection.execute(sql).fetchall()

    def delete(self, table: str, where: str) -> int:
        """Remove rows that were written, and return how many they were."""
        return self._connection.execute(f"DELETE FROM {table} WHERE {where}").rowcount  # noqa: S608 - ours

    def finish(self, counters: Mapping[str, int]) -> None:
        """Write the rest, the counters, who owns anything, the indices and the triggers.

        counters: up to which number each kind of thing was counted; the sandbox counts on from there.
        """
        self.flush()
        counted = {"memberships": self._memberships, **counters}
        self._connection.executemany("INSERT INTO counters VALUES (?, ?)", counted.items())
        self._connection.execute(NOTE_OWNERS)
        for table, order in IN_ORDER.items():
            self._sort(table, order)
        for statement in self._set_aside:
            self._connection.execute(statement)
        self._connection.execute("COMMIT")
