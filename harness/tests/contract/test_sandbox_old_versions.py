"""Users, leads and the rest of 1.x: create-or-update, lookups, pages and scrolls, and what hangs on people."""

from __future__ import annotations

import pytest

from harness.tests.support.sandbox_client import Asker


@pytest.fixture
def old() -> Asker:
    """A client of a workspace of its own that sends no version and gets 1.0."""
    return Asker.new().using(None)


def test_a_user_is_made_and_then_changed_by_any_identifier(old: Asker) -> None:
    """`POST /users` matches by id, or else user_id, or else e-mail."""
    made = old.ask("POST", "/users", {"user_id": 25, "email": "uma@example.com", "custom_attributes": {"plan": "pro"}})
    assert (made["type"], made["user_id"], made["anonymous"]) == ("user", "25", False)
    for identifier in ({"id": made["id"]}, {"user_id": "25"}, {"email": "UMA@example.com"}):
        shown = old.ask("POST", "/users", {**identifier, "name": "Uma", "custom_attributes": {"seats": 2}})
        assert (shown["id"], shown["custom_attributes"]) == (made["id"], {"plan": "pro", "seats": 2})
    for target in (f"/users/{made['id']}", "/users?user_id=25", "/users?email=uma@example.com", "/users/?user_id=25"):
        assert old.ask("GET", target)["id"] == made["id"]
    assert old.refusal("GET", "/users?email=nobody@example.com") == (404, "not_found", "User Not Found")
    assert old.refusal("POST", "/users", {"name": "Uma"})[0] == 400


def test_a_user_s_companies_come_with_the_user(old: Asker) -> None:
    """Joined, and left again."""
    body = {"user_id": "1", "companies": [{"company_id": "c1", "name": "Acme & Co"}]}
    (company,) = old.ask("POST", "/users", body)["companies"]["companies"]
    assert (company["company_id"], company["name"]) == ("c1", "Acme &amp; Co")
    left = {"user_id": "1", "companies": [{"company_id": "c1", "remove": True}]}
    assert old.ask("POST", "/users", left)["companies"]["companies"] == []


def test_a_lead_without_an_id_is_always_a_new_one(old: Asker) -> None:
    """So leads share an e-mail; by id or user_id they are changed."""
    one, other = (old.ask("POST", "/contacts", {"email": "lea@example.com"}) for _ in range(2))
    assert one["id"] != other["id"]
    assert (one["type"], one["anonymous"], one["pseudonym"]) == ("contact", True, one["pseudonym"])
    assert one["avatar"]["image_url"].startswith("https://static.intercomassets.com/")
    found = old.ask("GET", "/contacts?email=Lea@example.com")
    assert (found["type"], found["total_count"]) == ("contact.list", 2)
    for identifier in ({"id": one["id"]}, {"user_id": one["user_id"]}):
        shown = old.ask("POST", "/contacts", {**identifier, "name": "Lea"})
        assert (shown["id"], shown["name"], shown["user_id"]) == (one["id"], "Lea", one["user_id"])
    for target in (f"/contacts/{one['id']}", f"/contacts?user_id={one['user_id']}"):
        assert old.ask("GET", target)["id"] == one["id"]
    assert old.refusal("GET", "/contacts?user_id=nobody") == (404, "not_found", "Contact Not Found")
    assert old.ask("GET", "/contacts?email=nobody@example.com")["contacts"] == []


def test_deleting_shows_who_is_gone(old: Asker) -> None:
    """A user, a lead, a visitor: each once more, and never again."""
    user = old.ask("POST", "/users", {"user_id": "1"})
    lead = old.ask("POST", "/contacts", {})
    visitor = old.visitor()
    assert old.ask("DELETE", "/users?user_id=1")["id"] == user["id"]
    assert old.ask("DELETE", f"/contacts/{lead['id']}", {})["id"] == lead["id"]
    assert old.ask("DELETE", f"/visitors/{visitor['id']}")["type"] == "visitor"
    for target in (f"/users/{user['id']}", f"/contacts/{lead['id']}", f"/visitors/{visitor['id']}"):
        assert old.refusal("GET", target)[0] == 404
    assert old.refusal("DELETE", f"/visitors/{visitor['id']}") == (404, "not_found", "User Not Found")


