"""Reads what a request says of a person's own attributes, in either dialect, and keeps it to what may be written."""

from __future__ import annotations

from typing import Any

from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.requests.new_people import LOCATION_KEYS
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused

PLAIN_TEXT = ("name", "phone", "language_override")
UTM = ("referrer", "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term")
NAMES_OF_MOMENTS = {
    "2.x": (("signed_up_at", "signed_up_at"), ("last_seen_at", "last_seen_at")),
    "1.x": (
        ("remote_created_at", "signed_up_at"),
        ("signed_up_at", "signed_up_at"),
        ("last_request_at", "last_seen_at"),
    ),
}
"""What a dialect calls a moment, and what the store does."""


def custom_attributes(call: RequestContext, current: dict[str, Any]) -> dict[str, Any]:
    """The custom attributes as they are after the request: given ones replaced, the others left alone."""
    given = parsing.mapping(call.body, "custom_attributes")
    if not given:
        return current
    if call.version.has("attributes_made_on_the_fly"):
        workspace = call.workspace
        workspace.attributes.learn("contact", given, call.now, workspace.admin.admin_id)
    call.workspace.attributes.check("contact", given)
    return current | given


def changes(call: RequestContext, current: dict[str, Any]) -> dict[str, Any]:
    """The attributes that a request sets, identifiers and role aside."""
    body = call.body
    found: dict[str, Any] = {name: parsing.text(body, name) or None for name in PLAIN_TEXT if name in body}
    for theirs, ours in NAMES_OF_MOMENTS[call.version.dialect]:
        if theirs in body:
            found[ours] = parsing.moment(body, theirs)
    if "unsubscribed_from_emails" in body:
        found["unsubscribed_from_emails"] = bool(parsing.flag(body, "unsubscribed_from_emails"))
    if "owner_id" in body:
        found["owner_id"] = _owner(call)
    if "avatar" in body:
        found["avatar"] = _avatar(body)
    if call.version.dialect == "1.x":
        found |= _changes_of_1x(call)
    found["custom_attributes"] = custom_attributes(call, current)
    return found


def _owner(call: RequestContext) -> str | None:
    owner_id = parsing.number_id(call.body, "owner_id")
    if owner_id and owner_id != call.workspace.admin.admin_id:
        raise Refused(no.OWNER_UNKNOWN)
    return owner_id


def _avatar(body: dict[str, Any]) -> str | None:
    """2.x sends an address; 1.x an object with one."""
    if isinstance(body["avatar"], dict):
        return parsing.text(body["avatar"], "image_url")
    return parsing.text(body, "avatar")


def _changes_of_1x(call: RequestContext) -> dict[str, Any]:
    body = call.body
    found: dict[str, Any] = {name: parsing.text(body, name) or None for name in UTM if name in body}
    if parsing.flag(body, "update_last_request_at") or parsing.flag(body, "new_session"):
        found["last_seen_at"] = call.now
    if "location_data" in body:
        given = parsing.mapping(body, "location_data") or {}
        found["location"] = {LOCATION_KEYS[key]: value for key, value in given.items() if key in LOCATION_KEYS}
    return found
