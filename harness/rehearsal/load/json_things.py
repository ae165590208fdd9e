"""Companies, tags, notes, conversations and data attributes as the API shows them, in either dialect."""

from __future__ import annotations

import re
from typing import Final, get_args

from harness.rehearsal.load.json_contacts import number_of
from harness.rehearsal.load.loaded_items import (
    Leftovers,
    LoadedConversation,
    LoadedTag,
    UnreadableValue,
    attributes_of,
    listed,
    mapping_of,
    moment_of,
    text_of,
)
from harness.sandbox.store.attribute_store import TYPES, Attribute
from harness.sandbox.store.belongings import Company, Conversation, Note, Part
from harness.sandbox.store.conversation_store import Assignee, State

COMPANY_KEYS: Final = frozenset(
    {
        "type", "id", "company_id", "app_id", "name", "created_at", "updated_at", "remote_created_at",
        "last_request_at", "monthly_spend", "session_count", "user_count", "plan", "size", "website", "industry",
        "tags", "segments", "custom_attributes", "notes",
    }
)  # fmt: skip
PEOPLE: Final = frozenset({"user", "lead", "contact"})
DIGITS: Final = re.compile(r"\d{1,18}")


def company_of(item: dict[str, object], leftovers: Leftovers) -> Company:
    """Return a company. Raises: UnreadableValue."""
    key = text_of(item.get("id"), "a company's id")
    if key is None:
        raise UnreadableValue("the company has no id")
    created_at = moment_of(item.get("created_at"), "created_at") or 0
    attributes = attributes_of(item.get("custom_attributes"))
    unknown = {name: item[name] for name in item.keys() - COMPANY_KEYS if leftovers.keeps(name)}
    plan = item.get("plan")
    spend = item.get("monthly_spend")
    return Company(
        company_key=key,
        created_at=created_at,
        updated_at=moment_of(item.get("updated_at"), "updated_at") or created_at,
        company_id=text_of(item.get("company_id"), "company_id") or key,
        name=text_of(item.get("name"), "name"),
        remote_created_at=moment_of(item.get("remote_created_at"), "remote_created_at"),
        last_request_at=moment_of(item.get("last_request_at"), "last_request_at"),
        monthly_spend=spend if isinstance(spend, (int, float)) else 0,
        session_count=_whole(item.get("session_count")) or 0,
        plan=text_of(plan.get("name"), "plan") if isinstance(plan, dict) else text_of(plan, "plan"),
        size=_whole(item.get("size")),
        website=text_of(item.get("website"), "website"),
        industry=text_of(item.get("industry"), "industry"),
        custom_attributes=attributes | unknown,
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None


def tag_of(item: dict[str, object]) -> LoadedTag:
    """Return a tag. Raises: UnreadableValue."""
    name = text_of(item.get("name"), "a tag's name")
    if name is None:
        raise UnreadableValue("the tag has no name")
    return LoadedTag(number_of(item.get("id"), "a tag's id"), name)


def note_of(item: dict[str, object], number: int) -> Note:
    """Return a note on a contact. `number` is its id where it has none that is a number. Raises: UnreadableValue."""
    contact = mapping_of(item.get("contact") or item.get("user"), "the contact of a note")
    person_id = text_of(contact.get("id"), "the contact of a note")
    if person_id is None:
        raise UnreadableValue("the note names no contact by id")
    author = item.get("author")
    admin_id = author.get("id") if isinstance(author, dict) else None
    own = text_of(item.get("id"), "a note's id") or ""
    return Note(
        int(own) if DIGITS.fullmatch(own) else number,
        person_id,
        moment_of(item.get("created_at"), "created_at") or 0,
        text_of(admin_id, "the author of a note"),
        text_of(item.get("body"), "the body of a note") or "",
    )


def conversation_of(item: dict[str, object]) -> LoadedConversation:
    """Return a conversation with its parts. Raises: UnreadableValue."""
    conversation_id = text_of(item.get("id"), "a conversation's id")
    if conversation_id is None or not DIGITS.fullmatch(conversation_id):
        raise UnreadableValue("the conversation has no id that is a number")
    source = mapping_of(item.get("source") or item.get("conversation_message"), "source")
    created_at = moment_of(item.get("created_at"), "created_at") or 0
    state = item.get("state")
    found = Conversation(
        conversation_id=conversation_id,
        message_id=text_of(source.get("id"), "a message's id") or conversation_id,
        created_at=created_at,
        updated_at=moment_of(item.get("updated_at"), "updated_at") or created_at,
        body=text_of(source.get("body"), "body") or "",
        subject=text_of(source.get("subject"), "subject") or "",
        delivered_as=text_of(source.get("delivered_as"), "delivered_as") or "customer_initiated",
        person_id=_person_in(source.get("author")),
        state=state if state in get_args(State) else "open" if item.get("open", True) else "closed",  # type: ignore[arg-type]  # one of them
        snoozed_until=moment_of(item.get("snoozed_until"), "snoozed_until"),
        read=item.get("read") is True,
        waiting_since=_waiting_since(item),
        title=text_of(item.get("title"), "title"),
        admin_assignee_id=_assignee(item, "admin"),
        team_assignee_id=_assignee(item, "team"),
        custom_attributes=attributes_of(item.get("custom_attributes")),
        parts=[_part(one) for one in listed(item.get("conversation_parts"), "conversation_parts")],
    )
    tags = tuple(number_of(one.get("id"), "a tag's id") for one in listed(item.get("tags"), "tags", "data"))
    return LoadedConversation(found, _participants(item, found), tags)


def _waiting_since(item: dict[str, object]) -> int | None:
    try:
        return moment_of(item.get("waiting_since"), "waiting_since")
    except UnreadableValue:  # nobody waits: recorded as a moment far beyond any
        return None


def _participants(item: dict[str, object], found: Conversation) -> list[str]:
    named = listed(item.get("contacts"), "contacts") + listed(item.get("customers"))
    user = item.get("user")
    ids = [str(one["id"]) for one in named if one.get("id")]
    ids += [str(user["id"])] if isinstance(user, dict) and user.get("id") else []
    ids += [found.person_id] if found.person_id else []
    return list(dict.fromkeys(ids))


def _person_in(author: object) -> str | None:
    if not isinstance(author, dict) or author.get("type") not in PEOPLE:
        return None
    return text_of(author.get("id"), "an author's id")


def _assignee(item: dict[str, object], kind: str) -> str | None:
    found = item.get(f"{kind}_assignee_id")
    old = item.get("assignee")
    if found is None and isinstance(old, dict) and old.get("type") == kind:
        found = old.get("id")
    return text_of(found or None, f"{kind}_assignee_id")


def _part(item: dict[str, object]) -> Part:
    author = item.get("author")
    assigned = item.get("assigned_to")
    kind = assigned.get("type") if isinstance(assigned, dict) else None
    assignee_id = text_of(assigned.get("id"), "assigned_to") if isinstance(assigned, dict) else None
    return Part(
        part_id=text_of(item.get("id"), "a part's id") or "",
        part_type=text_of(item.get("part_type"), "part_type") or "comment",
        body=text_of(item.get("body"), "body"),
        created_at=moment_of(item.get("created_at"), "created_at") or 0,
        updated_at=moment_of(item.get("updated_at"), "updated_at"),
        person_id=_person_in(author),
        by_bot=isinstance(author, dict) and author.get("type") == "bot",
        assigned_to=Assignee(kind=kind, assignee_id=assignee_id) if kind in ("admin", "team", "nobody_admin") else None,
        redacted=item.get("redacted") is True,
    )


def attribute_of(item: dict[str, object], attribute_id: int, admin_id: str) -> Attribute | None:
    """Return a custom data attribute; `None` for one that every workspace has. Raises: UnreadableValue."""
    name, model = text_of(item.get("name"), "name"), item.get("model")
    if item.get("custom") is not True or name is None or model not in ("contact", "company"):
        return None
    data_type = item.get("data_type")
    options = item.get("options")
    at = moment_of(item.get("created_at"), "created_at") or 0
    return Attribute(
        attribute_id=attribute_id,
        model=str(model),
        name=name,
        data_type=str(data_type) if data_type in TYPES else "string",
        created_at=at,
        updated_at=moment_of(item.get("updated_at"), "updated_at") or at,
        admin_id=text_of(item.get("admin_id"), "admin_id") or admin_id,
        options=[str(one) for one in options] if isinstance(options, list) else None,
        messenger_writable=item.get("messenger_writable") is True,
        archived=item.get("archived") is True,
    )
