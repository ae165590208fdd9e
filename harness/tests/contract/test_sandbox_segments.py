"""Segments: who is in one follows from the person as they are, so a conversion changes it and nothing is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.core.errors import Problem
from harness.sandbox.rules.person import Person
from harness.sandbox.search.segment_rules import Segments
from harness.tests.support.sandbox_client import Asker

DAY = 86_400


@pytest.fixture
def asker() -> Asker:
    """A client of a workspace of its own."""
    return Asker.new()


def segments_of(asker: Asker, contact_id: str) -> list[str]:
    """The names of the segments that a contact is in."""
    return [one["name"] for one in asker.ask("GET", f"/contacts/{contact_id}/segments")["data"]]


def named(asker: Asker) -> Mapping[str, str]:
    """The ids of all segments by name."""
    return {one["name"]: one["id"] for one in asker.ask("GET", "/segments")["segments"]}


def become_user(asker: Asker, email: str = "vera@example.com") -> Any:
    """A visitor, seen just now, who becomes a user."""
    visitor = {"user_id": asker.visitor()["user_id"]}
    return asker.ask("POST", "/visitors/convert", {"visitor": visitor, "user": {"email": email}, "type": "user"})


def test_a_workspace_begins_with_intercoms_three_segments(asker: Asker) -> None:
    """Listed by name, with ids that tell when they were made; counted only when asked."""
    asker.ask("GET", "/me")
    asker.clock.advance(1_000)
    user = become_user(asker)
    listed = asker.ask("GET", "/segments")["segments"]
    assert [one["name"] for one in listed] == ["Active", "New", "Slipping Away"]
    assert all(one["person_type"] == "user" and "count" not in one for one in listed)
    assert all(int(one["id"][:8], 16) == one["created_at"] < user["created_at"] for one in listed)
    counted = asker.ask("GET", "/segments?include_count=true")["segments"]
    assert [one["count"] for one in counted] == [1, 1, 0]
    assert asker.ask("GET", f"/segments/{listed[0]['id']}") == listed[0]
    assert asker.ask("GET", f"/segments/{listed[0]['id']}?include_count=true") == counted[0]
    assert asker.refusal("GET", "/segments/123") == (404, "not_found", "Resource Not Found")
    assert asker.ask("GET", "/segments?type=company")["segments"] == []


def test_a_conversion_puts_a_lead_into_segments_by_itself(asker: Asker) -> None:
    """A lead is in none, the user that they become is new; 2.x and 1.x show the same."""
    visitor = asker.visitor()
    by_id = {"visitor": {"id": visitor["id"]}, "type": "lead"}
    lead = asker.ask("POST", "/visitors/convert", by_id)
    old = asker.using("1.4")
    assert segments_of(asker, lead["id"]) == []
    assert old.ask("GET", f"/contacts/{lead['id']}")["segments"]["segments"] == []
    sent = {"contact": {"id": lead["id"]}, "user": {"email": "vera@example.com"}}
    user = old.ask("POST", "/contacts/convert", sent)
    assert segments_of(asker, user["id"]) == ["New", "Active"]
    ids = named(asker)
    shown = [{"type": "segment", "id": ids[name]} for name in ("New", "Active")]
    assert user["segments"] == {"type": "segment.list", "segments": shown}


def test_a_merge_counts_what_the_user_has_afterwards(asker: Asker) -> None:
    """A user who was never seen and gets a lead's last visit by the merge is active, and signed up when they did."""
    long_ago = int(asker.clock.now()) - 400 * DAY
    user = asker.user(signed_up_at=long_ago)
    assert segments_of(asker, user["id"]) == []
    visitor = {"user_id": asker.visitor()["user_id"]}
    asker.ask("POST", "/visitors/convert", {"visitor": visitor, "user": {"id": user["id"]}, "type": "user"})
    assert segments_of(asker, user["id"]) == ["Active"]


def test_time_moves_people_from_segment_to_segment(asker: Asker) -> None:
    """New for a day, active for thirty, slipping away for thirty more, then in none."""
    user = become_user(asker)
    seen = []
    for _ in range(61):
        seen.append(segments_of(asker, user["id"]))
        asker.clock.advance(DAY)
    assert seen == [["New", "Active"]] + [["Active"]] * 29 + [["Slipping Away"]] * 30 + [[]]


def test_visitors_and_companies_are_in_no_segment(asker: Asker) -> None:
    """As recorded of a visitor; what segments of companies there are, nothing tells."""
    visitor = asker.visitor()
    for version in ("1.4", "2.16"):
        shown = asker.using(version).ask("GET", f"/visitors?user_id={visitor['user_id']}")
        assert shown["segments"] == {"type": "segment.list", "segments": []}
    company = asker.ask("POST", "/companies", {"company_id": "1", "name": "Acme"})
    assert asker.ask("GET", f"/companies/{company['id']}/segments") == {"type": "list", "data": []}
    assert asker.ask("GET", f"/companies?segment_id={named(asker)['New']}")["data"] == []


