"""Copies of a state folder: what a rehearsal works on, while the folder itself stays byte for byte as it was.

The folder is one that `harness sandbox --state DIR` keeps. Only files are read from it; no database is opened there,
because SQLite writes beside a database that it only reads.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from harness.core.errors import Problem
from harness.sandbox.store.database import SCHEMA_VERSION

WORKSPACE: Final = "default"
FILE: Final = f"{WORKSPACE}.sqlite"
LOCK: Final = "sandbox.lock"
SPARE: Final = 50 * 1024 * 1024
"""Bytes that must stay free on the disk beside the copies."""


@contextmanager
def held_folder(state: Path) -> Iterator[Path]:
    """Hold a state folder for reading while the block runs, and yield its path.

    Raises:
        Problem: It is no state folder, or a sandbox is using it.
    """
    if not (state / FILE).is_file():
        raise Problem(
            f"--people {state} is no state folder of a sandbox.",
            evidence=f"there is no file {FILE} in it" if state.is_dir() else "there is no such folder",
            remedy=f"load people into it: harness load FILE --state {state}",
        )
    lock = state / LOCK
    if not lock.is_file():
        yield state
        return
    with lock.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            raise Problem(
                f"A sandbox is using the state folder {state}.",
                why="what it writes meanwhile would be in one copy and not in the other",
                remedy="stop it, and rehearse then",
            ) from None
        yield state


def copy_before(state: Path, folder: Path) -> Path:
    """Copy the workspace's database into `folder`, whole in one file, and return where it is.

    Raises:
        Problem: The copy cannot be made or read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_room(state, folder)
    copy = folder / "before.sqlite"
    try:
        for suffix in ("", "-wal"):
            if (source := state / f"{FILE}{suffix}").is_file():
                shutil.copyfile(source, copy.with_name(copy.name + suffix))
        with closing(sqlite3.connect(copy)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("SELECT count(*) FROM (SELECT 1 FROM people LIMIT 1)").fetchone()
            connection.execute("PRAGMA journal_mode = DELETE")
    except (OSError, sqlite3.Error) as error:
        raise _unreadable(state, str(error)) from error
    if version != SCHEMA_VERSION:
        raise _unreadable(state, f"its schema is version {version}, this sandbox writes version {SCHEMA_VERSION}")
    return copy


def copy_to_work_on(before: Path, folder: Path) -> Path:
    """Make a state folder of a sandbox from the copy `before`, and return its database's path."""
    folder.mkdir(parents=True)
    _check_room(before.parent, folder)
    try:
        shutil.copyfile(before, folder / FILE)
    except OSError as error:
        raise _unreadable(before.parent, str(error)) from error
    return folder / FILE


def _check_room(source: Path, folder: Path) -> None:
    needed = 2 * sum(path.stat().st_size for path in source.glob("*.sqlite*")) + SPARE
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Problem(
            "There is too little room for a copy of the workspace.",
            evidence=f"{free // 2**20} MB are free at {folder}, {needed // 2**20} MB are needed",
            remedy=f"make room, or name another place: TMPDIR=DIR harness rehearse … (now {os.path.dirname(folder)})",  # noqa: PTH120
        )


def _unreadable(state: Path, evidence: str) -> Problem:
    return Problem(
        f"The workspace in {state} cannot be copied.",
        evidence=evidence,
        why="the file is damaged, the disk is full, or another version of the harness made it",
        remedy="load the people again: harness load FILE --state DIR",
    )
