"""What answers show again, written once: later only what differs, `{"like": "contact 6955…", "but": {…}}`.

A scenario reads the same few people before and after, alone and in lists, so most of a recording repeats itself. An
object with a type and an id is written as the difference to the one that was last shown under that name (or to
another of the same shape), wherever that is shorter. `but` holds whole members. Only text that comes back the very same
is shortened: numbers and escapes that another writer would write otherwise stay as they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from harness.cassette.format.bodies import WRAPPERS
from harness.core.json_values import Json, JsonObject

LIKE: Final = "like"
BUT: Final = "but"
MARK: Final = b'"like":'
"""In the text of whatever is, or could be taken for, a likeness."""
_WRAPPED = tuple(f'{{"{name}":'.encode() for name in WRAPPERS)
_FEWEST = 6
"""Members of an object that others may be like."""
_OVERHEAD = len('{"like":"","but":{}}')


@dataclass(slots=True)
class DeltaEncoder:
    """The objects that a recording has shown so far, by name; the same for who writes and for who reads."""

    _last: dict[str, JsonObject] = field(default_factory=dict)
    _by_shape: dict[tuple[str, ...], str] = field(default_factory=dict)

    def shorten(self, text: bytes) -> bytes:
        """The field of a body as it is written."""
        if text.startswith(_WRAPPED) or text[:1] not in (b"{", b"["):
            return text
        if MARK in text:
            return b'{"json":' + text + b"}"
        tree = msgspec.json.decode(text)
        return msgspec.json.encode(self._short(tree)) if msgspec.json.encode(tree) == text else text

    def expand(self, text: bytes) -> bytes:
        """The field of a body as it was before it was written; raises ValueError where it is like nothing."""
        if text.startswith(_WRAPPED) or text[:1] not in (b"{", b"["):
            return text
        tree = msgspec.json.decode(text)
        if MARK in text:
            return msgspec.json.encode(self._whole(tree))
        if msgspec.json.encode(tree) == text:
            self._note(tree)
        return text

    def _short(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._short(item) for item in value]
        if not isinstance(value, dict):
            return value
        name = _name(value)
        base = self._base(name, value) if name else ""
        if base:
            other = self._last[base]
            changed = [key for key, item in value.items() if _text(item) != _text(other[key])]
            if self._pays(base, changed, value):
                but = {key: self._short(value[key]) for key in changed}
                self._remember(name, value)
                return {LIKE: base, BUT: but} if but else {LIKE: base}
        short = {key: self._short(item) for key, item in value.items()}
        self._remember(name, value)
        return short

    def _base(self, name: str, value: JsonObject) -> str:
        for known in (name, self._by_shape.get(_shape(value), "")):
            if known in self._last and _shape(self._last[known]) == _shape(value):
                return known
        return ""

    @staticmethod
    def _pays(base: str, changed: Iterable[str], value: JsonObject) -> bool:
        return _OVERHEAD + len(base) + sum(len(_text(value[key])) + len(key) + 4 for key in changed) < len(_text(value))

    def _whole(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._whole(item) for item in value]
        if not isinstance(value, dict):
            return value
        whole = self._like(value) if LIKE in value else {key: self._whole(item) for key, item in value.items()}
        self._remember(_name(whole), whole)
        return whole

    def _like(self, value: JsonObject) -> JsonObject:
        name, but = value[LIKE], value.get(BUT, {})
        base = self._last.get(name) if isinstance(name, str) else None
        if base is None or not isinstance(but, dict) or value.keys() - {LIKE, BUT} or but.keys() - base.keys():
            raise ValueError(f"a body is like {name!r}, which is not shown before it in this form")
        return {key: self._whole(but[key]) if key in but else item for key, item in base.items()}

    def _note(self, value: Json) -> None:
        if isinstance(value, list):
            for item in value:
                self._note(item)
        elif isinstance(value, dict):
            for item in value.values():
                self._note(item)
            self._remember(_name(value), value)

    def _remember(self, name: str, value: JsonObject) -> None:
        if name:
            self._last[name] = value
            self._by_shape[_shape(value)] = name


def _name(value: JsonObject) -> str:
    kind, own = value.get("type"), value.get("id")
    if kind == "data_attribute" and own is None:  # Intercom's own attributes have no id
        own = value.get("full_name")
    long_enough = len(value) >= _FEWEST  # a mere reference to somebody is not what they were shown as
    return f"{kind} {own}" if long_enough and isinstance(kind, str) and isinstance(own, str) else ""


def _shape(value: JsonObject) -> tuple[str, ...]:
    return (str(value["type"]), *value)


def _text(value: Json) -> bytes:
    return msgspec.json.encode(value)
