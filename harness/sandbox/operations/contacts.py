"""Contacts of 2.x: create, read, update, list, delete, archive, block. Searching and merging stand elsewhere."""

from __future__ import annotations

import msgspec

from harness.sandbox.operations import profiles
from harness.sandbox.operations.conversions import act, contact, contact_not_found, merged, show
from harness.sandbox.requests import paging, parsing, targets
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.requests.targets import Target
from harness.sandbox.rules import conversion_rules
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.serializers import v2


def found_contact(call: RequestContext, contact_id: str) -> Person:
    """The lead or user with this id."""
    found = call.people.get(contact_id)
    if found is None or found.kind == "visitor":
        raise Refused(contact_not_found(call))
    return found


def _gone(call: RequestContext, merged_into_id: str | None) -> Refused:
    if merged_into_id is not None and call.version.has("merged_is_gone"):
        return Refused(no.MERGED_AWAY.with_header("link", f'</contacts/{merged_into_id}>; rel="canonical"'))
    return Refused(contact_not_found(call))


def create(call: RequestContext) -> OperationResponse:
    """`POST /contacts`."""
    email, external_id = parsing.email(call.body), parsing.identifier(call.body, "external_id", call.version)
    _check_verified(call, email)
    wanted = _role(call)
    target = _taken(call, None, email, external_id) if wanted != "lead" else targets.NOBODY
    rule = conversion_rules.CREATE_CONTACT.decide(
        wanted="absent" if wanted == "unchanged" else wanted,
        email="yes" if email else "no",
        external_id="yes" if external_id else "no",
        taken=target.kind,
    )
    action = act(rule, target)
    number = call.workspace.database.next("people")
    identity = {"email": email, "external_id": external_id}
    person = newcomer(call, number, "lead" if action == "create_lead" else "user", identity)
    person = person.changed(profiles.changes(call, {}))
    call.people.add(person)
    return show(call, person)


def newcomer(call: RequestContext, number: int, kind: str, identity: dict[str, str | None]) -> Person:
    """Somebody new, with what Intercom gives to a lead by itself: a uuid and a pseudonym."""
    ids = call.workspace.ids
    person = Person(
        person_id=ids.object_id(call.now, number),
        kind="lead" if kind == "lead" else "user",
        created_at=call.now,
        updated_at=call.now,
        email=identity["email"],
        external_id=identity["external_id"],
    )
    if kind == "lead":
        person.external_id = person.external_id or ids.uuid(number)
        person.pseudonym = ids.pseudonym(number)
    return person


def _role(call: RequestContext) -> str:
    role = parsing.text(call.body, "role")
    if role is None:
        return "unchanged"
    return role if role in ("lead", "user") else "invalid"


def _check_verified(call: RequestContext, email: str | None) -> None:
    if parsing.flag(call.body, "email_verified") is not None and not email and call.version.has("email_verified"):
        raise Refused(no.EMAIL_VERIFIED_ALONE)


def _taken(call: RequestContext, myself: Person | None, email: str | None, external_id: str | None) -> Target:
    """Whether another user has the e-mail or the external id: `no`, `live` or `archived`."""
    others = [one for one in call.people.by_external_id(external_id) if one.kind == "user"] if external_id else []
    others += call.people.by_email(email, "user")
    others = [one for one in others if myself is None or one.person_id != myself.person_id]
    for kind, archived in (("live", False), ("archived", True)):
        for one in others:
            if one.archived is archived:
                return Target(kind, one)
    return Target("no")


