"""State folders that were filled by `harness load`, for the tests of what is in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from harness.core.clock import ManualClock
from harness.sandbox import Sandbox
from harness.tests.support.sandbox_client import Asker


@contextmanager
def asked(state: Path) -> Iterator[Asker]:
    """A client of the workspace that was loaded into a folder."""
    clock = ManualClock()
    with closing(Sandbox(clock, state=state)) as sandbox:
        yield Asker(clock, sandbox, workspace="default")


def rows(state: Path, sql: str) -> list[Any]:
    """Rows of the workspace's database."""
    with closing(sqlite3.connect(state / "default.sqlite")) as connection:
        return connection.execute(sql).fetchall()


def listed(asker: Asker, path: str = "/contacts?per_page=150") -> list[dict[str, Any]]:
    """Every contact that the list shows, page after page."""
    found: list[dict[str, Any]] = []
    page = asker.ask("GET", path)
    while True:
        found += page["data"]
        further = (page.get("pages") or {}).get("next")
        if not further:
            return found
        page = asker.ask("GET", f"{path}&starting_after={further['starting_after']}")
