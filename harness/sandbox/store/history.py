"""What became of a workspace's people between a checkpoint and now."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from harness.sandbox.store.database import Database

PEOPLE = "SELECT person_id, kind, document FROM people"


def changes_since(database: Database, content: bytes) -> list[dict[str, object]]:
    """Who came, who went and who is not the same as in the checkpoint, by id."""
    with closing(sqlite3.connect(":memory:")) as source:
        source.deserialize(content)
        before = {row[0]: row[1:] for row in source.execute(PEOPLE)}
    after = {row[0]: row[1:] for row in database.all(PEOPLE)}
    return [
        {"id": person_id, "before": _kind(before.get(person_id)), "now": _kind(after.get(person_id))}
        for person_id in sorted(before.keys() | after.keys())
        if before.get(person_id) != after.get(person_id)
    ]


def _kind(row: tuple[object, ...] | None) -> str | None:
    return str(row[0]) if row else None
