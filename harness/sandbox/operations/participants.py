"""Who takes part in a conversation besides whoever began it."""

from __future__ import annotations

from harness.sandbox.operations.contacts import newcomer
from harness.sandbox.operations.conversations import found_conversation
from harness.sandbox.operations.lookup import named_person
from harness.sandbox.operations.replies import check_teammate
from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.store.belongings import Conversation

NAMES = ("intercom_user_id", "user_id", "email")


def attach(call: RequestContext) -> OperationResponse:
    """`POST /conversations/{conversation_id}/customers`, by the teammate or by a contact."""
    found = found_conversation(call, call.parameters[0])
    if any(call.body.get(name) for name in NAMES):
        named_person(call, {"id": call.body.get("intercom_user_id"), **call.body})
    elif "admin_id" in call.body:
        check_teammate(call)
    call.belongings.take_part(_customer(call).person_id, found.conversation_id)
    return _customers(call, found)


def _customer(call: RequestContext) -> Person:
    """Whoever is to take part; an e-mail that nobody has makes a lead (documented)."""
    customer = parsing.mapping(call.body, "customer") or {}
    email = parsing.email(customer)
    if email and not any(customer.get(name) for name in NAMES[:2]) and not _anybody(call, email):
        identity = {"email": email, "external_id": None}
        lead = newcomer(call, call.workspace.database.next("people"), "lead", identity)
        call.people.add(lead)
        return lead
    return named_person(call, {"id": customer.get("intercom_user_id"), **customer})


def _anybody(call: RequestContext, email: str) -> bool:
    return any(person.kind != "visitor" for person in call.people.by_email(email))


def detach(call: RequestContext) -> OperationResponse:
    """`DELETE /conversations/{conversation_id}/customers/{contact_id}`: not the last one."""
    found = found_conversation(call, call.parameters[0])
    contact_id = call.parameters[1]
    check_teammate(call)
    people = call.belongings.participants_of(found.conversation_id)
    if contact_id not in people:
        raise Refused(no.USER_NOT_FOUND)
    if len(people) == 1:
        raise Refused(no.LAST_CUSTOMER)
    call.belongings.drop_out(contact_id, found.conversation_id)
    return _customers(call, found)


def _customers(call: RequestContext, found: Conversation) -> OperationResponse:
    people = [call.people.get(one) for one in call.belongings.participants_of(found.conversation_id)]
    return OperationResponse({"customers": [{"type": one.kind, "id": one.person_id} for one in people if one]})
