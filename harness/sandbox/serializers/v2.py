"""Contacts in the words of 2.x, version by version; conversations stand in `conversation_v2`.

Keys and their order are those of the official 2.16 examples, with `sms_consent` and `unsubscribed_from_sms` as
recorded from live workspaces. `avatar` is a string or null, as recorded; every description calls it an object (facts
§5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import Version
from harness.sandbox.serializers import shared_fields
from harness.sandbox.store.belongings import NOTHING, OPT_IN, OPT_OUT
from harness.sandbox.store.ids import avatar_of
from harness.sandbox.workspace.workspace import Workspace

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
    shown["name"] = shared_fields.escaped(found.name)
    shown["owner_id"] = shared_fields.owner_id(found, version)
    shown["social_profiles"] = {"type": "list", "data": found.social_profiles}
    shown["location"] = _location(found.location)
    _copy(found, shown)
    _list_belongings(found, shown, workspace.belongings.summary(found.person_id) if found.owns else NOTHING)
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


def _list_belongings(found: Person, shown: dict[str, Any], has: Mapping[str, list[str]]) -> None:
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
