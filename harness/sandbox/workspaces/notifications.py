"""What a notification says, and what a workspace has to tell; which change is which topic stands in `topics`.

Envelope and items are those of recorded notifications (facts §8): times inside `item` are ISO 8601, the item of
`contact.merged` is the survivor and nothing else, that of `visitor.signed_up` speaks 1.x whatever the version. Sending
them is not the sandbox's business.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from harness.core.newest_version import NEWEST_VERSION
from harness.core.timestamps import iso_milliseconds
from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import VERSIONS, Version
from harness.sandbox.serializers import v1, v2
from harness.sandbox.store.topics import Event, events, topic_of
from harness.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification as it is sent, but for the signature."""

    topic: str
    body: dict[str, Any]


def notification(workspace: Workspace, event: Event, person: Person) -> Notification | None:
    """What the workspace's subscriber is told, in the version of its app; `None` where there is no such topic."""
    version = workspace.default_version or VERSIONS[NEWEST_VERSION]
    topic = topic_of(event, version)
    if topic is None:
        return None
    number = workspace.database.next("notifications")
    notification_id = f"notif_{workspace.ids.notification(number)}"
    return Notification(topic, envelope(workspace, topic, _item(workspace, event, person, version), notification_id))


def ping(workspace: Workspace) -> Notification:
    """What is sent to see whether anybody listens."""
    item = {"type": "ping", "message": "something something interzen"}
    return Notification("ping", {**envelope(workspace, "ping", item, None), "delivery_status": None})


def envelope(workspace: Workspace, topic: str, item: Any, notification_id: str | None) -> dict[str, Any]:
    """What stands around an item."""
    return {
        "type": "notification_event",
        "app_id": workspace.app_id,
        "data": {"type": "notification_event_data", "item": item},
        "links": {},
        "id": notification_id,
        "topic": topic,
        "delivery_status": "pending",
        "delivery_attempts": 1,
        "delivered_at": 0,
        "first_sent_at": workspace.now(),
        "created_at": workspace.now(),
        "self": None,
    }


def _item(workspace: Workspace, event: Event, person: Person, version: Version) -> dict[str, Any]:
    if event == "deleted":
        return {"id": person.person_id, "external_id": person.external_id, "type": "contact", "deleted": True}
    if event == "visitor signed up" or version.dialect == "1.x":
        item = v1.person(workspace, person, VERSIONS["1.4"])
        if event == "visitor signed up":
            item["segments"]["segments"] = []  # recorded so, of somebody who had signed up and been seen just then
        return iso_times(item)
    return iso_times(v2.contact(workspace, person, version))


def iso_times(item: Mapping[str, Any]) -> dict[str, Any]:
    """The same item with its times as notifications write them."""
    return {
        key: iso_milliseconds(value) if key.endswith("_at") and type(value) is int else value
        for key, value in item.items()
    }


class Outbox:
    """What a workspace has to tell its subscriber. Whoever uses it holds the workspace's lock."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._heard: list[tuple[Event, Person]] = []
        self._ready: list[Notification] = []
        self._merging = False

    def hear(self, before: Person | None, after: Person | None, reason: str | None) -> None:
        """A change within a request that may still be undone; a merge is told of the survivor alone."""
        if after is None and before is not None:
            self._merging = reason == "merged"
            if not self._merging:
                self._heard.append(("deleted", before))
        elif after is not None and self._merging:
            self._merging = False
            self._heard.append(("merged", after))
        elif after is not None:
            self._heard += [(event, after) for event in events(before, after)]

    def publish(self, topics: Collection[str] | None) -> None:
        """The request is done: what was heard is told, if anybody wants to hear of it."""
        heard, self._heard = self._heard, []
        for event, person in heard:
            now = self._workspace.people.get(person.person_id) or person
            made = notification(self._workspace, event, now)
            if made is not None and (topics is None or made.topic in topics):
                self._ready.append(made)

    def discard(self) -> None:
        """The request was undone: nothing happened."""
        self._heard, self._merging = [], False

    def take(self) -> list[Notification]:
        """What is to be sent now, each once."""
        ready, self._ready = self._ready, []
        return ready
