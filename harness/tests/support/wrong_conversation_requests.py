"""Ways of asking a TEST app for what must not happen to conversations in which somebody else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.tests.support.guarded_session import GuardedSession

CLOSING = {"message_type": "close", "type": "admin", "admin_id": "1"}
REDACTION = {"type": "source", "source_id": "1"}
TAGGING = {"id": "1", "admin_id": "1"}

WRONG_ROOMS: dict[str, Callable[[GuardedSession], tuple[str, str, Any]]] = {
    "close a live conversation": lambda s: ("POST", f"/conversations/{s.live['room']}/parts", CLOSING),
    "close a shared conversation": lambda s: ("POST", f"/conversations/{s.live['shared']}/parts", CLOSING),
    "close nobody's conversation": lambda s: ("POST", "/conversations/123456789012345/parts", CLOSING),
    "close one's latest conversation": lambda s: (
        "POST",
        "/conversations/last/parts",
        {**CLOSING, "intercom_user_id": s.mine["user"]},
    ),
    "a conversation by a path": lambda s: (
        "POST",
        "/conversations/redact",
        {**REDACTION, "conversation_id": f"../contacts/{s.live['user']}"},
    ),
    "retitle a live conversation": lambda s: ("PUT", f"/conversations/{s.live['room']}", {"title": "x"}),
    "retitle a shared conversation": lambda s: ("PUT", f"/conversations/{s.live['shared']}", {"title": "x"}),
    "reply in a shared conversation": lambda s: (
        "POST",
        f"/conversations/{s.live['shared']}/reply",
        {"type": "user", "intercom_user_id": s.mine["user"], "message_type": "comment", "body": "x"},
    ),
    "rules in a live conversation": lambda s: (
        "POST",
        f"/conversations/{s.live['room']}/run_assignment_rules",
        {},
    ),
    "tag a live conversation": lambda s: ("POST", f"/conversations/{s.live['room']}/tags", TAGGING),
    "untag a shared conversation": lambda s: ("DELETE", f"/conversations/{s.live['shared']}/tags/1", TAGGING),
    "redact a live conversation": lambda s: (
        "POST",
        "/conversations/redact",
        {**REDACTION, "conversation_id": s.live["room"]},
    ),
    "redact a shared conversation": lambda s: (
        "POST",
        "/conversations/redact",
        {**REDACTION, "conversation_id": s.live["shared"]},
    ),
    "redact our conversation with a guest": lambda s: (
        "POST",
        "/conversations/redact",
        {**REDACTION, "conversation_id": s.mine["visited"]},
    ),
    "redact two conversations": lambda s: (
        "POST",
        "/conversations/redact",
        {**REDACTION, "conversation_id": [s.mine["room"], s.live["room"]]},
    ),
    "our conversation, and a list of them": lambda s: (
        "PUT",
        f"/conversations/{s.mine['room']}",
        {"title": "x", "conversation_id": [s.live["room"]]},
    ),
    "redact no conversation": lambda s: ("POST", "/conversations/redact", REDACTION),
    "delete a live conversation": lambda s: ("DELETE", f"/conversations/{s.live['room']}", None),
    "delete a shared conversation": lambda s: ("DELETE", f"/conversations/{s.live['shared']}", None),
    "delete our conversation with a guest": lambda s: ("DELETE", f"/conversations/{s.mine['visited']}", None),
    "let our person into a live conversation": lambda s: (
        "POST",
        f"/conversations/{s.live['room']}/customers",
        {"admin_id": "1", "customer": {"intercom_user_id": s.mine["user"]}},
    ),
    "let a live person into ours": lambda s: (
        "POST",
        f"/conversations/{s.mine['room']}/customers",
        {"admin_id": "1", "customer": {"intercom_user_id": s.live["user"]}},
    ),
    "let a live person into ours by external id": lambda s: (
        "POST",
        f"/conversations/{s.mine['room']}/customers",
        {"admin_id": "1", "customer": {"user_id": "u-1"}},
    ),
    "let a real e-mail into ours": lambda s: (
        "POST",
        f"/conversations/{s.mine['room']}/customers",
        {"admin_id": "1", "customer": {"email": "real@customer.example"}},
    ),
    "let nobody into ours": lambda s: (
        "POST",
        f"/conversations/{s.mine['room']}/customers",
        {"admin_id": "1", "customer": {}},
    ),
    "put a live person out of ours": lambda s: (
        "DELETE",
        f"/conversations/{s.mine['visited']}/customers/{s.live['user']}",
        {"admin_id": "1"},
    ),
    "put our person out of a shared conversation": lambda s: (
        "DELETE",
        f"/conversations/{s.live['shared']}/customers/{s.mine['user']}",
        {"admin_id": "1"},
    ),
    "a ticket of our conversation": lambda s: ("POST", f"/conversations/{s.mine['room']}/convert", {}),
    "a live person's events": lambda s: (
        "POST",
        "/events/summaries",
        {"user_id": "u-1", "event_summaries": {"event_name": "x", "count": 1}},
    ),
}
