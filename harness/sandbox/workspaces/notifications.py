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
from harness.sandbox.serializers import shared_fields, v1, v2
from harness.sandbox.store.belongings import Tag
from harness.sandbox.store.topics import Event, events, topic_of
from harness.sandbox.workspace.workspace import Workspace

SINCE_2026 = "2026-01-10"
"""The day of the first recorded notification of a deletion that has the external id."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification as it is sent, but for the signature."""

    topic: str
    body: dict[str, Any]


def notification(workspace: Workspace, event: Event, person: Person, tag: Tag | None = None) -> Notification | None:
    """What the workspace's subscriber is told, in the version of its app; `None` where there is no such topic."""
    version = workspace.default_version or VERSIONS[NEWEST_VERSION]
    topic = topic_of(event, version)
    if topic is None:
        return None
    number = workspace.database.next("notifications")
    notification_id = f"notif_{workspace.ids.notification(number)}"
    return Notification(
        topic, envelope(workspace, topic, _item(workspace, event, person, version, tag), notification_id)
    )


def ping(workspace: Workspace) -> Notification:
    """What is sent to see whether anybody listens."""
    item = {"type": "ping", "message": "something something interzen"}
    return Notification("ping", {**envelope(workspace, "ping", item, None), "delivery_status": None})


def envelope(workspace: Workspace, topic: str, item: object, notification_id: str | None) -> dict[str, object]:
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


def _item(workspace: Workspace, event: Event, person: Person, version: Version, tag: Tag | None) -> dict[str, object]:
    old = version.dialect == "1.x"
    if event == "user deleted" and old:
        return {"type": "user", "id": person.person_id, "user_id": person.external_id, "email": person.email}
    if event in ("deleted", "user deleted", "archived"):
        return _brief(workspace, event, person)
    if event in ("subscribed", "unsubscribed") and not old:
        kind = "contact_subscribe" if event == "subscribed" else "contact_unsubscribe"
        shown = iso_times(v2.contact(workspace, person, version))
        types = {"subscription_types": {"type": "list", "data": []}} if event == "subscribed" else {}
        return {"type": kind, "contact": shown, **types, "created_at": workspace.now()}
    if tag is not None:
        return _tagged(workspace, event, person, version, tag)
    if event == "visitor signed up" or version.dialect == "1.x":
        item = v1.person(workspace, person, VERSIONS["1.4"])
        if event == "visitor signed up":
            item["segments"]["segments"] = []  # recorded so, of somebody who had signed up and been seen just then
        return iso_times(item)
    return iso_times(v2.contact(workspace, person, version))


def _brief(workspace: Workspace, event: Event, person: Person) -> dict[str, object]:
    """The item of somebody who is archived or deleted; deleted ones had no external id in 2024, and in 2026 they do."""
    told = "archived" if event == "archived" else "deleted"
    day = workspace.preferences.as_of
    known = told == "archived" or day is None or day >= SINCE_2026
    shown = {"external_id": person.external_id} if known else {}
    return {"id": person.person_id, **shown, "type": "contact", told: True}


def _tagged(workspace: Workspace, event: Event, person: Person, version: Version, tag: Tag) -> dict[str, object]:
    """The item of a tag that was hung on somebody or taken off: `contact_tag`, or `user_tag` for a user of 1.x."""
    old = version.dialect == "1.x"
    whose = "user" if old and event.startswith("user") else "contact"
    shown = v1.person(workspace, person, VERSIONS["1.4"]) if old else v2.contact(workspace, person, version)
    told = {"type": f"{whose}_tag", whose: iso_times(shown), "tag": shared_fields.tag(tag)}
    return {**told, "created_at": workspace.now(), "admin": {"type": "admin"}}


def iso_times(item: Mapping[str, object]) -> dict[str, object]:
    """The same item with its times as notifications write them."""
    return {
        key: iso_milliseconds(value) if key.endswith("_at") and type(value) is int else value
        for key, value in item.items()
    }


class Outbox:
    """What a workspace has to tell its subscriber. Whoever uses it holds the workspace's lock."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._heard: list[tuple[Event, Person, Tag | None]] = []
        self._ready: list[Notification] = []
        self._merging = False

    @property
    def waits(self) -> bool:
        """Return whether anything is still to be told."""
        return bool(self._heard or self._ready)

    def hear(self, before: Person | None, after: Person | None, reason: str | None) -> None:
        """A change within a request that may still be undone; a merge is told of the survivor alone."""
        if after is None and before is not None:
            self._merging = reason == "merged"
            if not self._merging:
                self._heard.append(("user deleted" if before.kind == "user" else "deleted", before, None))
        elif after is not None and self._merging:
            self._merging = False
            self._heard.append(("merged", after, None))
        elif after is not None:
            self._heard += [(event, after, None) for event in events(before, after)]

    def hear_tag(self, person_id: str, tag_id: int, hung: bool) -> None:
        """A tag was hung on somebody or taken off, within a request that may still be undone."""
        person, tag = self._workspace.people.get(person_id), self._workspace.belongings.tag(tag_id)
        if person is None or tag is None or person.kind == "visitor":
            return
        hanging: Event = "lead tagged" if person.kind == "lead" else "user tagged"
        taken: Event = "lead untagged" if person.kind == "lead" else "user untagged"
        self._heard.append((hanging if hung else taken, person, tag))

    def publish(self, topics: Collection[str] | None) -> None:
        """The request is done: what was heard is told, if anybody wants to hear of it."""
        heard, self._heard = self._heard, []
        for event, person, tag in heard:
            now = self._workspace.people.get(person.person_id) or person
            made = notification(self._workspace, event, now, tag)
            if made is not None and (topics is None or made.topic in topics):
                self._ready.append(made)

    def discard(self) -> None:
        """The request was undone: nothing happened."""
        self._heard, self._merging = [], False

    def take(self) -> list[Notification]:
        """What is to be sent now, each once."""
        ready, self._ready = self._ready, []
        return ready
