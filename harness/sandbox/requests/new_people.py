"""Visitors, whom no API can make: what one can be made with, and what a ping of the Messenger adds by itself."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harness.sandbox.requests import parsing
from harness.sandbox.rules.impossible import impossible, listed
from harness.sandbox.rules.person import Person, city_of
from harness.sandbox.workspace.workspace import Workspace

LOCATION_KEYS = {
    "city": "city_name",
    "city_name": "city_name",
    "continent_code": "continent_code",
    "country": "country_name",
    "country_name": "country_name",
    "country_code": "country_code",
    "latitude": "latitude",
    "longitude": "longitude",
    "postal_code": "postal_code",
    "region": "region_name",
    "region_name": "region_name",
    "timezone": "timezone",
}
VISITOR_TRAITS = frozenset(Person.__struct_fields__) - {
    "person_id",
    "kind",
    "created_at",
    "updated_at",
    "external_id",
    "owns",
} | {"user_id"}
"""What a visitor can be made with."""


def new_visitor(workspace: Workspace, given: Mapping[str, object]) -> Person:
    """A visitor with these traits, not let in yet."""
    if reason := parsing.excess(given):
        most = f"{parsing.DEEPEST} levels of objects and arrays, and numbers of 64 bits, are taken"
        raise impossible(f"no visitor can be made of this: {reason}", most)
    traits = dict(given)
    now, number = workspace.now(), workspace.database.next("people")
    location = _location(traits.pop("location", None) or {})
    bare = "pseudonym" in traits and traits["pseudonym"] is None
    pseudonym = traits.pop("pseudonym", None) or workspace.ids.pseudonym(number, city_of(location))
    custom_attributes = traits.pop("custom_attributes", None) or {}
    defaults = {} if bare else {"last_seen_at": now, "session_count": 1, "pseudonym": pseudonym}
    try:
        return msgspec.convert(
            {
                "person_id": workspace.ids.object_id(now, number),
                "kind": "visitor",
                "created_at": now,
                "updated_at": now,
                "external_id": traits.pop("user_id", None) or workspace.ids.uuid(number),
                "location": location,
                "custom_attributes": custom_attributes,
                **defaults,
                **traits,
            },
            Person,
        )
    except msgspec.ValidationError as error:
        raise impossible("this is no visitor", str(error)) from None


def _location(traits: object) -> dict[str, object]:
    if not isinstance(traits, Mapping):
        raise impossible("a location is an object", repr(traits))
    known = {LOCATION_KEYS[key]: value for key, value in traits.items() if key in LOCATION_KEYS}
    unknown = set(traits) - set(LOCATION_KEYS) - {"type"}
    if unknown:
        raise impossible(f"a location has no {listed(unknown)}", f"a location has {listed(LOCATION_KEYS)}")
    return known
