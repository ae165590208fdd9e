"""Tags: made by name, hung on contacts (2.x), on users and leads (1.x), on companies and on conversations."""

from __future__ import annotations

import msgspec

from harness.sandbox.operations.contacts import found_contact
from harness.sandbox.operations.lookup import named_person
from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.serializers import shared_fields
from harness.sandbox.store.belongings import Tag


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /tags`."""
    tags = [shared_fields.tag(tag) for tag in call.belongings.all_tags()]
    if call.version.dialect == "1.x":
        return OperationResponse({"type": "tag.list", "tags": tags})
    return OperationResponse({"type": "list", "data": tags})


def find(call: RequestContext) -> OperationResponse:
    """`GET /tags/{tag_id}`."""
    return OperationResponse(shared_fields.tag(named(call, call.parameters[0])))


def named(call: RequestContext, tag_id: str | None) -> Tag:
    """The tag with this id."""
    tag = (
        call.belongings.tag(int(tag_id))
        if tag_id and tag_id.isascii() and tag_id.isdigit() and len(tag_id) < 19
        else None
    )
    if tag is None:
        raise Refused(no.RESOURCE_NOT_FOUND)
    return tag


def save(call: RequestContext) -> OperationResponse:
    """`POST /tags`: make or rename a tag, and hang it on people and companies or take it off."""
    name = parsing.text(call.body, "name")
    if not name:
        raise Refused(no.TAG_INVALID)
    tag = _saved(call, name)
    for entry in parsing.objects(call.body, "users") or []:
        _tag_person(call, tag, entry)
    companies = [_tag_company(call, tag, entry) for entry in parsing.objects(call.body, "companies") or []]
    answer: dict[str, object] = {**shared_fields.tag(tag)}
    if companies:
        answer |= {"users": [], "companies": companies}
    return OperationResponse(answer)


def _saved(call: RequestContext, name: str) -> Tag:
    tag_id = parsing.number_id(call.body, "id")
    if tag_id is None:
        return call.belongings.tag_named(name)
    tag, namesake = named(call, tag_id), call.belongings.tag_called(name)
    if namesake is not None and namesake.tag_id != tag.tag_id:
        raise Refused(no.TAG_INVALID)
    call.belongings.rename_tag(tag.tag_id, name)
    return Tag(tag.tag_id, name)


def _tag_person(call: RequestContext, tag: Tag, entry: dict[str, object]) -> None:
    person = named_person(call, entry)
    if parsing.flag(entry, "untag"):
        _untag(call, person, tag)
    else:
        _hang(call, person, tag)


def _tag_company(call: RequestContext, tag: Tag, entry: dict[str, object]) -> dict[str, object]:
    key, company_id = parsing.text(entry, "id"), parsing.identifier(entry, "company_id", call.version)
    company = call.belongings.company(key) if key else call.belongings.company_by_id(company_id or "")
    if company is None:
        raise Refused(no.COMPANY_NOT_FOUND)
    untag = bool(parsing.flag(entry, "untag"))
    if untag:
        call.belongings.take_label("company", company.company_key, tag.tag_id)
    else:
        call.belongings.put_label("company", company.company_key, tag.tag_id, call.now)
    return {"id": company.company_key, "tagged": not untag}


def delete(call: RequestContext) -> OperationResponse:
    """`DELETE /tags/{tag_id}`."""
    call.belongings.delete_tag(named(call, call.parameters[0]).tag_id)
    return OperationResponse()


def of_contact(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{contact_id}/tags`."""
    person = found_contact(call, call.parameters[0])
    tags = [
        shared_fields.applied(call.workspace, tag, tag.applied_at) for tag in call.belongings.tags_of(person.person_id)
    ]
    return OperationResponse({"type": "list", "data": tags})


def attach(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/tags`."""
    person, tag = _pair(call, parsing.number_id(call.body, "id"))
    _hang(call, person, tag)
    return OperationResponse(shared_fields.applied(call.workspace, tag, call.now))


def detach(call: RequestContext) -> OperationResponse:
    """`DELETE /contacts/{contact_id}/tags/{tag_id}`."""
    person, tag = _pair(call, call.parameters[1])
    hanging = [one for one in call.belongings.tags_of(person.person_id) if one.tag_id == tag.tag_id]
    if not hanging:
        raise Refused(no.RESOURCE_NOT_FOUND)
    _untag(call, person, tag)
    return OperationResponse(shared_fields.applied(call.workspace, tag, hanging[0].applied_at))


def _hang(call: RequestContext, person: Person, tag: Tag) -> None:
    """Hang a tag on somebody, whose `updated_at` moves with it (facts-recorded 67)."""
    if call.belongings.put_tag(person.person_id, tag.tag_id, call.now):
        _touch(call, person)


def _untag(call: RequestContext, person: Person, tag: Tag) -> None:
    if call.belongings.take_tag(person.person_id, tag.tag_id):
        _touch(call, person)


def _touch(call: RequestContext, person: Person) -> None:
    call.people.put(msgspec.structs.replace(call.people.get(person.person_id) or person, updated_at=call.now))


def _pair(call: RequestContext, tag_id: str | None) -> tuple[Person, Tag]:
    person = found_contact(call, call.parameters[0])
    return person, named(call, tag_id)


def attach_to_conversation(call: RequestContext) -> OperationResponse:
    """`POST /conversations/{conversation_id}/tags`."""
    conversation_id = _tagged_conversation(call)
    tag = named(call, parsing.number_id(call.body, "id"))
    call.belongings.put_label("conversation", conversation_id, tag.tag_id, call.now)
    return OperationResponse(shared_fields.applied(call.workspace, tag, call.now))


def detach_from_conversation(call: RequestContext) -> OperationResponse:
    """`DELETE /conversations/{conversation_id}/tags/{tag_id}`."""
    conversation_id, tag_id = _tagged_conversation(call), parsing.decimal(call.parameters[1])
    hanging = [one for one in call.belongings.labels_of("conversation", conversation_id) if one.tag_id == tag_id]
    if not hanging:
        raise Refused(no.TAG_NOT_FOUND)
    call.belongings.take_label("conversation", conversation_id, hanging[0].tag_id)
    return OperationResponse(shared_fields.applied(call.workspace, hanging[0], hanging[0].applied_at))


def _tagged_conversation(call: RequestContext) -> str:
    """The conversation that a path names, if the teammate who tags it is one of the workspace's."""
    if call.belongings.conversation(call.parameters[0]) is None:
        raise Refused(no.CONVERSATION_NOT_FOUND)
    admin_id = parsing.number_id(call.body, "admin_id")
    if admin_id is None:
        raise Refused(no.PARAMETER_MISSING.filled(field="admin_id"))
    if call.workspace.teammates.named(admin_id) is None:
        raise Refused(no.ADMIN_NOT_FOUND)
    return call.parameters[0]
