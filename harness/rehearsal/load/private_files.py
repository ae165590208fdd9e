"""Files that nobody else may see: the key, the map of old and new values, and what git must not take up."""

from __future__ import annotations

import contextlib
import csv
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from harness.core.errors import Problem

KEY_HEADER: Final = "harness pseudonym key 1"
KEY_BYTES: Final = 32
MAP_HEADER: Final = ("what", "old", "new")
PRIVATE: Final = 0o600


def read_or_make_key(path: Path) -> bytes:
    """Return the key in a file; a new one, which only this user may read and git ignores, if it is not there.

    Raises:
        Problem: the file is no key, others may read it, or git has it already.
    """
    if not path.exists():
        keep_from_git(path)
        key = secrets.token_bytes(KEY_BYTES)
        _write_private(path, f"{KEY_HEADER}\n{key.hex()}\n")
        return key
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise Problem(
            f"Others may read the key {path}",
            evidence=f"its mode is {path.stat().st_mode & 0o777:o}",
            remedy=f"chmod 600 {path}",
        )
    keep_from_git(path)
    header, _, rest = path.read_text(errors="replace").partition("\n")
    try:
        key = bytes.fromhex(rest.strip())
    except ValueError:
        key = b""
    if header != KEY_HEADER or len(key) != KEY_BYTES:
        raise Problem(
            f"{path} is no key of `harness load`",
            evidence=f"it does not begin with {KEY_HEADER!r}, or its second line is no key",
            remedy="name another file; one that is not there is made",
        )
    return key


def _write_private(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


class MapFile:
    """Old and new values as a CSV file, which is there only when the block has ended well."""

    def __init__(self, path: Path) -> None:
        if path.exists() and not is_map(path):
            raise Problem(f"{path} is no map of `harness load`", remedy="name another file with --map")
        keep_from_git(path)
        self._path = path
        self._begun = path.with_name(f"{path.name}.begun")
        self._begun.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(MAP_HEADER)
        self._told: set[int] = set()

    def tell(self, what: str, old: str, new: str) -> None:
        """Write a pair, once."""
        known = hash((what, old))
        if known not in self._told:
            self._told.add(known)
            self._writer.writerow((what, old, new))

    def tell_all(self, pairs: list[tuple[str, str, str]]) -> None:
        """Write pairs, each once, and forget them."""
        for what, old, new in pairs:
            self.tell(what, old, new)
        pairs.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._file.close()
            if kind is None:
                self._begun.replace(self._path)
        finally:
            self._begun.unlink(missing_ok=True)


@contextmanager
def map_file(path: Path | None) -> Iterator[MapFile | None]:
    """Open a map for the length of a block; `None` where there is to be none."""
    if path is None:
        yield None
        return
    with MapFile(path) as found:
        yield found


def is_key(path: Path) -> bool:
    """Return whether a file is a key that was made here."""
    return _begins(path, KEY_HEADER)


def is_map(path: Path) -> bool:
    """Return whether a file is a map that was written here."""
    return _begins(path, ",".join(MAP_HEADER))


def _begins(path: Path, header: str) -> bool:
    try:
        with path.open(errors="replace") as file:
            return file.readline().strip() == header
    except OSError:
        return False


# git


def _repository(path: Path) -> Path | None:
    """Return the repository that a path lies in, whether it is there or not."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would leave the repository through a link
    return next((folder for folder in absolute.parents if (folder / ".git").exists()), None)


def _git(repository: Path, *words: str) -> subprocess.CompletedProcess[str]:
    git = shutil.which("git")
    if git is None:
        return subprocess.CompletedProcess(words, 127, "", "git is not there")
    return subprocess.run([git, "-C", str(repository), *words], capture_output=True, text=True, check=False)


def is_ignored(path: Path) -> bool:
    """Return whether a path lies in no git repository, or in one that ignores it."""
    repository = _repository(path)
    if repository is None:
        return True
    return _git(repository, "check-ignore", "-q", os.path.abspath(path)).returncode == 0  # noqa: PTH100 - as above


def keep_from_git(path: Path) -> None:
    """Have git ignore a file: where no rule does yet, one is added to the repository's own `info/exclude`.

    Raises: Problem where git has the file already.
    """
    repository = _repository(path)
    if repository is None:
        return
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - as above
    if _git(repository, "ls-files", "--error-unmatch", str(absolute)).returncode == 0:
        raise Problem(
            f"git has {path} already",
            why="it was committed or added; what stands in it leads back to real people",
            remedy=f"take it out of the repository and its history, or name another file: git rm --cached {path}",
        )
    if is_ignored(path):
        return
    exclude = Path(_git(repository, "rev-parse", "--git-path", "info/exclude").stdout.strip() or ".git/info/exclude")
    place = exclude if exclude.is_absolute() else repository / exclude
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        before = place.read_text() if place.exists() else ""
        lead = "" if not before or before.endswith("\n") else "\n"
        rule = absolute.relative_to(repository).as_posix()
        place.write_text(f"{before}{lead}/{rule}\n")
    if not is_ignored(path):
        raise Problem(
            f"git does not ignore {path}", remedy=f"add it to .gitignore first, or name a file outside of {repository}"
        )


def refuse_unignored(folder: Path) -> None:
    """Raise a Problem where git would take up a state folder with real people in it."""
    if not is_ignored(folder / "default.sqlite"):
        raise Problem(
            f"git does not ignore {folder}, and real people would stand in it.",
            evidence=f"it lies in the repository {_repository(folder)}",
            why="--as-it-is replaces nothing: names, addresses and all else are written as they are",
            remedy=f"give a folder outside of it, add {folder}/ to .gitignore, or leave --as-it-is out",
        )
