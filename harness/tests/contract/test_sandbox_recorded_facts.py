"""Facts about contacts that were recorded or told by staff, each held by a request; facts-recorded has the numbers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness.tests.support.sandbox_client import Asker

NOT_FOUND = (404, "not_found", "User Not Found")
NOT_RESTORABLE = "User has been marked for permanent deletion and is not restorable."
VERSIONS_2 = ("2.0", "2.3", "2.6", "2.11", "2.16")


@pytest.fixture
def asker() -> Iterator[Asker]:
    """A client of a workspace of its own."""
    asker = Asker.new()
    yield asker
    asker.sandbox.close()


def as_of(asker: Asker, date: str) -> Asker:
    """Ask the same workspace as of a date."""
    asker.sandbox.workspace("test").update_settings({"as_of": date})
    return asker


# --- gone (11, 15 to 19, 49, 50) ------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS_2)
def test_an_archived_contact_is_not_read_changed_or_looked_through(asker: Asker, version: str) -> None:
    """Fact 15: at once, in every version; archiving it again is no error (17), and restoring it works at once (18)."""
    lead, here = asker.lead(name="Lea"), asker.using(version)
    path = f"/contacts/{lead['id']}"
    here.ask("POST", f"{path}/archive")
    for method, target in (("GET", path), ("PUT", path), ("GET", f"{path}/tags"), ("POST", f"{path}/notes")):
        assert here.refusal(method, target, {"name": "x"} if method != "GET" else None) == NOT_FOUND
    assert here.ask("POST", f"{path}/archive")["archived"] is True
    assert here.ask("POST", f"{path}/unarchive")["archived"] is False
    assert here.ask("GET", path)["name"] == "Lea"


def test_an_archived_user_is_not_found_by_any_identifier(asker: Asker) -> None:
    """By external id, in events, in 1.x."""
    user = asker.user(external_id="42")
    asker.ask("POST", f"/contacts/{user['id']}/archive")
    old = asker.using("1.4")
    assert asker.refusal("GET", "/contacts/find_by_external_id/42") == NOT_FOUND
    assert asker.refusal("POST", "/events", {"event_name": "x", "created_at": 1, "id": user["id"]}) == NOT_FOUND
    for target in (f"/users/{user['id']}", "/users?user_id=42"):
        assert old.refusal("GET", target) == NOT_FOUND


def test_a_deleted_contact_cannot_be_restored_and_says_why_since_march_2021(asker: Asker) -> None:
    """Fact 18: a server error in January 2021, 400 later; the read stays 404 (19)."""
    user = asker.user()
    path = f"/contacts/{user['id']}"
    asker.ask("DELETE", path)
    assert asker.refusal("GET", path) == NOT_FOUND
    assert asker.refusal("POST", f"{path}/unarchive") == (400, "bad_request", NOT_RESTORABLE)
    assert as_of(asker, "2021-01-24").refusal("POST", f"{path}/unarchive") == (500, "server_error", "Server Error")


def test_a_merged_contact_cannot_be_restored(asker: Asker) -> None:
    """Fact 50; up to 2.15 nothing leads from the old id to the new one (49)."""
    user, lead = asker.user(), asker.lead(email="user@example.com")
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    path = f"/contacts/{lead['id']}"
    refused = (400, "bad_request", "User has been merged and is not restorable.")
    assert asker.refusal("POST", f"{path}/unarchive") == refused
    response = asker.using("2.15").send("GET", path)
    assert response.status == 404
    assert "link" not in response.headers


def test_a_deleted_user_keeps_the_identifiers_and_a_deleted_lead_does_not(asker: Asker) -> None:
    """Facts 11 and 12: 409 with the deleted id, by e-mail and by external id; leads never conflict."""
    user, lead = asker.user("ann@example.com", external_id="42"), asker.lead(email="bob@example.com")
    for one in (user, lead):
        asker.ask("DELETE", f"/contacts/{one['id']}")
    message = f"An archived contact matching those details already exists with id={user['id']}"
    for body in ({"email": "ANN@example.com"}, {"external_id": "42"}):
        assert asker.refusal("POST", "/contacts", {"role": "user", **body}) == (409, "conflict", message)
    for email in ("ann@example.com", "bob@example.com"):
        assert asker.lead(email=email)["role"] == "lead"
    assert asker.user("bob@example.com")["role"] == "user"


@pytest.mark.parametrize(("version", "key"), [("2.3", "object"), ("2.6", "object"), ("2.7", "type"), ("2.15", "type")])
def test_references_say_object_up_to_2_6(asker: Asker, version: str, key: str) -> None:
    """Fact 16: `object` and no external id up to 2.6, `type` and the external id later."""
    lead, here = asker.lead(), asker.using(version)
    for method, what, shown in (
        ("POST", "/archive", "archived"),
        ("POST", "/unarchive", "archived"),
        ("DELETE", "", "deleted"),
    ):
        answer = here.ask(method, f"/contacts/{lead['id']}{what}")
        assert answer[key] == "contact"
        assert set(answer) == {"id", key, shown} | ({"external_id"} if key == "type" else set())


# --- values and roles (2, 4, 5, 14, 32, 67 to 69) -------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS_2)
def test_a_role_change_leaves_everything_but_role_and_identifiers(asker: Asker, version: str) -> None:
    """Facts 1 and 2: same id, `signed_up_at` stays null, `updated_at` moves."""
    lead, here = asker.lead(email="lea@example.com", name="Lea"), asker.using(version)
    before = here.ask("GET", f"/contacts/{lead['id']}")
    asker.clock.advance(60)
    after = here.ask("PUT", f"/contacts/{lead['id']}", {"role": "user", "external_id": "42"})
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"role", "external_id", "updated_at"}
    assert (after["id"], after["external_id"], after["signed_up_at"]) == (lead["id"], "42", None)


def test_an_external_id_on_a_lead_is_ignored(asker: Asker) -> None:
    """Fact 4: when it is made and when it is changed, even if a user has that id."""
    asker.user(external_id="42")
    lead = asker.lead(external_id="42")
    assert lead["external_id"] != "42"
    for given in ("42", None):
        assert asker.ask("PUT", f"/contacts/{lead['id']}", {"external_id": given})["external_id"] == lead["external_id"]


def test_nulls_by_field(asker: Asker) -> None:
    """Fact 32: a null external id is ignored, a null name clears, a null custom attribute stays as null."""
    asker.attribute("plan")
    user = asker.user(external_id="42", name="Uma", custom_attributes={"plan": "pro"})
    body = {"external_id": None, "name": None, "email": None, "custom_attributes": {"plan": None}}
    shown = asker.ask("PUT", f"/contacts/{user['id']}", body)
    assert (shown["external_id"], shown["name"], shown["email"]) == ("42", None, None)
    assert shown["custom_attributes"] == {"plan": None}
    assert as_of(asker, "2021-03-31").ask("GET", f"/contacts/{user['id']}")["email"] == ""
    assert asker.ask("GET", "/contacts")["data"][0]["email"] is None


def test_the_picture_of_a_lead_is_there_without_an_e_mail_only(asker: Asker) -> None:
    """Fact 5."""
    assert asker.lead()["avatar"].startswith("https://static.intercomassets.com/")
    assert asker.lead(email="lea@example.com")["avatar"] is None


def test_updated_at_moves_with_a_change_and_with_a_tag(asker: Asker) -> None:
    """Fact 67: a `PUT` that changes nothing leaves it; a tag that is put on or taken off moves it."""
    user, tag = asker.user(name="Uma"), asker.ask("POST", "/tags", {"name": "vip"})["id"]
    path = f"/contacts/{user['id']}"

    def moved(method: str, target: str, body: Any = None) -> bool:
        asker.clock.advance(60)
        before = asker.ask("GET", path)["updated_at"]
        asker.ask(method, target, body)
        return bool(asker.ask("GET", path)["updated_at"] != before)

    assert not moved("PUT", path, {"name": "Uma", "unknown_junk": 1})
    assert moved("PUT", path, {"name": "Ida"})
    assert moved("POST", f"{path}/tags", {"id": tag})
    assert not moved("POST", f"{path}/tags", {"id": tag})
    assert moved("DELETE", f"{path}/tags/{tag}")


def test_users_with_external_ids_may_share_an_e_mail_by_a_change(asker: Asker) -> None:
    """Fact 68: both keep it; a new user may not take it, and neither may one without an external id."""
    one, other = asker.user("a@example.com", external_id="a"), asker.user("b@example.com", external_id="b")
    shown = asker.ask("PUT", f"/contacts/{other['id']}", {"email": "a@example.com"})
    assert (shown["email"], asker.ask("GET", f"/contacts/{one['id']}")["email"]) == ("a@example.com", "a@example.com")
    assert asker.refusal("POST", "/contacts", {"email": "a@example.com", "external_id": "c"})[0] == 409
    unnamed = asker.user("c@example.com")
    assert asker.refusal("PUT", f"/contacts/{unnamed['id']}", {"email": "a@example.com"})[0] == 409


def test_what_an_archived_user_has_can_be_taken_by_a_change_and_not_by_a_new_user(asker: Asker) -> None:
    """Recorded in 2.3: `PUT` with the external id and the e-mail of an archived user answers 200."""
    one, other = asker.user("a@example.com", external_id="a"), asker.user("b@example.com", external_id="b")
    asker.ask("POST", f"/contacts/{one['id']}/archive")
    assert asker.refusal("POST", "/contacts", {"external_id": "a"})[0] == 409
    body = {"external_id": "a", "email": "a@example.com"}
    assert asker.ask("PUT", f"/contacts/{other['id']}", body)["external_id"] == "a"
    assert asker.ask("GET", "/contacts/find_by_external_id/a")["id"] == other["id"]


def test_the_role_contact_makes_a_user(asker: Asker) -> None:
    """Fact 69."""
    assert asker.ask("POST", "/contacts", {"role": "contact", "email": "uma@example.com"})["role"] == "user"


# --- lists (22, 24 to 26, 55, 70, 71) -------------------------------------------------------------


def test_contacts_are_listed_ten_at_a_time_the_latest_changed_first(asker: Asker) -> None:
    """Facts 22, 24 and 25: `pages.next` has the number of the page, the cursor `[milliseconds, id, page]`."""
    made = []
    for number in range(12):
        asker.clock.advance(1)
        made.append(asker.lead(name=f"Lead {number}"))
    asker.clock.advance(1)
    asker.ask("PUT", f"/contacts/{made[3]['id']}", {"name": "Changed"})
    first = asker.ask("GET", "/contacts")
    assert [one["name"] for one in first["data"][:3]] == ["Changed", "Lead 11", "Lead 10"]
    assert first["pages"]["per_page"] == len(first["data"]) == 10
    following = first["pages"]["next"]
    assert set(following) == {"page", "starting_after"}
    last = first["data"][-1]
    place = json.loads(base64.b64decode(following["starting_after"]))
    assert (following["page"], place) == (2, [last["updated_at"] * 1000, last["id"], 2])
    asker.ask("DELETE", f"/contacts/{last['id']}")
    second = asker.ask("GET", f"/contacts?starting_after={following['starting_after']}")
    assert [one["name"] for one in second["data"]] == ["Lead 1", "Lead 0"]
    assert "next" not in second["pages"]


def test_contacts_of_2021_are_listed_oldest_first(asker: Asker) -> None:
    """Recorded in 2.3; the day of the change is assumed."""
    made = [asker.lead()["id"] for _ in range(3)]
    asker.ask("PUT", f"/contacts/{made[0]}", {"name": "Changed"})
    shown = as_of(asker, "2021-03-31").ask("GET", "/contacts?per_page=2")
    assert [one["id"] for one in shown["data"]] == made[:2]
    after = shown["pages"]["next"]["starting_after"]
    assert [one["id"] for one in asker.ask("GET", f"/contacts?starting_after={after}")["data"]] == made[2:]


def test_a_bad_cursor_is_refused_in_the_recorded_words(asker: Asker) -> None:
    """Facts 26 and 55."""
    message = "Invalid starting_after param. Please try again using a starting_after value from a paginated response"
    assert asker.refusal("GET", "/contacts?starting_after=nonsense") == (400, "client_error", message)
    query = {"field": "role", "operator": "=", "value": "user"}
    body = {"query": query, "pagination": {"starting_after": ""}}
    assert asker.refusal("POST", "/contacts/search", body)[0] == 500


def test_data_attributes_are_the_recorded_ones_around_the_workspaces_own(asker: Asker) -> None:
    """Fact 70: 32 of contacts; the workspace's own stand before the last eight."""
    asker.attribute("plan")
    listed = asker.ask("GET", "/data_attributes?model=contact")["data"]
    names = [one["full_name"] for one in listed]
    assert (len(names), names[0], names[24], names[25], names[-1]) == (
        33, "role", "custom_attributes.plan", "id", "ios_sdk_version",
    )  # fmt: skip
    assert all("messenger_writable" in one for one in listed)
    old = as_of(asker, "2021-03-31").ask("GET", "/data_attributes?model=contact")["data"]
    assert not any("messenger_writable" in one for one in old)


