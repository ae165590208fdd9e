"""The workspace itself: who is asking, and its teammates."""

from __future__ import annotations

from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.serializers import shared_fields

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
    return OperationResponse({"type": "admin.list", "admins": [shared_fields.admin(call.workspace.admin)]})


def admin(call: RequestContext) -> OperationResponse:
    """`GET /admins/{admin_id}`."""
    if call.parameters[0] != call.workspace.admin.admin_id:
        raise Refused(no.ADMIN_NOT_FOUND)
    return OperationResponse(shared_fields.admin(call.workspace.admin))
