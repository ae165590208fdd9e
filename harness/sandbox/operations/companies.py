"""Companies, and who belongs to them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harness.sandbox.operations import scrolls, segments, tags
from harness.sandbox.operations.contacts import found_contact
from harness.sandbox.requests import paging, parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.serializers import shared_fields, v2
from harness.sandbox.store.belongings import Company

MOST = 1_000
PARAMETERS = {"id", "remove", "update_last_request_at", "type", "user_count", "app_id", "tags", "segments"}.union(
    Company.__struct_fields__
) - {"company_key"}
"""What a company's body may say; some of it is read-only and passed over."""


def save(call: RequestContext) -> OperationResponse:
    """`POST /companies`: made, or changed if there is one with that `company_id`."""
    return OperationResponse(shared_fields.company(call.workspace, saved(call, call.body)))


def saved(call: RequestContext, body: Mapping[str, object]) -> Company:
    """The company that a body tells of, written."""
    for name in body:
        if name not in PARAMETERS:
            raise Refused(no.COMPANY_BAD_PARAMETER.filled(name=name))
    found = _known(call, body)
    changes = _changes(call, body, found.custom_attributes if found else {})
    if found is not None:
        company = msgspec.structs.replace(found, **changes, updated_at=call.now)
        call.belongings.put_company(company)
        return company
    return _made(call, body, changes)


def _known(call: RequestContext, body: Mapping[str, object]) -> Company | None:
    company_id = parsing.identifier(body, "company_id", call.version)
    if company_id:
        return call.belongings.company_by_id(company_id)
    key, name = parsing.text(body, "id"), parsing.text(body, "name")
    if key:
        return call.belongings.company(key)
    return call.belongings.company_named(name) if name else None


def _made(call: RequestContext, body: Mapping[str, object], changes: Mapping[str, object]) -> Company:
    company_id = parsing.identifier(body, "company_id", call.version)
    if not company_id and not changes.get("name"):
        raise Refused(no.COMPANY_NOT_SPECIFIED)
    key = call.workspace.ids.object_id(call.now, call.workspace.database.next("people"))
    bare = Company(company_key=key, company_id=company_id or key, created_at=call.now, updated_at=call.now)
    company = msgspec.structs.replace(bare, **changes)
    call.belongings.add_company(company)
    return company


def _changes(call: RequestContext, body: Mapping[str, object], current: dict[str, object]) -> dict[str, object]:
    changes: dict[str, object] = {
        name: parsing.text(body, name) for name in ("name", "plan", "website", "industry") if name in body
    }
    if "remote_created_at" in body:
        changes["remote_created_at"] = parsing.moment(body, "remote_created_at")
    if "size" in body:
        changes["size"] = parsing.whole(body, "size")
    if "monthly_spend" in body:
        changes["monthly_spend"] = parsing.number(body, "monthly_spend") or 0
    if parsing.flag(body, "update_last_request_at"):
        changes["last_request_at"] = call.now
    given = parsing.mapping(body, "custom_attributes")
    if given:
        if call.version.has("attributes_made_on_the_fly"):
            call.workspace.attributes.learn("company", given, call.now, call.workspace.admin.admin_id)
        call.workspace.attributes.check("company", given)
        changes["custom_attributes"] = current | given
    return changes


def found_company(call: RequestContext, company_key: str) -> Company:
    """The company with this id of Intercom's."""
    company = call.belongings.company(company_key)
    if company is None:
        raise Refused(no.COMPANY_NOT_FOUND)
    return company


def read(call: RequestContext) -> OperationResponse:
    """`GET /companies/{company_id}`."""
    return OperationResponse(shared_fields.company(call.workspace, found_company(call, call.parameters[0])))


def find(call: RequestContext) -> OperationResponse:
    """`GET /companies`: one by `company_id` or `name`, or all of them, or those with a tag or in a segment."""
    if not call.query.get("company_id") and not call.query.get("name"):
        return _all(call, _narrowed(call))
    return OperationResponse(shared_fields.company(call.workspace, named(call)))


def named(call: RequestContext) -> Company:
    """The company that the query names by `company_id` or `name`."""
    company_id, name = call.query.get("company_id"), call.query.get("name")
    found = call.belongings.company_by_id(company_id) if company_id else call.belongings.company_named(name or "")
    if found is None:
        raise Refused(no.COMPANY_NOT_FOUND)
    return found


