"""One run at a time per TEST app on this machine: a lock that says who holds it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.core.errors import Problem
from harness.core.timestamps import iso_seconds


@contextmanager
def occupied(folder: Path, purpose: str, now: Callable[[], float]) -> Iterator[None]:
    """Hold the TEST app whose state is in `folder`, or raise a `Problem` that names the holder."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    note = folder / "holder.json"
    lock = FileLock(folder / "run.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise _taken(note) from None
    try:
        since = iso_seconds(now())
        holder = {"purpose": purpose, "process": os.getpid(), "machine": socket.gethostname(), "since": since}
        note.write_text(json.dumps(holder), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


def _taken(note: Path) -> Problem:
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
        told = "{purpose}, process {process} on {machine}, since {since}".format(**holder)
    except (OSError, ValueError, KeyError):
        told = "it left no note of itself"
    return Problem(
        "The TEST app is in use by another run.",
        evidence=told,
        why="two runs would count each other's people, and share one rate limit",
        remedy="wait for it to end; the lock goes with its process",
    )
