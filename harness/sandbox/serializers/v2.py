"""Contacts in the words of 2.x, version by version; conversations stand in `conversation_v2`.

Keys and their order stand in the field table (`rules.contact_fields`).

`avatar` is a string or null, as recorded; every description calls it an object (facts
§5).
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import Version
from harness.sandbox.serializers import shared_fields
from harness.sandbox.serializers.shapes import Address, AddressList, Contact, contact_of
from harness.sandbox.serializers.shown_fields import shown_fields
from harness.sandbox.store.belongings import OPT_IN, OPT_OUT
from harness.sandbox.store.ids import avatar_of
from harness.sandbox.workspace.workspace import Workspace

SHOWN = 10
"""How many tags, notes, companies and subscriptions a contact shows; `has_more` tells of others."""


def contact(workspace: Workspace, found: Person, version: Version, *, listed: bool = False) -> Contact:
    """Return a lead or a user, `listed` if in a list or a search.

    A copy of the blank is filled in, which is twice as fast as writing each key anew.
    """
    fields = shown_fields(version, workspace.preferences.as_of)
    shown = fields.empty.copy()
    fields.fill(shown, found)
    if not listed:
        fields.blank(shown)
    shown["workspace_id"] = workspace.app_id
    shown["external_id"] = found.external_id
    shown["role"] = found.kind
    shown["avatar"] = _picture(found)
    shown["name"] = shared_fields.escaped(found.name)
    shown["owner_id"] = shared_fields.owner_id(found, version)
    shown["social_profiles"] = {"type": "list", "data": found.social_profiles}
    shown["location"] = {"type": "location", **{name: found.location.get(key) for name, key in fields.location}}
    _list_belongings(found, shown, workspace.belongings.shown_on(found))
    if found.archived:
        shown["archived"] = True
    return contact_of(shown)


def _list_belongings(found: Person, shown: dict[str, object], has: Mapping[str, list[str]]) -> None:
    base = f"/contacts/{found.person_id}/"
    subscriptions = f"{base}subscriptions"
    shown["tags"] = _addresses(f"{base}tags", "tag", "/tags/", has["tag"])
    shown["notes"] = _addresses(f"{base}notes", "note", "/notes/", has["note"])
    shown["companies"] = _addresses(f"{base}companies", "company", "/companies/", has["company"])
    for key, consent in (("opted_out_subscription_types", OPT_OUT), ("opted_in_subscription_types", OPT_IN)):
        if key in shown:
            shown[key] = _addresses(subscriptions, "subscription", "/subscription_types/", has[consent])


def _picture(found: Person) -> str | None:
    """A lead's pseudonym has a picture, unless there is an e-mail (both recorded, the rule is assumed)."""
    if found.avatar or found.kind == "user" or found.email or found.pseudonym is None:
        return found.avatar
    return avatar_of(found.pseudonym)


def _addresses(url: str, kind: str, base: str, ids: list[str]) -> AddressList:
    count = len(ids)
    data: list[Address] = [{"type": kind, "id": one, "url": f"{base}{one}"} for one in ids[:SHOWN]] if ids else []
    return {"type": "list", "data": data, "url": url, "total_count": count, "has_more": count > SHOWN}


def reference(found: Person, version: Version, **state: bool) -> dict[str, object]:
    """Return what is shown of a contact who was archived, restored, blocked or deleted."""
    if version.has("short_references"):
        return {"id": found.person_id, "object": "contact", **state}
    return {"type": "contact", "id": found.person_id, "external_id": found.external_id, **state}