def read(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{contact_id}`; from 2.16 it tells who was merged away, as nothing but the two reads does."""
    contact_id = call.parameters[0]
    found = call.people.get(contact_id)
    if found is None:
        raise _gone(call, call.people.merged_into_id(contact_id=contact_id))
    return show(call, found_contact(call, contact_id))


def read_by_external_id(call: RequestContext) -> OperationResponse:
    """`GET /contacts/find_by_external_id/{external_id}`: users, and not leads (the official description)."""
    external_id = call.parameters[0]
    matches = call.people.by_external_id(external_id)
    user = next((one for one in matches if one.kind == "user"), None)
    if user is None:
        raise _gone(call, None if matches else call.people.merged_into_id(external_id=external_id))
    return show(call, user)


def update(call: RequestContext) -> OperationResponse:
    """`PUT /contacts/{contact_id}`: attributes, identifiers, and a lead's role."""
    person = found_contact(call, call.parameters[0])
    wanted = _role(call)
    identity = _identity(call, person, becomes_user=wanted == "user")
    target = _taken(call, person, *_wanted_anew(person, identity, becomes_user=wanted == "user"))
    rule = conversion_rules.UPDATE_CONTACT.decide(
        role=person.kind,
        wanted=wanted,
        external_id=_external_id_fact(call, person),
        identified="yes" if identity["email"] or identity["external_id"] else "no",
        taken=target.kind,
    )
    action = act(rule, target)
    found = profiles.changes(call, person.custom_attributes)
    if action == "become_user":
        call.people.remember(person, "converted", call.now, person.person_id)
        found = {"kind": "user", "signed_up_at": call.now, **found}
    elif person.kind == "lead":
        identity["external_id"] = person.external_id
    person = person.changed({**identity, **found, "updated_at": call.now})
    call.people.put(person)
    return show(call, person)


def _identity(call: RequestContext, person: Person, *, becomes_user: bool) -> dict[str, str | None]:
    """E-mail and external id after the request; a lead who becomes a user loses the uuid unless an id is given."""
    email = parsing.email(call.body) if "email" in call.body else person.email
    external_id = parsing.identifier(call.body, "external_id", call.version)
    if person.kind == "lead" and becomes_user:
        return {"email": email, "external_id": external_id}
    return {"email": email, "external_id": external_id if "external_id" in call.body else person.external_id}


def _wanted_anew(
    person: Person, identity: dict[str, str | None], *, becomes_user: bool
) -> tuple[str | None, str | None]:
    """E-mail and external id that have to be free: what the request changes, or all that a new user has."""
    kept = person.kind == "user" or not becomes_user
    email, external_id = identity["email"], identity["external_id"]
    return (
        None if kept and email == person.email else email,
        None if kept and external_id == person.external_id else external_id,
    )


def _external_id_fact(call: RequestContext, person: Person) -> str:
    given = parsing.identifier(call.body, "external_id", call.version)
    return "absent" if given in (None, person.external_id) else "given"


def delete(call: RequestContext) -> OperationResponse:
    """`DELETE /contacts/{contact_id}`."""
    person = found_contact(call, call.parameters[0])
    call.people.tombstone(person, "deleted", call.now)
    call.belongings.forget(person.person_id)
    return OperationResponse(v2.deleted(person))


def archive(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/archive`: out of lists and searches, still answering by id (assumed)."""
    return _set(call, shown="archived", archived=True)


def unarchive(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/unarchive`."""
    return _set(call, shown="archived", archived=False)


def block(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/block`: archived as well, and so are the conversations (facts §5)."""
    answer = _set(call, shown="blocked", archived=True, blocked=True)
    call.belongings.archive_conversations(call.parameters[0], call.now)
    return answer


def _set(call: RequestContext, *, shown: str, **changed: bool) -> OperationResponse:
    person = msgspec.structs.replace(found_contact(call, call.parameters[0]), updated_at=call.now, **changed)
    call.people.put(person)
    return OperationResponse(v2.reference(person, **{shown: changed[shown]}))


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /contacts`: pages with a cursor, the newest first."""
    per_page = parsing.number_from(call.query, "per_page", paging.USUAL_PAGE, paging.LARGEST_PAGE)
    cursor = paging.read(call.query.get("starting_after"))
    listed = call.listed
    rows = listed.page(("lead", "user"), per_page + 1, before=cursor.after)
    total = listed.count("lead", "user")
    further = paging.Cursor(cursor.page + 1, rows[per_page - 1][0]) if len(rows) > per_page else None
    data = [contact(call, person) for _, person in rows[:per_page]]
    return OperationResponse(paging.listing(data, total, per_page, cursor.page, further))


def merge_history(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{id}/merge_history`: the leads that were merged into a user, the newest first or the oldest."""
    person = call.people.get(call.parameters[0])
    if person is None or person.kind != "user":
        raise Refused(no.HISTORY_NOT_FOUND)
    per_page = parsing.number_from(call.query, "per_page", paging.USUAL_PAGE, paging.LARGEST_PAGE)
    cursor = paging.read(call.query.get("cursor"))
    rows = call.people.merged_into(person.person_id)
    if call.query.get("order") == "ascending":
        rows.reverse()
    place = next((at for at, row in enumerate(rows, 1) if row[0] == cursor.after), 0)
    rows = rows[place:]
    data = [merged(grave) for _, grave in rows[:per_page]]
    further = paging.write(paging.Cursor(cursor.page + 1, rows[per_page - 1][0])) if len(rows) > per_page else None
    return OperationResponse({"type": "list", "data": data, "next_cursor": further, "has_more": further is not None})
