"""Teams: every workspace has one, with its two teammates in it."""

from __future__ import annotations

from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /teams`."""
    return OperationResponse({"type": "team.list", "teams": [_shown(call)]})


def read(call: RequestContext) -> OperationResponse:
    """`GET /teams/{team_id}`."""
    if call.parameters[0] != call.workspace.team.team_id:
        raise Refused(no.TEAM_NOT_FOUND)
    return OperationResponse(_shown(call))


def _shown(call: RequestContext) -> dict[str, object]:
    team, teammates = call.workspace.team, call.workspace.teammates.all
    return {
        "type": "team",
        "id": team.team_id,
        "name": team.name,
        "admin_ids": [int(one.admin_id) for one in teammates],
    }
