"""How conversations begin: a contact or a visitor says something, or the teammate writes to a contact."""

from __future__ import annotations

import msgspec

from harness.sandbox.operations.conversions import find_visitor, visitor_becomes_lead
from harness.sandbox.operations.lookup import named_person
from harness.sandbox.requests import parsing
from harness.sandbox.requests.attachments import attachments_of
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.serializers import shared_fields
from harness.sandbox.store.belongings import Conversation
from harness.sandbox.workspace.teammates import Admin

CONTACTS = ("user", "lead", "contact")


def create(call: RequestContext) -> OperationResponse:
    """`POST /conversations`: a contact says something."""
    author = parsing.mapping(call.body, "from")
    if not author:
        raise Refused(no.PARAMETER_MISSING.filled(field="from"))
    if author.get("type") not in CONTACTS:
        raise Refused(no.PARAMETER_INVALID.filled(field="from.type"))
    speaker = _speaker(call, author)
    return _say(call, speaker, _body(call))


def message(call: RequestContext) -> OperationResponse:
    """`POST /messages`: a contact says something, or the teammate writes to one."""
    author = parsing.mapping(call.body, "from") or {}
    if author.get("type") != "admin":
        return create(call)
    admin = call.workspace.teammates.named(str(author.get("id")))
    if admin is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return _write(call, admin)


def _speaker(call: RequestContext, author: dict[str, object]) -> Person:
    """Whoever says it; a visitor, whom the type `contact` alone may name, is a lead from then on (documented)."""
    if author["type"] == "contact":
        named = (parsing.identifier(author, name, call.version) for name in ("id", "user_id"))
        visitor = find_visitor(call, *named)
        if visitor is not None:
            return visitor_becomes_lead(call, visitor)
    return named_person(call, author)


def _body(call: RequestContext) -> str:
    body = parsing.text(call.body, "body")
    if not body:
        raise Refused(no.BODY_REQUIRED)
    return body


def _say(call: RequestContext, person: Person, body: str) -> OperationResponse:
    found = _begin(call, body, person, "customer_initiated")
    call.people.put(msgspec.structs.replace(person, last_replied_at=call.now, updated_at=call.now))
    return OperationResponse(
        {
            "type": "user_message",
            "id": found.message_id,
            "created_at": found.created_at,
            "body": body,
            "message_type": "inapp",
            "conversation_id": found.conversation_id,
        }
    )


def _write(call: RequestContext, admin: Admin) -> OperationResponse:
    body = _body(call)
    kind = parsing.text(call.body, "message_type") or "inapp"
    subject = parsing.text(call.body, "subject")
    if kind == "email" and not subject:
        raise Refused(no.SUBJECT_REQUIRED)
    found, *_ = [_written_to(call, body, person, subject or "") for person in _recipients(call)]
    return OperationResponse(
        {
            "type": "admin_message",
            "id": found.message_id,
            "created_at": found.created_at,
            "subject": subject,
            "body": body,
            "message_type": kind,
            "owner": shared_fields.author(call.workspace, admin),
        }
    )


def _recipients(call: RequestContext) -> list[Person]:
    """The contacts that a message goes to: `to` may be several from 2.14 on (facts 54), each named once."""
    several = parsing.sequence(call.body, "to") if isinstance(call.body.get("to"), list) else None
    if several is None:
        return [named_person(call, parsing.mapping(call.body, "to") or {})]
    if not several or not call.version.has("messages_to_several"):
        raise Refused(no.PARAMETER_INVALID.filled(field="to"))
    named = parsing.objects(call.body, "to") or []
    found = {person.person_id: person for person in (named_person(call, one) for one in named)}
    return list(found.values())


def _written_to(call: RequestContext, body: str, person: Person, subject: str) -> Conversation:
    found = _begin(call, body, person, "admin_initiated", subject)
    call.people.put(msgspec.structs.replace(person, last_contacted_at=call.now, updated_at=call.now))
    return found


def _begin(call: RequestContext, body: str, person: Person, delivered_as: str, subject: str = "") -> Conversation:
    by_contact = delivered_as == "customer_initiated"
    at = parsing.moment(call.body, "created_at") or call.now
    database = call.workspace.database
    found = Conversation(
        conversation_id=call.workspace.ids.conversation_id(database.next("conversations")),
        message_id=str(403_000_000 + database.next("messages")),
        created_at=at,
        updated_at=at,
        body=shared_fields.paragraph(body),
        subject=subject,
        delivered_as=delivered_as,
        person_id=person.person_id if by_contact else None,
        waiting_since=at if by_contact else None,
        attachments=attachments_of(call),
    )
    call.belongings.add_conversation(found, [person.person_id])
    return found