def test_tags_come_by_name_in_lists_and_in_their_order_on_a_contact(asker: Asker) -> None:
    """Fact 71; when and by whom was not told in 2021."""
    tags = {name: asker.ask("POST", "/tags", {"name": name})["id"] for name in ("zeta", "Alpha", "beta")}
    lead = asker.lead()
    for name in ("beta", "zeta", "Alpha"):
        asker.ask("POST", f"/contacts/{lead['id']}/tags", {"id": tags[name]})
    assert [one["name"] for one in asker.ask("GET", "/tags")["data"]] == ["Alpha", "beta", "zeta"]
    shown = asker.ask("GET", f"/contacts/{lead['id']}/tags")["data"]
    assert [one["name"] for one in shown] == ["beta", "zeta", "Alpha"]
    assert set(shown[0]) == {"type", "id", "name", "applied_at", "applied_by"}
    old = as_of(asker, "2021-03-31").ask("GET", f"/contacts/{lead['id']}/tags")["data"]
    assert set(old[0]) == {"type", "id", "name"}


# --- 1.x (20, 30, 31, 51 to 54, 60) ---------------------------------------------------------------


def test_an_e_mail_finds_one_user_in_1_0_and_a_list_since_1_1(asker: Asker) -> None:
    """Fact 30; the list says that it is not limited."""
    user = asker.user()
    target = "/users?email=user@example.com"
    assert asker.using("1.0").ask("GET", target)["id"] == user["id"]
    for version in ("1.1", "1.4"):
        shown = asker.using(version).ask("GET", target)
        assert (shown["type"], shown["limited"], [one["id"] for one in shown["users"]]) == (
            "user.list", False, [user["id"]],
        )  # fmt: skip


