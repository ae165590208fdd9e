"""Contacts and conversations in the words of 2.x, version by version.

Keys and their order are those of the official 2.16 examples, with `sms_consent` and `unsubscribed_from_sms` as
recorded from live workspaces. `avatar` is a string or null, as recorded; every description calls it an object (facts
§5).
"""

from __future__ import annotations

from typing import Any, Final

from harness.sandbox import rendering
from harness.sandbox.belongings import OPT_IN, OPT_OUT, Conversation, Part
from harness.sandbox.ids import avatar_of
from harness.sandbox.people import Person
from harness.sandbox.versions import Version
from harness.sandbox.workspace import Workspace

SHOWN = 10
"""How many tags, notes, companies and subscriptions a contact shows; `has_more` tells of others."""

_WORDS: Final = """
type id workspace_id external_id role email phone name avatar owner_id social_profiles has_hard_bounced
marked_email_as_spam unsubscribed_from_emails created_at updated_at signed_up_at last_seen_at last_replied_at
last_contacted_at last_email_opened_at last_email_clicked_at language_override browser browser_version
browser_language os location
android_app_name android_app_version android_device android_os_version android_sdk_version android_last_seen_at
ios_app_name ios_app_version ios_device ios_os_version ios_sdk_version ios_last_seen_at
custom_attributes tags notes companies opted_out_subscription_types opted_in_subscription_types
utm_campaign utm_content utm_medium utm_source utm_term referrer sms_consent unsubscribed_from_sms
"""

KEYS: Final = tuple(_WORDS.split())
"""A contact's keys in their order. What a telephone would tell stays null; nobody here has one."""

_BLANK: Final[dict[str, Any]] = dict.fromkeys(KEYS)


def contact(workspace: Workspace, found: Person, version: Version) -> dict[str, Any]:
    """A lead or a user. A copy of the blank is filled in, which is twice as fast as writing so many keys anew."""
    shown = _BLANK.copy()
    shown["type"] = "contact"
    shown["id"] = found.person_id
    shown["workspace_id"] = workspace.app_id
    shown["external_id"] = found.external_id
    shown["role"] = found.kind
    shown["avatar"] = _picture(found)
    shown["name"] = rendering.escaped(found.name)
    shown["owner_id"] = rendering.owner_id(found, version)
    shown["social_profiles"] = {"type": "list", "data": found.social_profiles}
    shown["location"] = _location(found.location)
    _copy(found, shown)
    _list_belongings(found, shown, workspace.belongings.summary(found.person_id))
    if version.has("push_messaging"):
        shown["enabled_push_messaging"] = None
    if found.archived:
        shown["archived"] = True
    return shown


def _copy(found: Person, shown: dict[str, Any]) -> None:
    shown["email"] = found.email
    shown["phone"] = found.phone
    shown["has_hard_bounced"] = found.has_hard_bounced
    shown["marked_email_as_spam"] = found.marked_email_as_spam
    shown["unsubscribed_from_emails"] = found.unsubscribed_from_emails
    shown["created_at"] = found.created_at
    shown["updated_at"] = found.updated_at
    shown["signed_up_at"] = found.signed_up_at
    shown["last_seen_at"] = found.last_seen_at
    shown["last_replied_at"] = found.last_replied_at
    shown["last_contacted_at"] = found.last_contacted_at
    shown["last_email_opened_at"] = found.last_email_opened_at
    shown["last_email_clicked_at"] = found.last_email_clicked_at
    shown["language_override"] = found.language_override
    shown["browser"] = found.browser
    shown["browser_version"] = found.browser_version
    shown["browser_language"] = found.browser_language
    shown["os"] = found.os
    shown["custom_attributes"] = found.custom_attributes
    shown["utm_campaign"] = found.utm_campaign
    shown["utm_content"] = found.utm_content
    shown["utm_medium"] = found.utm_medium
    shown["utm_source"] = found.utm_source
    shown["utm_term"] = found.utm_term
    shown["referrer"] = found.referrer
    shown["sms_consent"] = found.sms_consent
    shown["unsubscribed_from_sms"] = found.unsubscribed_from_sms


def _list_belongings(found: Person, shown: dict[str, Any], has: dict[str, list[str]]) -> None:
    base = f"/contacts/{found.person_id}/"
    subscriptions = f"{base}subscriptions"
    shown["tags"] = _addresses(f"{base}tags", "tag", "/tags/", has["tag"])
    shown["notes"] = _addresses(f"{base}notes", "note", "/notes/", has["note"])
    shown["companies"] = _addresses(f"{base}companies", "company", "/companies/", has["company"])
    for key, consent in (("opted_out_subscription_types", OPT_OUT), ("opted_in_subscription_types", OPT_IN)):
        shown[key] = _addresses(subscriptions, "subscription", "/subscription_types/", has[consent])


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


def _addresses(url: str, kind: str, base: str, ids: list[str]) -> dict[str, Any]:
    count = len(ids)
    data = [{"type": kind, "id": one, "url": f"{base}{one}"} for one in ids[:SHOWN]] if ids else ids
    return {"type": "list", "data": data, "url": url, "total_count": count, "has_more": count > SHOWN}


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
