"""Reading, changing and deleting visitors; no API makes or lists them (facts §3)."""

from __future__ import annotations

import msgspec

from harness.sandbox.operations.conversions import find_visitor, show, visitor_becomes_lead
from harness.sandbox.operations.profiles import custom_attributes
from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person, city_of


def show_by_user_id(call: RequestContext) -> OperationResponse:
    """`GET /visitors?user_id=` (and `?id=`)."""
    reference = call.query.get("id"), call.query.get("user_id")
    if not any(reference):
        raise Refused(no.VISITOR_UNIDENTIFIED)
    return show(call, _found(find_visitor(call, *reference)))


def show_by_id(call: RequestContext) -> OperationResponse:
    """`GET /visitors/{id}`."""
    return show(call, _found(find_visitor(call, call.parameters[0], None)))


def _found(visitor: Person | None) -> Person:
    if visitor is None:
        raise Refused(no.VISITOR_NOT_FOUND)
    return visitor


def update(call: RequestContext) -> OperationResponse:
    """`PUT /visitors`, `POST /visitors` (old Node) and `PUT /visitors/{id}` (Ruby).

    What was never named gets its pseudonym now, as recorded (facts §3). In 1.x an e-mail makes the visitor a lead.
    """
    visitor_id = call.parameters[0] if call.parameters else parsing.identifier(call.body, "id", call.version)
    visitor_user_id = parsing.identifier(call.body, "user_id", call.version)
    if not visitor_id and not visitor_user_id:
        raise Refused(no.VISITOR_UNIDENTIFIED)
    visitor = _changed(call, _found(find_visitor(call, visitor_id, visitor_user_id)))
    email = parsing.email(call.body) if call.version.has("put_email_makes_lead") else None
    if email:
        return show(call, visitor_becomes_lead(call, msgspec.structs.replace(visitor, email=email)))
    call.people.put(visitor)
    return show(call, visitor)


def _changed(call: RequestContext, visitor: Person) -> Person:
    name = parsing.text(call.body, "name") if "name" in call.body else visitor.name
    pseudonym = visitor.pseudonym or call.workspace.ids.pseudonym(
        call.workspace.database.next("pseudonyms"), city_of(visitor.location)
    )
    return msgspec.structs.replace(
        visitor,
        name=name,
        pseudonym=pseudonym,
        custom_attributes=custom_attributes(call, visitor.custom_attributes),
        updated_at=call.now,
    )


def delete(call: RequestContext) -> OperationResponse:
    """`DELETE /visitors/{id}`: the visitor, once more and never again."""
    visitor = find_visitor(call, call.parameters[0], None)
    if visitor is None:
        raise Refused(no.DELETED_VISITOR_NOT_FOUND)
    shown = show(call, visitor)
    call.people.tombstone(visitor, "deleted", call.now)
    call.belongings.forget(visitor.person_id)
    return shown
