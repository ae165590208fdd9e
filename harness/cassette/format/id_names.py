"""IdNames for the ids that Intercom made: `lead_1`, `visitor_1.user_id`, the same in URL, body and answer.

In a file the ids stand as they were recorded, so a replay needs no names. They are for reading a recording, and for
asking the same again of a live backend, where each id is another: there the first answer that yields one binds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Interaction
from harness.core.json_values import Json

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
    "subscription": "subscription",
    "data_attribute": "data_attribute",
    "user_message": "message",
}
"""What a `type` in an answer is called here."""
COLLECTIONS = {
    "tags": "tag",
    "notes": "note",
    "companies": "company",
    "conversations": "conversation",
    "segments": "segment",
    "subscriptions": "subscription",
    "data_attributes": "data_attribute",
    "admin_id": "admin",
    "tag_id": "tag",
    "conversation_id": "conversation",
}
"""Whose id it is, by the part of a path before it or by the key that holds it."""
_SECOND = ("user_id", "external_id", "company_id")


def key_of_id(kind: str, text: str) -> str:
    """Under what an id is known: long ones by themselves, short numbers with what they number."""
    return text if LONG_ID.fullmatch(text) else f"{kind}:{text}"


class IdNames:
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

    def _name(self, item: Mapping[str, Json]) -> None:
        kind, own = kind_of(item), item.get("id")
        if kind is None or not isinstance(own, str):
            return
        key = key_of_id(kind, own)
        name = self.of.get(key) or self._next(kind)
        self.of[key] = name
        for second in _SECOND:
            value = item.get(second)
            if isinstance(value, str) and LONG_ID.fullmatch(value):
                self.of.setdefault(value, f"{name}.{second}")

    def _next(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}_{self._counts[kind]}"

    def name_of(self, item: Mapping[str, Json]) -> str:
        """The name of what an answer shows, or an empty text."""
        return self.of.get(key_of_id(kind_of(item) or "", str(item.get("id"))), "")

    def text(self, text: str) -> str:
        """A text with the ids in it named."""
        return LONG_ID.sub(lambda match: "{" + self.of[match[0]] + "}" if match[0] in self.of else match[0], text)


def kind_of(item: Mapping[str, Json]) -> str | None:
    """What an object in an answer is called, or `None` where it is nothing with an id."""
    kind = KINDS.get(str(item.get("type")))
    return str(item.get("role")) if kind == "contact" and item.get("role") in ("lead", "user") else kind


def _objects(tree: Json) -> Iterator[Mapping[str, Json]]:
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
