"""People in the words of 1.x: `user`, `contact` (a lead) and `visitor`, the last of which 2.x shows in the same words.

Keys and their order are those of the recorded webhooks and of the official examples for visitors.
"""

from __future__ import annotations

from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import Version
from harness.sandbox.search.segment_rules import Segments
from harness.sandbox.serializers import shared_fields
from harness.sandbox.serializers.belonging_shapes import OldConversation, Participant, ShownPart
from harness.sandbox.serializers.conversation_v2 import BEFORE_GRANULAR
from harness.sandbox.serializers.shapes import CompanyReference, OldPerson, Reference, old_person_of
from harness.sandbox.serializers.shown_fields import not_yet
from harness.sandbox.store.belongings import Conversation, Part
from harness.sandbox.store.ids import avatar_of
from harness.sandbox.workspace.workspace import Workspace

TYPES = {"visitor": "visitor", "lead": "contact", "user": "user"}


def person(workspace: Workspace, found: Person, version: Version) -> OldPerson:
    """Return a visitor, a lead or a user."""
    shown: OldPerson = {
        "type": TYPES[found.kind],
        "id": found.person_id,
        "user_id": found.external_id,
        "anonymous": found.kind != "user",
        "email": (found.email or "") if found.kind == "visitor" else found.email,
        "phone": found.phone,
        "name": shared_fields.escaped(found.name),
        "pseudonym": found.pseudonym,
        "avatar": {"type": "avatar", "image_url": _picture(found)},
        "app_id": workspace.app_id,
        "companies": {"type": "company.list", "companies": _companies(workspace, found)},
        "location_data": {"type": "location_data", **_location(found.location)} if found.location else {},
        "last_request_at": found.last_seen_at,
        "created_at": found.created_at,
        "remote_created_at": found.signed_up_at,
        "signed_up_at": found.signed_up_at,
        "updated_at": found.updated_at,
        "session_count": found.session_count,
        "social_profiles": {"type": "social_profile.list", "social_profiles": found.social_profiles},
        "owner_id": shared_fields.owner_id(found, version),
        "unsubscribed_from_emails": found.unsubscribed_from_emails,
        "marked_email_as_spam": found.marked_email_as_spam,
        "has_hard_bounced": found.has_hard_bounced,
        "tags": {"type": "tag.list", "tags": _tags(workspace, found)},
        "segments": {"type": "segment.list", "segments": _segments(workspace, found)},
        "custom_attributes": found.custom_attributes,
        "referrer": found.referrer,
        "utm_campaign": found.utm_campaign,
        "utm_content": found.utm_content,
        "utm_medium": found.utm_medium,
        "utm_source": found.utm_source,
        "utm_term": found.utm_term,
        "do_not_track": None,
    }
    if version.dialect == "1.x":
        shown["last_seen_ip"] = None
        shown["user_agent_data"] = None
    as_of = workspace.preferences.as_of
    return shown if as_of is None else old_person_of(shown, not_yet(as_of))


def _picture(found: Person) -> str | None:
    if found.avatar or found.kind == "user" or found.pseudonym is None:
        return found.avatar
    return avatar_of(found.pseudonym)


def _location(known: dict[str, object]) -> dict[str, object]:
    keys = (
        "city_name", "continent_code", "country_name", "postal_code", "region_name", "timezone", "country_code",
        "latitude", "longitude",
    )  # fmt: skip
    return {key: known.get(key) for key in keys}


def _companies(workspace: Workspace, found: Person) -> list[CompanyReference]:
    return [
        {
            "type": "company",
            "company_id": one.company_id,
            "id": one.company_key,
            "name": shared_fields.escaped(one.name),
        }
        for one in workspace.belongings.companies_of(found.person_id)
    ]


def _tags(workspace: Workspace, found: Person) -> list[Reference]:
    return [{"type": "tag", "id": str(tag.tag_id)} for tag in workspace.belongings.tags_of(found.person_id)]


def _segments(workspace: Workspace, found: Person) -> list[Reference]:
    return [{"type": "segment", "id": segment.segment_id} for segment in Segments(workspace).of(found)]


def conversation(workspace: Workspace, found: Conversation, version: Version, *, parts: bool) -> OldConversation:
    """A conversation, with its parts where one is read by itself."""
    shown: OldConversation = {
        "type": "conversation",
        "id": found.conversation_id,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "waiting_since": found.waiting_since,
        "snoozed_until": found.snoozed_until,
        "conversation_message": {
            "type": "conversation_message",
            "id": found.message_id,
            "delivered_as": found.delivered_as,
            "subject": found.subject,
            "body": found.body,
            "author": _reference(workspace, found.person_id),
            "attachments": [shared_fields.attachment(one) for one in found.attachments],
            "url": None,
        },
        "user": _reference(workspace, found.person_id),
        "customers": [
            _reference(workspace, one) for one in workspace.belongings.participants_of(found.conversation_id)
        ],
        "assignee": _assignee(found),
        "open": found.state != "closed",
        "state": found.state,
        "read": found.read,
        "tags": shared_fields.conversation_tags(workspace, found.conversation_id),
    }
    if parts:
        shown["conversation_parts"] = {
            "type": "conversation_part.list",
            "conversation_parts": [_part(workspace, part) for part in found.parts],
            "total_count": len(found.parts),
        }
    return shown


def _reference(workspace: Workspace, person_id: str | None) -> Participant:
    found = workspace.people.get(person_id) if person_id else None
    if person_id and found is None:
        return {"type": "user", "id": person_id}
    if found is None:
        return {"type": "admin", "id": workspace.admin.admin_id}
    return {"type": "lead" if found.kind == "lead" else "user", "id": found.person_id}


def _assignee(found: Conversation) -> Participant:
    """Whoever has it: the teammate, or else the team, or else nobody."""
    if found.admin_assignee_id:
        return {"type": "admin", "id": found.admin_assignee_id}
    if found.team_assignee_id:
        return {"type": "team", "id": found.team_assignee_id}
    return {"type": "nobody_admin", "id": None}


def _part(workspace: Workspace, part: Part) -> ShownPart:
    assigned = part.assigned_to
    return {
        "type": "conversation_part",
        "id": part.part_id,
        "part_type": BEFORE_GRANULAR.get(part.part_type, part.part_type),
        "body": part.body,
        "created_at": part.created_at,
        "updated_at": part.updated_at or part.created_at,
        "notified_at": part.created_at,
        "assigned_to": {"type": assigned.kind, "id": assigned.assignee_id} if assigned else None,
        "author": {"type": "bot", "id": shared_fields.bot(workspace)["id"]}
        if part.by_bot
        else _reference(workspace, part.person_id),
        "attachments": [shared_fields.attachment(one) for one in part.attachments],
        "external_id": None,
    }
