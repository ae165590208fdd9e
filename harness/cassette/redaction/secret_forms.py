"""The written forms of a secret: what a text holds where the secret stands in it encoded.

Each form is a plain string that is searched for, so that a search stays linear in the text. base64 and base32 shift
with what stands before the secret, so they have one form for each shift.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import msgspec


def searched_forms(value: str) -> Iterator[str]:
    """Yield the secret raw, and escaped for JSON and for HTML; other escapes are undone before the search."""
    import html  # a table of all entities, which a replay without secrets does not need

    yield value
    yield from (html.escape(value), html.escape(value, quote=False), msgspec.json.encode(value).decode()[1:-1])


def covered_forms(value: str) -> Iterator[str]:
    """Yield every form that can be covered where it stands: those searched for, percent-encoded ones, hexadecimal."""
    yield from searched_forms(value)
    for encode in (lambda text: quote(text, safe=""), quote, quote_plus):
        text = value
        for _ in range(3):
            text = encode(text)
            yield from (text, _lower_escapes(text))
    for data in (value.encode(), value.encode("utf-16-le"), value.encode("utf-16-be")):
        yield from (data.hex(), data.hex().upper())


def _lower_escapes(text: str) -> str:
    return "%".join(part if not at else part[:2].lower() + part[2:] for at, part in enumerate(text.split("%")))


def base64_forms(data: bytes) -> Iterator[str]:
    """Yield what base64 text holds of the bytes wherever they stand in it; edges that others share are left out."""
    for offset, dropped in ((0, 0), (1, 2), (2, 3)):
        padded = b"\0" * offset + data
        whole = len(padded) * 8 // 6
        yield base64.b64encode(padded).decode()[dropped:whole]


def repeated_base64_forms(value: str) -> Iterator[str]:
    """Yield the base64 forms of a secret, and those of its base64 forms."""
    for once in base64_forms(value.encode()):
        yield once
        yield from base64_forms(once.encode())


def base32_forms(value: str) -> Iterator[str]:
    """Yield what base32 text holds of a secret wherever it stands in it; edges that others share are left out."""
    for offset in range(5):
        padded = b"\0" * offset + value.encode()
        first, whole = -(-offset * 8 // 5), len(padded) * 8 // 5
        yield base64.b32encode(padded).decode()[first:whole]
