"""What hangs on people in 2.x: attributes of every type, tags, companies, conversations, consents."""

from __future__ import annotations

from typing import Any

import pytest

from harness.tests.support.sandbox_client import Asker


@pytest.fixture
def asker() -> Asker:
    """A client of a workspace of its own."""
    return Asker.new()


@pytest.mark.parametrize(
    ("data_type", "good", "bad"),
    [
        ("string", "pro", 1),
        ("integer", 1, "1"),
        ("integer", 2**63 - 1, "many"),
        ("float", 1.5, True),
        ("float", 1, "x"),
        ("boolean", False, 0),
        ("date", 1_700_000_000, "today"),
        ("datetime", 1_700_000_000, 1.5),
        ("options", "1-10", "11"),
    ],
)
def test_a_custom_attribute_takes_values_of_its_type(asker: Asker, data_type: str, good: Any, bad: Any) -> None:
    """Null and blank clear it, whatever the type; anything else is refused by name."""
    body = {
        "name": "size",
        "model": "contact",
        "data_type": data_type,
        "options": [{"value": "1-10"}, {"value": "11-20"}],
    }
    made = asker.ask("POST", "/data_attributes", body)
    assert made["full_name"] == "custom_attributes.size"
    user = asker.user(custom_attributes={"size": good})
    assert user["custom_attributes"] == {"size": good}
    answer = asker.refusal("PUT", f"/contacts/{user['id']}", {"custom_attributes": {"size": bad}})
    assert answer[:2] == (400, "parameter_invalid")
    assert "'size'" in answer[2]
    for blank in (None, ""):
        shown = asker.ask("PUT", f"/contacts/{user['id']}", {"custom_attributes": {"size": blank}})
        assert shown["custom_attributes"] == {"size": blank}


def test_data_attributes_are_made_once_and_changed(asker: Asker) -> None:
    """A name taken by people or companies is refused in Intercom's words; an archived one takes no values."""
    asker.attribute("The One Ring")
    for model, words in (("contact", "people"), ("company", "company")):
        body = {"name": "The One Ring", "model": model, "data_type": "string"}
        message = f"in your people data. To save this as new {words} data, use a different name."
        answer = asker.refusal("POST", "/data_attributes", body)
        assert answer == (400, "parameter_invalid", f"You already have 'The One Ring' {message}")
    (attribute,) = [one for one in asker.ask("GET", "/data_attributes")["data"] if one["custom"]]
    path = f"/data_attributes/{attribute['id']}"
    changed = asker.ask("PUT", path, {"options": [{"value": "1-10"}, {"value": "11-20"}], "archived": True})
    assert (changed["options"], changed["archived"]) == (["1-10", "11-20"], True)
    assert asker.refusal("PUT", path, {"options": {"value": "1"}})[2] == "Options isn't an array"
    assert [one for one in asker.ask("GET", "/data_attributes")["data"] if one["custom"]] == []
    assert [one for one in asker.ask("GET", "/data_attributes?include_archived=true")["data"] if one["custom"]]
    given = {"email": "a@example.com", "custom_attributes": {"The One Ring": "x"}}
    assert asker.refusal("POST", "/contacts", given)[0] == 400
    assert (
        asker.refusal("POST", "/data_attributes", {"name": "!nv@l!d n@me", "model": "company", "data_type": "string"})[
            0
        ]
        == 400
    )


def test_tags_are_one_by_name_and_can_be_renamed(asker: Asker) -> None:
    """Letter case does not make another tag; companies are found, and refused, as Intercom does."""
    tag = asker.ask("POST", "/tags", {"name": "VIP"})
    assert asker.ask("POST", "/tags", {"name": "vip"})["id"] == tag["id"]
    assert asker.ask("POST", "/tags", {"id": tag["id"], "name": "gold"}) == {**tag, "name": "gold"}
    company = asker.ask("POST", "/companies", {"company_id": "1", "name": "Acme"})
    shown = asker.ask("POST", "/tags", {"name": "gold", "companies": [{"company_id": "1"}]})
    assert shown["companies"] == [{"id": company["id"], "tagged": True}]
    missing = {"name": "gold", "companies": [{"company_id": "123"}]}
    assert asker.refusal("POST", "/tags", missing)[:2] == (404, "company_not_found")
    user = asker.user()
    assert asker.refusal("DELETE", f"/contacts/{user['id']}/tags/{tag['id']}")[0] == 404


