"""What a text may be read as: unescaped, decoded, decompressed, up to three times over.

The work is linear in the text: each level makes at most one reading of each kind, none of them longer than what it was
made of. Only decompression makes more of less; together it makes at most a multiple of the text, and more than that is
told by `Readings.cut`.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

DEPTH: Final = 3
GROWTH: Final = 20
LEAST: Final = 64 << 20
"""Decompressed characters that any text may yield; a larger one may yield `GROWTH` times its length."""

BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{11,}")
BASE32_RUN = re.compile(r"[A-Z2-7]{13,}")
_WRAPPED_RUN = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}+"
    r"(?:[\r\n\t ]++[A-Za-z0-9+/_-]{16,}+)*+(?:[\r\n\t ]++[A-Za-z0-9+/_-]{2,}+)"
)
URL_SAFE = str.maketrans("-_", "+/")

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(r"&#?\w{2,8};")
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["\\/]))')
_HEX_RUN = re.compile(r"(?:[0-9a-fA-F]{2}){8,}|[0-9a-fA-F]{2}(?:[:\s-][0-9a-fA-F]{2}){7,}")
_SEPARATOR = re.compile(r"[:\s-]")
_GZIP_AS_BASE64 = re.compile(r"H4sI[A-Za-z0-9+/_-]{12,}")
_READABLE = re.compile(rb"[\x20-\x7e]{8}")
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_HEAD: Final = 2048
_SHORTEST_STREAM: Final = 18
"""Bytes; what is shorter holds no credential, and trying it would cost more than all the rest."""


@dataclass(slots=True)
class Readings:
    """All that a text may be read as, without the text itself. `cut`: decompression made too much to be read."""

    texts: list[str]
    budget: int
    cut: bool = False


def readings(text: str) -> Readings:
    """Return what the text may be read as."""
    found = Readings([], max(LEAST, GROWTH * len(text)))
    seen, level = {text}, [text]
    for _ in range(DEPTH):
        new = [reading for old in level for reading in _decoded(old, found) if reading and reading not in seen]
        level = list(dict.fromkeys(new))
        seen.update(level)
        found.texts += level
        if not level or found.cut:
            break
    return found


def _decoded(text: str, found: Readings) -> Iterator[str]:
    unescaped = _unescaped(text)
    if unescaped != text:
        yield unescaped
    squeezed = "".join(text.split())
    if len(squeezed) != len(text):
        yield squeezed
    runs = "\n".join(part for part in _runs(text, found) if part)
    if runs:
        yield runs
    yield from _inflated(text, found)


def _unescaped(text: str) -> str:
    """Undo percent escapes, entities and the backslash escapes of JSON, and drop the zero bytes of UTF-16."""
    if "%" in text and _PERCENT.search(text):
        text = unquote_to_bytes(text).decode("utf-8", "replace")
    if "&" in text and _ENTITY.search(text):
        import html  # a table of all entities, which most texts do not need

        text = html.unescape(text)
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: match[3] or chr(int(match[1] or match[2], 16)), text)
    return text.replace("\0", "") if "\0" in text else text


def _runs(text: str, found: Readings) -> Iterator[str]:
    """Decode runs of base64 and hexadecimal characters, also those that are wrapped over several lines."""
    for match in BASE64_RUN.finditer(text):
        yield from _from_base64(match[0], found)
    for match in _WRAPPED_RUN.finditer(text):
        yield from _from_base64("".join(match[0].split()), found)
    for match in _GZIP_AS_BASE64.finditer(text):
        yield from _from_base64(match[0], found)
    for match in _HEX_RUN.finditer(text):
        yield from _from_bytes(bytes.fromhex(_SEPARATOR.sub("", match[0])), found)


def _from_base64(run: str, found: Readings) -> Iterator[str]:
    core = run.translate(URL_SAFE) if "-" in run or "_" in run else run
    size = len(core)
    core = core[:-1] if size % 4 == 1 else core + "=" * (-size % 4)
    try:
        yield from _from_bytes(binascii.a2b_base64(core), found)
    except (binascii.Error, ValueError):
        return


def _from_bytes(data: bytes, found: Readings) -> Iterator[str]:
    if _COMPRESSED.match(data):
        yield _stream(data, zlib.MAX_WBITS | 32, found)
    elif not _READABLE.search(data):
        if len(data) >= _SHORTEST_STREAM:
            yield _stream(data, -zlib.MAX_WBITS, found)
        if b"\0" in data:  # UTF-16
            yield data.decode("latin-1")
    else:
        yield data.decode("latin-1")


def _inflated(text: str, found: Readings) -> Iterator[str]:
    """Decompress what begins anywhere in a text of bytes; raw deflate only where it is all of the text."""
    if text.isprintable():
        return
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return
    for match in _COMPRESSED.finditer(data):
        yield _stream(data, zlib.MAX_WBITS | 32, found, match.start())
    yield _stream(data, -zlib.MAX_WBITS, found)


def _stream(data: bytes, window: int, found: Readings, start: int = 0) -> str:
    """Return what a compressed stream that begins at `start` holds; nothing where none does."""
    stream = zlib.decompressobj(window)
    view = memoryview(data)[start:]
    try:
        out = stream.decompress(view[:_HEAD], found.budget)
        if len(view) > _HEAD and not stream.eof and found.budget > len(out):
            out += stream.decompress(stream.unconsumed_tail + view[_HEAD:], found.budget - len(out))
    except zlib.error:
        return ""
    found.budget -= len(out)
    found.cut = found.cut or bool(stream.unconsumed_tail) or found.budget <= 0
    return out.decode("latin-1") if window > 0 or stream.eof else ""
