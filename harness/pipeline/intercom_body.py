"""The bodies of Intercom's responses, as far as the reference pipeline and the pipelines of the zoo read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict


class NextPage(TypedDict):
    """Where the next page of a list begins."""

    starting_after: str


class Pages(TypedDict, total=False):
    """The pages of a list; `next` is absent on the last one."""

    next: NextPage


class FirstMessage(TypedDict):
    """How a conversation began."""

    body: str


class IntercomBody(TypedDict, total=False):
    """A response body: a person, something that a person has, or a list of either (OpenAPI 1.4 to 2.16)."""

    id: str
    type: str
    role: str
    name: str
    email: str
    phone: str
    external_id: str
    user_id: str
    created_at: int
    updated_at: int
    last_seen_at: int | None
    body: str
    source: FirstMessage
    custom: bool
    custom_attributes: Mapping[str, object]
    data: list[IntercomBody]
    users: list[IntercomBody]
    contacts: list[IntercomBody]
    conversations: list[IntercomBody]
    admins: list[IntercomBody]
    pages: Pages
    scroll_param: str


class NotifiedContact(TypedDict):
    """The contact that a notification is about."""

    item: IntercomBody


class NotificationRead(TypedDict):
    """A webhook notification, as far as workers read it (facts §8)."""

    topic: str
    data: NotifiedContact
