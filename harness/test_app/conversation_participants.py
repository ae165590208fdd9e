"""Who is in a conversation, as its body shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from harness.core.json_values import Json

STAFF: Final = frozenset({"admin", "bot", "team"})
"""Authors who are nobody's contact; whoever else has said something is taken for one."""


def participants_in(body: Json) -> frozenset[str] | None:
    """The ids of all who take part in a conversation or have said something in it; `None` if it is none."""
    shown = body.get("contacts") if isinstance(body, Mapping) else None
    contacts = shown.get("contacts") if isinstance(shown, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(contacts, list):
        return None
    taking_part = (str(one.get("id")) if isinstance(one, Mapping) else str(one) for one in contacts)
    return frozenset(taking_part) | frozenset(_speakers(body))


def _speakers(body: Mapping[str, Json]) -> Iterator[str]:
    said = [body.get("source"), *listed(body.get("conversation_parts"), "conversation_parts")]
    for one in said:
        author = one.get("author") if isinstance(one, Mapping) else None
        if isinstance(author, Mapping) and author.get("id") and author.get("type") not in STAFF:
            yield str(author["id"])


def listed(value: Json, name: str) -> list[Json]:
    """Return the list under a name of an object; an empty one where there is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []
