"""Contacts of 2.x of the usual form, decoded at once: a line of JSON that has no other keys and no other types.

It reads the same as `json_contacts`, several times faster; whatever is unusual about a line is left to that.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from harness.rehearsal.load.loaded_items import MOST_ATTRIBUTES, LoadedContact
from harness.sandbox.rules.person import Person

Moment: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=4_294_967_295)]
Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63) + 1, le=2**63 - 1)]
Attributes: TypeAlias = Annotated[
    dict[str, str | bool | Whole | float | None], msgspec.Meta(max_length=MOST_ATTRIBUTES)
]
Text: TypeAlias = str | None
Flag: TypeAlias = bool | None
Unread: TypeAlias = str | int | bool | None
"""What no sandbox stores: apps on telephones and the like."""


class UsualReference(msgspec.Struct, forbid_unknown_fields=True):
    """A tag, a note, a company or a subscription type, by its id."""

    id: str
    type: str = ""
    url: Text = None


class UsualList(msgspec.Struct, forbid_unknown_fields=True):
    """The first of what a contact has of a kind, all of them where there are no more."""

    data: list[UsualReference] = []
    type: str = ""
    url: Text = None
    total_count: int = 0
    has_more: Literal[False] = False


class NoProfiles(msgspec.Struct, forbid_unknown_fields=True):
    """An empty list of profiles."""

    data: Annotated[list[str], msgspec.Meta(max_length=0)] = []
    type: str = ""


class UsualLocation(msgspec.Struct, forbid_unknown_fields=True):
    """Where a contact is."""

    type: str = ""
    country: Text = None
    region: Text = None
    city: Text = None
    country_code: Text = None
    continent_code: Text = None


class UsualContact(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A contact of 2.x."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    role: Literal["lead", "user"]
    created_at: Moment
    updated_at: Moment
    type: Literal["contact"] = "contact"
    workspace_id: Text = None
    external_id: Text = None
    email: Text = None
    phone: Text = None
    name: Text = None
    avatar: Text = None
    owner_id: (
        Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,17}$")] | Annotated[int, msgspec.Meta(ge=1)] | None
    ) = None
    social_profiles: NoProfiles | None = None
    has_hard_bounced: Flag = None
    marked_email_as_spam: Flag = None
    unsubscribed_from_emails: Flag = None
    signed_up_at: Moment | None = None
    last_seen_at: Moment | None = None
    last_replied_at: Moment | None = None
    last_contacted_at: Moment | None = None
    last_email_opened_at: Moment | None = None
    last_email_clicked_at: Moment | None = None
    language_override: Text = None
    browser: Text = None
    browser_version: Text = None
    browser_language: Text = None
    os: Text = None
    location: UsualLocation | None = None
    android_app_name: Unread = None
    android_app_version: Unread = None
    android_device: Unread = None
    android_os_version: Unread = None
    android_sdk_version: Unread = None
    android_last_seen_at: Unread = None
    ios_app_name: Unread = None
    ios_app_version: Unread = None
    ios_device: Unread = None
    ios_os_version: Unread = None
    ios_sdk_version: Unread = None
    ios_last_seen_at: Unread = None
    custom_attributes: Attributes = {}
    tags: UsualList | None = None
    notes: UsualList | None = None
    companies: UsualList | None = None
    opted_out_subscription_types: UsualList | None = None
    opted_in_subscription_types: UsualList | None = None
    utm_campaign: Text = None
    utm_content: Text = None
    utm_medium: Text = None
    utm_source: Text = None
    utm_term: Text = None
    referrer: Text = None
    sms_consent: Flag = None
    unsubscribed_from_sms: Flag = None
    enabled_push_messaging: Unread = None
    email_domain: Text = None


_decode = msgspec.json.Decoder(UsualContact).decode
LOCATION: Final = (
    ("country", "country_name"), ("region", "region_name"), ("city", "city_name"), ("country_code", "country_code"),
    ("continent_code", "continent_code"),
)  # fmt: skip


def usual_contact(line: str) -> tuple[LoadedContact, int] | None:
    """Return the contact of a line of JSON and how many notes it names; `None` where the line is unusual."""
    try:
        found = _decode(line)
        tags = tuple([int(one.id) for one in found.tags.data]) if found.tags else ()
        if tags and not (min(tags) >= 0 and max(tags) < 2**63):
            return None
        consents = _consents(found)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    companies = tuple([one.id for one in found.companies.data if one.id]) if found.companies else ()
    return LoadedContact(_person(found), tags, companies, consents), found.notes.total_count if found.notes else 0


def _consents(found: UsualContact) -> tuple[tuple[int, str], ...]:
    out, into = found.opted_out_subscription_types, found.opted_in_subscription_types
    if not (out and out.data) and not (into and into.data):
        return ()
    pairs = [(one.id, "opt_out") for one in out.data] if out else []
    pairs += [(one.id, "opt_in") for one in into.data] if into else []
    return tuple((int(subscription_id), consent) for subscription_id, consent in pairs)


def _person(found: UsualContact) -> Person:
    location: dict[str, object] = {}
    if (place := found.location) is not None:
        for name, stored in LOCATION:
            value = getattr(place, name)
            if value is not None:
                location[stored] = value
    attributes: dict[str, object] = found.custom_attributes  # type: ignore[assignment]  # each of these is an object
    return Person(
        person_id=found.id,
        kind=found.role,
        created_at=found.created_at,
        updated_at=found.updated_at,
        external_id=found.external_id or None,
        email=found.email or None,
        phone=found.phone or None,
        name=found.name or None,
        avatar=found.avatar or None,
        owner_id=None if found.owner_id is None else str(found.owner_id),
        location=location,
        custom_attributes=attributes,
        signed_up_at=found.signed_up_at,
        last_seen_at=found.last_seen_at,
        last_replied_at=found.last_replied_at,
        last_contacted_at=found.last_contacted_at,
        last_email_opened_at=found.last_email_opened_at,
        last_email_clicked_at=found.last_email_clicked_at,
        language_override=found.language_override or None,
        browser=found.browser or None,
        browser_version=found.browser_version or None,
        browser_language=found.browser_language or None,
        os=found.os or None,
        referrer=found.referrer or None,
        utm_campaign=found.utm_campaign or None,
        utm_content=found.utm_content or None,
        utm_medium=found.utm_medium or None,
        utm_source=found.utm_source or None,
        utm_term=found.utm_term or None,
        has_hard_bounced=bool(found.has_hard_bounced),
        marked_email_as_spam=bool(found.marked_email_as_spam),
        unsubscribed_from_emails=bool(found.unsubscribed_from_emails),
        sms_consent=bool(found.sms_consent),
        unsubscribed_from_sms=bool(found.unsubscribed_from_sms),
    )
