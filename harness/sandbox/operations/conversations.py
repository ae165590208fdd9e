"""Conversations: begun by people or by the teammate, replied to, read and listed, in both dialects."""

from __future__ import annotations

from typing import Any

import msgspec

from harness.sandbox import dialect_v1, dialect_v2, paging, reading, rendering
from harness.sandbox import refusals as no
from harness.sandbox.belongings import Conversation, Part
from harness.sandbox.call import Answer, Call
from harness.sandbox.operations.lookup import named_person, queried_person
from harness.sandbox.people import Person
from harness.sandbox.refusals import Refused

USUAL_PAGE = 20
CONTACTS = ("user", "lead", "contact")


def show(call: Call, found: Conversation, *, parts: bool) -> dict[str, Any]:
    """A conversation in the words of the version that was asked for."""
    dialect = dialect_v1.conversation if call.version.dialect == "1.x" else dialect_v2.conversation
    return dialect(call.workspace, found, call.version, parts=parts)


def create(call: Call) -> Answer:
    """`POST /conversations`: a contact says something."""
    author = reading.mapping(call.body, "from")
    if not author:
        raise Refused(no.PARAMETER_MISSING.filled(field="from"))
    if author.get("type") not in CONTACTS:
        raise Refused(no.PARAMETER_INVALID.filled(field="from.type"))
    return _say(call, named_person(call, author))


def message(call: Call) -> Answer:
    """`POST /messages`: a contact says something, or the teammate writes to one."""
    author = reading.mapping(call.body, "from") or {}
    if author.get("type") != "admin":
        return create(call)
    if author.get("id") not in (call.workspace.admin.admin_id, int(call.workspace.admin.admin_id)):
        raise Refused(no.RESOURCE_NOT_FOUND)
    return _write(call)


def _body(call: Call) -> str:
    body = reading.text(call.body, "body")
    if not body:
        raise Refused(no.BODY_REQUIRED)
    return body


def _say(call: Call, person: Person) -> Answer:
    body = _body(call)
    found = _begin(call, body, person, "customer_initiated")
    call.people.put(msgspec.structs.replace(person, last_replied_at=call.now, updated_at=call.now))
    return Answer(
        {
            "type": "user_message",
            "id": found.message_id,
            "created_at": found.created_at,
            "body": body,
            "message_type": "inapp",
            "conversation_id": found.conversation_id,
        }
    )


def _write(call: Call) -> Answer:
    body = _body(call)
    kind = reading.text(call.body, "message_type") or "inapp"
    subject = reading.text(call.body, "subject")
    if kind == "email" and not subject:
        raise Refused(no.SUBJECT_REQUIRED)
    person = named_person(call, reading.mapping(call.body, "to") or {})
    found = _begin(call, body, person, "admin_initiated", subject or "")
    call.people.put(msgspec.structs.replace(person, last_contacted_at=call.now, updated_at=call.now))
    return Answer(
        {
            "type": "admin_message",
            "id": found.message_id,
            "created_at": found.created_at,
            "subject": subject,
            "body": body,
            "message_type": kind,
            "owner": rendering.author(call.workspace.admin),
        }
    )


def _begin(call: Call, body: str, person: Person, delivered_as: str, subject: str = "") -> Conversation:
    by_contact = delivered_as == "customer_initiated"
    at = reading.moment(call.body, "created_at") or call.now
    database = call.workspace.database
    found = Conversation(
        conversation_id=call.workspace.ids.conversation_id(database.next("conversations")),
        message_id=str(403_000_000 + database.next("messages")),
        created_at=at,
        updated_at=at,
        body=rendering.paragraph(body),
        subject=subject,
        delivered_as=delivered_as,
        person_id=person.person_id if by_contact else None,
        waiting_since=at if by_contact else None,
    )
    call.belongings.add_conversation(found, [person.person_id])
    return found


def _found(call: Call, conversation_id: str) -> Conversation:
    found = call.belongings.conversation(conversation_id)
    if found is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return found


def read(call: Call) -> Answer:
    """`GET /conversations/{conversation_id}`."""
    return Answer(show(call, _found(call, call.parameters[0]), parts=True))


def list_all(call: Call) -> Answer:
    """2.x `GET /conversations`."""
    per_page = reading.number_from(call.query, "per_page", USUAL_PAGE, paging.LARGEST_PAGE)
    cursor = paging.read(call.query.get("starting_after"))
    found = call.belongings.conversations()
    start = cursor.after or 0
    further = paging.Cursor(cursor.page + 1, start + per_page) if start + per_page < len(found) else None
    shown = [show(call, one, parts=False) for one in found[start : start + per_page]]
    pages = paging.pages(len(found), per_page, cursor.page, further)
    return Answer({"type": "conversation.list", "pages": pages, "total_count": len(found), "conversations": shown})