def test_one_scroll_is_open_at_a_time_for_a_minute(asker: Asker) -> None:
    """Facts 31 and 53."""
    asker.user()
    old = asker.using("1.4")
    scroll = old.ask("GET", "/users/scroll")["scroll_param"]
    exists = (400, "scroll_exists", "scroll already exists for this workspace")
    assert old.refusal("GET", "/users/scroll") == exists
    assert old.refusal("GET", "/companies/scroll") == exists
    asker.clock.advance(61)
    unknown = (404, "not_found", "scroll parameter not found")
    assert old.refusal("GET", f"/users/scroll?scroll_param={scroll}") == unknown
    assert old.ask("GET", "/users/scroll")["scroll_param"] != scroll


@pytest.mark.parametrize("version", ["1.4", "2.11", "2.16"])
def test_a_scroll_of_companies_ends(asker: Asker, version: str) -> None:
    """Fact 53: as tap-intercom reads it, until a part is empty or the parameter is unknown."""
    for number in range(120):
        asker.ask("POST", "/companies", {"company_id": str(number), "name": f"Company {number}"})
    here, seen, target = asker.using(version), [], "/companies/scroll"
    for _ in range(4):
        part = here.ask("GET", target)
        seen.append(len(part["data"]))
        target = f"/companies/scroll?scroll_param={part['scroll_param']}"
        if not part["data"]:
            break
    assert seen == [100, 20, 0]
    assert here.refusal("GET", target) == (404, "not_found", "scroll parameter not found")


