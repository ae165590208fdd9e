"""All that Intercom's API tells of a workspace at one moment, to hold two runs against each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from harness.client import IntercomClient
from harness.core.people import Person, User
from harness.mutation.observed_request import JsonValue
from harness.verification.snapshot import PersonSnapshot, Snapshot, take_census

PublicDump: TypeAlias = Mapping[str, JsonValue]
"""What each read answered, by a name that is the same in each run."""


def public_dump(
    client: IntercomClient, people: Sequence[Person], involved: Collection[str], census: Snapshot | None
) -> PublicDump:
    """Return what Intercom tells of everyone there is, and of all they have.

    involved: the ids of source and target, whose `updated_at` is masked. census: what verification has read since the
    pipeline's last call; read now, where there is none.
    """
    census = take_census(client, people) if census is None else census
    known = {person.id for person in people}
    strangers = [User(contact_id) for contact_id in census.contacts if contact_id not in known]
    if len(strangers) <= MOST_STRANGERS:
        census = census.with_portraits(client, strangers)
    return {name: in_one_order(masked(value, involved)) for name, value in _reads(census)}


MOST_STRANGERS = 20
"""Contacts beyond the scenario's people who are read one by one; of a larger crowd the list tells."""


def _reads(census: Snapshot) -> Sequence[tuple[str, JsonValue]]:
    found: list[tuple[str, JsonValue]] = []
    for name, portrait in census.portraits.items():
        key = _id_in(portrait) or name
        found += [(f"{key} {name}", [reading.status, told]) for name, (reading, told) in portrait.about().items()]
    found += [(f"listed {contact_id}", dict(body)) for contact_id, body in census.contacts.items()]
    for name, reading in (("tags", census.tags), ("attributes", census.attributes)):
        found.append((name, None if reading is None else reading.answer))
    return found


def _id_in(portrait: PersonSnapshot) -> str:
    """Return the id of the person that reads are about; somebody new is filed under the external id they were given."""
    for reading in (portrait.by_id, portrait.by_uuid, portrait.by_external_id):
        if reading is not None and reading.found and isinstance(reading.answer, Mapping):
            return str(reading.answer.get("id"))
    return ""


def masked(value: JsonValue, involved: Collection[str]) -> JsonValue:
    """Return a value without ids of requests, and without `updated_at` of those who are involved."""
    if isinstance(value, Mapping):
        hidden = {"request_id"} | ({"updated_at"} if str(value.get("id")) in involved else set())
        return {name: None if name in hidden else masked(inner, involved) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [masked(inner, involved) for inner in value]
    return value


def in_one_order(value: JsonValue) -> JsonValue:
    """Return a value whose lists of things with ids are sorted by these: in which order they are told means nothing."""
    if isinstance(value, Mapping):
        return {name: in_one_order(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        entries = [in_one_order(inner) for inner in value]
        return sorted(entries, key=_id) if all(isinstance(one, Mapping) and "id" in one for one in entries) else entries
    return value


def _id(value: JsonValue) -> str:
    return str(value.get("id")) if isinstance(value, Mapping) else ""


def without_times(value: JsonValue, began: float, ended: float, name: str = "") -> JsonValue:
    """Return a value in which each time that lies within a run is told as that alone, in seconds or as ISO 8601.

    A pipeline that waits and asks again does the same a little later.
    """
    if isinstance(value, Mapping):
        return {key: without_times(inner, began, ended, key) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_times(inner, began, ended, name) for inner in value]
    if name.endswith("_at") and _is_within(value, began, ended):
        return "during the run"
    return value


def _is_within(value: JsonValue, began: float, ended: float) -> bool:
    if isinstance(value, str):
        try:
            return began <= datetime.fromisoformat(value).timestamp() <= ended
        except ValueError:
            return False
    return isinstance(value, int | float) and began <= value <= ended
