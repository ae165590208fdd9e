"""Notifications of the sandbox held against recorded ones: the same keys, the same kinds of values, topic by topic."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.sandbox.store.topics import TOPICS
from harness.tests.support.sandbox_client import Asker

URL = {"webhook_url": "http://127.0.0.1:9/"}

LATER_KEYS = {"owner_id"}
"""Keys that the notifications of 2019 lack and those of 2026 have."""


@pytest.fixture
def asker() -> Iterator[Asker]:
    """A client of a workspace with a subscriber."""
    client = Asker.new()
    client.sandbox.workspace("test").update_settings(URL)
    yield client
    client.sandbox.close()


def told(asker: Asker) -> list[Any]:
    """What was to be sent since the last time."""
    return [one.body for one in asker.sandbox.take_notifications("test")]


def topics(asker: Asker) -> list[str]:
    """The topics of what was to be sent."""
    return [one["topic"] for one in told(asker)]


def signed_up_visitor(asker: Asker) -> Any:
    """A visitor who becomes a user."""
    visitor = asker.visitor(location={"city": "Bengaluru"})
    sent = {"visitor": {"id": visitor["id"]}, "user": {"user_id": "7", "email": "v@example.com"}, "type": "user"}
    return asker.ask("POST", "/visitors/convert", sent)


def merged(asker: Asker) -> Any:
    """A lead who is merged into a user."""
    user, lead = asker.user(), asker.lead(email="user@example.com")
    told(asker)
    return asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})


def lead_with_email(asker: Asker) -> Any:
    """A lead who gives an e-mail address."""
    lead = asker.lead(email="before@example.com")
    told(asker)
    return asker.ask("PUT", f"/contacts/{lead['id']}", {"email": "after@example.com"})


def deleted(asker: Asker) -> Any:
    """A user who is deleted."""
    user = asker.user(external_id="1")
    told(asker)
    return asker.ask("DELETE", f"/contacts/{user['id']}")


def in_1x(act: Callable[[Asker], Any]) -> Callable[[Asker], Any]:
    """The same for an app whose version is 1.4."""

    def acted(asker: Asker) -> Any:
        asker.sandbox.workspace("test").update_settings({"intercom_version": "1.4"})
        return act(asker.using("1.4"))

    return acted


def lead_signed_up_1x(asker: Asker) -> Any:
    """A lead who becomes a user by 1.x's conversion."""
    lead = asker.ask("POST", "/contacts", {"email": "lead@example.com"})
    told(asker)
    return asker.ask("POST", "/contacts/convert", {"contact": {"id": lead["id"]}, "user": {"email": "u@example.com"}})


