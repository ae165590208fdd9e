"""What contacts can be searched by in one workspace: names of fields, their types, and where they stand on a person.

The rules of segments read these; `POST /contacts/search` reads `segment_id` as well. The language of queries is
`querying`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from harness.sandbox.rules.person import Person
from harness.sandbox.search import language
from harness.sandbox.search.language import Field, Fields
from harness.sandbox.workspace.workspace import Workspace

TEXTS = ("name", "avatar", "owner_id", "phone", "external_id", "language_override", "browser", "browser_language", "os")
UTMS = ("referrer", "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term")
DATES = (
    "created_at", "updated_at", "signed_up_at", "last_seen_at", "last_contacted_at", "last_replied_at",
    "last_email_opened_at", "last_email_clicked_at",
)  # fmt: skip
FLAGS = ("unsubscribed_from_emails", "marked_email_as_spam", "has_hard_bounced")
NOBODY_HAS: dict[str, language.Kind] = {
    "ios_last_seen_at": "date", "ios_app_version": "text", "ios_device": "text", "ios_app_device": "text",
    "ios_os_version": "text", "ios_app_name": "text", "ios_sdk_version": "text", "android_last_seen_at": "date",
    "android_app_version": "text", "android_device": "text", "android_app_name": "text", "andoid_sdk_version": "text",
}  # fmt: skip
"""What a telephone would tell, spelt as the official description spells it."""
LOCATIONS = {"location.country": "country_name", "location.region": "region_name", "location.city": "city_name"}

PLAIN: dict[str, Field[Person]] = {
    "id": Field("text", attrgetter("person_id")),
    "role": Field("text", attrgetter("kind")),
    "email": Field("email", attrgetter("email")),
    "email_domain": Field("email", lambda person: person.email.partition("@")[2] if person.email else None),
    **{name: Field("text", attrgetter(name)) for name in (*TEXTS, *UTMS)},
    **{name: Field("date", attrgetter(name)) for name in DATES},
    **{name: Field("boolean", attrgetter(name)) for name in FLAGS},
    **{name: Field(kind, lambda _: None) for name, kind in NOBODY_HAS.items()},
    "formatted_phone": Field("text", attrgetter("phone")),
}


def contact_fields(workspace: Workspace) -> Fields[Person]:
    """What a contact can be searched by in this workspace."""

    def field(name: str) -> Field[Person] | None:
        if name in PLAIN:
            return PLAIN[name]
        if name in LOCATIONS:
            return Field("text", _location(LOCATIONS[name]))
        if name == "tag_id":
            return Field(
                "tags", lambda person: [str(tag.tag_id) for tag in workspace.belongings.tags_of(person.person_id)]
            )
        if name.startswith("custom_attributes."):
            return _custom_field(workspace, name.removeprefix("custom_attributes."))
        return None

    return field


def _location(key: str) -> Callable[[Person], Any]:
    return lambda person: person.location.get(key)


def _custom_field(workspace: Workspace, name: str) -> Field[Person] | None:
    attribute = workspace.attributes.named("contact", name)
    if attribute is None:
        return None
    kinds: dict[str, language.Kind] = {
        "date": "date", "datetime": "date", "boolean": "boolean", "integer": "number", "float": "number",
    }  # fmt: skip
    return Field(kinds.get(attribute.data_type, "text"), lambda person: person.custom_attributes.get(name))
