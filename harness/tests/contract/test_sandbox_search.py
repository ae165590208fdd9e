"""Searching and paging through people and conversations: operators, nesting, dates by day, cursors, the index delay."""

from __future__ import annotations

from typing import Any

import pytest

from harness.tests.support.sandbox_client import Asker

DAY = 86_400


@pytest.fixture
def asker() -> Asker:
    """A client of a workspace of its own."""
    return Asker.new()


@pytest.fixture
def crowd(asker: Asker) -> Asker:
    """Four contacts, a day apart."""
    asker.attribute("plan")
    asker.attribute("seats", "integer")
    asker.contact(email="ann@example.com", name="Ann", custom_attributes={"plan": "pro", "seats": 5})
    asker.clock.advance(DAY)
    asker.contact(external_id="42", name="Bob", phone="+15550100", custom_attributes={"plan": "free", "seats": 2})
    asker.clock.advance(DAY)
    asker.lead(email="ANN@example.com", name="Cid & Co")
    asker.clock.advance(DAY)
    asker.lead(name="Dan", unsubscribed_from_emails=True)
    return asker


def names(asker: Asker, query: Any, **more: Any) -> list[str]:
    """The names of those whom a search finds, in its order."""
    found = asker.ask("POST", "/contacts/search", {"query": query, **more})["data"]
    return [str(one["name"]).partition(" ")[0] for one in found]


def where(field: str, operator: str, value: Any) -> dict[str, Any]:
    """One filter."""
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("email", "=", "ann@EXAMPLE.com", "Ann Cid"),
        ("email", "!=", "ann@example.com", "Bob Dan"),
        ("email", "=", None, "Bob Dan"),
        ("email_domain", "=", "example.com", "Ann Cid"),
        ("external_id", "=", "42", "Bob"),
        ("external_id", "IN", ["42", "43"], "Bob"),
        ("role", "=", "lead", "Cid Dan"),
        ("role", "NIN", ["lead"], "Ann Bob"),
        ("phone", "=", "+15550100", "Bob"),
        ("name", "~", "n", "Ann Dan"),
        ("name", "!~", "n", "Bob Cid"),
        ("name", "^", "d", "Dan"),
        ("name", "$", "b", "Bob"),
        ("custom_attributes.plan", "=", "pro", "Ann"),
        ("custom_attributes.plan", "!=", "pro", "Bob Cid Dan"),
        ("custom_attributes.seats", ">", 2, "Ann"),
        ("custom_attributes.seats", "<=", "2", "Bob"),
        ("custom_attributes.seats", "=", "5", "Ann"),
        ("custom_attributes.seats", "IN", ["2", 5.0], "Ann Bob"),
        ("custom_attributes.seats", "=", None, "Cid Dan"),
        ("custom_attributes.seats", "^", "5", "Ann"),
        ("unsubscribed_from_emails", "=", True, "Dan"),
        ("unsubscribed_from_emails", "=", "false", "Ann Bob Cid"),
        ("unsubscribed_from_emails", "IN", [True], "Dan"),
        ("formatted_phone", "$", "0100", "Bob"),
        ("ios_app_name", "!=", "Shop", "Ann Bob Cid Dan"),
        ("tag_id", "!=", "9", "Ann Bob Cid Dan"),
    ],
)
def test_operators(crowd: Asker, field: str, operator: str, value: Any, expected: str) -> None:
    """Each finds whom it says."""
    assert sorted(names(crowd, where(field, operator, value))) == expected.split()


def test_dates_match_by_day_up_to_2_16_and_by_second_from_2_17(crowd: Asker) -> None:
    """`>` means from the start of the next day, and some operators are not there."""
    start = int(crowd.clock.now()) - 3 * DAY
    noon = start + DAY + DAY // 2
    assert names(crowd, where("created_at", "=", noon)) == ["Bob"]
    assert names(crowd, where("created_at", ">", noon)) == ["Dan", "Cid"]
    assert names(crowd, where("created_at", "<", str(noon))) == ["Ann"]
    assert names(crowd, where("updated_at", ">", float(noon) + 0.5)) == ["Dan", "Cid"]
    assert crowd.refusal("POST", "/contacts/search", {"query": where("created_at", ">=", noon)})[0] == 400
    newer = crowd.using("2.17")
    assert names(newer, where("created_at", ">", start + DAY)) == ["Dan", "Cid"]
    assert names(newer, where("created_at", ">=", start + DAY)) == ["Dan", "Cid", "Bob"]
    assert names(newer, where("created_at", "=", start + DAY + 1)) == []


