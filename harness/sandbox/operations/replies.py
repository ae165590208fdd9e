"""What is said and done in a conversation: replies, notes, closing, opening, snoozing, assigning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from harness.sandbox.operations.conversations import found_conversation, part_id, written
from harness.sandbox.operations.lookup import named_person
from harness.sandbox.requests import parsing
from harness.sandbox.requests.attachments import attachments_of
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.serializers import shared_fields
from harness.sandbox.store.belongings import Conversation, Part
from harness.sandbox.store.conversation_store import Assignee

Change: TypeAlias = tuple[Part, dict[str, object]]
"""A part that notes what was done, and what is otherwise different then."""

SAID = ("comment", "note", "quick_reply")


def reply(call: RequestContext) -> OperationResponse:
    """`POST /conversations/{conversation_id}/reply`, by a contact or the teammate, who may also manage it by this."""
    if parsing.text(call.body, "message_type") in MANAGED:
        return manage(call)
    found = _replied_to(call)
    if parsing.text(call.body, "type") == "admin":
        return _written(call, found, _by_teammate(call, found))
    person = named_person(call, _author(call))
    call.belongings.take_part(person.person_id, found.conversation_id)
    call.people.put(msgspec.structs.replace(person, last_replied_at=call.now))
    return _written(call, found, _by_contact(call, found, person))


def _by_contact(call: RequestContext, found: Conversation, person: Person) -> Change:
    part = _part(call, "open" if found.state == "closed" else "comment", body=_body(call))
    part = msgspec.structs.replace(part, person_id=person.person_id, attachments=attachments_of(call))
    return part, {"state": "open", "snoozed_until": None, "waiting_since": call.now}


def _by_teammate(call: RequestContext, found: Conversation) -> Change:
    check_teammate(call)
    kind = parsing.text(call.body, "message_type") or "comment"
    if kind not in SAID:
        raise Refused(no.PARAMETER_INVALID.filled(field="message_type"))
    if kind == "quick_reply":
        return _part(call, kind), {}
    part = msgspec.structs.replace(_part(call, kind, body=_body(call)), attachments=attachments_of(call))
    return part, {} if kind == "note" else {"waiting_since": None}


def manage(call: RequestContext) -> OperationResponse:
    """`POST /conversations/{conversation_id}/parts`: close, open, snooze or assign it."""
    act = MANAGED.get(parsing.text(call.body, "message_type") or "")
    if act is None:
        raise Refused(no.PARAMETER_INVALID.filled(field="message_type"))
    found = _replied_to(call)
    check_teammate(call)
    return _written(call, found, act(call, found))


def _close(call: RequestContext, _: Conversation) -> Change:
    part = _part(call, "close", body=parsing.text(call.body, "body"))
    return part, {"state": "closed", "snoozed_until": None, "waiting_since": None}


def _open(call: RequestContext, _: Conversation) -> Change:
    return _part(call, "open"), {"state": "open", "snoozed_until": None}


def _snooze(call: RequestContext, _: Conversation) -> Change:
    until = parsing.moment(call.body, "snoozed_until")
    if until is None:
        raise Refused(no.PARAMETER_MISSING.filled(field="snoozed_until"))
    return _part(call, "snoozed"), {"state": "snoozed", "snoozed_until": until}


def _assign(call: RequestContext, found: Conversation) -> Change:
    kind, assignee = _assignee(call)
    closed = found.state == "closed"
    part = _part(call, "assign_and_reopen" if closed else "assignment", body=parsing.text(call.body, "body"))
    part = msgspec.structs.replace(part, assigned_to=assignee)
    changes: dict[str, object] = {f"{kind}_assignee_id": assignee.assignee_id}
    return part, {**changes, "state": "open"} if closed else changes


def _assignee(call: RequestContext) -> tuple[str, Assignee]:
    """Whether an admin or a team is to have it, and which; `0` is nobody. 1.x knows teams as admins."""
    workspace, kind = call.workspace, parsing.text(call.body, "type")
    assignee_id = parsing.number_id(call.body, "assignee_id")
    if assignee_id is None:
        raise Refused(no.PARAMETER_MISSING.filled(field="assignee_id"))
    if kind == "admin" and assignee_id == workspace.team.team_id and call.version.dialect == "1.x":
        kind = "team"
    match kind:
        case "admin" | "team" if assignee_id == "0":
            return kind, Assignee(kind="nobody_admin")
        case "admin" if workspace.teammates.named(assignee_id):
            return kind, Assignee(kind="admin", assignee_id=assignee_id)
        case "team" if assignee_id == workspace.team.team_id:
            return kind, Assignee(kind="team", assignee_id=assignee_id)
        case "admin" | "team":
            raise Refused(no.RESOURCE_NOT_FOUND)
        case _:
            raise Refused(no.PARAMETER_INVALID.filled(field="type"))


MANAGED: Final[Mapping[str, Callable[[RequestContext, Conversation], Change]]] = {
    "close": _close,
    "open": _open,
    "snoozed": _snooze,
    "assignment": _assign,
}
"""What can be done to a conversation. 1.x and the first versions of 2.x do it by replying."""


def run_assignment_rules(call: RequestContext) -> OperationResponse:
    """`POST /conversations/{conversation_id}/run_assignment_rules`: there are none, so that nobody gets it."""
    found = found_conversation(call, call.parameters[0])
    part = _part(call, "default_assignment")
    return _written(
        call, found, (msgspec.structs.replace(part, by_bot=True, assigned_to=Assignee(kind="nobody_admin")), {})
    )


def check_teammate(call: RequestContext) -> None:
    """Refuse what nobody of the workspace does."""
    teammates, admin_id = call.workspace.teammates, parsing.number_id(call.body, "admin_id")
    known = any(call.body.get("email") == one.email for one in teammates.all)
    if admin_id is None and call.version.dialect == "1.x" and known:
        return
    if admin_id is None:
        raise Refused(no.PARAMETER_MISSING.filled(field="admin_id"))
    if teammates.named(admin_id) is None:
        raise Refused(no.RESOURCE_NOT_FOUND)


def _body(call: RequestContext) -> str:
    body = parsing.text(call.body, "body")
    if not body:
        raise Refused(no.BODY_REQUIRED)
    return body


def _part(call: RequestContext, kind: str, body: str | None = None) -> Part:
    at = parsing.moment(call.body, "created_at") or call.now
    shown = shared_fields.paragraph(body) if body else None
    return Part(part_id=part_id(call), part_type=kind, body=shown, created_at=at)


def _written(call: RequestContext, found: Conversation, change: Change) -> OperationResponse:
    part, changes = change
    return written(call, msgspec.structs.replace(found, parts=[*found.parts, part], updated_at=call.now, **changes))


def _replied_to(call: RequestContext) -> Conversation:
    """The conversation that a path names; `last` stands for the latest of whoever replies."""
    if call.parameters[0] != "last":
        return found_conversation(call, call.parameters[0])
    found = call.belongings.conversations_of(named_person(call, _author(call)).person_id)
    if not found:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return found[0].at(call.now)


def _author(call: RequestContext) -> dict[str, object]:
    return {
        "id": call.body.get("intercom_user_id"),
        "user_id": call.body.get("user_id"),
        "email": call.body.get("email"),
    }
