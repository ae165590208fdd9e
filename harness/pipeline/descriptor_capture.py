"""What is written to the process's own stdout and stderr during a call, past Python's streams.

C libraries, `os.write`, and child processes write to the file descriptors. They lead to files in memory for the length
of a call. A descriptor that is closed is left alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import tempfile
import weakref
from collections.abc import Sequence
from typing import Final

DESCRIPTORS: Final = (1, 2)
_STANDARD_LIBRARY: Final = ctypes.CDLL(None) if os.name == "posix" else None


class MemoryFiles:
    """The files in memory to which the descriptors are led, made once: making them costs as much as a call."""

    def __init__(self) -> None:
        self._files: dict[int, int] = {}
        weakref.finalize(self, _close, self._files)

    def emptied(self, number: int) -> int:
        """Return the file for a descriptor, with nothing in it."""
        if number not in self._files:
            self._files[number] = _memory()
        file = self._files[number]
        if os.fstat(file).st_size:
            os.ftruncate(file, 0)
        return file


class DescriptorCapture:
    """Leads descriptors to files in memory until it is ended; then `texts` holds what was written to each."""

    def __init__(self, files: MemoryFiles) -> None:
        self.texts: Sequence[str] = ("", "")
        self._led: list[tuple[int, int, int]] = []
        for number in DESCRIPTORS:
            with contextlib.suppress(OSError):
                self._led.append(_lead(number, files))

    def read(self) -> Sequence[str]:
        """Return what was written to stdout and to stderr so far."""
        if not self._led:
            return self.texts
        written = {number: _written(file) for number, _, file in self._led}
        return tuple(written.get(number, "") for number in DESCRIPTORS)

    def end(self) -> None:
        """Give the descriptors back."""
        if not self._led:
            return
        _flush()
        self.texts = self.read()
        while self._led:
            number, before, _ = self._led.pop()
            os.dup2(before, number)
            os.close(before)


def _close(files: dict[int, int]) -> None:
    for file in files.values():
        with contextlib.suppress(OSError):
            os.close(file)


def _lead(number: int, files: MemoryFiles) -> tuple[int, int, int]:
    """Return a descriptor, what it led to, and the file that it leads to now."""
    before = os.dup(number)
    try:
        file = files.emptied(number)
        os.dup2(file, number)
    except OSError:
        os.close(before)
        raise
    return number, before, file


def _memory() -> int:
    """Return a file in memory that is always written at its end."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("harness-output", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as temporary:
            file = os.dup(temporary.fileno())
    fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
    return file


def _written(file: int) -> str:
    size = os.fstat(file).st_size
    return os.pread(file, size, 0).decode(errors="backslashreplace") if size else ""


def _flush() -> None:
    if _STANDARD_LIBRARY is not None:
        _STANDARD_LIBRARY.fflush(None)