def test_a_company_is_one_by_its_company_id(asker: Asker) -> None:
    """Or by its name, where it has no other; a new one needs one of the two."""
    made = asker.ask("POST", "/companies", {"company_id": "1", "name": "Acme", "monthly_spend": 9, "size": 3})
    again = asker.ask(
        "POST", "/companies", {"company_id": "1", "website": "https://example.com", "update_last_request_at": True}
    )
    assert (again["id"], again["name"], again["website"], again["size"]) == (
        made["id"],
        "Acme",
        "https://example.com",
        3,
    )
    assert asker.ask("GET", "/companies?name=Acme")["id"] == made["id"]
    assert asker.refusal("GET", "/companies?company_id=2")[:2] == (404, "company_not_found")
    assert asker.refusal("POST", "/companies", {"website": "https://example.com"})[0] == 400
    assert asker.refusal("POST", "/companies", {"name": "X", "monthly_spend": "much"})[:2] == (400, "type_mismatch")
    unknown = {"name": "X", "custom_attributes": {"industry": "x"}}
    assert asker.refusal("POST", "/companies", unknown)[0] == 400
    learnt = asker.using("1.4").ask("POST", "/companies", unknown)
    assert learnt["custom_attributes"] == {"industry": "x"}


def test_a_teammate_writes_and_a_contact_answers(asker: Asker) -> None:
    """The conversation belongs to the contact; the last one can be answered without its id."""
    user = asker.user(name="Uma")
    admin = asker.ask("GET", "/admins")["admins"][0]["id"]
    letter = {"from": {"type": "admin", "id": admin}, "to": {"type": "user", "id": user["id"]}, "body": "Welcome"}
    sent = asker.ask("POST", "/messages", {**letter, "message_type": "inapp"})
    assert (sent["type"], sent["owner"]["id"]) == ("admin_message", admin)
    email = {**letter, "message_type": "email"}
    assert asker.refusal("POST", "/messages", email) == (
        422,
        "parameter_not_found",
        "No subject supplied for email message",
    )
    assert asker.refusal("POST", "/messages", {**letter, "body": None}) == (
        400,
        "parameter_invalid",
        "Body is required",
    )
    assert asker.refusal("POST", "/messages", {**letter, "from": {"type": "admin", "id": "1"}})[0] == 404
    reply = {"message_type": "comment", "type": "user", "intercom_user_id": user["id"], "body": "Thanks"}
    shown = asker.ask("POST", "/conversations/last/reply", reply)
    assert shown["source"]["author"]["type"] == "admin"
    assert [part["author"]["id"] for part in shown["conversation_parts"]["conversation_parts"]] == [user["id"]]
    note = {"message_type": "note", "type": "admin", "admin_id": admin, "body": "A friend"}
    shown = asker.ask("POST", f"/conversations/{shown['id']}/reply", note)
    assert [part["part_type"] for part in shown["conversation_parts"]["conversation_parts"]] == ["comment", "note"]
    assert asker.ask("GET", f"/contacts/{user['id']}")["last_contacted_at"] == int(asker.clock.now())
    nobody = {**reply, "intercom_user_id": asker.user("other@example.com")["id"]}
    assert asker.refusal("POST", "/conversations/last/reply", nobody)[0] == 404


