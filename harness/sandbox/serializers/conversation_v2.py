"""Conversations in the words of 2.x, by version; keys and their order are those of the official 2.16 examples."""

from __future__ import annotations

from harness.sandbox.rules.versions import Version
from harness.sandbox.serializers import shared_fields
from harness.sandbox.serializers.belonging_shapes import (
    ConversationContact,
    ConversationSource,
    FirstReply,
    ShownConversation,
    ShownPart,
    Speaker,
)
from harness.sandbox.store.belongings import Conversation, Part
from harness.sandbox.workspace.workspace import Workspace

MOST_PARTS = 500
"""How many parts are shown, the newest (documented)."""

BEFORE_GRANULAR = {
    "assign_and_reopen": "assignment",
    "default_assignment": "assignment",
    "conversation_attribute_updated_by_admin": "comment",
}
"""What parts are called in versions that tell fewer kinds apart."""


def conversation(workspace: Workspace, found: Conversation, version: Version, *, parts: bool) -> ShownConversation:
    """A conversation, with its parts where one is read by itself."""
    shown: ShownConversation = {
        "type": "conversation",
        "id": found.conversation_id,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "waiting_since": found.waiting_since,
        "snoozed_until": found.snoozed_until,
        "source": _source(workspace, found),
        "contacts": {"type": "contact.list", "contacts": _contacts(workspace, found)},
        "first_contact_reply": _first_reply(found),
        "admin_assignee_id": _number(found.admin_assignee_id),
        "team_assignee_id": _number(found.team_assignee_id),
        "open": found.state != "closed",
        "state": found.state,
        "read": found.read,
        "tags": shared_fields.conversation_tags(workspace, found.conversation_id),
        "priority": "none" if version.has("priority_levels") else "not_priority",
        "sla_applied": None,
        "statistics": None,
        "conversation_rating": None,
        "teammates": None,
        "title": found.title,
        "custom_attributes": found.custom_attributes,
        "topics": {},
        "ticket": None,
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        "ai_agent": None,
        "ai_agent_participated": False,
    }
    if parts:
        shown["conversation_parts"] = {
            "type": "conversation_part.list",
            "conversation_parts": [_part(workspace, part, version) for part in found.parts[-MOST_PARTS:]],
            "total_count": len(found.parts),
        }
    return shown


def _source(workspace: Workspace, found: Conversation) -> ConversationSource:
    return {
        "type": "conversation",
        "id": found.message_id,
        "delivered_as": found.delivered_as,
        "subject": found.subject,
        "body": found.body,
        "author": _author(workspace, found.person_id),
        "attachments": [shared_fields.attachment(one) for one in found.attachments],
        "url": None,
        "redacted": found.redacted,
    }


def _number(assignee_id: str | None) -> int | None:
    return int(assignee_id) if assignee_id else None


def _contacts(workspace: Workspace, found: Conversation) -> list[ConversationContact]:
    people = [workspace.people.get(one) for one in workspace.belongings.participants_of(found.conversation_id)]
    return [{"type": "contact", "id": one.person_id, "external_id": one.external_id} for one in people if one]


def _first_reply(found: Conversation) -> FirstReply | None:
    if found.person_id is not None:
        return {"created_at": found.created_at, "type": "conversation", "url": None}
    replies = [part.created_at for part in found.parts if part.person_id is not None]
    return {"created_at": replies[0], "type": "conversation", "url": None} if replies else None


def _author(workspace: Workspace, person_id: str | None) -> Speaker:
    if person_id is None:
        admin = workspace.admin
        return {"type": "admin", "id": admin.admin_id, "name": admin.name, "email": admin.email}
    found = workspace.people.get(person_id)
    if found is None:
        return {"type": "user", "id": person_id, "name": None, "email": None}
    return {"type": found.kind, "id": person_id, "name": shared_fields.escaped(found.name), "email": found.email}


def _part(workspace: Workspace, part: Part, version: Version) -> ShownPart:
    assigned = part.assigned_to
    kind = part.part_type if version.has("granular_parts") else BEFORE_GRANULAR.get(part.part_type, part.part_type)
    shown: ShownPart = {
        "type": "conversation_part",
        "id": part.part_id,
        "part_type": kind,
        "body": part.body,
        "created_at": part.created_at,
        "updated_at": part.updated_at or part.created_at,
        "notified_at": part.created_at,
        "assigned_to": {"type": assigned.kind, "id": assigned.assignee_id} if assigned else None,
        "author": shared_fields.bot(workspace) if part.by_bot else _author(workspace, part.person_id),
        "attachments": [shared_fields.attachment(one) for one in part.attachments],
        "external_id": None,
        "redacted": part.redacted,
    }
    if version.has("part_metadata"):
        shown["metadata"] = {}
        shown["email_message_metadata"] = None
        shown["app_package_code"] = None
    return shown
