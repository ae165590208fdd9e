"""How two answers differ, as paths with both values: short enough to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

SHOWN = 6
WIDTH = 60


def told(old: Any, new: Any) -> str:
    """The differences in one line, the first few of them."""
    found = list(islice(paths(old, new), SHOWN + 1))
    more = ["…"] if len(found) > SHOWN else []
    return "; ".join([f"{path or 'answer'}: {_brief(was)} → {_brief(now)}" for path, was, now in found[:SHOWN]] + more)


def paths(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each place in which two JSON values differ, with both values there."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from paths(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from paths(was, now, f"{path}[{number}]")
    elif old != new:
        yield path, old, new


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    text = repr(value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"
