"""Contacts of 2.x: create, read, update, list, delete, archive, block. Searching and merging stand elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Final

import msgspec

from harness.sandbox.operations import profiles
from harness.sandbox.operations.conversions import act, contact, merged, show
from harness.sandbox.requests import paging, parsing, targets
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.requests.targets import Target
from harness.sandbox.rules import conversion_rules
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.gone_contacts import GONE, Request, State
from harness.sandbox.rules.intercom_errors import IntercomError, Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.search.ranking import Ranking
from harness.sandbox.serializers import v2
from harness.sandbox.store.person_store import ListOrder


def found_contact(call: RequestContext, contact_id: str, asked: Request = "change") -> Person:
    """Return the lead or user with this id.

    Raises:
        Refused: nobody has the id, or the contact is gone and is not served any more when `asked` for this.
    """
    found = call.people.get(contact_id)
    person = None if found is None or found.kind == "visitor" else found
    if person is not None and not person.archived:
        return person
    state = _state(call, contact_id, person)
    rule = GONE.decide(
        state=state,
        asked=asked,
        merged_is_gone=_yes(call.version.has("merged_is_gone")),
        deleted_is_named=_yes(call.workspace.changed("deleted_is_named")),
    )
    if isinstance(rule.then, IntercomError):
        raise Refused(_named_heir(rule.then, call.people.merged_into_id(contact_id=contact_id)))
    assert person is not None
    return person


def _state(call: RequestContext, contact_id: str, person: Person | None) -> State:
    if person is not None:
        return "blocked" if person.blocked else "archived"
    return call.people.reason_gone(contact_id) or "unknown"


def _named_heir(refusal: IntercomError, merged_into_id: str | None) -> IntercomError:
    if refusal is not no.MERGED_AWAY:
        return refusal
    return refusal.with_header("link", f'</contacts/{merged_into_id}>; rel="canonical"')


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def create(call: RequestContext) -> OperationResponse:
    """`POST /contacts`."""
    email, external_id = parsing.email(call.body), parsing.identifier(call.body, "external_id", call.version)
    _check_verified(call, email)
    wanted = _role(call)
    target = _taken(call, None, email, external_id) if wanted != "lead" else targets.NOBODY
    rule = conversion_rules.CREATE_CONTACT.decide(
        wanted="absent" if wanted == "unchanged" else wanted,
        identified=_yes(bool(email or external_id)),
        taken=target.kind,
    )
    action = act(rule, target)
    number = call.workspace.database.next("people")
    lead = action == "create_lead"
    identity = {"email": email, "external_id": None if lead else external_id}
    person = newcomer(call, number, "lead" if lead else "user", identity)
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
    return role if role in ("lead", "user", "contact") else "invalid"


def _check_verified(call: RequestContext, email: str | None) -> None:
    if parsing.flag(call.body, "email_verified") is not None and not email and call.version.has("email_verified"):
        raise Refused(no.EMAIL_VERIFIED_ALONE)


def _taken(
    call: RequestContext, myself: Person | None, email: str | None, external_id: str | None, *, may_share: bool = False
) -> Target:
    """Tell whether another user has the e-mail or the external id: `no`, `live` or `archived`.

    `may_share` lets two users have one e-mail if each has an external id of their own (facts-recorded 68).
    """
    others = [one for one in call.people.by_external_id(external_id) if one.kind == "user"] if external_id else []
    others += [one for one in call.people.by_email(email, "user") if not (may_share and one.external_id)]
    others = [one for one in others if myself is None or one.person_id != myself.person_id]
    for kind, archived in (("live", False), ("archived", True)):
        for one in others:
            if one.archived is archived:
                return Target(kind, one)
    held = call.people.held_by(external_id, None if may_share else email)
    return Target("archived", holder_id=held) if held is not None else Target("no")


def read(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{contact_id}`; from 2.16 it tells who was merged away, as nothing but the two reads does."""
    return show(call, found_contact(call, call.parameters[0], "read"))


def read_by_external_id(call: RequestContext) -> OperationResponse:
    """`GET /contacts/find_by_external_id/{external_id}`: users, and not leads (the official description)."""
    external_id = call.parameters[0]
    matches = call.people.by_external_id(external_id)
    user = next((one for one in matches if one.kind == "user" and not one.archived), None)
    if user is not None:
        return show(call, user)
    merged_into_id = None if matches else call.people.merged_into_id(external_id=external_id)
    if merged_into_id is not None and call.version.has("merged_is_gone"):
        raise Refused(_named_heir(no.MERGED_AWAY, merged_into_id))
    raise Refused(no.USER_NOT_FOUND)


def update(call: RequestContext) -> OperationResponse:
    """`PUT /contacts/{contact_id}`: attributes, identifiers, and a lead's role."""
    person = found_contact(call, call.parameters[0])
    wanted = _role(call)
    becomes_user = person.kind == "lead" and wanted == "user"
    identity = _identity(call, person, becomes_user=becomes_user)
    target = _taken_anew(call, person, identity, becomes_user=becomes_user)
    rule = conversion_rules.UPDATE_CONTACT.decide(
        role=person.kind,
        wanted="invalid" if wanted == "contact" else wanted,
        identified=_yes(bool(identity["email"] or identity["external_id"])),
        taken=target.kind,
    )
    action = act(rule, target)
    changes = {**identity, **profiles.changes(call, person.custom_attributes)}
    if action == "become_user":
        call.people.remember(person, "converted", call.now, person.person_id)
        changes["kind"] = "user"
    return show(call, written(call, person, changes))