def test_a_conversation_keeps_at_least_one_contact(asker: Asker) -> None:
    """The last one cannot be taken out."""
    one, other = asker.lead(name="One"), asker.lead(name="Other")
    acting = {"admin_id": asker.ask("GET", "/me")["id"]}
    conversation = asker.give(one["id"], "one")["conversation"]
    path = f"/conversations/{conversation}/customers"
    people = asker.ask("POST", path, {"customer": {"intercom_user_id": other["id"]}})["customers"]
    assert {person["id"] for person in people} == {one["id"], other["id"]}
    assert asker.ids_of(other["id"], "conversations") == {conversation}
    asker.ask("DELETE", f"{path}/{other['id']}", acting)
    answer = asker.refusal("DELETE", f"{path}/{one['id']}", acting)
    assert answer == (422, "parameter_invalid", "Removing the last customer is not allowed")
    assert asker.refusal("DELETE", f"{path}/{other['id']}", acting) == (404, "not_found", "User Not Found")
    assert asker.refusal("DELETE", f"{path}/{other['id']}")[:2] == (400, "parameter_not_found")


def test_a_shared_conversation_is_moved_once_by_a_merge(asker: Asker) -> None:
    """Lead and user were both in it: afterwards the user is, once."""
    user, lead = asker.user(), asker.lead(email="user@example.com")
    conversation = asker.give(lead["id"], "lead")["conversation"]
    asker.ask("POST", f"/conversations/{conversation}/customers", {"customer": {"intercom_user_id": user["id"]}})
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    shown = asker.ask("GET", f"/conversations/{conversation}")
    assert [one["id"] for one in shown["contacts"]["contacts"]] == [user["id"]]


def test_consents_show_what_was_chosen(asker: Asker) -> None:
    """Opting in to what one gets anyway is no choice; taking a choice back forgets it."""
    user = asker.user()
    path = f"/contacts/{user['id']}/subscriptions"
    for subscription_id, consent in (("1", "opt_out"), ("2", "opt_in")):
        asker.ask("POST", path, {"id": subscription_id, "consent_type": consent})
    assert asker.ids_of(user["id"], "subscriptions") == {"1", "2"}
    asker.ask("POST", path, {"id": 1, "consent_type": "opt_in"})
    assert asker.ids_of(user["id"], "subscriptions") == {"2"}
    asker.ask("DELETE", f"{path}/2")
    assert asker.ids_of(user["id"], "subscriptions") == set()
    assert asker.refusal("POST", path, {"id": "1", "consent_type": "maybe"})[0] == 400


def test_a_contact_shows_ten_of_each_and_says_that_there_are_more(asker: Asker) -> None:
    """The rest is in the lists of their own."""
    user = asker.user()
    for number in range(12):
        tag = asker.ask("POST", "/tags", {"name": f"tag {number}"})["id"]
        asker.ask("POST", f"/contacts/{user['id']}/tags", {"id": tag})
    tags = asker.ask("GET", f"/contacts/{user['id']}")["tags"]
    assert (len(tags["data"]), tags["total_count"], tags["has_more"]) == (10, 12, True)
    assert len(asker.ids_of(user["id"], "tags")) == 12


def test_owners_are_numbers_up_to_2_15_and_text_from_2_16(asker: Asker) -> None:
    """The same teammate either way; who is none is refused."""
    admin = asker.ask("GET", "/admins")["admins"][0]["id"]
    user = asker.user(owner_id=admin)
    assert user["owner_id"] == admin
    assert asker.using("2.15").ask("GET", f"/contacts/{user['id']}")["owner_id"] == int(admin)
    assert asker.using("2.15").ask("PUT", f"/contacts/{user['id']}", {"owner_id": int(admin)})["owner_id"] == int(admin)
    assert asker.ask("PUT", f"/contacts/{user['id']}", {"owner_id": None})["owner_id"] is None


