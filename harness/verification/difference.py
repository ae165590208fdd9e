"""How two answers differ, as paths with both values: short enough to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

SHOWN = 6
WIDTH = 60


def told(old: object, new: object) -> str:
    """The differences in one line, the first few of them."""
    found = list(islice(paths(old, new), SHOWN + 1))
    more = ["…"] if len(found) > SHOWN else []
    return "; ".join([f"{path or 'answer'}: {_brief(was)} → {_brief(now)}" for path, was, now in found[:SHOWN]] + more)


def paths(old: object, new: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Each place in which two JSON values differ, with both values there."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from paths(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from paths(was, now, f"{path}[{number}]")
    elif old != new:
        yield path, old, new


def _brief(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    text = repr(value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"