def test_segments_narrow_searches_and_lists(asker: Asker) -> None:
    """`segment_id` in a search of 2.x and in the lists of 1.x; with a tag it cannot be combined."""
    user, other = become_user(asker), asker.user("never.seen@example.com")
    active = named(asker)["Active"]

    def searched(operator: str, value: Any) -> set[str]:
        query = {"field": "segment_id", "operator": operator, "value": value}
        return {one["id"] for one in asker.ask("POST", "/contacts/search", {"query": query})["data"]}

    assert searched("=", active) == searched("IN", [active]) == {user["id"]}
    assert searched("!=", active) == {other["id"]}
    old = asker.using("1.4")
    listed = old.ask("GET", f"/users?segment_id={active}")
    assert ([one["id"] for one in listed["users"]], listed["total_count"]) == ([user["id"]], 1)
    assert old.ask("GET", f"/contacts?segment_id={active}")["contacts"] == []
    tag = asker.ask("POST", "/tags", {"name": "vip", "users": [{"id": other["id"]}]})["id"]
    assert [one["id"] for one in old.ask("GET", f"/users?tag_id={tag}")["users"]] == [other["id"]]
    assert old.refusal("GET", "/users?segment_id=123")[:2] == (404, "not_found")
    assert old.refusal("GET", "/users?tag_id=999")[:2] == (404, "not_found")
    assert old.refusal("GET", f"/users?tag_id={tag}&segment_id={active}")[0] == 400
    assert asker.refusal("GET", "/companies?segment_id=123")[:2] == (404, "not_found")


def test_1x_counts_users_by_segment(asker: Asker) -> None:
    """All of them with their names; archived people are in none of the counts."""
    become_user(asker)
    gone = become_user(asker, "gone@example.com")
    asker.ask("POST", f"/contacts/{gone['id']}/archive")
    old = asker.using("1.4")
    counted = [{"New": 1}, {"Active": 1}, {"Slipping Away": 0}]
    assert old.ask("GET", "/counts?type=user&count=segment") == {"type": "count", "user": {"segment": counted}}
    assert old.ask("GET", "/counts?type=segment") == {"type": "count.hash", "segment": {"count": 3}}


def test_a_segment_can_be_made_with_a_query_for_its_rule(asker: Asker) -> None:
    """Of users or of leads; there after a checkpoint and its rewinding, gone after a reset."""
    asker.attribute("plan")
    workspace = asker.sandbox.workspace("test")
    query = {"field": "custom_attributes.plan", "operator": "=", "value": "pro"}
    made = workspace.create_segment({"name": "Paying", "query": query})
    leads = workspace.create_segment({"name": "Paying leads", "role": "lead", "query": query})
    assert (made["person_type"], leads["person_type"]) == ("user", "contact")
    assert asker.using("1.4").ask("GET", f"/segments/{leads['id']}")["person_type"] == "lead"
    lead = asker.lead(email="lead@example.com", custom_attributes={"plan": "pro"})
    assert segments_of(asker, lead["id"]) == ["Paying leads"]
    user = asker.ask("PUT", f"/contacts/{lead['id']}", {"role": "user"})
    assert segments_of(asker, user["id"]) == ["Paying"]
    assert asker.ask("GET", f"/segments/{made['id']}?include_count=true")["count"] == 1
    kept = workspace.checkpoint()
    before = named(asker)
    asker.clock.advance(DAY)
    workspace.reset()
    assert named(asker).keys() == {"New", "Active", "Slipping Away"}
    workspace.rewind(kept)
    assert named(asker) == before


@pytest.mark.parametrize(
    "traits",
    [
        {},
        {"name": "x"},
        {"name": " ", "query": {}},
        {"name": "x", "query": {"field": "no_such_field", "operator": "=", "value": 1}},
        {"name": "x", "query": {"field": "segment_id", "operator": "=", "value": "1"}},
        {"name": "x", "role": "visitor", "query": {"field": "role", "operator": "=", "value": "user"}},
        {"name": "x", "color": "red", "query": {"field": "role", "operator": "=", "value": "user"}},
    ],
)
def test_what_is_no_segment_is_not_made(asker: Asker, traits: dict[str, Any]) -> None:
    """It is a problem with a remedy, and nothing is changed."""
    before = asker.everything()
    with pytest.raises(Problem) as caught:
        asker.sandbox.workspace("test").create_segment(traits)
    assert caught.value.remedy
    assert asker.everything() == before


RECORDED = ("contact_created__v1_lead", "user_created__v1", "contact_signed_up__v1_lead_to_user")
"""Three people of one real workspace, within an hour of each other."""


@pytest.mark.parametrize("name", RECORDED)
def test_the_recorded_people_are_in_the_recorded_segments(asker: Asker, shared: Path, name: str) -> None:
    """The lead and the user who was never seen in none, the lead who had just become a user in the first two."""
    recorded = json.loads((shared / "intercom" / "recorded" / "webhooks" / f"{name}.json").read_text())
    item, at = recorded["data"]["item"], recorded["created_at"]
    later = int(asker.clock.now()) - at
    person = Person(
        person_id=item["id"],
        kind="user" if item["type"] == "user" else "lead",
        created_at=0,
        updated_at=0,
        signed_up_at=_moved(item["signed_up_at"], later),
        last_seen_at=_moved(item["last_request_at"], later),
    )
    segments = Segments(asker.sandbox.workspace("test"))
    theirs = [one["id"] for one in item["segments"]["segments"]]
    assert [one.name for one in segments.of(person)] == [one.name for one in segments.all()][: len(theirs)]
    assert theirs == sorted(theirs)
    assert segments.of(msgspec.structs.replace(person, kind="visitor")) == []


def _moved(time: str | None, later: int) -> int | None:
    return int(datetime.fromisoformat(time).timestamp()) + later if time else None