def test_a_lead_of_1_x_refuses_a_null_attribute_and_a_user_takes_it(asker: Asker) -> None:
    """Fact 52."""
    old = asker.using("1.4")
    lead, user = old.ask("POST", "/contacts", {}), old.ask("POST", "/users", {"user_id": "1"})
    body = {"custom_attributes": {"plan": None}}
    refused = old.refusal("POST", "/contacts", {"id": lead["id"], **body})
    assert (refused[0], refused[2]) == (400, "Value:  not of type Numeric, String or Boolean")
    assert old.ask("POST", "/users", {"id": user["id"], **body})["custom_attributes"] == {"plan": None}


def test_a_deletion_in_1_x_shows_the_user_with_a_new_time(asker: Asker) -> None:
    """Fact 20: the whole user, `updated_at` moved."""
    user = asker.user()
    asker.clock.advance(60)
    shown = asker.using("1.4").ask("DELETE", f"/users/{user['id']}")
    assert (shown["email"], shown["updated_at"]) == (user["email"], user["updated_at"] + 60)


def test_1_x_copies_no_name_to_a_user_without_one_and_2_x_does(asker: Asker) -> None:
    """Fact 51."""
    for version, name in (("1.4", None), ("2.11", "Lea")):
        user, lead = asker.user(f"{version}@example.com"), asker.lead(name="Lea")
        if version == "1.4":
            body: dict[str, Any] = {"contact": {"id": lead["id"]}, "user": {"id": user["id"]}}
            shown = asker.using(version).ask("POST", "/contacts/convert", body)
        else:
            body = {"from": lead["id"], "into": user["id"]}
            shown = asker.using(version).ask("POST", "/contacts/merge", body)
        assert (shown["id"], shown["name"]) == (user["id"], name)


