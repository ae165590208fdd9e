"""`GET /counts`, which clients of 2.x call too (facts 60): how many of everything, of a kind, or of one by another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.search.segment_rules import Segments


def counts(call: RequestContext) -> OperationResponse:
    """Everything, or `type=`, or `type=` by `count=`."""
    kind, by = call.query.get("type"), call.query.get("count")
    if (kind, by) in BY:
        return OperationResponse({"type": "count", str(kind): BY[kind, by](call)})
    if by is not None:
        raise Refused(no.PARAMETER_INVALID.filled(field="count"))
    found = _everything(call)
    shown = {name: {"count": count} for name, count in found.items() if kind in (None, name)}
    return OperationResponse({"type": "count.hash", **shown})


def _everything(call: RequestContext) -> dict[str, int]:
    return {
        "company": len(call.belongings.all_companies()),
        "segment": len(Segments(call.workspace).all()),
        "tag": len(call.belongings.all_tags()),
        "user": call.people.count("user"),
        "lead": call.people.count("lead"),
    }


def _conversations(call: RequestContext) -> dict[str, int]:
    everything = [found.at(call.now) for found in call.belongings.conversations()]
    opened = [found for found in everything if found.state != "closed"]
    assigned = sum(1 for found in opened if found.admin_assignee_id or found.team_assignee_id)
    counted = {"closed": len(everything) - len(opened), "open": len(opened), "unassigned": len(opened) - assigned}
    return {"assigned": assigned, **counted}


def _conversations_by_admin(call: RequestContext) -> dict[str, object]:
    everything = [found.at(call.now) for found in call.belongings.conversations()]
    counted = []
    for admin in call.workspace.teammates.all:
        theirs = [found for found in everything if found.admin_assignee_id == admin.admin_id]
        closed = sum(1 for found in theirs if found.state == "closed")
        told = {"name": admin.name, "id": admin.admin_id, "open": len(theirs) - closed, "closed": closed}
        counted.append(told)
    return {"admin": counted}


def _users_by_tag(call: RequestContext) -> dict[str, object]:
    tags = call.belongings.all_tags()
    return {"tag": [{tag.name: call.people.count_tagged(tag.tag_id, "user")} for tag in tags]}


def _companies_by_tag(call: RequestContext) -> dict[str, object]:
    tags = call.belongings.all_tags()
    return {"tag": [{tag.name: call.belongings.count_labelled("company", tag.tag_id)} for tag in tags]}


def _users_by_company(call: RequestContext) -> dict[str, object]:
    companies = call.belongings.all_companies()
    return {
        "user": [
            {str(one.name): len(call.belongings.members_of(one.company_key)), "remote_company_id": one.company_id}
            for one in companies
        ]
    }


def _users_by_segment(call: RequestContext) -> dict[str, object]:
    segments = Segments(call.workspace)
    return {"segment": [{segment.name: len(segments.members(segment))} for segment in segments.all()]}


def _nothing(_call: RequestContext) -> dict[str, object]:
    return {"segment": []}


BY: Final[Mapping[tuple[str | None, str | None], Callable[[RequestContext], dict[str, Any]]]] = {
    ("conversation", None): _conversations,
    ("conversation", "admin"): _conversations_by_admin,
    ("user", "tag"): _users_by_tag,
    ("user", "segment"): _users_by_segment,
    ("company", "tag"): _companies_by_tag,
    ("company", "segment"): _nothing,
    ("company", "user"): _users_by_company,
}
"""What can be counted by what; companies are in no segment here."""
