"""Files that init writes: all of them or none, and never over what is there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import Problem


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to write: its whole text, or lines to add at its end. kept: why it stays as it is instead."""

    path: Path
    text: str = ""
    lines: Sequence[str] = ()
    kept: str = ""

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return not self.kept and bool(self.text or self.lines)


def new_file(path: Path, text: str, kept: str = "") -> PlannedFile:
    """Plan a file of its own; what is there already stays."""
    there = "is there, and stays as it is" if os.path.lexists(path) else ""
    return PlannedFile(path, text, kept=kept or there)


def added_lines(path: Path, wanted: Sequence[str]) -> PlannedFile:
    """Plan lines of a list such as `.gitignore`; those that stand in it are not added again."""
    try:
        there = {line.strip().strip("/") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()}
    except OSError:
        there = set()
    missing = [line for line in wanted if line.strip("/") not in there]
    return PlannedFile(path, lines=missing, kept="" if missing else "has these lines already")


def write_all(planned: Sequence[PlannedFile], root: Path) -> Sequence[PlannedFile]:
    """Write all planned files, and return those that were written. After a failure everything is as it was.

    Raises:
        Problem: one of them cannot be written.
    """
    wanted = [file for file in planned if file.changes]
    for file in wanted:
        _check(file.path, root)
    made: list[Path] = []
    before: dict[Path, bytes | None] = {}
    try:
        for file in wanted:
            _write(file, made, before)
    except OSError as error:
        _undo(before, made)
        raise _unwritable(file.path, root, error.strerror or type(error).__name__) from None
    return wanted


def _check(path: Path, root: Path) -> None:
    place = next(one for one in (path, *path.parents) if os.path.lexists(one))
    if place != path and not place.is_dir():
        raise _unwritable(path, root, f"{_short(place, root)} is a file, and a folder is wanted")
    if place == path and not place.is_file():
        raise _unwritable(path, root, "a folder, or something else that is no file, has that name")
    if not os.access(place, os.W_OK):
        raise _unwritable(path, root, f"this user may not write {_short(place, root)}")


def _write(file: PlannedFile, made: list[Path], before: dict[Path, bytes | None]) -> None:
    missing = [folder for folder in file.path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        made.append(folder)
    if file.text:
        with file.path.open("x", encoding="utf-8", newline="\n") as new:
            before[file.path] = None
            new.write(file.text)
        return
    old = file.path.read_bytes() if file.path.exists() else None
    before[file.path] = old
    start = (old or b"") + (b"\n" if old and not old.endswith(b"\n") else b"")
    file.path.write_bytes(start + "".join(f"{line}\n" for line in file.lines).encode())


def _undo(before: dict[Path, bytes | None], made: Sequence[Path]) -> None:
    for path, old in before.items():
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True) if old is None else path.write_bytes(old)
    for folder in reversed(made):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) and path != root else str(path)


def _unwritable(path: Path, root: Path, evidence: str) -> Problem:
    return Problem(
        f"{_short(path, root)} cannot be written.",
        evidence=evidence,
        why="init writes all of its files or none; nothing was changed",
        remedy="make the folder writable for this user, and run harness init again",
    )
