"""One run at a time per TEST app on this machine: locks that say who holds it.

One lies beside the ledger, whose place the environment chooses; another where no variable leads.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from harness.core.errors import Problem
from harness.core.timestamps import iso_seconds


@contextmanager
def occupied(folders: Sequence[Path], purpose: str, now: Callable[[], float]) -> Iterator[None]:
    """Hold the TEST app whose locks lie in these folders.

    Raises:
        Problem: Another run holds it, which is named, or a lock cannot be written.
    """
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(_held(folder, purpose, now))
        yield


def machine_lock(app_id: str, proxy: str) -> Path:
    """Return the folder of the lock of a workspace that is the same whatever the environment says.

    proxy: behind which something plays Intercom in a rehearsal; each of these has workspaces of its own.
    """
    if not proxy:
        home = Path(pwd.getpwuid(os.getuid()).pw_dir)
        return home / ".local/state/intercom-conversion-harness/locks" / app_id
    name = hashlib.sha256(f"{app_id} {proxy}".encode()).hexdigest()[:16]
    return Path("/tmp") / f"intercom-conversion-harness-{os.getuid()}" / name  # noqa: S108 - its owner is checked


@contextmanager
def _held(folder: Path, purpose: str, now: Callable[[], float]) -> Iterator[None]:
    from filelock import FileLock, Timeout

    _make(folder)
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


def _make(folder: Path) -> None:
    """Make the folder of a lock, and refuse one that somebody else made."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = folder.stat().st_uid
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from None
    if owner != os.getuid() or folder.is_symlink():
        raise _unusable(folder, "it belongs to another user, or leads elsewhere")


def _unusable(folder: Path, evidence: str) -> Problem:
    return Problem(
        f"The lock in {folder} cannot be used, so nothing may be asked of the TEST app.",
        evidence=evidence,
        why="without it two runs could work in one TEST app at a time",
        remedy="let this user write there",
    )


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
