"""Values that the harness did not make: read and shown without falling over whatever they are."""

from __future__ import annotations

import json
from typing import Final

from harness.core.json_values import Json

LONGEST: Final = 300
"""Characters of a value that an error or a claim shows."""

SURROGATES: Final = {sign: f"\\u{sign:04x}" for sign in range(0xD800, 0xE000)}
"""Half characters, which no encoding can write, as JSON escapes them."""


def parsed(content: bytes | str) -> Json:
    """Return what a JSON text says. Raises `ValueError` for anything else, also for one that is nested too deep."""
    try:
        value: Json = json.loads(content)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def shown(value: object) -> str:
    """Return a value as text, as `repr` shows it; where that fails, its type."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001  # a pipeline's own class may raise anything
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def message(error: BaseException) -> str:
    """Return what an exception says; where it cannot say it, that it cannot."""
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001  # a pipeline's own class may raise anything
        return f"<its text raised {type(failure).__name__}>"


def writable(text: str) -> str:
    """Return a text that every encoding of Unicode can write: half characters are escaped."""
    return text if text.isascii() else text.translate(SURROGATES)
