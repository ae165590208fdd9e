"""What a process prints: read to its end on a thread, so that a full pipe stops nobody, and kept in part."""

from __future__ import annotations

import os
import select
import threading
from typing import IO, Final, Self

KEPT_OUTPUT: Final = 256 * 1024
"""Bytes kept of each of stdout and stderr; the rest is read and counted, never held."""

PATIENCE: Final = 2.0
"""Seconds that a stream gets to end once its process has."""

_AT_ONCE: Final = 65_536


class Drain:
    """Reads a stream for the length of a block."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None
        self._stream = stream
        self._handle = stream.fileno()
        self._kept = bytearray()
        self._count = 0
        self._ended = False
        self._lock = threading.Lock()
        self._ready = self._polling()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _polling(self) -> select.poll:
        poll = select.poll()
        poll.register(self._handle, select.POLLIN | select.POLLHUP)
        return poll

    def _read(self) -> None:
        waiting = self._polling()
        while not self._ended:
            waiting.poll()
            self._take_in()

    def _take_in(self) -> None:
        """What has come so far. It is read and kept under one lock: what was printed is here once this returns."""
        with self._lock:
            for _ in range(2 * KEPT_OUTPUT // _AT_ONCE):  # whoever floods is not waited for
                if self._ended or not self._ready.poll(0):
                    return
                chunk = os.read(self._handle, _AT_ONCE)
                self._ended = not chunk
                self._count += len(chunk)
                self._kept += chunk[: max(0, KEPT_OUTPUT - len(self._kept))]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._thread.join(PATIENCE)
        if not self._thread.is_alive():
            self._stream.close()

    @property
    def text(self) -> str:
        """What was kept, with a note where more came."""
        with self._lock:
            return _told(self._kept, self._count)

    def take(self) -> str:
        """What was printed since this was last asked."""
        self._take_in()
        with self._lock:
            kept, count = self._kept, self._count
            self._kept, self._count = bytearray(), 0
        return _told(kept, count)


def _told(kept: bytearray, count: int) -> str:
    more = count - len(kept)
    note = f"\n… {more} more bytes" if more > 0 else ""
    return kept.decode(errors="replace") + note
