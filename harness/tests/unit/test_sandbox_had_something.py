"""The database notes by itself who ever had anything, whichever way it came to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.sandbox.rules.person import Person
from harness.sandbox.store.database import BELONGINGS, Database
from harness.sandbox.store.person_store import PersonStore


@pytest.fixture
def database() -> Iterator[Database]:
    """A database in memory with two people."""
    made = Database()
    for person_id in ("one", "other"):
        PersonStore(made).add(Person(person_id=person_id, kind="lead", created_at=1, updated_at=1))
    yield made
    made.close()


def hang(database: Database, table: str, person_id: str) -> None:
    """Put a row about somebody into a table; what else it says does not matter."""
    columns = [row[1:3] for row in database.all(f"PRAGMA table_info({table})")]
    values = [person_id if name == "person_id" else 7 if kind == "INTEGER" else "7" for name, kind in columns]
    database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", tuple(values))


def owners(database: Database) -> list[str]:
    """Who is noted to have something."""
    found = [PersonStore(database).get(person_id) for person_id in ("one", "other")]
    return [person.person_id for person in found if person and person.owns]


def test_every_table_about_people_is_one_of_the_belongings(database: Database) -> None:
    """A table that is added later is not forgotten."""
    tables = {name for (name,) in database.all("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    columns = {table: {row[1] for row in database.all(f"PRAGMA table_info({table})")} for table in tables}
    about = {table for table in tables if "person_id" in columns[table]}
    assert about - {"people", "tombstones", "index_log"} == set(BELONGINGS)


@pytest.mark.parametrize("table", BELONGINGS)
def test_whoever_gets_something_is_noted(database: Database, table: str) -> None:
    """By a new row and by one that changes hands; what is taken away again was there once."""
    assert owners(database) == []
    hang(database, table, "one")
    assert owners(database) == ["one"]
    database.execute(f"UPDATE {table} SET person_id = 'other'")
    assert owners(database) == ["one", "other"]
    database.execute(f"DELETE FROM {table}")
    assert owners(database) == ["one", "other"]
