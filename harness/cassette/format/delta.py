"""The diffs of a cassette: a contact already in it is stored as what differs, `{"like": "contact 6955…", "but": {…}}`.

A scenario reads the same few people before and after, alone and in lists, so most of a recording repeats itself. An
object with a type and an id is written as the difference to the one that was last shown under that name (or to
another of the same shape), wherever that is shorter. Only text that comes back the very same is shortened: numbers and
escapes that another writer would write otherwise stay as they came.

    {"like": NAME, "but": {…}}              the object last shown under NAME, with these members instead
    {"like": NAME, "as": ID, "but": {…}}    the same, with ID wherever the id of that object stands (since format 3)
    {"like": "", "but": {…}}                inside `but`: the member itself, with these members instead (since 3)
    {"likes": [NAME, …]}                    in a list: these objects one after the other, unchanged (since 3)
    {"again": NUMBER}                       for a whole body: that of the interaction with this number (since 3)

Intercom's own data attributes, which every scenario reads, count as shown before (`builtin_attributes.json`, since 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from harness.cassette.format.bodies import WRAPPERS
from harness.core.json_values import Json, JsonObject

LIKE: Final = "like"
BUT: Final = "but"
AS: Final = "as"
LIKES: Final = "likes"
MARKS: Final = (b'"like":', b'"likes":')
"""In the text of whatever is, or could be taken for, a likeness."""
_AGAIN = re.compile(rb'\{"again":([1-9]\d*)\}')
_WRAPPED = tuple(f'{{"{name}":'.encode() for name in WRAPPERS)
_FEWEST = 6
"""Members of an object that others may be like."""
_LONG_ID = re.compile(r"[0-9A-Za-z_-]{8,}")
"""An id that stands for nothing else where it occurs in another text."""
_WORTH_IT = 40
"""Bytes of a body that is named rather than written again."""


@dataclass(slots=True)
class DeltaEncoder:
    """The objects and bodies that a recording has shown so far; the same for who writes and for who reads.

    extended: whether the forms of format 3 are read.
    """

    extended: bool = True
    _last: dict[str, JsonObject] = field(default_factory=dict)
    _by_shape: dict[tuple[str, ...], str] = field(default_factory=dict)
    _bodies: list[bytes] = field(default_factory=list)
    _answers: dict[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with what every recording may take for shown."""
        if self.extended:
            for attribute in _builtin_attributes():
                self._remember(_name(attribute), attribute)

    def shorten(self, text: bytes, request: bytes = b"") -> bytes:
        """The field of a body as it is written; `request` tells of what request it is the response."""
        again = self._answers.get(request, 0)
        self._bodies.append(text)
        if request and len(text) >= _WORTH_IT:
            if again and self._bodies[again - 1] == text:
                return b'{"again":%d}' % again
            self._answers[request] = len(self._bodies)
        return self._shortened(text)

    def _shortened(self, text: bytes) -> bytes:
        if text.startswith(_WRAPPED) or text[:1] not in (b"{", b"["):
            return text
        if any(mark in text for mark in MARKS) or _AGAIN.fullmatch(text):
            return b'{"json":' + text + b"}"
        tree = msgspec.json.decode(text)
        return msgspec.json.encode(self._short(tree)) if msgspec.json.encode(tree) == text else text

    def expand(self, text: bytes) -> bytes:
        """The field of a body as it was before it was written; raises ValueError where it is like nothing."""
        again = _AGAIN.fullmatch(text) if self.extended else None
        if again is not None:
            if int(again[1]) > len(self._bodies):
                raise ValueError(f"a body is that of interaction {int(again[1])}, which is not before it")
            whole = self._bodies[int(again[1]) - 1]
        else:
            whole = self._expanded(text)
        self._bodies.append(whole)
        return whole

    def _expanded(self, text: bytes) -> bytes:
        if text.startswith(_WRAPPED) or text[:1] not in (b"{", b"["):
            return text
        tree = msgspec.json.decode(text)
        if any(mark in text for mark in MARKS[: 2 if self.extended else 1]):
            return msgspec.json.encode(self._whole(tree))
        if msgspec.json.encode(tree) == text:
            self._note(tree)
        return text

    # --- writing ----------------------------------------------------------------------------------

    def _short(self, value: Json) -> Json:
        if isinstance(value, list):
            return list(_in_runs([self._short(item) for item in value]))
        if not isinstance(value, dict):
            return value
        name = _name(value)
        found = self._likeness(name, value) if name else None
        short = found if found is not None else {key: self._short(item) for key, item in value.items()}
        self._remember(name, value)
        return short

    def _likeness(self, name: str, value: JsonObject) -> JsonObject | None:
        """Return how an object is written as being like another, where that is shorter; nothing is learned before."""
        base = self._base(name, value)
        if not base:
            return None
        told: JsonObject = {LIKE: base}
        other, own = self._last[base], str(value.get("id"))
        if base != name and _LONG_ID.fullmatch(str(other.get("id"))) and _LONG_ID.fullmatch(own):
            told, other = {**told, AS: own}, _renamed(other, own)
        if len(_text(told)) + _cost(other, value) >= len(_text(value)):
            return None
        but = self._changed(other, value)
        return {**told, BUT: but} if but else told

    def _base(self, name: str, value: JsonObject) -> str:
        for known in (name, self._by_shape.get(_shape(value), "")):
            if known in self._last and _shape(self._last[known]) == _shape(value):
                return known
        return ""

    def _changed(self, other: JsonObject, value: JsonObject) -> JsonObject:
        return {key: self._member(other[key], item) for key, item in value.items() if _text(item) != _text(other[key])}

    def _member(self, other: Json, item: Json) -> Json:
        if isinstance(other, dict) and isinstance(item, dict) and _is_near(other, item):
            return {LIKE: "", BUT: self._changed(other, item)}
        return self._short(item)

    # --- reading ----------------------------------------------------------------------------------

    def _whole(self, value: Json) -> Json:
        if isinstance(value, list):
            return [whole for item in value for whole in self._items(item)]
        if not isinstance(value, dict):
            return value
        whole = self._like(value) if LIKE in value else {key: self._whole(item) for key, item in value.items()}
        self._remember(_name(whole), whole)
        return whole

    def _items(self, item: Json) -> Iterator[Json]:
        """Yield what an entry of a list stands for: itself, or a run of objects that were shown before."""
        names = item.get(LIKES) if self.extended and isinstance(item, dict) else None
        if isinstance(names, list):
            for name in names:
                yield self._whole({LIKE: name})
        else:
            yield self._whole(item)

    def _like(self, value: JsonObject) -> JsonObject:
        name, own = value[LIKE], value.get(AS)
        base = self._last.get(name) if isinstance(name, str) else None
        if base is None or value.keys() - ({LIKE, BUT, AS} if self.extended else {LIKE, BUT}):
            raise _unlike(name)
        if own is not None:
            if not isinstance(own, str) or not isinstance(base.get("id"), str):
                raise _unlike(name)
            base = _renamed(base, own)
        return self._with(base, value.get(BUT, {}), name)

    def _with(self, base: JsonObject, but: Json, name: Json) -> JsonObject:
        if not isinstance(but, dict) or but.keys() - base.keys():
            raise _unlike(name)
        return {key: self._changed_member(item, but[key], name) if key in but else item for key, item in base.items()}

    def _changed_member(self, base: Json, told: Json, name: Json) -> Json:
        if self.extended and isinstance(told, dict) and told.get(LIKE) == "" and isinstance(base, dict):
            return self._with(base, told.get(BUT, {}), name)
        return self._whole(told)

    # --- both -------------------------------------------------------------------------------------

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


