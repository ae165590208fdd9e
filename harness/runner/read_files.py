"""Which files of the project the code under test read: a receipt stands for them.

Commands and services tell it by what is loaded before their own code (Python and Node); code in this process by the
modules that it imported and by Python's audit hook. Each process writes lines into a file of its own in one folder.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import harness

DEPENDENCIES: Final = frozenset(
    [
        "node_modules",
        "bower_components",
        "site-packages",
        "dist-packages",
        "vendor",
        ".venv",
        "venv",
        ".tox",
        "__pycache__",
    ]
)
"""Folders of what others wrote: the lock files stand for it."""
STARTERS: Final = frozenset(["env", "sh", "bash", "dash", "npx", "npm", "uv", "poetry"])
"""Programs that do nothing but start others."""
HIDDEN: Final = frozenset([".git", ".harness", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"])
SECRET: Final = ".env"
"""How files begin whose values differ from machine to machine, and are secrets."""


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What was read under a project's root.

    read, written: files, absolute. runtimes: what ran, such as `node 20.20.2`. programs: the names of programs that
    were started and are neither Python nor Node, so that what they read is not known.
    """

    read: frozenset[Path] = frozenset()
    written: frozenset[Path] = frozenset()
    runtimes: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()


def read_files(folder: Path, root: Path, left_out: Sequence[Path] = ()) -> ReadFiles:
    """Return what the processes of a run wrote into a folder.

    left_out: files and folders of the harness's own: cassettes, reports.
    """
    told: dict[str, set[str]] = {"R": set(), "W": set(), "V": set(), "P": set()}
    for path in folder.iterdir() if folder.is_dir() else ():
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            kind, _, value = line.partition(" ")
            if kind in told and (text := _unpacked(value)):
                told[kind].add(text)
    away = [root / name for name in HIDDEN] + [place.absolute() for place in left_out]
    ours = Path(harness.__file__).parent

    def counts(path: Path) -> bool:
        inside = path.is_relative_to(root) and not DEPENDENCIES.intersection(path.relative_to(root).parts)
        own = path.is_relative_to(ours) or any(path.is_relative_to(place) for place in away)
        return inside and not own and not path.name.startswith(SECRET) and path.is_file()

    written = frozenset(map(Path, told["W"]))
    read = frozenset(path for path in map(Path, told["R"]) if path not in written and counts(path))
    programs = frozenset(name for name in told["P"] if not is_watched(name))
    return ReadFiles(read, written, frozenset(told["V"]), programs)


def is_watched(program: str) -> bool:
    """Return whether a program tells what it reads: Python and Node do."""
    name = Path(program).name.lower().removesuffix(".exe")
    return name.startswith(("python", "node", "pypy")) or name in STARTERS


def _unpacked(value: str) -> str:
    try:
        return os.fsdecode(bytes.fromhex(value))
    except ValueError:  # a process was ended while it wrote
        return ""


class OpenedFiles:
    """Writes down which files of the project the code under test opens in this process.

    theirs: whether the current thread runs code under test.
    """

    def __init__(self, folder: Path, root: Path, theirs: Callable[[], bool]) -> None:
        self._file = folder / f"{os.getpid()}-{id(self):x}.own"
        self._root = f"{root}{os.sep}"
        self._theirs = theirs
        self._seen: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._open = True
        sys.addaudithook(self._hear)

    def close(self) -> None:
        """Write everything down, and the modules that were imported; from now on nothing is noted."""
        self._open = False
        with self._lock:
            seen = sorted(self._seen)
        lines = [*seen, *(("R", path) for path in imported(self._root))]
        self._file.write_text("".join(f"{kind} {os.fsencode(path).hex()}\n" for kind, path in lines), encoding="ascii")

    def _hear(self, event: str, args: tuple[object, ...]) -> None:
        if not self._open or event != "open" or not isinstance(args[0], str) or not self._theirs():
            return
        path = os.path.abspath(args[0])  # noqa: PTH100  # it is called for each file that is opened
        if path.startswith(self._root) and f"{os.sep}__pycache__{os.sep}" not in path:
            flags = args[2] if isinstance(args[2], int) else 0
            with self._lock:
                self._seen.add(("W" if flags & (os.O_WRONLY | os.O_RDWR) else "R", path))


def imported(root: str) -> Iterator[str]:
    """Yield the files of the modules that this process has imported from below a folder, which ends with a slash."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and path.startswith(root):
            yield path
