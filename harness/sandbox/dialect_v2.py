"""Contacts and conversations in the words of 2.x, version by version.

Keys and their order are those of the official 2.16 examples, with `sms_consent` and `unsubscribed_from_sms` as
recorded from live workspaces. `avatar` is a string or null, as recorded; every description calls it an object (facts
§5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.sandbox import rendering
from harness.sandbox.belongings import OPT_IN, OPT_OUT, Conversation, Part
from harness.sandbox.ids import avatar_of
from harness.sandbox.people import Person
from harness.sandbox.versions import Version

if TYPE_CHECKING:
    from harness.sandbox.workspace import Workspace

SHOWN = 10
"""How many tags, notes, companies and subscriptions a contact shows; `has_more` tells of others."""


def contact(workspace: Workspace, found: Person, version: Version) -> dict[str, Any]:
    """A lead or a user."""
    has = workspace.belongings.summary(found.person_id)
    shown: dict[str, Any] = {
        "type": "contact",
        "id": found.person_id,
        "workspace_id": workspace.app_id,
        "external_id": found.external_id,
        "role": found.kind,
        "email": found.email,
        "phone": found.phone,
        "name": rendering.escaped(found.name),
        "avatar": _picture(found),
        "owner_id": rendering.owner_id(found, version),
        "social_profiles": {"type": "list", "data": found.social_profiles},
        "has_hard_bounced": found.has_hard_bounced,
        "marked_email_as_spam": found.marked_email_as_spam,
        "unsubscribed_from_emails": found.unsubscribed_from_emails,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "signed_up_at": found.signed_up_at,
        "last_seen_at": found.last_seen_at,
        "last_replied_at": found.last_replied_at,
        "last_contacted_at": found.last_contacted_at,
        "last_email_opened_at": found.last_email_opened_at,
        "last_email_clicked_at": found.last_email_clicked_at,
        "language_override": found.language_override,
        "browser": found.browser,
        "browser_version": found.browser_version,
        "browser_language": found.browser_language,
        "os": found.os,
        "location": _location(found.location),
        **NO_DEVICES,
        "custom_attributes": found.custom_attributes,
        "tags": _addresses(found, "tags", "tag", "/tags/", has["tag"]),
        "notes": _addresses(found, "notes", "note", "/notes/", has["note"]),
        "companies": _addresses(found, "companies", "company", "/companies/", has["company"]),
        "opted_out_subscription_types": _consents(found, has[OPT_OUT]),
        "opted_in_subscription_types": _consents(found, has[OPT_IN]),
        "utm_campaign": found.utm_campaign,
        "utm_content": found.utm_content,
        "utm_medium": found.utm_medium,
        "utm_source": found.utm_source,
        "utm_term": found.utm_term,
        "referrer": found.referrer,
        "sms_consent": found.sms_consent,
        "unsubscribed_from_sms": found.unsubscribed_from_sms,
    }
    if version.has("push_messaging"):
        shown["enabled_push_messaging"] = None
    if found.archived:
        shown["archived"] = True
    return shown


NO_DEVICES = dict.fromkeys(
    f"{system}_{key}"
    for system, keys in (
        ("android", ("app_name", "app_version", "device", "os_version", "sdk_version", "last_seen_at")),
        ("ios", ("app_name", "app_version", "device", "os_version", "sdk_version", "last_seen_at")),
    )
    for key in keys
)
"""What a contact's telephone would tell; nobody here has one."""


def _picture(found: Person) -> str | None:
    """A lead's pseudonym has a picture, unless there is an e-mail (both recorded, the rule is assumed)."""
    if found.avatar or found.kind == "user" or found.email or found.pseudonym is None:
        return found.avatar
    return avatar_of(found.pseudonym)


def _location(known: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "location",
        "country": known.get("country_name"),
        "region": known.get("region_name"),
        "city": known.get("city_name"),
        "country_code": known.get("country_code"),
        "continent_code": known.get("continent_code"),
    }


