"""Recorded ids and what they are on the backend that is asked now: bound by the first answer that yields one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from harness.cassette.format.bodies import is_json, tree_of
from harness.cassette.format.id_names import COLLECTIONS, LONG_ID, IdNames, key_of_id, kind_of
from harness.core.http import Request
from harness.core.json_values import Json


class Binding:
    """What each recorded id is on a live backend, as far as it has shown it."""

    def __init__(self, names: IdNames) -> None:
        self.names = names
        self._live: dict[str, str] = {}

    def knows(self, text: str) -> bool:
        """Whether a long id is bound."""
        return text in self._live

    def is_bound_to(self, text: str) -> bool:
        """Whether a live id is one that a recorded one stands for."""
        return text in self._live.values()

    def text(self, text: str) -> str:
        """A text with each bound long id replaced by the live one."""
        return LONG_ID.sub(lambda match: self._live.get(match[0], match[0]), text)

    def one(self, kind: str, text: str) -> str:
        """The live id for a recorded one of a kind."""
        return self._live.get(key_of_id(kind, text)) or self.text(text)

    def request(self, recorded: Request) -> Request:
        """The recorded request as the live backend has to be asked it."""
        path, question, query = recorded.target.partition("?")
        target = self._path(path) + question + self._query(query)
        if not recorded.body or not is_json(recorded.body):
            return replace(recorded, target=target, body=self.text(recorded.body.decode("latin-1")).encode("latin-1"))
        kind = next((COLLECTIONS[part] for part in reversed(path.split("/")) if part in COLLECTIONS), "")
        return replace(recorded, target=target, body=msgspec.json.encode(self.tree(tree_of(recorded.body), kind)))

    def _path(self, path: str) -> str:
        parts = path.split("/")
        kinds = [COLLECTIONS.get(before, "") for before in ["", *parts]]
        return "/".join(quote(self.one(kind, part), safe="%") for kind, part in zip(kinds, parts, strict=False))

    def _query(self, query: str) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        changed = [(name, self.one(COLLECTIONS.get(name, ""), value)) for name, value in pairs]
        return query if changed == pairs else urlencode(changed)

    def tree(self, value: Json, kind: str = "") -> Json:
        """JSON values with the live ids in them; `kind` says what a bare `id` numbers."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.tree(item, kind) for item in value]
        if not isinstance(value, dict):
            return value
        own = kind_of(value) or kind
        return {key: self._member(key, item, own) for key, item in value.items()}

    def _member(self, key: str, value: Json, kind: str) -> Json:
        if isinstance(value, str) and (key == "id" or key in COLLECTIONS):
            return self.one(COLLECTIONS.get(key, kind), value)
        return self.tree(value, COLLECTIONS.get(key, kind))

    def learn(self, recorded: Json, live: Json) -> None:
        """Learn from an answer which live id each recorded one is."""
        if isinstance(recorded, dict) and isinstance(live, dict):
            self._learn_object(recorded, live)
        elif isinstance(recorded, list) and isinstance(live, list):
            for one, other in zip(recorded, live, strict=False):
                self.learn(one, other)
        elif isinstance(recorded, str) and recorded in self.names.of and LONG_ID.fullmatch(str(live)):
            self._live.setdefault(recorded, str(live))

    def _learn_object(self, recorded: Mapping[str, Json], live: Mapping[str, Json]) -> None:
        kind, one, other = kind_of(recorded), recorded.get("id"), live.get("id")
        if kind and isinstance(one, str) and isinstance(other, str):
            self._live.setdefault(key_of_id(kind, one), other)
        for key, value in recorded.items():
            now = live.get(key)
            if key in COLLECTIONS and isinstance(value, str) and isinstance(now, str):
                self._live.setdefault(key_of_id(COLLECTIONS[key], value), now)
            else:
                self.learn(value, now)


COUNTS = frozenset({"total_count", "total_pages", "pages", "has_more"})
"""What an answer says of how much there is, beside the list itself."""


def without_others(recorded: Json, live: Json, binding: Binding) -> Json:
    """The live answer without whatever others have in the same workspace: items of lists that no recorded one is.

    Where a list is longer than the recorded one, items with an id that nothing is bound to are left out, and what the
    answer says of their number is taken from the recording.
    """
    if isinstance(recorded, dict) and isinstance(live, dict):
        shown = {key: without_others(recorded.get(key), value, binding) for key, value in live.items()}
        fewer = any(_is_shorter(shown[key], value) for key, value in live.items())
        return {key: recorded[key] if fewer and key in COUNTS & recorded.keys() else shown[key] for key in shown}
    if isinstance(recorded, list) and isinstance(live, list) and len(live) > len(recorded):
        own = [item for item in live if not _is_of_others(item, binding)]
        return own if len(own) >= len(recorded) else live
    return live


def _is_shorter(shown: Json, whole: Json) -> bool:
    return isinstance(whole, list) and isinstance(shown, list) and len(shown) < len(whole)


def _is_of_others(item: Json, binding: Binding) -> bool:
    own = item.get("id") if isinstance(item, dict) else None
    return isinstance(own, str) and not binding.is_bound_to(own)