def test_groups_and_their_limits(crowd: Asker) -> None:
    """AND and OR, two levels deep, fifteen wide."""
    either = {"operator": "OR", "value": [where("name", "=", "Ann"), where("name", "=", "Dan")]}
    both = {"operator": "AND", "value": [either, where("role", "=", "user")]}
    assert names(crowd, both) == ["Ann"]
    assert names(crowd, {"operator": "AND", "value": [where("email", "=", "ann@example.com"), either]}) == ["Ann"]
    too_deep = {"operator": "AND", "value": [both]}
    assert crowd.refusal("POST", "/contacts/search", {"query": too_deep})[0] == 400
    too_wide = {"operator": "OR", "value": [where("name", "=", "x")] * 16}
    assert crowd.refusal("POST", "/contacts/search", {"query": too_wide})[0] == 400


@pytest.mark.parametrize(
    "query",
    [
        None,
        "email",
        [],
        {},
        where("nonsense", "=", 1),
        where("email", "like", "a"),
        where("email", "IN", "a"),
        where("created_at", "=", "foobar"),
        {"operator": "AND", "value": []},
        {"operator": "AND", "value": {}},
        {"operator": "=", "value": 1},
        where("email", "=", {"a": 1}),
        where("custom_attributes.nonsense", "=", 1),
        where("unsubscribed_from_emails", "=", "perhaps"),
        where("unsubscribed_from_emails", "~", "f"),
        where("unsubscribed_from_emails", ">", False),
        where("name", ">", "A"),
        where("id", ">", "0"),
        where("email", "<=", "z"),
        where("tag_id", "IN", ["1"]),
        where("tag_id", "~", "1"),
        *(where("created_at", operator, 1) for operator in ("!=", ">=", "<=", "~", "^")),
        where("created_at", "IN", [1]),
        where("created_at", ">=", None),
        where("created_at", ">", None),
        where("custom_attributes.seats", ">", "many"),
        where("custom_attributes.seats", "=", True),
    ],
)
def test_queries_that_make_no_sense_are_refused(crowd: Asker, query: Any) -> None:
    """Rather than finding nobody."""
    assert crowd.refusal("POST", "/contacts/search", {"query": query})[0] == 400


def test_sorting(crowd: Asker) -> None:
    """By any field, either way; a misspelt order is refused from 2.16."""
    everyone = where("role", "!=", "nobody")
    up, down = ({"field": "name", "order": f"{order}ending"} for order in ("asc", "desc"))
    assert names(crowd, everyone, sort=up) == ["Ann", "Bob", "Cid", "Dan"]
    assert names(crowd, everyone, sort=down) == ["Dan", "Cid", "Bob", "Ann"]
    wrong = {"query": everyone, "sort": {"field": "name", "order": "desc"}}
    message = "Invalid sort order 'desc'. Must be one of: ascending, descending"
    assert crowd.refusal("POST", "/contacts/search", wrong) == (400, "invalid_sort_order", message)
    crowd.using("2.15").ask("POST", "/contacts/search", wrong)


def test_archived_contacts_and_visitors_are_not_found(crowd: Asker) -> None:
    """Nor are they listed, nor read by id, until they are restored."""
    crowd.visitor(email="ann@example.com")
    query = where("email", "=", "ann@example.com")
    ann = crowd.ask(
        "POST", "/contacts/search", {"query": {"operator": "AND", "value": [query, where("role", "=", "user")]}}
    )
    contact_id = ann["data"][0]["id"]
    shown = crowd.ask("POST", f"/contacts/{contact_id}/archive")
    assert shown == {"type": "contact", "id": contact_id, "external_id": None, "archived": True}
    assert names(crowd, query) == ["Cid"]
    assert crowd.ask("GET", "/contacts")["total_count"] == 3
    assert crowd.refusal("GET", f"/contacts/{contact_id}") == (404, "not_found", "User Not Found")
    crowd.ask("POST", f"/contacts/{contact_id}/unarchive")
    assert names(crowd, query) == ["Ann", "Cid"]  # the latest changed first
    shown = crowd.ask("POST", f"/contacts/{contact_id}/block")
    assert shown == {"type": "contact", "id": contact_id, "external_id": None, "blocked": True}
    assert names(crowd, query) == ["Cid"]


