"""The workspace itself: who is asking, and its teammates."""

from __future__ import annotations

from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.serializers import shared_fields
from harness.sandbox.workspace.teammates import Presence

PICTURE = "https://static.intercomassets.com/assets/default-avatars/admins/128.png"


def me(call: RequestContext) -> OperationResponse:
    """`GET /me`: the teammate behind the token, and the workspace."""
    workspace = call.workspace
    return OperationResponse(
        {
            "type": "admin",
            "id": workspace.admin.admin_id,
            "email": workspace.admin.email,
            "name": workspace.admin.name,
            "email_verified": True,
            "app": {
                "type": "app",
                "id_code": workspace.app_id,
                "name": f"{workspace.name} [TEST]",
                "created_at": workspace.created_at,
                "secure": workspace.preferences.identity_verification,
                "identity_verification": workspace.preferences.identity_verification,
                "timezone": "Etc/UTC",
                "region": workspace.preferences.region,
            },
            "avatar": {"type": "avatar", "image_url": PICTURE},
            "has_inbox_seat": True,
        }
    )


def admins(call: RequestContext) -> OperationResponse:
    """`GET /admins`."""
    shown = [shared_fields.admin(call.workspace, one) for one in call.workspace.teammates.all]
    return OperationResponse({"type": "admin.list", "admins": shown})


def admin(call: RequestContext) -> OperationResponse:
    """`GET /admins/{admin_id}`."""
    found = call.workspace.teammates.named(call.parameters[0])
    if found is None:
        raise Refused(no.ADMIN_NOT_FOUND)
    return OperationResponse(shared_fields.admin(call.workspace, found))


def set_away(call: RequestContext) -> OperationResponse:
    """`PUT /admins/{admin_id}/away`: a teammate goes away or comes back."""
    found = call.workspace.teammates.named(call.parameters[0])
    if found is None:
        raise Refused(no.AWAY_ADMIN_NOT_FOUND)
    away, reassign = (parsing.flag(call.body, name) for name in ("away_mode_enabled", "away_mode_reassign"))
    if away is None or reassign is None:
        missing = "away_mode_enabled" if away is None else "away_mode_reassign"
        raise Refused(no.PARAMETER_MISSING.filled(field=missing))
    presence = Presence(away, reassign, parsing.whole(call.body, "away_status_reason_id"))
    call.workspace.teammates.set_presence(found, presence, call.now)
    return OperationResponse(shared_fields.admin(call.workspace, found))