def test_small_things_that_libraries_of_1_x_send(asker: Asker) -> None:
    """Fact 60: a note that names its person at the top level, a conversation that is marked as read by `POST`."""
    old = asker.using("1.4")
    user = old.ask("POST", "/users", {"user_id": "1", "email": "uma@example.com"})
    for named in ({"email": "uma@example.com"}, {"user_id": "1"}, {"id": user["id"]}):
        assert old.ask("POST", "/notes", {**named, "body": "Called"})["user"]["id"] == user["id"]
    message = old.ask("POST", "/messages", {"from": {"type": "user", "user_id": "1"}, "body": "Hello"})
    path = f"/conversations/{message['conversation_id']}"
    assert old.ask("POST", path, {"read": True})["read"] is True


def test_conversations_can_be_searched_by_every_id(asker: Asker) -> None:
    """Fact 60: a released tap of 2.12 sends `id > ""`."""
    lead = asker.lead()
    said = asker.ask("POST", "/conversations", {"from": {"type": "contact", "id": lead["id"]}, "body": "Hello"})
    query = {"field": "id", "operator": ">", "value": ""}
    found = asker.using("2.12").ask("POST", "/conversations/search", {"query": query})
    assert [one["id"] for one in found["conversations"]] == [said["conversation_id"]]
    query["value"] = said["conversation_id"]
    assert asker.ask("POST", "/conversations/search", {"query": query})["total_count"] == 0


