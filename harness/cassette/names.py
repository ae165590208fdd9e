"""Names for the ids that Intercom made: `lead_1`, `visitor_1.user_id`, the same in URL, body and answer.

In a file the ids stand as they were recorded, so a replay needs no names. They are for reading a recording, and for
asking the same again of a live backend, where each id is another: there the first answer that yields one binds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from harness.cassette.bodies import tree_of
from harness.cassette.format import Interaction

LONG_ID = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{12,20})(?![0-9A-Za-z])"
)
"""Ids that are known for such by their form: 24 hex digits, a uuid, a conversation's number (facts §10)."""

KINDS = {
    "contact": "contact",
    "user": "user",
    "lead": "lead",
    "visitor": "visitor",
    "admin": "admin",
    "company": "company",
    "conversation": "conversation",
    "tag": "tag",
    "note": "note",
    "segment": "segment",
    "user_message": "message",
}
"""What a `type` in an answer is called here."""
_SECOND = ("user_id", "external_id", "company_id")


class Names:
    """The name of each id of a recording, in the order in which the recording shows them."""

    def __init__(self, interactions: Iterable[Interaction]) -> None:
        self.of: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        for interaction in interactions:
            self._learn(interaction)

    def _learn(self, interaction: Interaction) -> None:
        response = interaction.outcome.response
        if response and response.status < 300:
            for item in _objects(tree_of(response.body)):
                self._name(item)
        for text in _loose_ids(interaction):
            if text not in self.of:
                self.of[text] = self._next("id")

    def _name(self, item: Mapping[str, Any]) -> None:
        kind, own = _kind(item), item.get("id")
        if kind is None or not isinstance(own, str | int) or isinstance(own, bool):
            return
        name = self.of.setdefault(str(own), "") or self._next(kind)
        self.of[str(own)] = name
        for key in _SECOND:
            if isinstance(item.get(key), str) and LONG_ID.fullmatch(item[key]):
                self.of.setdefault(item[key], f"{name}.{key}")

    def _next(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}_{self._counts[kind]}"

    def text(self, text: str) -> str:
        """A text with the ids in it named."""
        return LONG_ID.sub(lambda match: "{" + self.of[match[0]] + "}" if match[0] in self.of else match[0], text)


def _kind(item: Mapping[str, Any]) -> str | None:
    kind = KINDS.get(str(item.get("type")))
    return str(item.get("role")) if kind == "contact" and item.get("role") in ("lead", "user") else kind


def _objects(tree: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _objects(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _objects(value)


def _loose_ids(interaction: Interaction) -> Iterator[str]:
    response = interaction.outcome.response
    yield from LONG_ID.findall(interaction.request.target)
    yield from LONG_ID.findall(interaction.request.body.decode("utf-8", "replace"))
    if response:
        yield from LONG_ID.findall(response.body.decode("utf-8", "replace"))


class Binding:
    """Recorded ids and what they are on the backend that is asked now."""

    def __init__(self, names: Names, bound: Mapping[str, str] | None = None) -> None:
        self.names = names
        self.live: dict[str, str] = dict(bound or {})

    def text(self, text: str) -> str:
        """A text with each bound id replaced by the live one."""
        if text in self.live:
            return self.live[text]
        return LONG_ID.sub(lambda match: self.live.get(match[0], match[0]), text)

    def target(self, target: str) -> str:
        """A path with its query, with the live ids in it; path segments and query values count as a whole too."""
        path, question, query = target.partition("?")
        live = "/".join(
            quote(bound, safe="") if (bound := self.live.get(part)) else self.text(part) for part in path.split("/")
        )
        pairs = parse_qsl(query, keep_blank_values=True)
        changed = [(name, self.text(value)) for name, value in pairs]
        return live + question + (query if changed == pairs else urlencode(changed))

    def tree(self, value: Any) -> Any:
        """JSON values with the live ids in them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        if isinstance(value, dict):
            return {key: self.tree(item) for key, item in value.items()}
        return value

    def bind(self, recorded: Any, live: Any) -> None:
        """Learn from an answer which live id each recorded one is."""
        if isinstance(recorded, dict) and isinstance(live, dict):
            for key, value in recorded.items():
                if key in live:
                    self.bind(value, live[key])
        elif isinstance(recorded, list) and isinstance(live, list):
            for one, other in zip(recorded, live, strict=False):
                self.bind(one, other)
        elif isinstance(recorded, str) and isinstance(live, str) and recorded in self.names.of:
            self.live.setdefault(recorded, live)
