"""What the value of a configuration key may be: how it is read, what is wrong with another, and its JSON Schema.

A kind reads a value as TOML gives it. A path counts from the folder of the file that names it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from harness.core.hosts import host_of, is_owned

T = TypeVar("T")

Schema = Mapping[str, object]


class WrongValueError(ValueError):
    """A value that its key cannot have; the text says what is wanted instead."""


@dataclass(frozen=True, slots=True)
class KeyKind(Generic[T]):
    """One kind of value.

    words: the kind as a sentence names it ("a list of strings"). read: makes the value, given the folder from which
    paths count; it raises `WrongValueError`. schema: its JSON Schema.
    """

    words: str
    read: Callable[[object, Path], T] = field(repr=False)
    schema: Schema = field(repr=False)


def flag() -> KeyKind[bool | None]:
    """Return the kind of `true` and `false`."""

    def read(value: object, _folder: Path) -> bool:
        if not isinstance(value, bool):
            raise WrongValueError("it must be true or false")
        return value

    return KeyKind("true or false", read, {"type": "boolean"})


def text(pattern: str = ".+", words: str = "a string") -> KeyKind[str | None]:
    """Return the kind of a string that `pattern` matches whole."""

    def read(value: object, _folder: Path) -> str:
        return _text(value, pattern, words)

    return KeyKind(words, read, {"type": "string", "pattern": f"^{pattern}$"})


def choice(*known: str) -> KeyKind[str | None]:
    """Return the kind of a string that is one of `known`."""
    words = f"one of {', '.join(known)}"

    def read(value: object, _folder: Path) -> str:
        return _known(value, known)

    return KeyKind(words, read, {"enum": list(known)})


def choices(*known: str) -> KeyKind[tuple[str, ...]]:
    """Return the kind of a list of which each entry is one of `known`, and none stands twice."""

    def read(value: object, _folder: Path) -> tuple[str, ...]:
        return _unique([_known(entry, known) for entry in _list(value, "strings")])

    items = {"type": "array", "items": {"enum": list(known)}, "uniqueItems": True}
    return KeyKind(f"a list of {', '.join(known)}", read, items)


def texts(pattern: str = ".+", words: str = "strings") -> KeyKind[tuple[str, ...]]:
    """Return the kind of a list of strings that `pattern` matches whole, none of them twice."""

    def read(value: object, _folder: Path) -> tuple[str, ...]:
        return _unique([_text(entry, pattern, f"a list of {words}") for entry in _list(value, words)])

    items = {"type": "string", "pattern": f"^{pattern}$"}
    return KeyKind(f"a list of {words}", read, {"type": "array", "items": items, "uniqueItems": True})


def addresses(pattern: str, words: str) -> KeyKind[tuple[str, ...]]:
    """Return the kind of a list of addresses that `pattern` matches; none may be one of Intercom's own hosts."""
    listed = texts(pattern, words)

    def read(value: object, folder: Path) -> tuple[str, ...]:
        found = listed.read(value, folder)
        for address in found:
            if not address.startswith("unix:") and is_owned(host_of(address.lstrip("."))):
                raise WrongValueError(f"{address} is Intercom's own, and is answered here or not at all")
        return found

    return KeyKind(listed.words, read, listed.schema)


def table_of_texts() -> KeyKind[tuple[tuple[str, str], ...]]:
    """Return the kind of a table of environment variables: name and value of each, in order."""
    words = 'a table of strings, for example { SHOP_TOKEN = "{token}" }'

    def read(value: object, _folder: Path) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, Mapping):
            raise WrongValueError(f"it must be {words}")
        for name, entry in value.items():
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                raise WrongValueError(f"{name!r} is no name of an environment variable")
            if not isinstance(entry, str):
                raise WrongValueError(f"{name} must be a string")
        return tuple((str(name), str(entry)) for name, entry in value.items())

    names = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
    return KeyKind(words, read, {"type": "object", "propertyNames": names, "additionalProperties": {"type": "string"}})


def seconds() -> KeyKind[float | None]:
    """Return the kind of a number of seconds above 0."""
    words = "a number of seconds above 0"
    schema = {"type": "number", "exclusiveMinimum": 0}
    return KeyKind(words, lambda value, _folder: _number(value, words, lambda n: 0 < n < math.inf), schema)


def fraction() -> KeyKind[float]:
    """Return the kind of a number from 0 to 1."""
    words = "a number from 0 to 1"
    schema = {"type": "number", "minimum": 0, "maximum": 1}
    return KeyKind(words, lambda value, _folder: _number(value, words, lambda n: 0 <= n <= 1), schema)


REFUSAL: Final[Schema] = {
    "anyOf": [
        {"const": False},
        {"type": "object", "minProperties": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    ]
}
"""The JSON Schema of what a pipeline hands back where it refuses."""


def refusal() -> KeyKind[object]:
    """Return the kind of what a pipeline hands back where it refuses: `false`, fields of an object, or strings."""
    words = "false, the fields of an object, or a list of strings"

    def read(value: object, _folder: Path) -> object:
        strings = isinstance(value, list) and value and all(isinstance(entry, str) and entry for entry in value)
        if value is False or (isinstance(value, Mapping) and value):
            return value
        if isinstance(value, list) and strings:
            return tuple(value)
        raise WrongValueError(f"it must be {words}")

    return KeyKind(words, read, REFUSAL)


def workers() -> KeyKind[int | str | None]:
    """Return the kind of a number of processes: a whole number above 0, or "auto"."""
    words = 'a whole number above 0, or "auto"'

    def read(value: object, _folder: Path) -> int | str:
        if value == "auto":
            return "auto"
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise WrongValueError(f"it must be {words}")
        return value

    return KeyKind(words, read, {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}]})


def path(words: str = "a path") -> KeyKind[Path | None]:
    """Return the kind of a path, which becomes absolute."""

    def read(value: object, folder: Path) -> Path:
        return _path(value, folder, words)

    return KeyKind(words, read, {"type": "string", "minLength": 1})


def paths() -> KeyKind[tuple[Path, ...]]:
    """Return the kind of a list of paths, which become absolute."""

    def read(value: object, folder: Path) -> tuple[Path, ...]:
        found = [_path(entry, folder, "a list of paths") for entry in _list(value, "paths")]
        if len(set(found)) < len(found):
            raise WrongValueError("one of them stands in it twice")
        return tuple(found)

    schema = {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True}
    return KeyKind("a list of paths", read, schema)


def _list(value: object, words: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise WrongValueError(f"it must be a list of {words}")
    return value


def _text(value: object, pattern: str, words: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise WrongValueError(f"it must be {words}")
    return value


def _known(value: object, known: Sequence[str]) -> str:
    if isinstance(value, str) and value in known:
        return value
    from difflib import get_close_matches

    near = get_close_matches(str(value), known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise WrongValueError(f"{value!r} is none of {', '.join(known)}{hint}")


def _unique(found: Sequence[str]) -> tuple[str, ...]:
    if len(set(found)) < len(found):
        raise WrongValueError("one of them stands in it twice")
    return tuple(found)


def _number(value: object, words: str, fits: Callable[[float], bool]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not fits(value):
        raise WrongValueError(f"it must be {words}")
    return float(value)


def _path(value: object, folder: Path, words: str) -> Path:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise WrongValueError(f"it must be {words}")
    return (folder / value).resolve()
