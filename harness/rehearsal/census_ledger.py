"""The ledger of a rehearsal: a SQLite file that holds what became of each person, beside both copies of everyone.

It is made once by `census`, read by reports and claims, and deleted with the copies. Statements stream: memory does not
grow with the workspace.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SCHEMA: Final = """
CREATE TABLE people (
    person_id TEXT PRIMARY KEY, role_before TEXT, role_after TEXT, fate TEXT NOT NULL, into_id TEXT,
    lost INTEGER NOT NULL DEFAULT 0, overwritten INTEGER NOT NULL DEFAULT 0, united INTEGER NOT NULL DEFAULT 0,
    moved INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0, added INTEGER NOT NULL DEFAULT 0,
    assumed INTEGER NOT NULL DEFAULT 0, details TEXT) WITHOUT ROWID;
CREATE TABLE merges (
    from_id TEXT PRIMARY KEY, into_id TEXT NOT NULL, heir_id TEXT NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX merges_heir ON merges (heir_id, number);
CREATE TABLE things (person_id TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE TABLE findings (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, person_id TEXT NOT NULL, other_id TEXT, told TEXT NOT NULL);
CREATE INDEX findings_kind ON findings (kind, number);
CREATE TABLE assumed (rule TEXT PRIMARY KEY, people INTEGER NOT NULL) WITHOUT ROWID;
"""
CACHE: Final = 64 * 1024
"""Kilobytes that SQLite may hold of each of the three files."""


class CensusLedger:
    """An open ledger; `before` and `after` are attached under these names."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.create_function = connection.create_function

    def number(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Return the one number that a statement yields, 0 for none."""
        row = self.execute(sql, parameters).fetchone()
        return int(row[0] or 0) if row else 0

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[sqlite3.Row]:
        """Yield the rows of a statement; its cursor is its own, so that others may run meanwhile."""
        cursor = self._connection.cursor()
        cursor.row_factory = sqlite3.Row
        yield from cursor.execute(sql, parameters)

    def find(self, kind: str, person_id: str, told: str, other_id: str | None = None) -> None:
        """Note something about a person that a claim or a table speaks of."""
        self.execute(
            "INSERT INTO findings (kind, person_id, other_id, told) VALUES (?, ?, ?, ?)",
            (kind, person_id, other_id, told),
        )

    def count(self, kind: str) -> int:
        """Return how many findings of a kind there are."""
        return self.number("SELECT count(*) FROM findings WHERE kind = ?", (kind,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@contextmanager
def open_ledger(path: Path, before: Path, after: Path) -> Iterator[CensusLedger]:
    """Make an empty ledger beside two databases of one workspace, and close it at the end of the block."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    try:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(SCHEMA)
        for name, file in (("before", before), ("after", after)):
            connection.execute(f"ATTACH ? AS {name}", (str(file),))
            connection.execute(f"PRAGMA {name}.cache_size = -{CACHE}")
        yield CensusLedger(connection)
    finally:
        connection.close()
