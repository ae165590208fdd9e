"""A state folder while it is filled: a workspace appears in it whole, or the folder is as it was before."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from harness.core.errors import Problem
from harness.rehearsal.load import load_file
from harness.rehearsal.load.load_file import LoadFile
from harness.sandbox.workspaces.workspaces import DEFAULT_WORKSPACE, claim

BEGUN: Final = ".loading"
"""The folder inside of it in which all is made."""
WORKSPACE_FILE: Final = f"{DEFAULT_WORKSPACE}.sqlite"
IGNORE_FILE: Final = ".gitignore"
IGNORE_ALL: Final = "*\n"
OURS: Final = ("*.sqlite", "*.sqlite-wal", "*.sqlite-shm", "*.begun", "sandbox.lock", load_file.FILE_NAME, IGNORE_FILE)
"""What the harness keeps in a state folder."""
DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FolderInProgress:
    """Where a workspace is made until it is whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begun = folder / BEGUN
        self.database = self.begun / WORKSPACE_FILE

    def conclude(self, load: LoadFile) -> None:
        """Put the workspace and what is known of it into their places; the workspace last."""
        (self.begun / load_file.FILE_NAME).write_bytes(load_file.written_load_file(load))
        for name in (IGNORE_FILE, load_file.FILE_NAME, WORKSPACE_FILE):
            _write_through(self.begun / name)
            (self.begun / name).replace(self.folder / name)


def _write_through(path: Path) -> None:
    path.chmod(0o600)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def state_in_progress(folder: Path) -> Iterator[FolderInProgress]:
    """Take a folder for this process and yield where its workspace is made; whatever fails leaves nothing behind.

    Raises:
        Problem: there is a workspace in the folder already, another process uses it, or the disk is full.
    """
    was_there = folder.exists()
    refuse_filled(folder)
    lock = claim(folder)
    progress = FolderInProgress(folder)
    try:
        folder.chmod(0o700)
        shutil.rmtree(progress.begun, ignore_errors=True)
        progress.begun.mkdir(mode=0o700)
        (progress.begun / IGNORE_FILE).write_text(IGNORE_ALL)  # before anything else, for a process that is killed
        with reported_disk(folder):
            yield progress
    except BaseException:
        (folder / load_file.FILE_NAME).unlink(missing_ok=True)
        if not was_there:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(progress.begun, ignore_errors=True)
        lock.release()


def refuse_filled(folder: Path) -> None:
    """Raise a Problem where a folder holds a workspace already, or is none."""
    if folder.exists() and not folder.is_dir():
        raise Problem(f"--state {folder} is a file, and a folder is wanted", remedy="name a folder: --state DIR")
    if not folder.exists():
        return
    found = sorted(path.name for path in folder.glob("*.sqlite"))
    if found:
        raise Problem(
            f"The state folder {folder} holds a workspace already.",
            evidence=", ".join(found),
            remedy=f"give another folder, or remove this one first: harness load --forget {folder}",
        )
    others = sorted(path.name for path in folder.iterdir() if not _may_be_there(path))
    if others:
        raise Problem(
            f"The state folder {folder} holds other files.",
            evidence=", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else ""),
            why="a loaded workspace gets a folder of its own, which git ignores as a whole",
            remedy="give a folder that is empty or not there",
        )


def is_ours(path: Path) -> bool:
    """Return whether a file in a state folder was made by the harness."""
    if path.name == IGNORE_FILE:
        return path.read_text(errors="replace") == IGNORE_ALL
    return any(path.match(pattern) for pattern in OURS)


def _may_be_there(path: Path) -> bool:
    return path.name == BEGUN or is_ours(path)


@contextmanager
def reported_disk(folder: Path) -> Iterator[None]:
    """Turn errors of a disk on which there is no room into a Problem."""
    try:
        yield
    except sqlite3.Error as error:
        raise _no_room(folder, str(error)) from error
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise _no_room(folder, error.strerror or str(error)) from error


def _no_room(folder: Path, evidence: str) -> Problem:
    return Problem(
        f"The workspace could not be written into {folder}; nothing of it was kept.",
        evidence=evidence,
        why="the disk is full or does not take a file of this size",
        remedy="make room, or give a folder on another disk with --state",
    )
