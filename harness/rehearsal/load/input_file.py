"""The files that people are loaded from, as lines of UTF-8, whatever they are packed in or encoded with."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from harness.core.errors import Problem

LONGEST_LINE: Final = 8 * 1024 * 1024
"""Bytes that a line may have; a longer one is unreadable, and is never held in memory as a whole."""
HEAD: Final = 64 * 1024
GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class BadRow:
    """Why a row, an item or the rest of a file could not be read; no value of a person stands in it."""

    reason: str


Line: TypeAlias = str | BadRow


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to be read, as often as needed. `encoding` is `None` where it is to be found out."""

    name: str
    path: Path
    encoding: str | None = None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file as UTF-8 without a byte-order mark. Raises: Problem where it cannot be read as text."""
        with ExitStack() as opened:
            try:
                stream: BinaryIO = opened.enter_context(self.path.open("rb"))
            except OSError as error:
                raise Problem(f"{self.name} cannot be read", evidence=error.strerror or str(error)) from error
            if head_of(stream).startswith(GZIP):
                packed = opened.enter_context(gzip.GzipFile(fileobj=stream, mode="rb"))
                stream = opened.enter_context(io.BufferedReader(packed, HEAD))
            yield self._as_utf8(stream, opened)

    def _as_utf8(self, stream: BinaryIO, opened: ExitStack) -> BinaryIO:
        head = head_of(stream)
        if head.startswith(ZIP):
            raise Problem(
                f"{self.name} is an Excel workbook or a zip archive, and no text",
                remedy="save the sheet as CSV (UTF-8), or unpack the archive, and load that",
            )
        mark, found = next(((mark, name) for mark, name in BOMS if head.startswith(mark)), (b"", None))
        encoding = self.encoding or found or "utf-8"
        if encoding == "utf-8" and b"\0" in head[:400] and not found:
            raise Problem(
                f"{self.name} is not text in UTF-8",
                evidence="there are zero bytes at its beginning",
                why="it is in UTF-16 without a byte-order mark, or no text at all",
                remedy="say so with --encoding utf-16-le, or save it as UTF-8",
            )
        old_mac = b"\r" in head and b"\n" not in head and len(head) > 1
        if encoding.lower().replace("_", "-") in ("utf-8", "utf-8-sig") and not old_mac:
            stream.read(len(mark) if mark == codecs.BOM_UTF8 else 0)
            return stream
        return opened.enter_context(io.BufferedReader(_Utf8Reader(stream, encoding, old_mac=old_mac), HEAD))


class _Utf8Reader(io.RawIOBase):
    """Another encoding as UTF-8; what cannot be decoded stays as its bytes, and makes its line unreadable."""

    def __init__(self, stream: BinaryIO, encoding: str, *, old_mac: bool) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self._old_mac = old_mac
        self._held = b""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what BufferedReader hands over
        """Fill a buffer with what comes next, and return how many bytes that are; 0 at the end."""
        while not self._held:
            raw = self._stream.read(HEAD)
            try:
                text = self._decoder.decode(raw, final=not raw)
            except UnicodeDecodeError:
                text = "\udcff\n"
            if self._old_mac:
                text = text.replace("\r", "\n")
            self._held = text.encode("utf-8", "surrogateescape")
            if not raw:
                break
        size = min(len(buffer), len(self._held))
        buffer[:size], self._held = self._held[:size], self._held[size:]
        return size


def head_of(stream: BinaryIO) -> bytes:
    """Return what comes next in a stream without reading it; nothing where it is damaged."""
    assert isinstance(stream, io.BufferedReader)
    try:
        return stream.peek(HEAD)[:HEAD]
    except DAMAGED:
        return b""


def text_lines(stream: BinaryIO) -> Iterator[tuple[int, Line]]:
    """Yield each line with its number, from 1, without its end; of one that cannot be read the reason."""
    number = 0
    while True:
        number += 1
        try:
            raw = stream.readline(LONGEST_LINE)
            if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                    pass
                yield number, BadRow(f"it has more than {LONGEST_LINE:,} bytes")
                continue
        except DAMAGED:
            yield number, BadRow("the compressed file is damaged or ends too early here")
            return
        if not raw:
            return
        try:
            yield number, raw.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            yield number, BadRow(f"it is not UTF-8 at its byte {error.start + 1}; see --encoding")