# --- small things that were recorded or told (7, 8, 14, 21, 26, 27, 35, 36, 37) ---------------------


def test_a_merge_or_a_conversion_that_names_nobody_is_refused_as_recorded(asker: Asker) -> None:
    """Facts 7 and 8: a merge without `into` is that of an unknown contact; 1.x wants a lead's id or user_id."""
    lead = asker.lead()
    assert asker.refusal("POST", "/contacts/merge", {"from": lead["id"], "to": lead["id"]})[0] == 404
    status, _, message = asker.using("1.4").refusal("POST", "/contacts/convert", {"user": {"email": "a@example.com"}})
    assert (status, message) == (400, "Contact id or user_id must be supplied")


def test_what_is_not_known_of_a_request_is_ignored(asker: Asker) -> None:
    """Facts 14 and 27: keys of a body and parameters of a query that Intercom does not know change nothing."""
    user = asker.ask("POST", "/contacts", {"role": "user", "email": "a@example.com", "unknown_junk": {"a": 1}})
    assert "unknown_junk" not in user
    listed = asker.ask("GET", "/contacts?email=nobody@example.com")
    assert [one["id"] for one in listed["data"]] == [user["id"]]


def test_an_event_is_taken_at_once_and_refused_without_a_name_or_a_person(asker: Asker) -> None:
    """Fact 35: 202 for somebody who was just made, 422 with its own code, 404."""
    asker.user(email="a@example.com")
    event = {"event_name": "x", "created_at": 1, "email": "a@example.com"}
    assert asker.refusal("POST", "/events", {**event, "email": "b@example.com"}) == NOT_FOUND
    refused = (422, "422", "Events cannot have an empty name")
    assert asker.refusal("POST", "/events", {**event, "event_name": ""}) == refused
    assert asker.send("POST", "/events", event).status == 202


def test_queries_that_intercom_falls_over_are_errors_of_the_server(asker: Asker) -> None:
    """Fact 26: an empty cursor, and a field with the operator of a group."""
    error = (500, "server_error", "Server Error")
    assert asker.refusal("GET", "/contacts?starting_after=") == error
    query = {"field": "email", "operator": "AND", "value": "a@example.com"}
    assert asker.refusal("POST", "/contacts/search", {"query": query}) == error


def test_the_same_e_mail_changes_a_user_of_1_x(asker: Asker) -> None:
    """Fact 36: posted twice, a user is changed and not made again."""
    old = asker.using("1.4")
    first = old.ask("POST", "/users", {"email": "a@example.com"})
    assert old.ask("POST", "/users", {"email": "a@example.com", "name": "Ann"})["id"] == first["id"]


def test_unknown_companies_and_attributes_of_conversations_are_refused_as_recorded(asker: Asker) -> None:
    """Facts 21 and 37."""
    assert asker.refusal("PUT", "/companies/nope", {"name": "x"}) == (404, "company_not_found", "Company Not Found")
    assert asker.refusal("GET", "/data_attributes?model=conversation")[:2] == (422, "parameter_invalid")
    assert asker.using("2.11").ask("GET", "/data_attributes?model=conversation")["data"] == []


def test_a_user_made_by_e_mail_alone_has_nothing_else(asker: Asker) -> None:
    """Fact 34: no external id, no picture, not signed up, and not changed since."""
    user = asker.using("2.0").ask("POST", "/contacts", {"role": "user", "email": "a@example.com"})
    assert [user[name] for name in ("external_id", "avatar", "signed_up_at")] == [None, None, None]
    assert user["updated_at"] == user["created_at"]
