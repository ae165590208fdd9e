"""Works out what existed before a recording began, from what the recording shows of it, and sets it up.

A person is set up as the first response that shows them has them, under the recorded id; whether they were there,
archived or deleted then follows from the first exchange that names them. Tags, custom attributes and settings are set
up by the API and the control plane. What no response tells cannot be set up, and is counted apart by the replay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.sandbox.rules.person import Kind, Person
from harness.tests.support.recorded_exchanges import RecordedExchange, RecordedSession, steps

PEOPLE = ("contact", "user", "lead", "visitor")
OBJECT_ID = re.compile(r"\b[0-9a-f]{24}\b")
LATEST_BIRTH = 5
"""Seconds between `created_at` and `Date` within which a write has made what it answers."""

State = Literal["there", "archived", "deleted", "absent"]


@dataclass
class EarlierPerson:
    """A person who was there before a recording: state and data at the first exchange that names them."""

    state: State
    shown: Mapping[str, Any] | None = None
    shown_at: int | None = None


@dataclass
class Earlier:
    """All that a recording shows to have been there before it."""

    people: dict[str, EarlierPerson] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    things_shown_at: dict[str, int] = field(default_factory=dict)
    """The first exchange that shows a tag or an attribute."""

    def first_shown_at(self, step: int) -> frozenset[str]:
        """The ids of what is set up from this exchange, which therefore proves no value of theirs."""
        people = {name for name, one in self.people.items() if one.shown_at == step}
        return frozenset(people | {name for name, at in self.things_shown_at.items() if at == step})


def earlier_than(session: RecordedSession) -> Earlier:
    """Return what existed before a recording."""
    found = Earlier()
    for step, exchange in steps(session):
        for thing in things_in(exchange.body):
            _note(found, step, exchange, thing)
        for contact_id in OBJECT_ID.findall(exchange.path):
            if contact_id not in found.made:
                found.people.setdefault(contact_id, EarlierPerson(_state_before(exchange)))
        _note_attributes(found, exchange.request_body)
        _note_conflict(found, exchange)
        _note_speaker(found, exchange)
    for person in found.people.values():
        if person.state == "absent" and person.shown is not None:
            person.state = "archived"
    return found


def things_in(body: Any) -> Iterator[Mapping[str, Any]]:
    """Yield each object of a body that has a type, outermost first."""
    if isinstance(body, Mapping):
        if isinstance(body.get("type") or body.get("object"), str):
            yield body
        for value in body.values():
            yield from things_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from things_in(value)


def _note(found: Earlier, step: int, exchange: RecordedExchange, thing: Mapping[str, Any]) -> None:
    kind, thing_id = thing.get("type"), str(thing.get("id") or "")
    _note_attributes(found, thing)
    if kind in PEOPLE and "created_at" in thing:
        _note_person(found, step, exchange, thing)
    elif kind == "tag" and "name" in thing:
        found.things_shown_at.setdefault(thing_id, step)
        if found.tags.get(thing_id, "unnamed ").startswith("unnamed "):
            found.tags[thing_id] = thing["name"]
    elif kind == "data_attribute" and thing.get("custom") and exchange.method == "GET":
        found.things_shown_at.setdefault(thing["full_name"], step)
        if found.attributes.get(thing["full_name"], {}).get("guessed", True):
            found.attributes[thing["full_name"]] = thing


def _note_person(found: Earlier, step: int, exchange: RecordedExchange, thing: Mapping[str, Any]) -> None:
    contact_id = thing["id"]
    if contact_id in found.made:
        return
    if exchange.method == "POST" and contact_id not in found.people and _is_new(exchange, thing):
        found.made.add(contact_id)
        return
    person = found.people.setdefault(contact_id, EarlierPerson("there"))
    if person.shown is None:
        person.shown, person.shown_at = thing, step
        for tag_id in tag_ids_of(thing):
            found.tags.setdefault(tag_id, f"unnamed {tag_id}")


TYPES = {bool: "boolean", int: "integer", float: "float", str: "string"}


def _note_attributes(found: Earlier, thing: Any) -> None:
    """An attribute that has a value somewhere, and is in no list of attributes, is of the type of its values."""
    values = thing.get("custom_attributes") if isinstance(thing, Mapping) else None
    for name, value in (values or {}).items():
        full_name, data_type = f"custom_attributes.{name}", TYPES.get(type(value), "string")
        known = found.attributes.get(full_name, {})
        if known.get("data_type") in (None, "unknown") or (known.get("guessed") and data_type == "float"):
            guess = data_type if value is not None else "unknown"
            found.attributes[full_name] = {"name": name, "model": "contact", "data_type": guess, "guessed": True}


def _is_new(exchange: RecordedExchange, thing: Mapping[str, Any]) -> bool:
    return "search" not in exchange.path and 0 <= exchange.at - thing["created_at"] <= LATEST_BIRTH


def _state_before(exchange: RecordedExchange) -> State:
    if exchange.path.endswith("/unarchive"):
        return "archived" if exchange.status == 200 else "deleted"
    return "absent" if exchange.status == 404 else "there"


def _note_conflict(found: Earlier, exchange: RecordedExchange) -> None:
    """Whoever stands in the way has at least the identifiers that were asked for."""
    if exchange.status != 409 or not isinstance(exchange.request_body, Mapping):
        return
    message = exchange.body["errors"][0]["message"]
    for contact_id in OBJECT_ID.findall(message):
        if contact_id in found.made or contact_id in found.people:
            continue
        asked = {name: exchange.request_body.get(name) for name in ("external_id", "email")}
        shown = {"id": contact_id, "role": "user", "created_at": int(contact_id[:8], 16), **asked}
        found.people[contact_id] = EarlierPerson("archived" if "archived" in message else "there", shown)


def _note_speaker(found: Earlier, exchange: RecordedExchange) -> None:
    """Somebody who may say something is there."""
    body = exchange.request_body if isinstance(exchange.request_body, Mapping) else {}
    speaker = body.get("from")
    if exchange.status < 300 and isinstance(speaker, Mapping) and speaker.get("user_id") and "id" not in speaker:
        contact_id = f"{int(exchange.at) - 1000:08x}{'0' * 16}"
        shown = {"id": contact_id, "role": "user", "created_at": int(exchange.at) - 1000}
        found.people[contact_id] = EarlierPerson("there", {**shown, "external_id": speaker["user_id"]})


# People as the store keeps them

SAME = frozenset(Person.__struct_fields__) - {
    *("person_id", "kind", "created_at", "updated_at", "external_id", "pseudonym", "avatar", "archived", "location"),
    *("social_profiles", "blocked", "channel", "owns"),
}
"""What a response and the store call by the same name."""


def person_of(contact_id: str, shown: Mapping[str, Any], *, archived: bool) -> Person:
    """Return a recorded person as the store keeps one."""
    same = {name: shown[name] for name in SAME if shown.get(name) is not None}
    return Person(
        person_id=contact_id,
        kind=_kind(shown),
        created_at=shown["created_at"],
        updated_at=shown.get("updated_at") or shown["created_at"],
        external_id=shown.get("external_id") or shown.get("user_id"),
        pseudonym=shown.get("pseudonym") or _pseudonym(shown.get("avatar")),
        archived=archived,
        **same,
    )


def _kind(shown: Mapping[str, Any]) -> Kind:
    told = shown.get("role") or shown.get("type")
    if told == "visitor":
        return "visitor"
    return "lead" if told in ("lead", "contact") else "user"


def _pseudonym(avatar: Any) -> str | None:
    if not isinstance(avatar, str) or "/pseudonym_avatars_" not in avatar:
        return None
    return avatar.rpartition("/")[2].removesuffix(".png").replace("-", " ").title()


def tag_ids_of(shown: Mapping[str, Any]) -> list[str]:
    """Return the ids of the tags that a response shows on a person."""
    tags = shown.get("tags") or {}
    return [str(one["id"]) for one in tags.get("data", tags.get("tags", []))]
