"""The shapes of what people have, as the sandbox shows it: companies, notes, conversations, and who works on them.

`shapes.py` holds people, tags, errors and notifications. Keys stand in the order of the official 2.16 examples.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from harness.sandbox.serializers.shapes import AppliedTags, ShownAttachment, Tags


class CompanySegments(TypedDict):
    """The segments of a company."""

    type: Literal["segment.list"]
    segments: list[dict[str, object]]


class Plan(TypedDict, total=False):
    """A company's plan; empty where it has none."""

    type: Literal["plan"]
    id: str
    name: str


class ShownCompany(TypedDict):
    """A company, the same in both dialects."""

    type: Literal["company"]
    company_id: str
    id: str
    app_id: str
    name: NotRequired[str]
    remote_created_at: NotRequired[int]
    created_at: int
    updated_at: int
    last_request_at: NotRequired[int]
    monthly_spend: float
    session_count: int
    user_count: int
    size: NotRequired[int]
    website: NotRequired[str]
    industry: NotRequired[str]
    tags: Tags
    segments: CompanySegments
    plan: Plan
    custom_attributes: dict[str, object]


class ShownTeammate(TypedDict):
    """A teammate as author of a note or owner of a message."""

    type: Literal["admin"]
    id: str
    name: str
    email: str
    away_mode_enabled: bool
    away_mode_reassign: bool


class ShownAdmin(ShownTeammate):
    """A teammate in the list of teammates."""

    has_inbox_seat: bool
    team_ids: list[int]


class Bot(TypedDict):
    """The workspace's bot."""

    type: Literal["bot"]
    id: str
    name: str
    email: str


class NoteSubject(TypedDict):
    """The person whom a note is about."""

    type: str
    id: str


class ShownNote(TypedDict):
    """A note; 2.x names its person `contact`, 1.x `user`."""

    type: Literal["note"]
    id: str
    created_at: int
    contact: NotRequired[NoteSubject]
    user: NotRequired[NoteSubject]
    author: ShownTeammate
    body: str


class Participant(TypedDict):
    """A person, teammate, team or bot by type and id."""

    type: str
    id: str | None


class Speaker(Participant):
    """An author of 2.x: a participant with name and e-mail."""

    name: str | None
    email: str | None


class ConversationContact(TypedDict):
    """A contact who takes part in a conversation of 2.x."""

    type: Literal["contact"]
    id: str
    external_id: str | None


class ConversationContacts(TypedDict):
    """The contacts who take part in a conversation of 2.x."""

    type: Literal["contact.list"]
    contacts: list[ConversationContact]


class FirstReply(TypedDict):
    """When a contact first wrote in a conversation."""

    created_at: int
    type: Literal["conversation"]
    url: None


class ConversationSource(TypedDict):
    """The message that began a conversation of 2.x."""

    type: Literal["conversation"]
    id: str
    delivered_as: str
    subject: str
    body: str
    author: Speaker
    attachments: list[ShownAttachment]
    url: None
    redacted: bool


class ShownPart(TypedDict):
    """A part of a conversation: something said or done in it."""

    type: Literal["conversation_part"]
    id: str
    part_type: str
    body: str | None
    created_at: int
    updated_at: int
    notified_at: int
    assigned_to: Participant | None
    author: Speaker | Bot | Participant
    attachments: list[ShownAttachment]
    external_id: None
    redacted: NotRequired[bool]
    metadata: NotRequired[dict[str, object]]
    email_message_metadata: NotRequired[None]
    app_package_code: NotRequired[None]


class ShownParts(TypedDict):
    """The parts of a conversation."""

    type: Literal["conversation_part.list"]
    conversation_parts: list[ShownPart]
    total_count: int


class LinkedObjects(TypedDict):
    """What is linked to a conversation: nothing, here."""

    type: Literal["list"]
    data: list[object]
    total_count: int
    has_more: bool


class ShownConversation(TypedDict):
    """A conversation of 2.x; its parts are there only where it is read by itself."""

    type: Literal["conversation"]
    id: str
    created_at: int
    updated_at: int
    waiting_since: int | None
    snoozed_until: int | None
    source: ConversationSource
    contacts: ConversationContacts
    first_contact_reply: FirstReply | None
    admin_assignee_id: int | None
    team_assignee_id: int | None
    open: bool
    state: str
    read: bool
    tags: AppliedTags
    priority: str
    sla_applied: None
    statistics: None
    conversation_rating: None
    teammates: None
    title: str | None
    custom_attributes: dict[str, object]
    topics: dict[str, object]
    ticket: None
    linked_objects: LinkedObjects
    ai_agent: None
    ai_agent_participated: bool
    conversation_parts: NotRequired[ShownParts]


class ConversationMessage(TypedDict):
    """The message that began a conversation of 1.x."""

    type: Literal["conversation_message"]
    id: str
    delivered_as: str
    subject: str
    body: str
    author: Participant
    attachments: list[ShownAttachment]
    url: None


class OldConversation(TypedDict):
    """A conversation of 1.x; its parts are there only where it is read by itself."""

    type: Literal["conversation"]
    id: str
    created_at: int
    updated_at: int
    waiting_since: int | None
    snoozed_until: int | None
    conversation_message: ConversationMessage
    user: Participant
    customers: list[Participant]
    assignee: Participant
    open: bool
    state: str
    read: bool
    tags: AppliedTags
    conversation_parts: NotRequired[ShownParts]
