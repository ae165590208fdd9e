"""Notes on people, in both dialects."""

from __future__ import annotations

from typing import Literal

from harness.sandbox.operations.contacts import found_contact
from harness.sandbox.operations.lookup import named_person, queried_person
from harness.sandbox.requests import paging, parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.serializers import shared_fields


def of_contact(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{contact_id}/notes`."""
    person = found_contact(call, call.parameters[0])
    notes = call.belongings.notes_of(person.person_id)
    return OperationResponse(
        paging.by_number(call, notes, lambda note: shared_fields.note(call.workspace, note, "contact"))
    )


def add(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/notes`."""
    return _add(call, found_contact(call, call.parameters[0]), "contact")


def _add(call: RequestContext, person: Person, person_key: Literal["contact", "user"]) -> OperationResponse:
    admin_id = parsing.number_id(call.body, "admin_id")
    if admin_id is not None and call.workspace.teammates.named(admin_id) is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    body = parsing.text(call.body, "body")
    if not body:
        raise Refused(no.PARAMETER_MISSING.filled(field="body"))
    note = call.belongings.add_note(person.person_id, shared_fields.paragraph(body), admin_id, call.now)
    return OperationResponse(shared_fields.note(call.workspace, note, person_key))


def read(call: RequestContext) -> OperationResponse:
    """`GET /notes/{note_id}`."""
    note_id = call.parameters[0]
    note = call.belongings.note(int(note_id)) if note_id.isascii() and note_id.isdigit() and len(note_id) < 19 else None
    if note is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return OperationResponse(
        shared_fields.note(call.workspace, note, "contact" if call.version.dialect == "2.x" else "user")
    )


def add_v1(call: RequestContext) -> OperationResponse:
    """1.x `POST /notes`, on a user or a lead, who may be named at the top level as well (facts-recorded 60)."""
    key: Literal["contact", "user"] = "contact" if "contact" in call.body else "user"
    named = parsing.mapping(call.body, key) if key in call.body else call.body
    return _add(call, named_person(call, named or {}), key)


def list_v1(call: RequestContext) -> OperationResponse:
    """1.x `GET /notes?id=|user_id=|email=`."""
    notes = call.belongings.notes_of(queried_person(call).person_id)
    found = paging.by_number(call, notes, lambda note: shared_fields.note(call.workspace, note, "user"))
    return OperationResponse({"type": "note.list", "notes": found["data"], "pages": found["pages"]})
