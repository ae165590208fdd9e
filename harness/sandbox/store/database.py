"""One SQLite database: its schema, its connection and its transactions.

What the tables mean is left to the stores above.

In memory, or one file per workspace in write-ahead mode: a process killed at any moment leaves each request whole or
absent.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from harness.core.errors import Problem
from harness.sandbox.store.index_log import SCHEMA as INDEX_LOG

OF_THE_DISK = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""Errors that the file or its disk gives, by their primary code."""

SCHEMA_VERSION = 7

SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE people (
    seq INTEGER PRIMARY KEY, person_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, archived INTEGER NOT NULL,
    external_id TEXT, email_key TEXT, phone TEXT, updated_at INTEGER NOT NULL, owns INTEGER NOT NULL DEFAULT 0,
    document BLOB NOT NULL);
CREATE INDEX people_external_id ON people (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX people_email ON people (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX people_updated ON people (updated_at, person_id) WHERE archived = 0 AND kind != 'visitor';
CREATE INDEX people_phone ON people (phone) WHERE phone IS NOT NULL;
CREATE TABLE tombstones (
    seq INTEGER PRIMARY KEY, person_id TEXT NOT NULL, kind TEXT NOT NULL, external_id TEXT,
    email_key TEXT, reason TEXT NOT NULL, into_id TEXT, at INTEGER NOT NULL,
    source BLOB, source_had TEXT, target BLOB, target_had TEXT);
CREATE INDEX tombstones_person ON tombstones (person_id) WHERE reason = 'merged';
CREATE INDEX tombstones_deleted ON tombstones (person_id) WHERE reason = 'deleted';
CREATE INDEX tombstones_external_id ON tombstones (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX tombstones_email ON tombstones (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX tombstones_into ON tombstones (into_id) WHERE reason = 'merged';
CREATE TABLE tags (tag_id INTEGER PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE);
CREATE TABLE taggings (
    place INTEGER PRIMARY KEY, person_id TEXT NOT NULL, tag_id INTEGER NOT NULL, applied_at INTEGER NOT NULL,
    UNIQUE (person_id, tag_id));
CREATE INDEX taggings_tag ON taggings (tag_id);
CREATE TABLE labels (
    kind TEXT NOT NULL, thing TEXT NOT NULL, tag_id INTEGER NOT NULL, applied_at INTEGER NOT NULL,
    PRIMARY KEY (kind, thing, tag_id)) WITHOUT ROWID;
CREATE TABLE notes (
    note_id INTEGER PRIMARY KEY, person_id TEXT NOT NULL, created_at INTEGER NOT NULL, admin_id TEXT,
    body TEXT NOT NULL);
CREATE INDEX notes_person ON notes (person_id);
CREATE TABLE companies (
    seq INTEGER PRIMARY KEY, company_key TEXT NOT NULL UNIQUE, company_id TEXT UNIQUE, name TEXT,
    document BLOB NOT NULL);
CREATE INDEX companies_name ON companies (name);
CREATE TABLE memberships (
    person_id TEXT NOT NULL, company_key TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (person_id, company_key)
    ) WITHOUT ROWID;
CREATE INDEX memberships_company ON memberships (company_key);
CREATE TABLE conversations (
    seq INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL UNIQUE, document BLOB NOT NULL);
CREATE TABLE participants (
    person_id TEXT NOT NULL, conversation_id TEXT NOT NULL, PRIMARY KEY (person_id, conversation_id)) WITHOUT ROWID;
CREATE INDEX participants_conversation ON participants (conversation_id);
CREATE TABLE consents (
    person_id TEXT NOT NULL, subscription_id INTEGER NOT NULL, consent TEXT NOT NULL,
    PRIMARY KEY (person_id, subscription_id)) WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, person_id TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL, metadata BLOB);
CREATE INDEX events_person ON events (person_id);
CREATE TABLE event_counts (
    person_id TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (person_id, name)) WITHOUT ROWID;
CREATE TABLE attributes (
    attribute_id INTEGER PRIMARY KEY, model TEXT NOT NULL, name TEXT NOT NULL, document BLOB NOT NULL,
    UNIQUE (model, name));
CREATE TABLE scrolls (
    scroll TEXT PRIMARY KEY, kind TEXT NOT NULL, after INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
"""

BELONGINGS = ("taggings", "memberships", "participants", "notes", "events", "event_counts", "consents")
"""The tables of what hangs on people. Each notes in `people.owns` that somebody ever had anything: most never do."""

NOTING = "UPDATE people SET owns = 1 WHERE person_id = new.person_id AND NOT owns"
OWNING = "\n".join(
    f"CREATE TRIGGER {table}_{when[:6].lower()} AFTER {when} ON {table} BEGIN {NOTING}; END;"
    for table in BELONGINGS
    for when in ("INSERT", "UPDATE OF person_id")
)


class Transaction:
    """The length of a block in which all is done, or nothing."""

    __slots__ = ("_clock", "_execute", "moment")

    def __init__(self, execute: Callable[[str], object], clock: Callable[[], float]) -> None:
        self._execute = execute
        self._clock = clock
        self.moment = 0.0
        """When the latest transaction began."""

    def __enter__(self) -> None:
        self.moment = self._clock()
        self._execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._undo()
            return
        try:
            self._execute("COMMIT")
        except sqlite3.Error:
            self._undo()
            raise

    def _undo(self) -> None:
        with suppress(sqlite3.OperationalError):  # a full disk has SQLite undo it by itself
            self._execute("ROLLBACK")


class Database:
    """A connection for one thread at a time; whoever owns it holds a lock. `clock` tells the time of a write."""

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._connection = self._connect()
        self.execute = self._connection.execute
        self._transaction = Transaction(self.execute, clock)
        self.executemany = self._connection.executemany
        self._connection.create_function("moment", 0, self._moment)

    def _moment(self) -> float:
        return self._transaction.moment if self._connection.in_transaction else self._clock()

    def _connect(self) -> sqlite3.Connection:
        if self._path is not None and self._path.exists() and not os.access(self._path, os.W_OK):
            raise unreadable(self._path, "it may not be written")
        try:
            if self._path is None:
                return _made(":memory:")
            if not self._path.exists():
                make_file(self._path)
            if self._path.stat().st_size == 0:
                raise unreadable(self._path, "there is nothing in it, and one of the sandbox's is never empty")
            return self._opened(self._path)
        except sqlite3.Error as error:
            raise unreadable(self._path, str(error)) from error

    def _opened(self, path: Path) -> sqlite3.Connection:
        connection = _connection(str(path))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found != SCHEMA_VERSION:
            connection.close()
            raise unreadable(path, f"its schema is version {found}, this sandbox writes version {SCHEMA_VERSION}")
        return connection

    def transaction(self) -> Transaction:
        """All or nothing: whatever leaves the block as an exception undoes it."""
        return self._transaction

    def one(self, sql: str, parameters: tuple[object, ...] = ()) -> Any:
        """The first row, or `None`."""
        return self.execute(sql, parameters).fetchone()

    def all(self, sql: str, parameters: tuple[object, ...] = ()) -> list[Any]:
        """Every row."""
        return self.execute(sql, parameters).fetchall()

    def next(self, counter: str) -> int:
        """Count one further; counters begin at 1 and are part of the transaction."""
        (value,) = self.execute(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (counter,),
        ).fetchone()
        return int(value)

    def count_from(self, counter: str, value: int) -> None:
        """Have a counter go on after this value, where it is not beyond it already."""
        self.execute(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (counter, value),
        )

    @property
    def changes(self) -> int:
        """How many rows were changed so far; the same number later means that nothing was."""
        return self._connection.total_changes

    def trace(self, listener: Callable[[str], object] | None) -> None:
        """Tell a listener each statement that is run, with its values, or stop telling."""
        self._connection.set_trace_callback(listener)

    def clear(self) -> None:
        """Empty every table, the counters included."""
        tables = [name for (name,) in self.all("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        with self.transaction():
            for table in tables:
                self.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own schema

    @property
    def in_transaction(self) -> bool:
        """Return whether a transaction is open."""
        return self._connection.in_transaction

    def dump(self) -> bytes:
        """The whole database as bytes."""
        return self._connection.serialize()

    def restore(self, content: bytes, made_by: str) -> None:
        """Put back what `dump` gave, if it was made by the same; anything else is a `Problem` and changes nothing."""
        with closing(sqlite3.connect(":memory:")) as source:
            try:
                source.deserialize(content)
                (version,) = source.execute("PRAGMA user_version").fetchone()
                maker = source.execute("SELECT value FROM settings WHERE name = 'made by'").fetchone()
            except sqlite3.Error as error:
                raise _foreign("it cannot be read", str(error)) from error
            if version != SCHEMA_VERSION:
                raise _foreign("it is of another version", f"schema {version}, not {SCHEMA_VERSION}")
            if maker is None or maker[0] != made_by:
                raise _foreign("it was made elsewhere", f"{maker[0] if maker else 'unknown'}, not {made_by}")
            source.backup(self._connection)

    def trouble(self, error: sqlite3.Error) -> Problem | None:
        """What is wrong with the file or its disk, if that is what an error tells: it is no mistake of ours then."""
        if self._path is None or error.sqlite_errorcode & 0xFF not in OF_THE_DISK:
            return None
        return Problem(
            f"The sandbox cannot go on with its state file {self._path}.",
            evidence=str(error),
            why="the disk is full or does not take it, or the file was damaged; the request changed nothing",
            remedy="make room, or start again with another folder with --state",
        )

    def close(self) -> None:
        """Close the connection; a file stays behind complete."""
        self._connection.close()


def _connection(where: str) -> sqlite3.Connection:
    return sqlite3.connect(where, check_same_thread=False, isolation_level=None, cached_statements=512)


def _made(where: str) -> sqlite3.Connection:
    connection = _connection(where)
    connection.executescript(f"BEGIN; {SCHEMA} {INDEX_LOG} {OWNING} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    return connection


def make_file(path: Path) -> None:
    """Make the file of a workspace with nothing in it.

    It has another name until it is whole: an empty file in its place is damage, never one that was just begun.
    """
    begun = path.with_suffix(".begun")
    begun.unlink(missing_ok=True)
    _made(str(begun)).close()
    begun.replace(path)


def unreadable(path: Path | None, evidence: str) -> Problem:
    """The problem of a state file that cannot be used; it is left as it is."""
    return Problem(
        f"The sandbox cannot use its state file {path}.",
        evidence=evidence,
        why="the file is damaged, cannot be written, or was made by another version of the harness",
        remedy="move the file away, or give another folder with --state",
    )


def _foreign(what: str, evidence: str) -> Problem:
    return Problem(
        f"This checkpoint cannot be used: {what}.",
        evidence=evidence,
        remedy="rewind to a checkpoint of this workspace, made with the same seed by the same harness",
    )