def _narrowed(call: RequestContext) -> list[Company]:
    companies, tag_id, segment_id = (
        call.belongings.all_companies(),
        call.query.get("tag_id"),
        call.query.get("segment_id"),
    )
    if tag_id:
        tagged = call.belongings.labelled("company", tags.named(call, tag_id).tag_id)
        return [one for one in companies if one.company_key in tagged]
    if segment_id:
        segments.named(call, segment_id)
        return []
    return companies


def _all(call: RequestContext, companies: list[Company]) -> OperationResponse:
    per_page = parsing.number_from(call.query, "per_page", paging.USUAL_PAGE, paging.LARGEST_PAGE)
    page = parsing.number_from(call.query, "page", 1, 10**6)
    shown = [shared_fields.company(call.workspace, one) for one in companies[(page - 1) * per_page : page * per_page]]
    pages = paging.numbered(call.origin, call.path, dict(call.query), len(companies), per_page, page)
    if call.version.dialect == "1.x":
        return OperationResponse(
            {"type": "company.list", "companies": shown, "pages": pages, "total_count": len(companies)}
        )
    return OperationResponse({"type": "list", "data": shown, "pages": pages, "total_count": len(companies)})


def list_all(call: RequestContext) -> OperationResponse:
    """`POST /companies/list`: pages by number."""
    return _all(call, call.belongings.all_companies())


def scroll(call: RequestContext) -> OperationResponse:
    """`GET /companies/scroll`: one empty part ends it, and its parameter is unknown afterwards (facts-recorded 53)."""
    part = scrolls.next_part(call, "company", lambda before: call.belongings.companies_before(before, scrolls.PART))
    shown = [shared_fields.company(call.workspace, one) for one in part.items]
    return OperationResponse(
        {"type": "list", "data": shown, "pages": None, "total_count": None, "scroll_param": part.scroll_param}
    )


def segments_of(call: RequestContext) -> OperationResponse:
    """`GET /companies/{company_id}/segments`: segments are of people here, so that a company is in none."""
    found_company(call, call.parameters[0])
    return OperationResponse({"type": "list", "data": []})


def update(call: RequestContext) -> OperationResponse:
    """`PUT /companies/{company_id}`."""
    company = found_company(call, call.parameters[0])
    changes = _changes(call, call.body, company.custom_attributes)
    company = msgspec.structs.replace(company, **changes, updated_at=call.now)
    call.belongings.put_company(company)
    return OperationResponse(shared_fields.company(call.workspace, company))


def delete(call: RequestContext) -> OperationResponse:
    """`DELETE /companies/{company_id}`."""
    company = found_company(call, call.parameters[0])
    call.belongings.delete_company(company.company_key)
    return OperationResponse({"id": company.company_key, "object": "company", "deleted": True})


def members(call: RequestContext) -> OperationResponse:
    """`GET /companies/{company_id}/contacts`."""
    company = found_company(call, call.parameters[0])
    people = [call.people.get(person_id) for person_id in call.belongings.members_of(company.company_key)]
    shown = [one for one in people if one and not one.archived]
    found = paging.by_number(call, shown, lambda one: v2.contact(call.workspace, one, call.version))
    return OperationResponse(found)


def of_contact(call: RequestContext) -> OperationResponse:
    """`GET /contacts/{contact_id}/companies`."""
    person = found_contact(call, call.parameters[0])
    companies = call.belongings.companies_of(person.person_id)
    return OperationResponse(
        paging.by_number(call, companies, lambda company: shared_fields.company(call.workspace, company))
    )


def attach(call: RequestContext) -> OperationResponse:
    """`POST /contacts/{contact_id}/companies`."""
    person = found_contact(call, call.parameters[0])
    company_key = parsing.text(call.body, "id")
    if not company_key:
        raise Refused(no.COMPANY_NOT_SPECIFIED)
    company = found_company(call, company_key)
    if len(call.belongings.companies_of(person.person_id)) >= MOST:
        raise Refused(no.COMPANY_LIMIT)
    call.belongings.join(person.person_id, company.company_key)
    return OperationResponse(shared_fields.company(call.workspace, company))


def detach(call: RequestContext) -> OperationResponse:
    """`DELETE /contacts/{contact_id}/companies/{company_id}`."""
    person = found_contact(call, call.parameters[0])
    company = found_company(call, call.parameters[1])
    call.belongings.leave(person.person_id, company.company_key)
    return OperationResponse(shared_fields.company(call.workspace, company))