def _addresses(found: Person, what: str, kind: str, base: str, ids: list[str]) -> dict[str, Any]:
    return {
        "type": "list",
        "data": [{"type": kind, "id": one, "url": f"{base}{one}"} for one in ids[:SHOWN]],
        "url": f"/contacts/{found.person_id}/{what}",
        "total_count": len(ids),
        "has_more": len(ids) > SHOWN,
    }


def _consents(found: Person, ids: list[str]) -> dict[str, Any]:
    return _addresses(found, "subscriptions", "subscription", "/subscription_types/", ids)


def reference(found: Person, **more: Any) -> dict[str, Any]:
    """What is shown of a contact who was archived or deleted."""
    return {"type": "contact", "id": found.person_id, "external_id": found.external_id, **more}


def deleted(found: Person) -> dict[str, Any]:
    """What is shown of a contact who was deleted."""
    return {"id": found.person_id, "external_id": found.external_id, "type": "contact", "deleted": True}


def conversation(workspace: Workspace, found: Conversation, version: Version, *, parts: bool) -> dict[str, Any]:
    """A conversation, with its parts where one is read by itself."""
    shown: dict[str, Any] = {
        "type": "conversation",
        "id": found.conversation_id,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "waiting_since": found.waiting_since,
        "snoozed_until": None,
        "source": _source(workspace, found),
        "contacts": {"type": "contact.list", "contacts": _contacts(workspace, found)},
        "first_contact_reply": _first_reply(found),
        "admin_assignee_id": None,
        "team_assignee_id": None,
        "open": found.state == "open",
        "state": found.state,
        "read": found.read,
        "tags": rendering.conversation_tags(workspace, found.conversation_id),
        "priority": "none" if version.has("priority_levels") else "not_priority",
        "sla_applied": None,
        "statistics": None,
        "conversation_rating": None,
        "teammates": None,
        "title": found.title,
        "custom_attributes": {},
        "topics": {},
        "ticket": None,
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        "ai_agent": None,
        "ai_agent_participated": False,
    }
    if parts:
        shown["conversation_parts"] = {
            "type": "conversation_part.list",
            "conversation_parts": [_part(workspace, part, version) for part in found.parts],
            "total_count": len(found.parts),
        }
    return shown


def _source(workspace: Workspace, found: Conversation) -> dict[str, Any]:
    return {
        "type": "conversation",
        "id": found.message_id,
        "delivered_as": found.delivered_as,
        "subject": found.subject,
        "body": found.body,
        "author": _author(workspace, found.person_id),
        "attachments": [],
        "url": None,
        "redacted": False,
    }


def _contacts(workspace: Workspace, found: Conversation) -> list[dict[str, Any]]:
    people = [workspace.people.get(one) for one in workspace.belongings.participants_of(found.conversation_id)]
    return [{"type": "contact", "id": one.person_id, "external_id": one.external_id} for one in people if one]


def _first_reply(found: Conversation) -> dict[str, Any] | None:
    if found.person_id is not None:
        return {"created_at": found.created_at, "type": "conversation", "url": None}
    replies = [part.created_at for part in found.parts if part.person_id is not None]
    return {"created_at": replies[0], "type": "conversation", "url": None} if replies else None


def _author(workspace: Workspace, person_id: str | None) -> dict[str, Any]:
    if person_id is None:
        admin = workspace.admin
        return {"type": "admin", "id": admin.admin_id, "name": admin.name, "email": admin.email}
    found = workspace.people.get(person_id)
    if found is None:
        return {"type": "user", "id": person_id, "name": None, "email": None}
    return {"type": found.kind, "id": person_id, "name": rendering.escaped(found.name), "email": found.email}


def _part(workspace: Workspace, part: Part, version: Version) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": "conversation_part",
        "id": part.part_id,
        "part_type": part.part_type,
        "body": part.body,
        "created_at": part.created_at,
        "updated_at": part.created_at,
        "notified_at": part.created_at,
        "assigned_to": None,
        "author": _author(workspace, part.person_id),
        "attachments": [],
        "external_id": None,
        "redacted": False,
    }
    if version.has("part_metadata"):
        shown |= {"metadata": {}, "email_message_metadata": None, "app_package_code": None}
    return shown
