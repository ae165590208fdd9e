"""What 1.x tells of companies besides what all versions do: the users who belong to one."""

from __future__ import annotations

from harness.sandbox.operations import companies, users_v1
from harness.sandbox.requests.context import OperationResponse, RequestContext


def users(call: RequestContext) -> OperationResponse:
    """`GET /companies/{company_id}/users`, by Intercom's own id."""
    return _users(call, companies.found_company(call, call.parameters[0]).company_key)


def find(call: RequestContext) -> OperationResponse:
    """`GET /companies`: as in all versions, or with `type=user` the users of the one that is named."""
    if call.query.get("type") not in ("user", "users"):
        return companies.find(call)
    return _users(call, companies.named(call).company_key)


def _users(call: RequestContext, company_key: str) -> OperationResponse:
    people = (call.people.get(person_id) for person_id in call.belongings.members_of(company_key))
    users = [one for one in people if one is not None and one.kind == "user" and not one.archived]
    return users_v1.paged(call, "user", users)