def written(call: RequestContext, person: Person, changes: Mapping[str, object]) -> Person:
    """Return the person with these values, written; `updated_at` moves if anything changes (facts-recorded 67)."""
    after = person.changed(changes)
    if after == person:
        return person
    after = msgspec.structs.replace(after, updated_at=call.now)
    call.people.put(after)
    return after


def _identity(call: RequestContext, person: Person, *, becomes_user: bool) -> dict[str, str | None]:
    """Return e-mail and external id after the request.

    A lead keeps its uuid whatever the request says, and loses it when it becomes a user, unless an id is given. A null
    for an external id changes nothing (facts-recorded 4, 32).
    """
    email = parsing.email(call.body) if "email" in call.body else person.email
    external_id = parsing.identifier(call.body, "external_id", call.version)
    if becomes_user:
        return {"email": email, "external_id": external_id}
    kept = person.kind == "lead" or external_id is None
    return {"email": email, "external_id": person.external_id if kept else external_id}


def _taken_anew(call: RequestContext, person: Person, identity: dict[str, str | None], *, becomes_user: bool) -> Target:
    """Tell whether somebody has what the request changes, or all that a new user has; leads conflict with nobody."""
    email, external_id = identity["email"], identity["external_id"]
    if becomes_user:
        return _taken(call, person, email, external_id)
    if person.kind == "lead":
        return targets.FREE
    return _taken(
        call,
        person,
        None if email == person.email else email,
        None if external_id == person.external_id else external_id,
        may_share=external_id is not None,
    )


def delete(call: RequestContext) -> OperationResponse:
    """`DELETE /contacts/{contact_id}`."""
    person = found_contact(call, call.parameters[0], "delete")
    call.people.tombstone(person, "deleted", call.now)
    call.belongings.forget(person.person_id)
    return OperationResponse(v2.reference(person, call.version, deleted=True))


def archive(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/archive`: out of lists, searches and reads until restored."""
    return _set(call, "archive", shown="archived", archived=True)


def unarchive(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/unarchive`."""
    return _set(call, "unarchive", shown="archived", archived=False)


def block(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/block`: archived as well, and so are the conversations (facts §5)."""
    answer = _set(call, "archive", shown="blocked", archived=True, blocked=True)
    call.belongings.archive_conversations(call.parameters[0], call.now)
    return answer


def _set(call: RequestContext, asked: Request, *, shown: str, **changed: bool) -> OperationResponse:
    person = written(call, found_contact(call, call.parameters[0], asked), changed)
    return OperationResponse(v2.reference(person, call.version, **{shown: changed[shown]}))


ORDERS: Final[Mapping[ListOrder, Ranking[Person]]] = {
    "updated": Ranking(attrgetter("updated_at"), attrgetter("person_id")),
    "made": Ranking(attrgetter("created_at"), attrgetter("person_id"), reverse=False),
}
"""The latest changed first, as recorded in 2025, and the oldest first, as recorded in 2021 (facts-recorded 25)."""


def _order(call: RequestContext) -> ListOrder:
    return "updated" if call.workspace.changed("updated_first") else "made"


def usual_order(call: RequestContext) -> Ranking[Person]:
    """Return the order of contacts in lists, and in searches that ask for none."""
    return ORDERS[_order(call)]


def _place(cursor: paging.Cursor) -> tuple[int, str] | None:
    if cursor.item is None:
        return None
    if not isinstance(cursor.value, int) or not isinstance(cursor.item, str):
        raise Refused(no.CURSOR_INVALID)
    return cursor.value // 1000, cursor.item


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /contacts`: pages with a cursor, the latest changed first."""
    per_page = parsing.number_from(call.query, "per_page", paging.CONTACTS_PAGE, paging.LARGEST_PAGE)
    cursor = paging.read(call.query.get("starting_after"))
    listed, ranking = call.listed, usual_order(call)
    people = listed.listing(_order(call), per_page + 1, _place(cursor))
    total = listed.count("lead", "user")
    further = ranking.next_cursor(cursor, people[per_page - 1]) if len(people) > per_page else None
    data = [contact(call, person, listed=True) for person in people[:per_page]]
    return OperationResponse(paging.listing(data, total, per_page, cursor.page, further))


def merge_history(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{id}/merge_history`: the leads that were merged into a user, the newest first or the oldest."""
    person = call.people.get(call.parameters[0])
    if person is None or person.kind != "user":
        raise Refused(no.HISTORY_NOT_FOUND)
    per_page = parsing.number_from(call.query, "per_page", paging.USUAL_PAGE, paging.LARGEST_PAGE)
    cursor = paging.read(call.query.get("cursor") or None)
    rows = call.people.merged_into(person.person_id)
    if call.query.get("order") == "ascending":
        rows.reverse()
    place = next((at for at, row in enumerate(rows, 1) if row[0] == cursor.value), 0)
    rows = rows[place:]
    data = [merged(grave) for _, grave in rows[:per_page]]
    further = None
    if len(rows) > per_page:
        seq, grave = rows[per_page - 1]
        further = paging.write(paging.Cursor(cursor.page + 1, seq, grave.person_id))
    return OperationResponse({"type": "list", "data": data, "next_cursor": further, "has_more": further is not None})