@pytest.mark.parametrize(("path", "key"), [("/users", "users"), ("/contacts", "contacts")])
def test_pages_lead_on_by_address_and_end_empty(old: Asker, path: str, key: str) -> None:
    """`pages.next` is an address to get as it is; past the end there is nobody."""
    for number in range(5):
        old.ask("POST", path, {"user_id": str(number)} if key == "users" else {"name": str(number)})
    seen: list[str] = []
    target: str | None = f"{path}?per_page=2"
    while target:
        page = old.ask("GET", target)
        seen += [one["id"] for one in page[key]]
        assert page["pages"]["total_pages"] == 3
        following = page["pages"]["next"]
        assert following is None or following.startswith(f"http://127.0.0.1:8080{path}?")
        target = following.removeprefix("http://127.0.0.1:8080") if following else None
    assert len(set(seen)) == len(seen) == 5
    assert old.ask("GET", f"{path}?per_page=2&page=9")[key] == []


@pytest.mark.parametrize(("path", "key"), [("/users", "users"), ("/contacts", "contacts")])
def test_a_scroll_goes_through_everyone_and_is_finished(old: Asker, path: str, key: str) -> None:
    """After the empty part the scroll is unknown."""
    made = old.ask("POST", path, {"user_id": "1"} if key == "users" else {})
    first = old.ask("GET", f"{path}/scroll")
    assert [one["id"] for one in first[key]] == [made["id"]]
    further = f"{path}/scroll?scroll_param={first['scroll_param']}"
    assert old.ask("GET", further)[key] == []
    assert old.refusal("GET", further)[0] == 404


def test_what_hangs_on_people_in_1_x(old: Asker) -> None:
    """Tags, notes, messages, conversations, events, counts."""
    user = old.ask("POST", "/users", {"user_id": "1", "email": "uma@example.com"})
    lead = old.ask("POST", "/contacts", {"name": "Lea"})
    tag = old.ask("POST", "/tags/", {"name": "vip", "users": [{"user_id": "1"}, {"id": lead["id"]}]})
    assert old.ask("GET", "/users?user_id=1")["tags"]["tags"] == [{"type": "tag", "id": tag["id"]}]
    old.ask("POST", "/tags", {"name": "vip", "users": [{"email": "uma@example.com", "untag": True}]})
    assert old.ask("GET", "/users?user_id=1")["tags"]["tags"] == []
    note = old.ask("POST", "/notes", {"user": {"email": "uma@example.com"}, "body": "Called"})
    assert (note["user"]["id"], note["body"]) == (user["id"], "<p>Called</p>")
    assert [one["id"] for one in old.ask("GET", "/notes?user_id=1")["notes"]] == [note["id"]]
    message = old.ask("POST", "/messages", {"from": {"type": "user", "user_id": "1"}, "body": "Hello"})
    found = old.ask("GET", f"/conversations?type=user&intercom_user_id={user['id']}")
    assert [one["id"] for one in found["conversations"]] == [message["conversation_id"]]
    assert found["conversations"][0]["conversation_message"]["author"] == {"type": "user", "id": user["id"]}
    said = old.ask("POST", "/messages", {"from": {"type": "contact", "id": lead["id"]}, "body": "Hi"})
    shown = old.ask("GET", f"/conversations/{said['conversation_id']}")
    assert shown["conversation_message"]["author"] == {"type": "lead", "id": lead["id"]}
    event = {"event_name": "bought", "created_at": 1, "user_id": "1", "metadata": {"a": 1}}
    response = old.send("POST", "/events/", event)
    assert (response.status, response.body) == (202, b"")
    events = old.ask("GET", f"/events?type=user&intercom_user_id={user['id']}")["events"]
    assert [one["event_name"] for one in events] == ["bought"]
    assert old.ask("GET", "/counts?type=lead") == {"type": "count.hash", "lead": {"count": 1}}


def test_events_go_along_with_a_merge(old: Asker) -> None:
    """Assumed, so that nothing is lost."""
    user = old.ask("POST", "/users", {"user_id": "1"})
    lead = old.ask("POST", "/contacts", {})
    old.send("POST", "/events", {"event_name": "looked", "created_at": 1, "id": lead["id"]})
    old.ask("POST", "/contacts/convert", {"contact": {"id": lead["id"]}, "user": {"user_id": "1"}})
    events = old.ask("GET", f"/events?type=user&intercom_user_id={user['id']}")["events"]
    assert [one["event_name"] for one in events] == ["looked"]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_old_ways_of_changing_a_visitor(old: Asker, method: str) -> None:
    """Node 2 posts; Ruby puts to the visitor's own path."""
    visitor = old.visitor()
    shown = old.ask(method, "/visitors/", {"user_id": visitor["user_id"], "custom_attributes": {"plan": "pro"}})
    assert shown["custom_attributes"] == {"plan": "pro"}
    assert old.ask("PUT", f"/visitors/{visitor['id']}", {"name": "Vera"})["name"] == "Vera"
    assert "last_seen_ip" in shown
