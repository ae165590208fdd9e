"""What both dialects show in the same way: names, companies, notes, teammates, data attributes.

Names come back HTML-escaped (facts §5, recorded for `&`; that quotation marks are left alone is assumed from the
recorded `St. John's`).
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import Version
from harness.sandbox.search.segment_rules import Segment
from harness.sandbox.serializers import shapes
from harness.sandbox.serializers.belonging_shapes import (
    Bot,
    NoteSubject,
    ShownAdmin,
    ShownCompany,
    ShownNote,
    ShownTeammate,
)
from harness.sandbox.serializers.shapes import AppliedTag, AppliedTags
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.belongings import Company, Note, Tag
from harness.sandbox.store.conversation_store import Attachment
from harness.sandbox.workspace.built_in_attributes import BuiltInAttribute
from harness.sandbox.workspace.subscription_types import Subscription
from harness.sandbox.workspace.workspace import Admin, Workspace

SHOWN_TYPES: Final = {"datetime": "date", "options": "string"}
"""Types of attributes that are shown as others; a list of options is a string with options (the official example)."""

AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|#39);)")


def escaped(name: str | None) -> str | None:
    """A name as Intercom gives it back; one that is escaped already stays as it is."""
    if name is None or not ("&" in name or "<" in name or ">" in name):
        return name
    return AMPERSAND.sub("&amp;", name).replace("<", "&lt;").replace(">", "&gt;")


def paragraph(body: str) -> str:
    """Text as a message or a note shows it."""
    return body if body.lstrip().startswith("<p") else f"<p>{escaped(body)}</p>"


def owner_id(person: Person, version: Version) -> str | int | None:
    """The teammate who owns somebody: a number up to 2.15, text from 2.16."""
    if person.owner_id is None or version.has("owner_as_text"):
        return person.owner_id
    return int(person.owner_id)


def tag(found: Tag) -> shapes.ShownTag:
    """A tag by itself."""
    return {"type": "tag", "id": str(found.tag_id), "name": found.name}


def applied(workspace: Workspace, found: Tag, at: int) -> AppliedTag:
    """Return a tag that hangs on somebody or something; the keys of when and by whom were added by date."""
    shown = AppliedTag(type="tag", id=str(found.tag_id), name=found.name)
    if workspace.changed("tag_applied"):
        shown["applied_at"] = at
        shown["applied_by"] = {"type": "admin", "id": workspace.admin.admin_id}
    return shown


def conversation_tags(workspace: Workspace, conversation_id: str) -> AppliedTags:
    """The tags of a conversation."""
    tags = workspace.belongings.labels_of("conversation", conversation_id)
    return {"type": "tag.list", "tags": [applied(workspace, one, one.applied_at) for one in tags]}


def company(workspace: Workspace, found: Company) -> ShownCompany:
    """Return a company; what it has no value for is left out, as recorded."""
    company_tags = workspace.belongings.labels_of("company", found.company_key)
    shown: Any = {
        "type": "company",
        "company_id": found.company_id,
        "id": found.company_key,
        "app_id": workspace.app_id,
        "name": escaped(found.name),
        "remote_created_at": found.remote_created_at,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "last_request_at": found.last_request_at,
        "monthly_spend": found.monthly_spend,
        "session_count": found.session_count,
        "user_count": len(workspace.belongings.members_of(found.company_key)),
        "size": found.size,
        "website": found.website,
        "industry": found.industry,
        "tags": {"type": "tag.list", "tags": [tag(one) for one in company_tags]},
        "segments": {"type": "segment.list", "segments": []},
        "plan": {"type": "plan", "id": workspace.ids.plan_id(found.plan), "name": found.plan} if found.plan else {},
        "custom_attributes": found.custom_attributes,
    }
    optional = ("name", "remote_created_at", "last_request_at", "size", "website", "industry")
    for name in optional:
        if shown[name] is None:
            del shown[name]
    company_shown: ShownCompany = shown
    return company_shown


def author(workspace: Workspace, admin: Admin) -> ShownTeammate:
    """The teammate who wrote a note."""
    presence = workspace.teammates.presence(admin.admin_id)
    return {
        "type": "admin",
        "id": admin.admin_id,
        "name": admin.name,
        "email": admin.email,
        "away_mode_enabled": presence.away,
        "away_mode_reassign": presence.reassign,
    }


def bot(workspace: Workspace) -> Bot:
    """Whoever does what nobody does: the workspace's bot, under the next number after the teammate's, as recorded."""
    bot_id = str(int(workspace.admin.admin_id) + 1)
    return {"type": "bot", "id": bot_id, "name": "Fin", "email": f"operator+{workspace.app_id}@intercom.example"}


def attachment(found: Attachment) -> shapes.ShownAttachment:
    """A file that hangs on a message; nobody measures pictures here, and described are numbers."""
    return {
        "type": "upload",
        "name": found.name,
        "url": found.url,
        "content_type": found.content_type,
        "filesize": found.size,
        "width": 0,
        "height": 0,
    }


def note(workspace: Workspace, found: Note, person_key: Literal["contact", "user"]) -> ShownNote:
    """Return a note; `person_key` names its person in the dialect."""
    about: NoteSubject = {"type": person_key, "id": found.person_id}
    author_shown = author(workspace, workspace.teammates.named(found.admin_id) or workspace.admin)
    if person_key == "contact":
        return {
            "type": "note",
            "id": str(found.note_id),
            "created_at": found.created_at,
            "contact": about,
            "author": author_shown,
            "body": found.body,
        }
    return {
        "type": "note",
        "id": str(found.note_id),
        "created_at": found.created_at,
        "user": about,
        "author": author_shown,
        "body": found.body,
    }


def admin(workspace: Workspace, found: Admin) -> ShownAdmin:
    """A teammate in the list of teammates."""
    presence = workspace.teammates.presence(found.admin_id)
    return {
        "type": "admin",
        "email": found.email,
        "id": found.admin_id,
        "name": found.name,
        "away_mode_enabled": presence.away,
        "away_mode_reassign": presence.reassign,
        "has_inbox_seat": True,
        "team_ids": [int(workspace.team.team_id)],
    }


def subscription(found: Subscription) -> dict[str, object]:
    """A subscription type."""
    words = {"name": found.name, "description": f"{found.name} of the sandbox", "locale": "en"}
    return {
        "type": "subscription",
        "id": str(found.subscription_id),
        "state": "live",
        "consent_type": found.consent_type,
        "default_translation": words,
        "translations": [dict(words)],
        "content_types": list(found.content_types),
    }


def segment(found: Segment, version: Version) -> dict[str, object]:
    """A segment; 1.x calls one of leads `lead`, 2.x `contact`."""
    lead = "lead" if version.dialect == "1.x" else "contact"
    return {
        "type": "segment",
        "id": found.segment_id,
        "name": found.name,
        "created_at": found.created_at,
        "updated_at": found.created_at,
        "person_type": lead if found.role == "lead" else found.role,
    }


def attribute(workspace: Workspace, found: Attribute) -> dict[str, object]:
    """Return a data attribute that the workspace made."""
    shown: dict[str, object] = {
        "id": found.attribute_id,
        "type": "data_attribute",
        "name": found.name,
        "full_name": f"custom_attributes.{found.name}",
        "label": found.name,
        "description": found.description,
        "data_type": SHOWN_TYPES.get(found.data_type, found.data_type),
        "options": found.options,
        "api_writable": True,
        "ui_writable": False,
        "messenger_writable": found.messenger_writable,
        "custom": True,
        "archived": found.archived,
        "admin_id": found.admin_id,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "model": found.model,
    }
    if not workspace.changed("messenger_writable"):
        del shown["messenger_writable"]
    return {key: value for key, value in shown.items() if value is not None or key not in ("description", "options")}


def built_in_attribute(workspace: Workspace, found: BuiltInAttribute) -> dict[str, object]:
    """Return a data attribute that every workspace has."""
    shown: dict[str, object] = {
        "type": "data_attribute",
        "name": found.full_name.rpartition(".")[2],
        "full_name": found.full_name,
        "label": found.label,
        "description": found.description,
        "data_type": found.data_type,
        "api_writable": found.api_writable,
        "ui_writable": found.ui_writable,
        "messenger_writable": True,
        "custom": False,
        "archived": False,
        "model": found.model,
    }
    if not workspace.changed("messenger_writable"):
        del shown["messenger_writable"]
    return shown
