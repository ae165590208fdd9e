"""Notifications that Intercom did not send, or not like this: of any topic, without a signature, with a wrong one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from harness.core.http import RECEIVER_HOST, Request
from harness.gateway.webhooks.posting import USER_AGENT, signature

Signature: TypeAlias = Literal["wrong", "missing"]

SOMEBODY_ELSES_SECRET: Final = "a-secret-of-somebody-else"  # it opens nothing


def notification_of(topic: str, item: Mapping[str, Any], now: float) -> Mapping[str, Any]:
    """Return a notification as Intercom's envelope has it (facts §8); a ping has no id and no delivery status."""
    ping = topic == "ping"
    return {
        "type": "notification_event",
        "app_id": "sandbox",
        "data": {"type": "notification_event_data", "item": dict(item)},
        "links": {},
        "id": None if ping else f"notif_{topic}",
        "topic": topic,
        "delivery_status": None if ping else "pending",
        "delivery_attempts": 1,
        "delivered_at": 0,
        "first_sent_at": int(now),
        "created_at": int(now),
        "self": None,
    }


def forged(notification: Mapping[str, Any], how: Signature) -> Request:
    """Return the request of somebody who knows the receiver's address and not the client secret."""
    body = json.dumps(notification, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": USER_AGENT}
    if how == "wrong":
        headers["x-hub-signature"] = signature(body, SOMEBODY_ELSES_SECRET)
    return Request("POST", "/", headers, body, RECEIVER_HOST, "webhook")
