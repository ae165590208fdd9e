"""Lists and searches that lag: the workspace as it was before the delay, each contact as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.tests.support.sandbox_client import Asker

DELAY = 30


@pytest.fixture
def asker() -> Asker:
    """A workspace whose index lags by half a minute, with a lead and a user who are in it."""
    asker = Asker.new()
    asker.user(email="user@example.com", name="Ursula")
    asker.lead(email="lead@example.com", name="Lea")
    asker.clock.advance(3_600)
    asker.sandbox.workspace("test").update_settings({"index_delay": DELAY})
    return asker


def by_list(asker: Asker) -> list[dict[str, Any]]:
    """What the list shows."""
    found: list[dict[str, Any]] = asker.ask("GET", "/contacts?per_page=150")["data"]
    assert asker.ask("GET", "/contacts?per_page=150")["total_count"] == len(found)
    return found


def by_search(asker: Asker) -> list[dict[str, Any]]:
    """What a search for everybody shows, which reads no single field."""
    query = {"field": "created_at", "operator": ">", "value": 0}
    answer = asker.ask("POST", "/contacts/search", {"query": query, "pagination": {"per_page": 150}})
    assert answer["total_count"] == len(answer["data"])
    return list(answer["data"])


def found_by(asker: Asker, field: str, value: str) -> list[dict[str, Any]]:
    """What a search by one indexed field shows."""
    query = {"field": field, "operator": "=", "value": value}
    return list(asker.ask("POST", "/contacts/search", {"query": query})["data"])


def person(asker: Asker, name: str) -> dict[str, Any]:
    """One of the two who are there from the beginning."""
    return next(one for one in by_list(asker) if one["name"] == name)


def is_new(asker: Asker) -> None:
    """Somebody is made."""
    asker.lead(email="new@example.com")


def is_changed(asker: Asker) -> None:
    """Name, e-mail and phone of somebody change together."""
    lead = person(asker, "Lea")["id"]
    asker.ask("PUT", f"/contacts/{lead}", {"name": "Leona", "email": "other@example.com", "phone": "+15550100155"})


def is_tagged(asker: Asker) -> None:
    """Somebody gets a tag, a note and a company."""
    asker.give(person(asker, "Lea")["id"], "more")


def is_archived(asker: Asker) -> None:
    """Somebody is archived."""
    asker.ask("POST", f"/contacts/{person(asker, 'Lea')['id']}/archive")


def is_merged(asker: Asker) -> None:
    """The lead is merged into the user."""
    lead, user = person(asker, "Lea")["id"], person(asker, "Ursula")["id"]
    asker.ask("POST", "/contacts/merge", {"from": lead, "into": user, "skip_duplicate_validation": True})


def is_deleted(asker: Asker) -> None:
    """Somebody is deleted."""
    asker.ask("DELETE", f"/contacts/{person(asker, 'Lea')['id']}")


def becomes_user(asker: Asker) -> None:
    """The lead becomes a user in place."""
    lead = person(asker, "Lea")["id"]
    asker.ask("PUT", f"/contacts/{lead}", {"role": "user", "external_id": "customer-1"})


def visitor_becomes_lead(asker: Asker) -> None:
    """A visitor, who was in no index, becomes a lead."""
    visitor = asker.visitor(name="Vera")
    asker.ask("POST", "/visitors/convert", {"visitor": {"id": visitor["id"]}, "type": "lead"})


CHANGES: list[Callable[[Asker], None]] = [
    is_new, is_changed, is_tagged, is_archived, is_merged, is_deleted, becomes_user, visitor_becomes_lead,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("read", [by_list, by_search])
def test_a_change_shows_after_the_delay_and_not_before(
    change: Callable[[Asker], None], read: Callable[[Asker], list[dict[str, Any]]], asker: Asker
) -> None:
    """Up to the delay everybody is shown as before, in all that they have; then everybody as they are."""
    before = read(asker)
    change(asker)
    assert read(asker) == before
    asker.clock.advance(DELAY - 1)
    assert read(asker) == before
    asker.clock.advance(1)
    after = read(asker)
    assert after != before
    assert after == [asker.ask("GET", f"/contacts/{one['id']}") for one in after]


@pytest.mark.parametrize("change", CHANGES)
def test_without_a_delay_a_change_shows_at_once(change: Callable[[Asker], None], asker: Asker) -> None:
    """Off by default, and off again when it is set so: nothing is left of what was pending."""
    before = by_list(asker)
    change(asker)
    assert by_list(asker) == before
    asker.sandbox.workspace("test").update_settings({"index_delay": 0})
    assert by_list(asker) == by_search(asker) != before


def test_somebody_restored_is_absent_until_the_delay_is_over(asker: Asker) -> None:
    """As they were absent before; by id they are there at once."""
    lead = person(asker, "Lea")["id"]
    asker.ask("POST", f"/contacts/{lead}/archive")
    asker.clock.advance(DELAY)
    assert [one["name"] for one in by_list(asker)] == ["Ursula"]
    asker.ask("POST", f"/contacts/{lead}/unarchive")
    assert asker.ask("GET", f"/contacts/{lead}")["name"] == "Lea"
    assert [one["name"] for one in by_list(asker)] == ["Ursula"]
    asker.clock.advance(DELAY)
    assert len(by_list(asker)) == 2


def test_a_search_by_an_old_value_finds_the_old_contact(asker: Asker) -> None:
    """By e-mail, phone, id, external id and tag: the old values find, and the new ones do not."""
    lead = person(asker, "Lea")
    is_changed(asker)
    tag = asker.ask("POST", "/tags", {"name": "late"})["id"]
    asker.ask("POST", f"/contacts/{lead['id']}/tags", {"id": tag})
    assert found_by(asker, "email", "lead@example.com") == [lead]
    assert found_by(asker, "id", lead["id"]) == [lead]
    assert found_by(asker, "external_id", lead["external_id"]) == [lead]
    for field, value in (("email", "other@example.com"), ("phone", "+15550100155"), ("tag_id", tag)):
        assert found_by(asker, field, value) == []
    asker.clock.advance(DELAY)
    for field, value in (("email", "other@example.com"), ("phone", "+15550100155"), ("tag_id", tag)):
        assert [one["name"] for one in found_by(asker, field, value)] == ["Leona"]
    assert found_by(asker, "email", "lead@example.com") == []


def test_each_state_in_between_is_shown_for_its_time(asker: Asker) -> None:
    """Three changes ten seconds apart show ten seconds apart."""
    lead = person(asker, "Lea")["id"]
    for name in ("One", "Two", "Three"):
        asker.ask("PUT", f"/contacts/{lead}", {"name": name})
        asker.clock.advance(10)
    seen = []
    for _ in range(4):
        seen.append(by_search(asker)[0]["name"])
        asker.clock.advance(10)
    assert seen == ["One", "Two", "Three", "Three"]


def test_a_refused_request_leaves_nothing_pending(asker: Asker) -> None:
    """What was undone was never there, in the index neither."""
    before = asker.everything()
    assert asker.refusal("POST", "/contacts", {"role": "user", "email": "user@example.com"})[0] == 409
    assert asker.everything() == before


def test_a_clock_set_back_holds_a_change_for_one_delay_more(asker: Asker) -> None:
    """Not until the clock has caught up, which may be never."""
    is_changed(asker)
    back = Asker.new()
    back.clock.advance(60)
    asker.sandbox.workspace("test").clock = back.clock
    asker.clock = back.clock
    assert {one["name"] for one in by_list(asker)} == {"Lea", "Ursula"}
    back.clock.advance(DELAY)
    assert {one["name"] for one in by_list(asker)} == {"Leona", "Ursula"}


def test_a_checkpoint_brings_back_what_was_pending(asker: Asker) -> None:
    """The index is part of the workspace's state."""
    before = by_list(asker)
    is_merged(asker)
    workspace = asker.sandbox.workspace("test")
    content = workspace.checkpoint()
    workspace.update_settings({"index_delay": 0})
    assert by_list(asker) != before
    workspace.rewind(content)
    assert by_list(asker) == before


