"""What a notification is made of, and those that Intercom would not send: forged ones, and of any topic."""

from __future__ import annotations

import json
from typing import Final, Literal, TypeAlias, TypedDict

from harness.core.http import RECEIVER_HOST, Request
from harness.gateway.webhooks.posting import USER_AGENT, signature

Signature: TypeAlias = Literal["wrong", "missing"]

SOMEBODY_ELSES_SECRET: Final = "a-secret-of-somebody-else"  # it opens nothing


class NotifiedItem(TypedDict, total=False):
    """The person or thing that a notification is about."""

    id: str
    type: str
    name: str | None
    message: str


class SentData(TypedDict):
    """What a notification says beside its topic."""

    type: str
    item: NotifiedItem


class SentNotification(TypedDict):
    """A webhook's notification in its envelope (facts §8)."""

    type: str
    app_id: str
    data: SentData
    links: dict[str, str]
    id: str | None
    topic: str
    delivery_status: str | None
    delivery_attempts: int
    delivered_at: int
    first_sent_at: int
    created_at: int
    self: str | None


def notification_of(topic: str, item: NotifiedItem, now: float) -> SentNotification:
    """Return a notification as Intercom's envelope has it (facts §8); a ping has no id and no delivery status."""
    ping = topic == "ping"
    return {
        "type": "notification_event",
        "app_id": "sandbox",
        "data": {"type": "notification_event_data", "item": item},
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


def forged(notification: SentNotification, how: Signature) -> Request:
    """Return the request of somebody who knows the receiver's address and not the client secret."""
    body = json.dumps(notification, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": USER_AGENT}
    if how == "wrong":
        headers["x-hub-signature"] = signature(body, SOMEBODY_ELSES_SECRET)
    return Request("POST", "/", headers, body, RECEIVER_HOST, "webhook")