def list_v1(call: Call) -> Answer:
    """1.x `GET /conversations`: everyone's, or one person's."""
    query = call.query
    person_named = any(query.get(name) for name in ("intercom_user_id", "user_id", "email"))
    found = (
        [one for one in call.belongings.conversations_of(queried_person(call).person_id) if not one.archived]
        if person_named
        else call.belongings.conversations()
    )
    per_page = reading.number_from(query, "per_page", USUAL_PAGE, 60)
    page = reading.number_from(query, "page", 1, 10**6)
    shown = [show(call, one, parts=False) for one in found[(page - 1) * per_page : page * per_page]]
    pages = paging.numbered(call.origin, call.path, dict(query), len(found), per_page, page)
    return Answer({"type": "conversation.list", "pages": pages, "conversations": shown, "total_count": len(found)})


def reply(call: Call) -> Answer:
    """`POST /conversations/{conversation_id}/reply`, by a contact or by the teammate."""
    found = _replied_to(call)
    kind = reading.text(call.body, "type")
    by_contact = kind != "admin"
    person = named_person(call, _author(call)) if by_contact else None
    note = reading.text(call.body, "message_type") == "note"
    part = Part(
        part_id=str(call.workspace.database.next("parts")),
        part_type="note" if note else "open" if by_contact and found.state == "closed" else "comment",
        body=rendering.paragraph(_body(call)),
        created_at=call.now,
        person_id=person.person_id if person else None,
    )
    changes: dict[str, Any] = {"parts": [*found.parts, part], "updated_at": call.now}
    if person is not None:
        changes |= {"state": "open", "waiting_since": call.now}
        call.belongings.take_part(person.person_id, found.conversation_id)
        call.people.put(msgspec.structs.replace(person, last_replied_at=call.now))
    elif not note:
        changes["waiting_since"] = None
    found = msgspec.structs.replace(found, **changes)
    return _written(call, found)


def update(call: Call) -> Answer:
    """`PUT /conversations/{conversation_id}`: whether it was read, and its title."""
    found = _found(call, call.parameters[0])
    changes: dict[str, Any] = {"updated_at": call.now}
    if "read" in call.body:
        changes["read"] = bool(reading.flag(call.body, "read"))
    if "title" in call.body:
        changes["title"] = reading.text(call.body, "title")
    return _written(call, msgspec.structs.replace(found, **changes))


def _written(call: Call, found: Conversation) -> Answer:
    call.belongings.put_conversation(found)
    return Answer(show(call, found, parts=True))


STATES = {"close": "closed", "open": "open", "snoozed": "snoozed"}


def manage(call: Call) -> Answer:
    """`POST /conversations/{conversation_id}/parts`: close, open or snooze it; an assignment is noted as a part."""
    found = _found(call, call.parameters[0])
    kind = reading.text(call.body, "message_type")
    if kind not in (*STATES, "assignment"):
        raise Refused(no.PARAMETER_INVALID.filled(field="message_type"))
    part = Part(
        part_id=str(call.workspace.database.next("parts")),
        part_type=kind,
        body=reading.text(call.body, "body"),
        created_at=call.now,
    )
    state = STATES.get(kind, found.state)
    return _written(call, msgspec.structs.replace(found, state=state, parts=[*found.parts, part], updated_at=call.now))


def delete(call: Call) -> Answer:
    """`DELETE /conversations/{conversation_id}`."""
    found = _found(call, call.parameters[0])
    call.belongings.delete_conversation(found.conversation_id)
    return Answer({"id": found.conversation_id, "object": "conversation", "deleted": True})


def _replied_to(call: Call) -> Conversation:
    """The conversation that a path names; `last` stands for the latest of whoever replies."""
    if call.parameters[0] != "last":
        return _found(call, call.parameters[0])
    found = call.belongings.conversations_of(named_person(call, _author(call)).person_id)
    if not found:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return found[0]


def _author(call: Call) -> dict[str, Any]:
    return {
        "id": call.body.get("intercom_user_id"),
        "user_id": call.body.get("user_id"),
        "email": call.body.get("email"),
    }


def attach(call: Call) -> Answer:
    """`POST /conversations/{conversation_id}/customers`."""
    found = _found(call, call.parameters[0])
    customer = reading.mapping(call.body, "customer") or {}
    person = named_person(call, {"id": customer.get("intercom_user_id"), **customer})
    call.belongings.take_part(person.person_id, found.conversation_id)
    return _customers(call, found)


def detach(call: Call) -> Answer:
    """`DELETE /conversations/{conversation_id}/customers/{contact_id}`: not the last one."""
    found = _found(call, call.parameters[0])
    people = call.belongings.participants_of(found.conversation_id)
    if call.parameters[1] not in people:
        raise Refused(no.RESOURCE_NOT_FOUND)
    if len(people) == 1:
        raise Refused(no.LAST_CUSTOMER)
    call.belongings.drop_out(call.parameters[1], found.conversation_id)
    return _customers(call, found)


def _customers(call: Call, found: Conversation) -> Answer:
    people = [call.people.get(one) for one in call.belongings.participants_of(found.conversation_id)]
    return Answer({"customers": [{"type": one.kind, "id": one.person_id} for one in people if one]})
