"""The layout of a cassette's text: an interaction takes a few lines; a long value stands member by member."""

from __future__ import annotations

from typing import Final

import msgspec

WIDTH: Final = 200
"""Bytes of a line that an object or a list may fill; what does not fit has a line for each member."""


def laid_out(compact: bytes) -> bytes:
    """Return a JSON text in lines; without the white space between tokens it is the very same text."""
    text = _lines(compact, 0, 0)
    if msgspec.json.format(text, indent=-1) != compact:  # a name stands twice in an object
        return msgspec.json.format(compact, indent=1)
    return text


def _lines(text: bytes, indent: int, before: int) -> bytes:
    if len(text) + indent + before <= WIDTH or text[:1] not in (b"{", b"["):
        return text
    inner, parts = b"\n" + b" " * (indent + 1), list[bytes]()
    if text[:1] == b"{":
        for name, value in msgspec.json.decode(text, type=dict[str, msgspec.Raw]).items():
            key = msgspec.json.encode(name) + b":"
            parts.append(key + _lines(bytes(value), indent + 1, len(key)))
    else:
        parts += [_lines(bytes(one), indent + 1, 0) for one in msgspec.json.decode(text, type=list[msgspec.Raw])]
    ends = text[:1], text[-1:]
    return ends[0] + inner + (b"," + inner).join(parts) + b"\n" + b" " * indent + ends[1]
