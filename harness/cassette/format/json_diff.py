"""Where two JSON values differ, as data: a JSON path, what stood there before, what stands there now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from harness.core.json_values import Json, JsonObject

Change: TypeAlias = Literal["added", "removed", "changed", "type"]
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class JsonDifference:
    """One place where two values differ: `old` was recorded, `new` is asked or answered now."""

    path: str
    change: Change
    old: Json = None
    new: Json = None

    def __str__(self) -> str:
        if self.change == "added":
            return f"{self.path}: {shown(self.new)} was not there"
        if self.change == "removed":
            return f"{self.path}: {shown(self.old)} is missing"
        return f"{self.path}: recorded {shown(self.old)}, now {shown(self.new)}"


def differences(old: Json, new: Json, path: str = "$") -> Iterator[JsonDifference]:
    """Each place where `new` differs from `old`, in the order of `old`."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_objects(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_arrays(old, new, path)
    elif kind_of(old) != kind_of(new):
        yield JsonDifference(path, "type", old, new)
    elif old != new:
        yield JsonDifference(path, "changed", old, new)


def _of_objects(old: JsonObject, new: JsonObject, path: str) -> Iterator[JsonDifference]:
    for key, value in old.items():
        place = f"{path}.{key}" if key.isidentifier() else f"{path}[{key!r}]"
        if key in new:
            yield from differences(value, new[key], place)
        else:
            yield JsonDifference(place, "removed", old=value)
    for key, value in new.items():
        if key not in old:
            yield JsonDifference(f"{path}.{key}" if key.isidentifier() else f"{path}[{key!r}]", "added", new=value)


def _of_arrays(old: list[Json], new: list[Json], path: str) -> Iterator[JsonDifference]:
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        yield from differences(one, other, f"{path}[{index}]")
    for index in range(len(new), len(old)):
        yield JsonDifference(f"{path}[{index}]", "removed", old=old[index])
    for index in range(len(old), len(new)):
        yield JsonDifference(f"{path}[{index}]", "added", new=new[index])


def kind_of(value: Json) -> str:
    """The JSON type of a value; whole and broken numbers are of one type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def shown(value: Json) -> str:
    """A value as JSON, short enough for a line."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
