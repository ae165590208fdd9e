"""Tags: made by name, hung on contacts (2.x), on users and leads (1.x) and on companies."""

from __future__ import annotations

from typing import Any

from harness.sandbox import reading
from harness.sandbox import refusals as no
from harness.sandbox.belongings import Tag
from harness.sandbox.call import Answer, Call
from harness.sandbox.operations.contacts import found_contact
from harness.sandbox.operations.lookup import named_person
from harness.sandbox.people import Person
from harness.sandbox.refusals import Refused


def _shown(tag: Tag) -> dict[str, Any]:
    return {"type": "tag", "id": str(tag.tag_id), "name": tag.name}


def _applied(call: Call, tag: Tag, at: int) -> dict[str, Any]:
    by = {"type": "admin", "id": call.workspace.admin.admin_id}
    return {**_shown(tag), "applied_at": at, "applied_by": by}


def list_all(call: Call) -> Answer:
    """`GET /tags`."""
    tags = [_shown(tag) for tag in call.belongings.all_tags()]
    if call.version.dialect == "1.x":
        return Answer({"type": "tag.list", "tags": tags})
    return Answer({"type": "list", "data": tags})


def find(call: Call) -> Answer:
    """`GET /tags/{tag_id}`."""
    return Answer(_shown(_found(call, call.parameters[0])))


def _found(call: Call, tag_id: str | None) -> Tag:
    tag = (
        call.belongings.tag(int(tag_id))
        if tag_id and tag_id.isascii() and tag_id.isdigit() and len(tag_id) < 19
        else None
    )
    if tag is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return tag


def save(call: Call) -> Answer:
    """`POST /tags`: make or rename a tag, and hang it on people and companies or take it off."""
    name = reading.text(call.body, "name")
    if not name:
        raise Refused(no.TAG_INVALID)
    tag = _saved(call, name)
    for entry in reading.objects(call.body, "users") or []:
        _tag_person(call, tag, entry)
    companies = [_company(call, entry) for entry in reading.objects(call.body, "companies") or []]
    answer = _shown(tag)
    if companies:
        answer |= {"users": [], "companies": companies}
    return Answer(answer)


def _saved(call: Call, name: str) -> Tag:
    tag_id = reading.number_id(call.body, "id")
    if tag_id is None:
        return call.belongings.tag_named(name)
    tag = _found(call, tag_id)
    call.belongings.rename_tag(tag.tag_id, name)
    return Tag(tag.tag_id, name)


def _tag_person(call: Call, tag: Tag, entry: dict[str, Any]) -> None:
    person = named_person(call, entry)
    if reading.flag(entry, "untag"):
        call.belongings.take_tag(person.person_id, tag.tag_id)
    else:
        call.belongings.put_tag(person.person_id, tag.tag_id, call.now)


def _company(call: Call, entry: dict[str, Any]) -> dict[str, Any]:
    """Companies are found and refused as Intercom does; that they carry the tag is not kept."""
    key, company_id = reading.text(entry, "id"), reading.identifier(entry, "company_id", call.version)
    company = call.belongings.company(key) if key else call.belongings.company_by_id(company_id or "")
    if company is None:
        raise Refused(no.COMPANY_NOT_FOUND)
    return {"id": company.company_key, "tagged": not reading.flag(entry, "untag")}


def delete(call: Call) -> Answer:
    """`DELETE /tags/{tag_id}`."""
    call.belongings.delete_tag(_found(call, call.parameters[0]).tag_id)
    return Answer()


def of_contact(call: Call) -> Answer:
    """`GET /contacts/{contact_id}/tags`."""
    person = found_contact(call, call.parameters[0])
    tags = [_applied(call, tag, tag.applied_at) for tag in call.belongings.tags_of(person.person_id)]
    return Answer({"type": "list", "data": tags})


def attach(call: Call) -> Answer:
    """`POST /contacts/{contact_id}/tags`."""
    person, tag = _pair(call, reading.number_id(call.body, "id"))
    call.belongings.put_tag(person.person_id, tag.tag_id, call.now)
    return Answer(_applied(call, tag, call.now))


def detach(call: Call) -> Answer:
    """`DELETE /contacts/{contact_id}/tags/{tag_id}`."""
    person, tag = _pair(call, call.parameters[1])
    hanging = [one for one in call.belongings.tags_of(person.person_id) if one.tag_id == tag.tag_id]
    if not hanging:
        raise Refused(no.RESOURCE_NOT_FOUND)
    call.belongings.take_tag(person.person_id, tag.tag_id)
    return Answer(_applied(call, tag, hanging[0].applied_at))


def _pair(call: Call, tag_id: str | None) -> tuple[Person, Tag]:
    person = found_contact(call, call.parameters[0])
    return person, _found(call, tag_id)
