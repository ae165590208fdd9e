"""The shapes of what the sandbox shows: one `TypedDict` for each thing that travels, in each dialect's words.

They are the sandbox's own; the harness's client shares nothing with them. A contact's keys come from the field table
(`rules.contact_fields`), which decides which of them a version and a date have; a test holds `Contact` against it.
Times are whole seconds since 1970; webhooks write them as ISO 8601.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Reference(TypedDict):
    """Something that is only named."""

    type: str
    id: str | None


class Address(TypedDict):
    """Something that hangs on a contact, by its address."""

    type: str
    id: str
    url: str


class AddressList(TypedDict):
    """The first things of one kind that hang on a contact, and how many there are."""

    type: Literal["list"]
    data: list[Address]
    url: str
    total_count: int
    has_more: bool


class SocialProfiles(TypedDict):
    """A contact's profiles elsewhere."""

    type: Literal["list"]
    data: list[dict[str, object]]


class MergeRecord(TypedDict):
    """One merge in a contact's history."""

    type: Literal["merge_history"]
    source_contact_id: str
    source_contact_role: str
    merged_at: int


class Contact(TypedDict):
    """A lead or a user of 2.x. Keys that some versions or dates lack are `NotRequired`."""

    type: Literal["contact"]
    id: str
    workspace_id: str
    external_id: str | None
    role: str
    email: str | None
    phone: str | None
    name: str | None
    avatar: str | None
    owner_id: str | int | None
    social_profiles: SocialProfiles
    has_hard_bounced: bool
    marked_email_as_spam: bool
    unsubscribed_from_emails: bool
    created_at: int
    updated_at: int
    signed_up_at: int | None
    last_seen_at: int | None
    last_replied_at: int | None
    last_contacted_at: int | None
    last_email_opened_at: int | None
    last_email_clicked_at: int | None
    language_override: str | None
    browser: str | None
    browser_version: str | None
    browser_language: str | None
    os: str | None
    location: dict[str, str | None]
    android_app_name: None
    android_app_version: None
    android_device: None
    android_os_version: None
    android_sdk_version: None
    android_last_seen_at: None
    ios_app_name: None
    ios_app_version: None
    ios_device: None
    ios_os_version: None
    ios_sdk_version: None
    ios_last_seen_at: None
    custom_attributes: dict[str, object]
    tags: AddressList
    notes: AddressList
    companies: AddressList
    opted_out_subscription_types: NotRequired[AddressList]
    opted_in_subscription_types: NotRequired[AddressList]
    utm_campaign: NotRequired[str | None]
    utm_content: NotRequired[str | None]
    utm_medium: NotRequired[str | None]
    utm_source: NotRequired[str | None]
    utm_term: NotRequired[str | None]
    referrer: NotRequired[str | None]
    sms_consent: NotRequired[bool]
    unsubscribed_from_sms: NotRequired[bool]
    enabled_push_messaging: NotRequired[bool | None]
    archived: NotRequired[bool]
    merge_history: NotRequired[list[MergeRecord]]


def contact_of(shown: Any) -> Contact:
    """Take a dictionary made by the field table as a contact."""
    contact: Contact = shown
    return contact


class Picture(TypedDict):
    """A picture of 1.x."""

    type: Literal["avatar"]
    image_url: str | None


class CompanyReference(TypedDict):
    """A company as a person of 1.x shows it."""

    type: Literal["company"]
    company_id: str | None
    id: str
    name: str | None


class CompanyReferences(TypedDict):
    """The companies of a person of 1.x."""

    type: Literal["company.list"]
    companies: list[CompanyReference]


class ProfileList(TypedDict):
    """The profiles elsewhere of a person of 1.x."""

    type: Literal["social_profile.list"]
    social_profiles: list[dict[str, object]]


class TagReferences(TypedDict):
    """The tags of a person of 1.x."""

    type: Literal["tag.list"]
    tags: list[Reference]


class SegmentReferences(TypedDict):
    """The segments of a person of 1.x."""

    type: Literal["segment.list"]
    segments: list[Reference]


class OldPerson(TypedDict):
    """A user or a lead of 1.x, and a visitor in every version."""

    type: str
    id: str
    user_id: str | None
    anonymous: bool
    email: str | None
    phone: str | None
    name: str | None
    pseudonym: str | None
    avatar: Picture
    app_id: str
    companies: CompanyReferences
    location_data: dict[str, object]
    last_request_at: int | None
    created_at: int
    remote_created_at: int | None
    signed_up_at: int | None
    updated_at: int
    session_count: int
    social_profiles: ProfileList
    owner_id: str | int | None
    unsubscribed_from_emails: bool
    marked_email_as_spam: bool
    has_hard_bounced: bool
    tags: TagReferences
    segments: SegmentReferences
    custom_attributes: dict[str, object]
    referrer: str | None
    utm_campaign: str | None
    utm_content: str | None
    utm_medium: str | None
    utm_source: str | None
    utm_term: str | None
    do_not_track: None
    last_seen_ip: NotRequired[None]
    user_agent_data: NotRequired[None]


def old_person_of(person: OldPerson, without: frozenset[str]) -> OldPerson:
    """Return a person of 1.x without the keys that a date does not have yet."""
    shown: Any = {key: value for key, value in person.items() if key not in without}
    old_person: OldPerson = shown
    return old_person


class ShownTag(TypedDict):
    """A tag by itself."""

    type: Literal["tag"]
    id: str
    name: str


class AppliedTag(ShownTag):
    """A tag that hangs on something; the keys of when and by whom were added by date."""

    applied_at: NotRequired[int | None]
    applied_by: NotRequired[Reference | None]


class AppliedTags(TypedDict):
    """The tags of a conversation."""

    type: Literal["tag.list"]
    tags: list[AppliedTag]


class Tags(TypedDict):
    """Tags by themselves in a list of 1.x's form."""

    type: Literal["tag.list"]
    tags: list[ShownTag]


class Author(TypedDict):
    """A person, a teammate or a bot who said something."""

    type: str
    id: str
    name: str | None
    email: str | None


class ShownAttachment(TypedDict):
    """A file that hangs on a message."""

    type: Literal["upload"]
    name: str
    url: str
    content_type: str
    filesize: int
    width: int
    height: int


class ErrorItem(TypedDict):
    """One error of an error list."""

    code: str
    message: str
    field: NotRequired[str]


class ErrorList(TypedDict):
    """Intercom's envelope of errors."""

    type: Literal["error.list"]
    request_id: NotRequired[str | None]
    errors: list[ErrorItem]


class NotificationData(TypedDict):
    """What a notification is about."""

    type: Literal["notification_event_data"]
    item: dict[str, object]


class NotificationBody(TypedDict):
    """A webhook's body."""

    type: Literal["notification_event"]
    app_id: str
    data: NotificationData
    links: dict[str, object]
    id: str | None
    topic: str
    delivery_status: str | None
    delivery_attempts: int
    delivered_at: int
    first_sent_at: int
    created_at: int
    self: None