def test_a_thousand_pending_changes_are_paged_through(asker: Asker) -> None:
    """The list before them, and then the list after them, page by page; the same in a second sandbox of the seed."""

    def pages(of: Asker) -> list[str]:
        seen: list[str] = []
        total = 0
        target = "/contacts?per_page=150"
        while target:
            page = of.ask("GET", target)
            seen += [one["id"] for one in page["data"]]
            total = page["total_count"]
            after = page["pages"].get("next", {}).get("starting_after")
            target = f"/contacts?per_page=150&starting_after={after}" if after else ""
        assert len(seen) == total
        return seen

    def crowd() -> Asker:
        of = Asker.new()
        made = [of.lead(name=str(number))["id"] for number in range(600)]
        of.clock.advance(3_600)
        of.sandbox.workspace("test").update_settings({"index_delay": DELAY})
        for contact_id in made[:400]:
            of.ask("DELETE", f"/contacts/{contact_id}")
        for contact_id in made[400:]:
            of.ask("PUT", f"/contacts/{contact_id}", {"name": "changed"})
        for number in range(400):
            of.lead(name=f"new {number}")
        return of

    one, other = crowd(), crowd()
    before = pages(one)
    assert len(set(before)) == 600
    assert pages(other) == before
    one.clock.advance(DELAY)
    after = pages(one)
    assert len(set(after)) == 600
    assert len(set(after) & set(before)) == 200


def test_history_kept_beforehand_lets_a_later_delay_hide_what_was_done_before_it(asker: Asker) -> None:
    """With `index_history` the index may begin to lag after the change that it shall not show yet."""
    workspace = asker.sandbox.workspace("test")
    workspace.update_settings({"index_delay": 0, "index_history": True})
    before = by_list(asker)
    is_changed(asker)
    after = by_list(asker)
    workspace.update_settings({"index_delay": DELAY})
    assert by_list(asker) == before
    workspace.update_settings({"index_delay": 0})
    assert by_list(asker) == after != before


def test_no_trigger_is_there_while_no_index_lags(asker: Asker) -> None:
    """A write costs what it did before there was a lag."""
    workspace = asker.sandbox.workspace("test")
    triggers = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'index_%'"
    assert workspace.database.one(triggers)[0] > 0
    workspace.update_settings({"index_delay": 0})
    assert workspace.database.one(triggers)[0] == 0
    workspace.update_settings({"index_delay": 5})
    workspace.reset()
    assert workspace.database.one(triggers)[0] == 0


def test_lists_of_old_versions_lag_as_well(asker: Asker) -> None:
    """A list of users of 1.x is a list; a lookup by e-mail is none."""
    asker.user(email="new@example.com")
    old = asker.using("1.4")
    assert [one["email"] for one in old.ask("GET", "/users")["users"]] == ["user@example.com"]
    asker.clock.advance(DELAY)
    assert len(old.ask("GET", "/users")["users"]) == 2
