"""Reads what a request says of a person's own attributes, in either dialect, as the field table lets it be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.requests.new_people import LOCATION_KEYS
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.contact_field import ContactField, FieldType
from harness.sandbox.rules.contact_fields import FIELDS
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.versions import Version

DECIDED: Final = frozenset({"role", "email", "external_id", "companies"})
"""Fields that may be written and that no profile holds: identifiers and roles are decided by rules."""


def custom_attributes(call: RequestContext, current: dict[str, object]) -> dict[str, object]:
    """Return the custom attributes after the request: given ones replaced, the others left alone.

    Raises:
        Refused: an attribute is unknown to the workspace, or a value has the wrong type.
    """
    given = parsing.mapping(call.body, "custom_attributes")
    if not given:
        return current
    if call.version.has("attributes_made_on_the_fly"):
        workspace = call.workspace
        workspace.attributes.learn("contact", given, call.now, workspace.admin.admin_id)
    call.workspace.attributes.check("contact", given)
    return current | given


def changes(call: RequestContext, current: dict[str, object]) -> dict[str, object]:
    """Return the attributes that a request sets, identifiers and role aside, by their names in the store."""
    found: dict[str, object] = {}
    for name, row in writable(call.version):
        if name in call.body:
            read = READERS.get(row.name) or BY_TYPE[row.type]
            found[row.attribute] = read(call, name)
    if call.version.dialect == "1.x" and _is_seen(call):
        found["last_seen_at"] = call.now
    found["custom_attributes"] = custom_attributes(call, current)
    return found


def written_names(row: ContactField, version: Version) -> tuple[str, ...]:
    """Return the names under which requests of this version may write a field."""
    if row.writes not in ("both", version.dialect):
        return ()
    if version.dialect == "1.x":
        return row.old or (row.name,)
    return (row.name,) if row.shown is None or row.shown.covers(version) else ()


@lru_cache(64)
def writable(version: Version) -> tuple[tuple[str, ContactField], ...]:
    """Return the rows that a request of this version may write into a profile, each with its name there."""
    return tuple(
        (name, row)
        for row in FIELDS
        if row.name not in DECIDED and row.name != "custom_attributes"
        for name in written_names(row, version)
    )


def _is_seen(call: RequestContext) -> bool:
    return bool(parsing.flag(call.body, "update_last_request_at") or parsing.flag(call.body, "new_session"))


def _text(call: RequestContext, name: str) -> str | None:
    return parsing.text(call.body, name) or None


def _moment(call: RequestContext, name: str) -> int | None:
    return parsing.moment(call.body, name)


def _flag(call: RequestContext, name: str) -> bool:
    return bool(parsing.flag(call.body, name))


def _number(call: RequestContext, name: str) -> float | None:
    return parsing.number(call.body, name)


def _owner(call: RequestContext, name: str) -> str | None:
    owner_id = parsing.number_id(call.body, name)
    if owner_id and call.workspace.teammates.named(owner_id) is None:
        raise Refused(no.OWNER_UNKNOWN)
    return owner_id


def _avatar(call: RequestContext, name: str) -> str | None:
    """2.x sends an address; 1.x an object with one."""
    if isinstance(call.body[name], dict):
        return parsing.text(parsing.mapping(call.body, name) or {}, "image_url")
    return parsing.text(call.body, name)


def _location(call: RequestContext, name: str) -> dict[str, object]:
    given = parsing.mapping(call.body, name) or {}
    return {LOCATION_KEYS[key]: value for key, value in given.items() if key in LOCATION_KEYS}


Reader = Callable[[RequestContext, str], object]

BY_TYPE: Final[Mapping[FieldType, Reader]] = {"text": _text, "date": _moment, "boolean": _flag, "number": _number}
"""How a field of each type is read from a body."""

READERS: Final[Mapping[str, Reader]] = {"owner_id": _owner, "avatar": _avatar, "location": _location}
"""Fields that are read in a way of their own."""