@cache
def _builtin_attributes() -> tuple[JsonObject, ...]:
    """Return Intercom's own data attributes as format 3 has them: they belong to the format, and never change."""
    return tuple(msgspec.json.decode(Path(__file__).with_name("builtin_attributes.json").read_bytes()))


def _unlike(name: Json) -> ValueError:
    return ValueError(f"a body is like {name!r}, which is not shown before it in this form")


def _in_runs(items: list[Json]) -> Iterator[Json]:
    """Join neighbours that are wholly like others."""
    for whole, run in groupby(items, key=lambda item: isinstance(item, dict) and item.keys() == {LIKE}):
        joined = list(run)
        if whole and len(joined) > 1:
            yield {LIKES: [item[LIKE] for item in joined if isinstance(item, dict)]}
        else:
            yield from joined


def _is_near(other: JsonObject, value: JsonObject) -> bool:
    """Return whether an object without an identifier is stored as its changed members alone."""
    return not _name(value) and [*value] == [*other] and any(_text(value[key]) == _text(other[key]) for key in value)


def _cost(other: JsonObject, value: JsonObject) -> int:
    """Return about how many bytes it takes to say what is changed."""
    cost = len('"but":{}')
    for key, item in value.items():
        base = other[key]
        if _text(item) != _text(base):
            near = isinstance(base, dict) and isinstance(item, dict) and _is_near(base, item)
            told = _cost(base, item) + len('{"like":"",}') if near else len(_text(item))  # type: ignore[arg-type]
            cost += len(key) + len('"":,') + told
    return cost


def _renamed(value: JsonObject, own: str) -> JsonObject:
    """Return the object with another id wherever its own one stands."""
    found: JsonObject = msgspec.json.decode(_text(value).replace(str(value["id"]).encode(), own.encode()))
    return found


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
