"""The workspace itself: who is asking, its teammates, its segments."""

from __future__ import annotations

from harness.sandbox import refusals as no
from harness.sandbox import rendering
from harness.sandbox.call import Answer, Call
from harness.sandbox.operations.contacts import found_contact
from harness.sandbox.refusals import Refused

PICTURE = "https://static.intercomassets.com/assets/default-avatars/admins/128.png"


def me(call: Call) -> Answer:
    """`GET /me`: the teammate behind the token, and the workspace."""
    workspace = call.workspace
    return Answer(
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


def admins(call: Call) -> Answer:
    """`GET /admins`."""
    return Answer({"type": "admin.list", "admins": [rendering.admin(call.workspace.admin)]})


def admin(call: Call) -> Answer:
    """`GET /admins/{admin_id}`."""
    if call.parameters[0] != call.workspace.admin.admin_id:
        raise Refused(no.ADMIN_NOT_FOUND)
    return Answer(rendering.admin(call.workspace.admin))


def segments(call: Call) -> Answer:
    """`GET /segments`: the sandbox has none."""
    return Answer({"type": "segment.list", "segments": []})


def segment(call: Call) -> Answer:
    """`GET /segments/{segment_id}`."""
    raise Refused(no.RESOURCE_NOT_FOUND)


def segments_of_contact(call: Call) -> Answer:
    """`GET /contacts/{contact_id}/segments`."""
    found_contact(call, call.parameters[0])
    return Answer({"type": "list", "data": []})
