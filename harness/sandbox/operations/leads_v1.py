"""Leads of 1.x, which it calls contacts: without an id `POST /contacts` always makes one, so e-mails may repeat."""

from __future__ import annotations

from harness.sandbox.operations import users_v1
from harness.sandbox.operations.contacts import newcomer
from harness.sandbox.operations.conversions import show
from harness.sandbox.requests import targets
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.requests.targets import Identifiers
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person


def save(call: RequestContext) -> OperationResponse:
    """`POST /contacts`: a new lead, or a change to the one with that `id` or `user_id`."""
    wanted = targets.identifiers(call.body, call.version)
    person = _match(call, wanted.person_id, wanted.external_id)
    if person is None:
        identity = {"email": wanted.email, "external_id": None}
        person = newcomer(call, call.workspace.database.next("people"), "lead", identity)
        call.people.add(person)
    return show(call, users_v1.write(call, person, wanted))


def _match(call: RequestContext, lead_id: str | None, lead_user_id: str | None) -> Person | None:
    """The lead with this id or uuid; `None` if neither is given, refused if nobody has it."""
    if not lead_id and not lead_user_id:
        return None
    found = [call.people.get(lead_id)] if lead_id else call.people.by_external_id(lead_user_id or "")
    lead = next((one for one in found if one is not None and one.kind == "lead" and not one.archived), None)
    if lead is None:
        raise Refused(no.CONTACT_NOT_FOUND)
    return lead


def _queried(call: RequestContext) -> Person:
    lead = _match(call, call.parameters[0] if call.parameters else call.query.get("id"), call.query.get("user_id"))
    if lead is None:
        raise Refused(no.CONTACT_UNIDENTIFIED)
    return lead


def find(call: RequestContext) -> OperationResponse:
    """`GET /contacts`: one by `user_id`, a list by `email`, or a page of all."""
    if call.query.get("id") or call.query.get("user_id"):
        return show(call, _queried(call))
    email = call.query.get("email")
    if not email:
        return users_v1.listed(call, "lead")
    leads = [lead for lead in call.people.by_email(email, "lead") if not lead.archived]
    shown = [show(call, lead).body for lead in leads]
    pages = {"type": "pages", "next": None, "page": 1, "per_page": 50, "total_pages": 1 if leads else 0}
    return OperationResponse({"type": "contact.list", "contacts": shown, "pages": pages, "total_count": len(leads)})


def read(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{id}`."""
    return show(call, _queried(call))


def update(call: RequestContext) -> OperationResponse:
    """`PUT /contacts/{id}`, as some libraries write."""
    wanted = targets.identifiers(call.body, call.version)
    return show(call, users_v1.write(call, _queried(call), Identifiers(email=wanted.email)))


def delete(call: RequestContext) -> OperationResponse:
    """`DELETE /contacts/{id}` and `DELETE /contacts?user_id=`: the lead, once more."""
    return users_v1.removed(call, _queried(call))


def scroll(call: RequestContext) -> OperationResponse:
    """`GET /contacts/scroll`."""
    return users_v1.scrolled(call, "lead")
