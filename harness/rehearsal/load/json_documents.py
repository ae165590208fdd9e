"""The items of JSON files: pages of lists, arrays and single things, one after the other, or one a line.

A page is never held as a whole: each item is handed on as soon as it has been read.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import BinaryIO, Final, NoReturn, TypeAlias

from harness.rehearsal.load.input_file import DAMAGED, BadRow

JsonItem: TypeAlias = dict[str, object] | BadRow

CHUNK: Final = 1024 * 1024
LARGEST_ITEM: Final = 16 * 1024 * 1024
"""Characters that one item may have."""
LISTS: Final = frozenset(
    {"data", "users", "contacts", "leads", "companies", "tags", "notes", "conversations", "pages_data", "items"}
)
"""Keys under which a page has its items."""
SPACE: Final = " \t\r\n"


class _MalformedJson(Exception):
    """The rest of the file cannot be read."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_no_constant).raw_decode


class JsonDocuments:
    """Reads one JSON document after the other from a stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def items(self) -> Iterator[tuple[int, JsonItem]]:
        """Yield each item with the line that it begins on; the last is the reason where the rest cannot be read."""
        try:
            while self._peek():
                yield from self._document()
        except _MalformedJson as error:
            yield self._line, BadRow(str(error))

    def _document(self) -> Iterator[tuple[int, JsonItem]]:
        first = self._peek()
        if first == "[":
            yield from self._array()
        elif first == "{":
            yield from self._object()
        else:
            raise _MalformedJson("it is no JSON object or array, and the rest of the file cannot be read")

    def _array(self) -> Iterator[tuple[int, JsonItem]]:
        self._take("[")
        while self._peek() != "]":
            line = self._line
            found = self._value()
            if isinstance(found, dict):
                yield line, found
            else:
                yield line, BadRow("it is no JSON object")
            if self._peek() != "]":
                self._take(",")
        self._take("]")

    def _object(self) -> Iterator[tuple[int, JsonItem]]:
        line, whole, listed = self._line, {}, False
        self._take("{")
        while self._peek() != "}":
            key = self._value()
            self._take(":")
            if key in LISTS and self._peek() == "[":
                listed = True
                yield from self._array()
            else:
                whole[str(key)] = self._value()
            if self._peek() != "}":
                self._take(",")
        self._take("}")
        if not listed:
            yield line, whole

    # Characters

    def _peek(self) -> str:
        """Return the next character that is no white space; nothing at the end."""
        while True:
            text, at = self._text, self._at
            size = len(text)
            while at < size and text[at] in SPACE:
                self._line += text[at] == "\n"
                at += 1
            self._at = at
            if at < size:
                return text[at]
            if not self._read_more():
                return ""

    def _take(self, sign: str) -> None:
        if self._peek() != sign:
            raise _MalformedJson(f"{sign!r} is missing in the JSON, and the rest of the file cannot be read")
        self._at += 1

    def _value(self) -> object:
        """Return the next value, and read as much as it needs."""
        self._peek()
        while True:
            found: object = None
            try:
                found, end = _decode(self._text, self._at)
            except (ValueError, RecursionError):
                end = len(self._text)
            if end < len(self._text):
                self._line += self._text.count("\n", self._at, end)
                self._at = end
                return found
            if not self._read_more():
                raise _MalformedJson("the JSON is cut off or malformed, and the rest of the file cannot be read")

    def _read_more(self) -> bool:
        """Read further, twice as much as is held; return whether there was anything."""
        held = len(self._text) - self._at
        if held > LARGEST_ITEM:
            raise _MalformedJson(f"an item has more than {LARGEST_ITEM:,} characters or is malformed")
        try:
            raw = b"" if self._ended else self._stream.read(max(CHUNK, held))
            text = self._decoder.decode(raw, final=not raw)
        except DAMAGED:
            raise _MalformedJson("the compressed file is damaged or ends too early here") from None
        except UnicodeDecodeError:
            raise _MalformedJson("it is not UTF-8; see --encoding") from None
        self._ended = not raw
        self._text = self._text[self._at :] + text
        self._at = 0
        return bool(raw)