def test_pages_of_a_list_and_of_a_search_follow_their_cursor(asker: Asker) -> None:
    """Each contact comes once, the last page has no `next`, and past it there is none."""
    made = {asker.lead(name=str(number))["id"] for number in range(7)}
    query = where("role", "=", "lead")
    for method, target in (("GET", "/contacts"), ("POST", "/contacts/search")):
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            pagination = {"per_page": 3, **({"starting_after": after} if after else {})}
            body = {"query": query, "pagination": pagination} if method == "POST" else None
            suffix = "" if body else "?per_page=3" + (f"&starting_after={after}" if after else "")
            page = asker.ask(method, target + suffix, body)
            seen += [one["id"] for one in page["data"]]
            assert (page["total_count"], page["pages"]["total_pages"]) == (7, 3)
            after = page["pages"].get("next", {}).get("starting_after")
            assert page["pages"]["page"] == -(-len(seen) // 3)
        assert len(seen) == 7
        assert set(seen) == made
    assert asker.refusal("GET", "/contacts?starting_after=nonsense")[0] == 400


def test_a_date_that_was_cleared_is_found_by_no_date(asker: Asker) -> None:
    """A blank clears an attribute of any type; who has none is neither before nor after."""
    asker.attribute("trial_ends", "date")
    user = asker.user(custom_attributes={"trial_ends": 1_700_000_000})
    query = where("custom_attributes.trial_ends", ">", 1)
    assert len(names(asker, query)) == 1
    asker.ask("PUT", f"/contacts/{user['id']}", {"custom_attributes": {"trial_ends": ""}})
    assert names(asker, query) == []
    assert len(names(asker, where("role", "=", "user"), sort={"field": "custom_attributes.trial_ends"})) == 1


def test_a_new_contact_is_found_after_the_index_delay(asker: Asker) -> None:
    """By id at once, by search when the index has it; off unless it is set."""
    asker.sandbox.workspace("test").update_settings({"index_delay": 60})
    user = asker.user()
    query = where("email", "=", user["email"])
    assert names(asker, query) == []
    assert asker.ask("GET", f"/contacts/{user['id']}")["email"] == user["email"]
    asker.clock.advance(60)
    assert len(names(asker, query)) == 1


def test_a_visitor_who_became_a_contact_is_new_to_the_index_as_well(asker: Asker) -> None:
    """Though as a person they are old: visitors are in no index (facts §5)."""
    asker.sandbox.workspace("test").update_settings({"index_delay": 60})
    visitor = asker.visitor(name="Vera")
    asker.clock.advance(3_600)
    asker.ask("POST", "/visitors/convert", {"visitor": {"id": visitor["id"]}, "type": "lead"})
    query = where("external_id", "=", visitor["user_id"])
    assert names(asker, query) == []
    asker.clock.advance(60)
    assert names(asker, query) == ["Vera"]
    asker.ask("PUT", f"/contacts/{visitor['id']}", {"role": "user", "email": "vera@example.com"})
    asker.clock.advance(60)
    assert names(asker, where("email", "=", "vera@example.com")) == ["Vera"]


def test_conversations_are_found_by_who_takes_part(asker: Asker) -> None:
    """And by who began them."""
    one, other = asker.lead(email="one@example.com"), asker.lead(email="other@example.com")
    mine = asker.give(one["id"], "one")["conversation"]
    asker.give(other["id"], "other")
    for field in ("contact_ids", "source.author.id"):
        found = asker.ask("POST", "/conversations/search", {"query": where(field, "=", one["id"])})
        assert [found["total_count"], *(each["id"] for each in found["conversations"])] == [1, mine]
    both = {"query": where("contact_ids", "IN", [one["id"], other["id"]])}
    assert asker.ask("POST", "/conversations/search", both)["total_count"] == 2
    group = {"operator": "AND", "value": [where("contact_ids", "=", one["id"]), where("state", "=", "open")]}
    assert asker.ask("POST", "/conversations/search", {"query": group})["total_count"] == 1
