"""Write down which files of the project this process opens, where a receipt is wanted.

Each process has a file of its own in the folder HARNESS_READ_FILES, with a line for each. R: opened for reading; W: for
writing; V: what runs here; P: a program that was started. What follows is in hexadecimal. It is loaded before a
command's own code, and imports nothing that Python has not imported itself.
"""

# ruff: noqa: INP001, PTH100, PTH118, PTH119, PTH120 - as its neighbour: pathlib would cost every start
from __future__ import annotations

import os
import sys

_WRITES = os.O_WRONLY | os.O_RDWR
_STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn")


def _source_of(path: str) -> str:
    """Return the source of a module that was read as byte code."""
    folder, name = os.path.split(path)
    if not name.endswith(".pyc") or os.path.basename(folder) != "__pycache__":
        return path
    return os.path.join(os.path.dirname(folder), name.partition(".")[0] + ".py")


class _ReadNotes:
    """The lines of this process, each written once."""

    def __init__(self, folder: str, root: str) -> None:
        path = os.path.join(folder, f"{os.getpid()}.python")
        self._out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)
        self._inside = root.rstrip("/") + "/"
        self._seen: set[str] = set()

    def write(self, kind: str, text: str) -> None:
        line = f"{kind} {os.fsencode(text).hex()}"
        if line not in self._seen:
            self._seen.add(line)
            os.write(self._out, (line + "\n").encode())

    def opened(self, place: object, mode: object, flags: object) -> None:
        if not isinstance(place, (str, bytes)):
            return
        path = os.path.abspath(os.fsdecode(place))
        source = _source_of(path)
        writes = _is_written(mode, flags)
        if path.startswith(self._inside) and not (writes and source != path):
            self.write("W" if writes else "R", source)

    def hear(self, event: str, args: tuple[object, ...]) -> None:
        try:
            if event == "open":
                self.opened(*args)
            elif event in _STARTS and isinstance(args[0], (str, bytes)):
                self.write("P", os.path.basename(os.fsdecode(args[0])))
        except (OSError, TypeError, ValueError):
            pass  # the folder is gone: the run is over


def _is_written(mode: object, flags: object) -> bool:
    by_flags = isinstance(flags, int) and bool(flags & _WRITES)
    return by_flags or (isinstance(mode, str) and bool(set(mode) & set("wax+")))


def _install() -> None:
    notes = _ReadNotes(os.environ["HARNESS_READ_FILES"], os.environ["HARNESS_READ_ROOT"])
    notes.write("V", "python " + ".".join(map(str, sys.version_info[:3])))
    sys.addaudithook(notes.hear)


if os.environ.get("HARNESS_READ_FILES") and os.environ.get("HARNESS_READ_ROOT"):
    try:  # noqa: SIM105  # contextlib would cost every start
        _install()
    except OSError:
        pass  # the run is over