RECORDED: dict[str, Callable[[Asker], Any]] = {
    "contact_lead_created.json": lambda asker: asker.lead(email="shuz@example.com", name="Shuz"),
    "contact_user_created.json": lambda asker: asker.user(name="Merge User"),
    "contact_lead_added_email.json": lead_with_email,
    "contact_merged.json": merged,
    "contact_deleted.json": deleted,
    "visitor_signed_up.json": signed_up_visitor,
    "contact_created__v1_lead.json": in_1x(lambda asker: asker.ask("POST", "/contacts", {"email": "a@example.com"})),
    "user_created__v1.json": in_1x(lambda asker: asker.ask("POST", "/users", {"email": "a@example.com"})),
    "contact_signed_up__v1_lead_to_user.json": in_1x(lead_signed_up_1x),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_notification_has_the_recorded_shape(asker: Asker, shared: Path, name: str) -> None:
    """Envelope and item have the recorded keys, and values of the recorded kinds; times in items are texts."""
    recorded = json.loads((shared / "intercom" / "recorded" / "webhooks" / name).read_text())
    RECORDED[name](asker)
    made = next(one for one in told(asker) if one["topic"] == recorded["topic"])
    assert list(made) == list(recorded)
    assert list(differences(recorded, made)) == []


def test_a_ping_is_the_recorded_one(asker: Asker, shared: Path) -> None:
    """Without an id and without a delivery status."""
    recorded = json.loads((shared / "intercom" / "recorded" / "webhooks" / "ping.json").read_text())
    made = asker.sandbox.workspace("test").ping().body
    assert list(differences(recorded, made)) == []
    assert made["data"] == recorded["data"]


def test_every_recorded_notification_is_held_against(shared: Path) -> None:
    """No recording is left out."""
    there = {path.name for path in (shared / "intercom" / "recorded" / "webhooks").iterdir()}
    assert there == {*RECORDED, "ping.json"}


def test_a_merge_tells_of_the_survivor_and_of_nothing_else(asker: Asker) -> None:
    """One notification, as poor as the real one: nothing in it says who was merged."""
    survivor = merged(asker)
    (notification,) = told(asker)
    assert (notification["topic"], notification["data"]["item"]["id"]) == ("contact.merged", survivor["id"])
    assert "merged_from" not in notification["data"]["item"]


def test_what_was_refused_is_not_told(asker: Asker) -> None:
    """A request that changed nothing tells nobody."""
    lead, other = asker.lead(), asker.lead()
    told(asker)
    asker.refusal("POST", "/contacts/merge", {"from": lead["id"], "into": other["id"]})
    assert topics(asker) == []


def test_nobody_is_told_where_nobody_subscribed() -> None:
    """Without a URL nothing is kept."""
    asker = Asker.new()
    asker.lead()
    asker.sandbox.workspace("test").update_settings(URL)
    assert topics(asker) == []
    asker.sandbox.workspace("test").update_settings({"webhook_topics": ["contact.deleted"]})
    asker.lead()
    assert topics(asker) == []
    asker.sandbox.close()


def test_archiving_is_told_both_ways(asker: Asker) -> None:
    """Out of sight and back."""
    user = asker.user()
    asker.ask("POST", f"/contacts/{user['id']}/archive")
    asker.ask("POST", f"/contacts/{user['id']}/unarchive")
    assert topics(asker) == ["contact.user.created", "contact.archived", "contact.unarchive"]


@pytest.mark.parametrize(
    ("version", "told_of"),
    [
        ("1.4", ["contact.created", "user.created", "contact.signed_up"]),
        ("2.5", ["contact.lead.created", "contact.user.created", "contact.archive"]),
        ("2.6", ["contact.lead.created", "contact.user.created", "contact.merged", "contact.archived"]),
    ],
)
def test_each_version_has_its_own_topics(asker: Asker, version: str, told_of: list[str]) -> None:
    """A merge and an archiving, as an app of each version hears of them."""
    asker.sandbox.workspace("test").update_settings({"intercom_version": version})
    lead, user = asker.lead(email="user@example.com"), asker.user()
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    asker.ask("POST", f"/contacts/{user['id']}/archive")
    assert topics(asker) == told_of


def test_the_same_run_tells_the_same() -> None:
    """Ids and times of notifications come from seed, counter and clock."""

    def run() -> list[Any]:
        asker = Asker.new()
        asker.sandbox.workspace("test").update_settings(URL)
        merged(asker)
        return told(asker)

    assert run() == run()


def test_every_topic_has_its_source() -> None:
    """No row of the table stands without saying where it is from."""
    assert all(row.source and (row.old or row.new) for row in TOPICS.values())


def differences(recorded: Any, made: Any, path: str = "") -> Iterator[str]:
    """Where the shape differs: keys, and kinds of values where neither is null; empty objects say nothing."""
    if isinstance(recorded, dict) and isinstance(made, dict):
        if not recorded or not made:
            return
        for key in sorted(recorded.keys() ^ (made.keys() - (LATER_KEYS - recorded.keys()))):
            yield f"{path}.{key} only in {'the recording' if key in recorded else 'ours'}"
        for key in recorded.keys() & made.keys():
            yield from differences(recorded[key], made[key], f"{path}.{key}")
    elif recorded is not None and made is not None and type(recorded) is not type(made):
        yield f"{path}: {recorded!r} is not {made!r}"
