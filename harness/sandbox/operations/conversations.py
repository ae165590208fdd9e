"""Conversations as such: read, listed, changed and deleted, in both dialects.

Who begins them stands in `messages`, what is said and done in them in `replies`, who takes part in `participants`.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Final

import msgspec

from harness.sandbox.operations.lookup import queried_person
from harness.sandbox.requests import paging, parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.search.ranking import Ranking
from harness.sandbox.serializers import conversation_v2, v1
from harness.sandbox.serializers.plaintext import in_plain_text
from harness.sandbox.store.belongings import Conversation, Part

USUAL_PAGE = 20
DELETED = "<p><i>This message was deleted</i></p>"
"""What stands in place of a redacted message."""


def show(call: RequestContext, found: Conversation, *, parts: bool) -> Mapping[str, object]:
    """A conversation in the words of the version that was asked for."""
    show_it = v1.conversation if call.version.dialect == "1.x" else conversation_v2.conversation
    shown = show_it(call.workspace, found, call.version, parts=parts)
    return in_plain_text(shown) if call.query.get("display_as") == "plaintext" else shown


def found_conversation(call: RequestContext, conversation_id: str) -> Conversation:
    """The conversation with this id, as it is by now."""
    found = call.belongings.conversation(conversation_id)
    if found is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return found.at(call.now)


def written(call: RequestContext, found: Conversation) -> OperationResponse:
    """A conversation that was changed, written and shown."""
    call.belongings.put_conversation(found)
    return OperationResponse(show(call, found, parts=True))


def part_id(call: RequestContext) -> str:
    """The id of one more part."""
    return call.workspace.ids.part_id(call.workspace.database.next("parts"))


def read(call: RequestContext) -> OperationResponse:
    """`GET /conversations/{conversation_id}`."""
    return OperationResponse(show(call, found_conversation(call, call.parameters[0]), parts=True))


NEWEST_FIRST: Final[Ranking[Conversation]] = Ranking(attrgetter("created_at"), attrgetter("number"))
"""The order of conversations where no other is asked for; a cursor has their ids as numbers (facts-recorded 24)."""


def list_all(call: RequestContext) -> OperationResponse:
    """2.x `GET /conversations`."""
    per_page = parsing.number_from(call.query, "per_page", USUAL_PAGE, paging.LARGEST_PAGE)
    cursor = paging.read(call.query.get("starting_after"))
    found = NEWEST_FIRST.sorted(call.belongings.conversations())
    following = NEWEST_FIRST.after(found, cursor)
    further = NEWEST_FIRST.next_cursor(cursor, following[per_page - 1]) if len(following) > per_page else None
    shown = [show(call, one.at(call.now), parts=False) for one in following[:per_page]]
    pages = paging.pages(len(found), per_page, cursor.page, further)
    return OperationResponse(
        {"type": "conversation.list", "pages": pages, "total_count": len(found), "conversations": shown}
    )


def list_v1(call: RequestContext) -> OperationResponse:
    """1.x `GET /conversations`: everyone's, or one person's."""
    query = call.query
    person_named = any(query.get(name) for name in ("intercom_user_id", "user_id", "email"))
    found = (
        [one for one in call.belongings.conversations_of(queried_person(call).person_id) if not one.archived]
        if person_named
        else call.belongings.conversations()
    )
    per_page = parsing.number_from(query, "per_page", USUAL_PAGE, 60)
    page = parsing.number_from(query, "page", 1, 10**6)
    shown = [show(call, one.at(call.now), parts=False) for one in found[(page - 1) * per_page : page * per_page]]
    pages = paging.numbered(call.origin, call.path, dict(query), len(found), per_page, page)
    return OperationResponse(
        {"type": "conversation.list", "pages": pages, "conversations": shown, "total_count": len(found)}
    )


def update(call: RequestContext) -> OperationResponse:
    """`PUT /conversations/{conversation_id}`: whether it was read, its title, and its custom attributes."""
    found = found_conversation(call, call.parameters[0])
    changes: dict[str, object] = {"updated_at": call.now}
    if "read" in call.body:
        changes["read"] = bool(parsing.flag(call.body, "read"))
    if "title" in call.body:
        changes["title"] = parsing.text(call.body, "title")
    given = parsing.mapping(call.body, "custom_attributes") or {}
    if any(isinstance(value, (dict, list)) for value in given.values()):
        raise Refused(no.PARAMETER_INVALID.filled(field="custom_attributes"))
    if given:
        changes["custom_attributes"] = found.custom_attributes | given
        changes["parts"] = [*found.parts, *(_attribute_set(call) for _ in given)]
    return written(call, msgspec.structs.replace(found, **changes))


def _attribute_set(call: RequestContext) -> Part:
    kind = "conversation_attribute_updated_by_admin"
    return Part(part_id=part_id(call), part_type=kind, body=None, created_at=call.now, by_bot=True)


def delete(call: RequestContext) -> OperationResponse:
    """`DELETE /conversations/{conversation_id}`."""
    found = found_conversation(call, call.parameters[0])
    call.belongings.delete_conversation(found.conversation_id)
    return OperationResponse({"id": found.conversation_id, "object": "conversation", "deleted": True})


def redact(call: RequestContext) -> OperationResponse:
    """`POST /conversations/redact`: what was said is gone for good, and that something was said stays."""
    kind = parsing.text(call.body, "type")
    if kind not in ("conversation_part", "source"):
        raise Refused(no.PARAMETER_INVALID.filled(field="type"))
    found = call.belongings.conversation(parsing.number_id(call.body, "conversation_id") or "")
    if found is None:
        raise Refused(no.PART_NOT_FOUND)
    changes = _redacted_source(call, found) if kind == "source" else _redacted_part(call, found)
    return written(call, msgspec.structs.replace(found.at(call.now), updated_at=call.now, **changes))


def _redacted_source(call: RequestContext, found: Conversation) -> dict[str, object]:
    if parsing.number_id(call.body, "source_id") != found.message_id:
        raise Refused(no.PART_NOT_FOUND)
    if found.redacted or found.person_id is None:
        raise Refused(no.NOT_REDACTABLE)
    return {"body": DELETED, "redacted": True, "attachments": []}


def _redacted_part(call: RequestContext, found: Conversation) -> dict[str, object]:
    wanted = parsing.number_id(call.body, "conversation_part_id")
    part = next((one for one in found.parts if one.part_id == wanted), None)
    if part is None:
        raise Refused(no.PART_NOT_FOUND)
    if part.redacted or not part.body:
        raise Refused(no.NOT_REDACTABLE)
    gone = msgspec.structs.replace(part, body=DELETED, redacted=True, attachments=[], updated_at=call.now)
    return {"parts": [gone if one is part else one for one in found.parts]}