def test_companies_and_conversations_keep_their_tags(asker: Asker) -> None:
    """Hung on, shown, taken off, and gone with the tag; a conversation's go with it into a merge."""
    lead, user = asker.lead(email="uma@example.com"), asker.user(email="uma@example.com")
    given = asker.give(lead["id"], "lead")
    admin = asker.ask("GET", "/me")["id"]
    label = {"id": asker.ask("POST", "/tags", {"name": "shipping"})["id"], "admin_id": admin}
    tags = f"/conversations/{given['conversation']}/tags"
    assert asker.ask("POST", tags, label)["name"] == "shipping"
    assert asker.refusal("POST", "/conversations/1/tags", label)[:2] == (404, "not_found")
    assert asker.refusal("POST", tags, {"id": label["id"]})[0] == 400
    asker.ask("POST", "/tags", {"name": "shipping", "companies": [{"id": given["company"]}]})
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    for thing in (f"/conversations/{given['conversation']}", f"/companies/{given['company']}"):
        assert [tag["name"] for tag in asker.ask("GET", thing)["tags"]["tags"]] == ["shipping"]
    asker.ask("DELETE", f"{tags}/{label['id']}", label)
    assert asker.refusal("DELETE", f"{tags}/{label['id']}", label)[:2] == (404, "tag_not_found")
    asker.ask("DELETE", f"/tags/{label['id']}")
    assert asker.ask("GET", f"/companies/{given['company']}")["tags"]["tags"] == []


def test_blocking_a_contact_archives_its_conversations(asker: Asker) -> None:
    """Closed, and in no list or search, as facts §5 has it; nobody else's."""
    lead, other = asker.lead(), asker.lead()
    theirs, others = (asker.give(one["id"], one["id"])["conversation"] for one in (lead, other))
    assert asker.ask("POST", f"/contacts/{lead['id']}/block")["blocked"] is True
    assert asker.ask("GET", f"/conversations/{theirs}")["state"] == "closed"
    assert [one["id"] for one in asker.ask("GET", "/conversations")["conversations"]] == [others]
    assert asker.ids_of(lead["id"], "conversations") == set()
    assert asker.ids_of(other["id"], "conversations") == {others}


def test_counts_of_events_are_kept_and_add_up_in_a_merge(asker: Asker) -> None:
    """What the lead and the user did in bulk is the user's afterwards, with the earliest and the latest time."""
    lead, user = asker.lead(email="uma@example.com"), asker.user(email="uma@example.com", external_id="u-1")
    for person, count, first, last in ((lead, 2, 10, 30), (user, 3, 20, 40)):
        counted = {"event_name": "asked", "count": count, "first": first, "last": last}
        asker.ask("POST", "/events/summaries", {"user_id": person["external_id"], "event_summaries": counted})
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    (row,) = asker.ask("GET", f"/events?type=user&intercom_user_id={user['id']}&summary=true")["events"]
    assert (row["name"], row["count"]) == ("asked", 5)
    assert (row["first"][:19], row["last"][:19]) == ("1970-01-01T00:00:10", "1970-01-01T00:00:40")


@pytest.mark.parametrize("what", ["notes", "companies"])
def test_numbered_pages_end(asker: Asker, what: str) -> None:
    """Past the last page the list is empty: intercom-client 7 asks on until it is."""
    lead = asker.lead()
    given = {
        asker.give(lead["id"], str(number))[{"notes": "note", "companies": "company"}[what]] for number in range(3)
    }
    first = asker.ask("GET", f"/contacts/{lead['id']}/{what}?per_page=2")
    second = asker.ask("GET", f"/contacts/{lead['id']}/{what}?per_page=2&page=2")
    assert {one["id"] for one in first["data"] + second["data"]} == given
    assert (first["pages"]["next"] is None, second["pages"]["next"]) == (False, None)
    assert asker.ask("GET", f"/contacts/{lead['id']}/{what}?per_page=2&page=3")["data"] == []


def test_a_tag_is_not_given_the_name_of_another(asker: Asker) -> None:
    """Refused as what `POST /tags` cannot do; its own name in other letters is another way to write it."""
    asker.ask("POST", "/tags", {"name": "vip"})
    tag = asker.ask("POST", "/tags", {"name": "shop"})
    assert asker.refusal("POST", "/tags", {"id": tag["id"], "name": "VIP"})[:2] == (400, "parameter_invalid")
    assert asker.ask("POST", "/tags", {"id": tag["id"], "name": "Shop"})["name"] == "Shop"
