"""The items of recorded notifications: the sandbox's have the same keys and types, but for a ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.core.http import Response
from harness.tests.support.recorded_binding import RecordedBinding
from harness.tests.support.recorded_comparison import RecordedComparison
from harness.tests.support.sandbox_client import Asker


def updates_name(asker: Asker) -> None:
    """A user changes."""
    asker.ask("PUT", f"/contacts/{asker.user()['id']}", {"name": "Nardwuar"})


def deletes(asker: Asker) -> None:
    """A user is deleted."""
    asker.ask("DELETE", f"/contacts/{asker.user()['id']}")


def archives(asker: Asker) -> None:
    """A lead is archived."""
    asker.ask("POST", f"/contacts/{asker.lead()['id']}/archive")


def unsubscribes(asker: Asker) -> None:
    """A user is unsubscribed from e-mails."""
    asker.ask("PUT", f"/contacts/{asker.user()['id']}", {"unsubscribed_from_emails": True})


def subscribes(asker: Asker) -> None:
    """A user who was unsubscribed is subscribed again."""
    user = asker.user(unsubscribed_from_emails=True)
    asker.ask("PUT", f"/contacts/{user['id']}", {"unsubscribed_from_emails": False})


def creates_user(asker: Asker) -> None:
    """1.x: a user is made."""
    asker.using("1.4").ask("POST", "/users", {"user_id": "25", "email": "a@example.com"})


def changes_email(asker: Asker) -> None:
    """1.x: a user gets another e-mail."""
    creates_user(asker)
    asker.using("1.4").ask("POST", "/users", {"user_id": "25", "email": "b@example.com"})


def adds_email(asker: Asker) -> None:
    """1.x: a lead leaves an e-mail."""
    lead = asker.using("1.4").ask("POST", "/contacts", {"name": "Lea"})
    asker.using("1.4").ask("POST", "/contacts", {"id": lead["id"], "email": "c@example.com"})


def deletes_old_user(asker: Asker) -> None:
    """1.x: a user is deleted for good."""
    creates_user(asker)
    user = asker.using("1.4").ask("GET", "/users?user_id=25")
    asker.using("2.11").ask("DELETE", f"/contacts/{user['id']}")


def tags_user(asker: Asker) -> None:
    """1.x: a user gets a tag."""
    creates_user(asker)
    asker.using("1.4").ask("POST", "/tags", {"name": "NewCompany", "users": [{"user_id": "25"}]})


def untags_user(asker: Asker) -> None:
    """1.x: a user loses a tag."""
    tags_user(asker)
    asker.using("1.4").ask("POST", "/tags", {"name": "NewCompany", "users": [{"user_id": "25", "untag": True}]})


MADE: dict[str, tuple[str, Callable[[Asker], None]]] = {
    "contact.user.updated": ("2.11", updates_name),
    "contact.deleted": ("2.11", deletes),
    "contact.archived": ("2.11", archives),
    "contact.unsubscribed": ("2.11", unsubscribes),
    "contact.subscribed": ("2.11", subscribes),
    "user.created": ("1.4", creates_user),
    "user.email.updated": ("1.4", changes_email),
    "contact.added_email": ("1.4", adds_email),
    "user.deleted": ("1.4", deletes_old_user),
    "user.tag.created": ("1.4", tags_user),
    "user.tag.deleted": ("1.4", untags_user),
}
"""How each recorded topic of people comes about, and the version of the app that it is told in."""

TRIMMED = ("contact.subscribed", "contact.unsubscribed")
"""Topics whose recorded items were cut down by who published them: only the keys that are left are compared."""

PLACE = (
    *("type", "city_name", "continent_code", "country_code", "country_name", "latitude", "longitude"),
    *("postal_code", "region_name", "timezone"),
)
LEDGER = {
    "contact.custom_attributes.*: missing",
    "user.custom_attributes.*: missing",
    "user_tag.user.custom_attributes.*: missing",
    *(f"{whose}.location_data.{name}: missing" for whose in ("user", "user_tag.user") for name in PLACE),
}
"""Where the sandbox's items have other keys: the recorded people have a place and attributes, and ours have none."""


def recorded(shared: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield topic, day and item of each recorded notification."""
    path = shared / "intercom" / "recorded" / "exchanges" / "webhooks.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        body = row["body"]
        day = datetime.fromtimestamp(body["created_at"], UTC).date().isoformat()
        yield body.get("topic") or row["topic"], day, body["data"]["item"]


def shown(topic: str, day: str) -> dict[str, Any]:
    """What the sandbox tells under a topic, as of a day."""
    version, make = MADE[topic]
    asker = Asker.new()
    workspace = asker.sandbox.workspace("test")
    settings = {"webhook_url": "http://127.0.0.1:9/", "intercom_version": version, "as_of": day}
    workspace.update_settings(settings)
    make(asker)
    told = [one.body for one in workspace.take_notifications() if one.topic == topic]
    assert told, topic
    item: dict[str, Any] = told[-1]["data"]["item"]
    return item


def test_items_have_the_recorded_keys_and_types(shared: Path) -> None:
    """No more divergences than the ledger names, and no fewer; topics of companies and conversations are not told."""
    found: set[str] = set()
    left = set()
    for topic, day, item in recorded(shared):
        if topic not in MADE:
            left.add(topic.partition(".")[0])
            continue
        ours = Response(200, {}, json.dumps(shown(topic, day)).encode())
        compared = RecordedComparison(RecordedBinding()).compare(200, {}, item, ours)
        shapes = {finding for aspect, finding in compared.findings if aspect == "shape"}
        found |= {one for one in shapes if topic not in TRIMMED or not one.endswith("not recorded")}
    assert left == {"company", "conversation", "conversation_part"}
    assert found == LEDGER
