"""One person as the store keeps them, in neither dialect's words: a visitor, a lead or a user.

What hangs on a person (tags, notes, companies, conversations, consents, events) stands in tables of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["visitor", "lead", "user"]


class Person(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A visitor, a lead or a user. Times are whole seconds since 1970.

    `external_id` is a visitor's and a lead's uuid (1.x: `user_id`), and whatever its application calls a user.
    `location` has 1.x's keys (`city_name`, …), which say more than 2.x's.
    """

    person_id: str
    kind: Kind
    created_at: int
    updated_at: int
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    pseudonym: str | None = None
    avatar: str | None = None
    owner_id: str | None = None
    location: dict[str, object] = {}
    custom_attributes: dict[str, object] = {}
    signed_up_at: int | None = None
    last_seen_at: int | None = None
    last_replied_at: int | None = None
    last_contacted_at: int | None = None
    last_email_opened_at: int | None = None
    last_email_clicked_at: int | None = None
    session_count: int = 0
    language_override: str | None = None
    browser: str | None = None
    browser_version: str | None = None
    browser_language: str | None = None
    os: str | None = None
    referrer: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None
    utm_term: str | None = None
    unsubscribed_from_emails: bool = False
    marked_email_as_spam: bool = False
    has_hard_bounced: bool = False
    sms_consent: bool = False
    unsubscribed_from_sms: bool = False
    social_profiles: list[dict[str, object]] = []
    archived: bool = False
    blocked: bool = False
    channel: str | None = None
    """The channel that a lead came by where it was not the Messenger: `facebook`, `mailing_list`, …"""
    owns: bool = False
    """Whether anything was ever hung on them, as the database noted it."""
    had: dict[str, list[str]] | None = None
    """The ids of what they had by kind, of a contact as a lagging index shows them; `None` of one as they are."""
    further: dict[str, object] = {}
    """The values of fields that stand in the field table only: no rule of the sandbox reads them by name."""

    def value(self, attribute: str) -> object:
        """Return an attribute by its name in the field table."""
        return getattr(self, attribute) if attribute in _ATTRIBUTES else self.further.get(attribute)

    def changed(self, values: Mapping[str, object]) -> Person:
        """Return this person with other values, by their names in the field table."""
        further = {name: value for name, value in values.items() if name not in _ATTRIBUTES}
        if not further:
            return msgspec.structs.replace(self, **values)
        own = {name: value for name, value in values.items() if name in _ATTRIBUTES}
        return msgspec.structs.replace(self, **own, further=self.further | further)


_ATTRIBUTES = frozenset(Person.__struct_fields__)


def city_of(location: Mapping[str, object]) -> str | None:
    """Return the city of a location, if it is known."""
    city = location.get("city_name")
    return city if isinstance(city, str) else None


def email_key(email: str | None) -> str | None:
    """What two spellings of one e-mail address have in common (facts §5, assumed: letter case does not count)."""
    return email.strip().lower() if email else None
