"""Conversations of 2.x: who begins them, what is done in them, what is shown of it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from harness.tests.support.sandbox_client import Asker

PICTURE = "https://www.example.com/a%20parcel.png"


@pytest.fixture
def asker() -> Asker:
    """A client of a workspace of its own."""
    return Asker.new()


@pytest.fixture
def acting(asker: Asker) -> dict[str, Any]:
    """What a teammate's requests say of who acts."""
    return {"type": "admin", "admin_id": asker.ask("GET", "/me")["id"]}


@pytest.fixture
def conversation(asker: Asker) -> str:
    """A lead's conversation."""
    return asker.give(asker.lead(email="lea@example.com")["id"], "lea")["conversation"]


def parts_of(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a conversation."""
    parts: list[dict[str, Any]] = shown["conversation_parts"]["conversation_parts"]
    return parts


@pytest.mark.parametrize(("version", "path"), [("1.4", "/messages"), ("2.16", "/messages"), ("2.16", "/conversations")])
@pytest.mark.parametrize("name", ["id", "user_id"])
def test_a_visitor_who_says_something_is_a_lead(asker: Asker, version: str, name: str, path: str) -> None:
    """As documented, where the type is `contact`: the same ids, the conversation theirs, and no visitor left."""
    visitor = asker.visitor(name="Vera")
    said = {"from": {"type": "contact", name: visitor[name]}, "body": "Do you ship?"}
    refused = {**said, "from": {"type": "user", name: visitor[name]}}
    assert asker.using(version).refusal("POST", path, refused)[:2] == (404, "not_found")
    made = asker.using(version).ask("POST", path, said)["conversation_id"]
    lead = asker.ask("GET", f"/contacts/{visitor['id']}")
    assert (lead["role"], lead["external_id"], lead["name"]) == ("lead", visitor["user_id"], "Vera")
    assert asker.ids_of(lead["id"], "conversations") == {made}
    assert asker.refusal("GET", f"/visitors?user_id={visitor['user_id']}") == (404, "not_found", "Visitor Not Found")


def test_a_refused_message_leaves_the_visitor_a_visitor(asker: Asker) -> None:
    """Without a body nothing is said, and nobody converted."""
    visitor = asker.visitor()
    before = asker.everything()
    asker.refusal("POST", "/conversations", {"from": {"type": "contact", "id": visitor["id"]}})
    assert asker.everything() == before


def test_a_closed_conversation_is_reopened_by_assigning_it(
    asker: Asker, conversation: str, acting: dict[str, Any]
) -> None:
    """As recorded; an admin and a team can have it at once, and each is taken off by itself."""
    path, team = f"/conversations/{conversation}/parts", asker.ask("GET", "/teams")["teams"][0]["id"]
    closed = asker.ask("POST", path, {**acting, "message_type": "close", "body": "Goodbye :)"})
    assert (closed["state"], closed["open"], closed["waiting_since"]) == ("closed", False, None)
    assert parts_of(closed)[-1]["body"] == "<p>Goodbye :)</p>"
    assign = {**acting, "message_type": "assignment"}
    asker.ask("POST", path, {**assign, "assignee_id": acting["admin_id"]})
    shown = asker.ask("POST", path, {**assign, "type": "team", "assignee_id": int(team)})
    assert (shown["state"], shown["admin_assignee_id"]) == ("open", int(acting["admin_id"]))
    assert shown["team_assignee_id"] == int(team)
    told = [(part["part_type"], part["assigned_to"]) for part in parts_of(shown)[-2:]]
    assert told == [
        ("assign_and_reopen", {"type": "admin", "id": acting["admin_id"]}),
        ("assignment", {"type": "team", "id": team}),
    ]
    shown = asker.ask("POST", path, {**assign, "assignee_id": 0})
    assert (shown["admin_assignee_id"], shown["team_assignee_id"]) == (None, int(team))
    assert parts_of(shown)[-1]["assigned_to"] == {"type": "nobody_admin", "id": None}
    older = asker.using("2.5").ask("GET", f"/conversations/{conversation}")
    assert [part["part_type"] for part in parts_of(older)] == ["close", "assignment", "assignment", "assignment"]
    old = asker.using("1.4").ask("GET", f"/conversations/{conversation}")
    assert old["assignee"] == {"type": "team", "id": team}


def test_1x_manages_conversations_by_replying(asker: Asker, conversation: str, acting: dict[str, Any]) -> None:
    """The teammate may be named by e-mail, and a team is assigned as an admin is."""
    old, path = asker.using("1.4"), f"/conversations/{conversation}/reply"
    named = {"type": "admin", "email": asker.ask("GET", "/me")["email"]}
    assert old.ask("POST", path, {**named, "message_type": "close"})["state"] == "closed"
    team = asker.ask("GET", "/teams")["teams"][0]["id"]
    shown = old.ask("POST", path, {**named, "message_type": "assignment", "assignee_id": team})
    assert (shown["state"], shown["assignee"]) == ("open", {"type": "team", "id": team})
    assert parts_of(shown)[-1]["part_type"] == "assignment"
    assert old.ask("GET", "/counts?type=conversation")["conversation"]["assigned"] == 1
    assert asker.refusal("POST", path, {**named, "message_type": "close"})[:2] == (400, "parameter_not_found")
    asked = {**acting, "message_type": "quick_reply", "reply_options": [{"text": "Yes", "uuid": "1"}]}
    assert parts_of(asker.ask("POST", path, asked))[-1]["part_type"] == "quick_reply"
    for wrong in ({"message_type": "shout", "body": "Yes"}, {"message_type": "comment"}):
        assert asker.refusal("POST", path, {**acting, **wrong})[:2] == (400, "parameter_invalid")


def test_a_snoozed_conversation_wakes_up(asker: Asker, conversation: str, acting: dict[str, Any]) -> None:
    """It is open all the while, as recorded, and no longer snoozed when its time has come, or when somebody speaks."""
    path, until = f"/conversations/{conversation}/parts", int(asker.clock.now()) + 60
    snooze = {**acting, "message_type": "snoozed", "snoozed_until": until}

    def seen() -> list[Any]:
        query = {"field": "state", "operator": "=", "value": "snoozed"}
        shown = asker.ask("GET", f"/conversations/{conversation}")
        found = asker.ask("POST", "/conversations/search", {"query": query})["total_count"]
        return [shown["state"], shown["open"], shown["snoozed_until"], found]

    asker.ask("POST", path, snooze)
    assert seen() == ["snoozed", True, until, 1]
    asker.clock.advance(60)
    assert seen() == ["open", True, None, 0]
    asker.ask("POST", path, {**snooze, "snoozed_until": until + 600})
    reply = {"message_type": "comment", "type": "user", "email": "lea@example.com", "body": "Hello?"}
    asker.ask("POST", f"/conversations/{conversation}/reply", reply)
    assert seen() == ["open", True, None, 0]


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"message_type": "shut"}, (400, "parameter_invalid")),
        ({"message_type": "close", "admin_id": None}, (400, "parameter_not_found")),
        ({"message_type": "close", "admin_id": "1"}, (404, "not_found")),
        ({"message_type": "snoozed"}, (400, "parameter_not_found")),
        ({"message_type": "assignment"}, (400, "parameter_not_found")),
        ({"message_type": "assignment", "assignee_id": "1"}, (404, "not_found")),
        ({"message_type": "assignment", "assignee_id": "1", "type": "team"}, (404, "not_found")),
        ({"message_type": "assignment", "assignee_id": "1", "type": "lead"}, (400, "parameter_invalid")),
    ],
)
def test_what_cannot_be_done_to_a_conversation(
    asker: Asker, conversation: str, acting: dict[str, Any], sent: dict[str, Any], answer: tuple[int, str]
) -> None:
    """It is refused, and nothing is changed."""
    before = asker.everything()
    assert asker.refusal("POST", f"/conversations/{conversation}/parts", {**acting, **sent})[:2] == answer
    assert asker.everything() == before


def test_attachments_are_shown_with_what_they_hang_on(asker: Asker, conversation: str, acting: dict[str, Any]) -> None:
    """Addresses with the first message and a reply, a file with a teammate's; what is none is refused."""
    lead = asker.ask("GET", f"/conversations/{conversation}")["contacts"]["contacts"][0]["id"]
    said = {"from": {"type": "lead", "id": lead}, "body": "Broken", "attachment_urls": [PICTURE]}
    begun = asker.ask("GET", f"/conversations/{asker.ask('POST', '/conversations', said)['conversation_id']}")
    (picture,) = begun["source"]["attachments"]
    assert picture | {"name": "a parcel.png", "url": PICTURE, "content_type": "image/png"} == picture
    reply = f"/conversations/{conversation}/reply"
    comment = {**acting, "message_type": "comment", "body": "See there"}
    file = {"name": "order.json", "content_type": "application/json", "data": "e30="}
    shown = asker.ask("POST", reply, {**comment, "attachment_urls": [PICTURE], "attachment_files": [file]})
    theirs = parts_of(shown)[-1]["attachments"]
    assert [(one["name"], one["filesize"]) for one in theirs] == [("a parcel.png", 0), ("order.json", 2)]
    assert parts_of(asker.using("1.4").ask("GET", f"/conversations/{conversation}"))[-1]["attachments"] == theirs
    for wrong in (
        {"attachment_urls": [PICTURE] * 11},
        {"attachment_urls": ["file:///etc/hosts"]},
        {"attachment_urls": ["http://[::1"]},
        {"attachment_files": [{**file, "data": "no base64"}]},
        {"attachment_files": [{"data": "e30="}]},
    ):
        assert asker.refusal("POST", reply, {**comment, **wrong})[:2] == (400, "parameter_invalid")


def test_redacting_leaves_that_something_was_said(asker: Asker, conversation: str, acting: dict[str, Any]) -> None:
    """Parts with a body, and the first message where a contact wrote it, once each; words and attachments are gone."""
    reply = {"message_type": "comment", "type": "user", "email": "lea@example.com", "body": "My card is 1234"}
    shown = asker.ask("POST", f"/conversations/{conversation}/reply", {**reply, "attachment_urls": [PICTURE]})
    part, source = parts_of(shown)[0], shown["source"]["id"]
    wanted = {"type": "conversation_part", "conversation_id": conversation, "conversation_part_id": part["id"]}
    first = {"type": "source", "conversation_id": int(conversation), "source_id": int(source)}
    asker.ask("POST", "/conversations/redact", wanted)
    shown = asker.ask("POST", "/conversations/redact", first)
    for gone in (parts_of(shown)[0], shown["source"]):
        assert gone["body"] == "<p><i>This message was deleted</i></p>"
        assert (gone["redacted"], gone["attachments"]) == (True, [])
    assert b"1234" not in asker.everything()
    for again in (wanted, first):
        assert asker.refusal("POST", "/conversations/redact", again)[:2] == (400, "conversation_part_not_redactable")
    for unknown in ({**wanted, "conversation_part_id": "none"}, {**wanted, "conversation_id": 1}):
        answer = (404, "conversation_part_or_message_not_found", "Conversation part or message not found")
        assert asker.refusal("POST", "/conversations/redact", unknown) == answer
    closed = asker.ask("POST", f"/conversations/{conversation}/parts", {**acting, "message_type": "close"})
    silent = {**wanted, "conversation_part_id": parts_of(closed)[-1]["id"]}
    assert asker.refusal("POST", "/conversations/redact", silent)[0] == 400
    assert asker.refusal("POST", "/conversations/redact", {**wanted, "type": "note"})[0] == 400


def test_custom_attributes_of_a_conversation_are_noted_in_it(asker: Asker, conversation: str) -> None:
    """One part of the bot's for each, as recorded; earlier versions call it a comment."""
    path = f"/conversations/{conversation}"
    asker.ask("PUT", path, {"custom_attributes": {"issue_type": "Billing", "size": 3}})
    shown = asker.ask("PUT", path, {"title": "Parcel", "custom_attributes": {"size": 4}})
    assert (shown["title"], shown["custom_attributes"]) == ("Parcel", {"issue_type": "Billing", "size": 4})
    told = [(part["part_type"], part["author"]["type"], part["body"]) for part in parts_of(shown)]
    assert told == [("conversation_attribute_updated_by_admin", "bot", None)] * 3
    assert {part["part_type"] for part in parts_of(asker.using("2.5").ask("GET", path))} == {"comment"}
    assert asker.refusal("PUT", path, {"custom_attributes": {"order": ["21"]}})[:2] == (400, "parameter_invalid")


def test_assignment_rules_give_a_conversation_to_nobody(asker: Asker, conversation: str) -> None:
    """There are none, and the endpoint is gone after 2.14."""
    path = f"/conversations/{conversation}/run_assignment_rules"
    shown = asker.using("2.11").ask("POST", path)
    assert parts_of(shown)[-1]["part_type"] == "default_assignment"
    assert (parts_of(shown)[-1]["author"]["type"], shown["admin_assignee_id"]) == ("bot", None)
    assert asker.using("2.15").refusal("POST", path)[:2] == (400, "intercom_version_invalid")


def test_a_group_conversation_has_each_survivor_of_a_merge_once(asker: Asker, acting: dict[str, Any]) -> None:
    """Two leads and the user into whom both are merged were in it: the user is left, once, with all that was said."""
    user, other = asker.user(), asker.user("other@example.com")
    leads = [asker.lead(email="user@example.com") for _ in range(2)]
    conversation = asker.give(leads[0]["id"], "lead")["conversation"]
    path = f"/conversations/{conversation}"
    for one in (leads[1], user, other):
        asker.ask("POST", f"{path}/customers", {**acting, "customer": {"intercom_user_id": one["id"]}})
    for one in (leads[1], other):
        reply = {"message_type": "comment", "type": "user", "intercom_user_id": one["id"], "body": "Me too"}
        asker.ask("POST", f"{path}/reply", reply)
    asker.ask("POST", "/contacts/merge", {"from": leads[0]["id"], "into": user["id"]})
    asker.using("1.4").ask("POST", "/contacts/convert", {"contact": {"id": leads[1]["id"]}, "user": {"id": user["id"]}})
    shown = asker.ask("GET", path)
    assert sorted(one["id"] for one in shown["contacts"]["contacts"]) == sorted([user["id"], other["id"]])
    assert shown["source"]["author"]["id"] == user["id"]
    assert [part["author"]["id"] for part in parts_of(shown)] == [user["id"], other["id"]]
    for person in (user, other):
        assert asker.ids_of(person["id"], "conversations") == {conversation}
    old = asker.using("1.4").ask("GET", path)
    assert sorted(one["id"] for one in old["customers"]) == sorted([user["id"], other["id"]])


def test_an_email_that_nobody_has_makes_a_lead_in_the_conversation(asker: Asker, conversation: str) -> None:
    """As documented; whoever has it is taken, and an unknown id is refused."""
    path = f"/conversations/{conversation}/customers"
    for _ in range(2):
        people = asker.ask("POST", path, {"customer": {"email": "new@example.com"}})["customers"]
        assert [one["type"] for one in people] == ["lead", "lead"]
    query = {"field": "email", "operator": "=", "value": "new@example.com"}
    assert asker.ask("POST", "/contacts/search", {"query": query})["total_count"] == 1
    assert asker.refusal("POST", path, {"customer": {"intercom_user_id": "0" * 24}})[:2] == (404, "not_found")
    nobody = {"intercom_user_id": "0" * 24, "customer": {"email": "more@example.com"}}
    assert asker.refusal("POST", path, nobody)[:2] == (404, "not_found")


def test_conversations_are_found_by_assignee_and_tag(asker: Asker, conversation: str, acting: dict[str, Any]) -> None:
    """Unassigned ones by 0; at most the newest 500 parts are shown."""
    other = asker.give(asker.lead(name="Lou")["id"], "lou")["conversation"]
    assign = {**acting, "message_type": "assignment", "assignee_id": acting["admin_id"]}
    asker.ask("POST", f"/conversations/{conversation}/parts", assign)
    tag = asker.ask("POST", "/tags", {"name": "parcel"})["id"]
    asker.ask("POST", f"/conversations/{other}/tags", {"id": tag, "admin_id": acting["admin_id"]})

    def found(field: str, value: Any) -> list[str]:
        query = {"field": field, "operator": "=", "value": value}
        return [one["id"] for one in asker.ask("POST", "/conversations/search", {"query": query})["conversations"]]

    assert found("admin_assignee_id", int(acting["admin_id"])) == [conversation]
    assert found("admin_assignee_id", 0) == [other]
    assert found("tag_ids", tag) == [other]


def test_what_was_said_can_be_read_in_plain_text(asker: Asker, conversation: str, acting: dict[str, Any]) -> None:
    """Links with their addresses, as documented; in both dialects, and only where it is asked for."""
    path, html = (
        f"/conversations/{conversation}",
        '<p>Fish &amp; <b>chips</b>: see <a href="https://example.com">here</a></p>',
    )
    asker.ask("POST", f"{path}/reply", {**acting, "message_type": "comment", "body": html})
    for version in ("1.4", "2.16"):
        read = asker.using(version)
        (part,) = parts_of(read.ask("GET", f"{path}?display_as=plaintext"))
        assert part["body"] == "Fish & chips: see here (https://example.com)"
        assert parts_of(read.ask("GET", path))[0]["body"] == html
    plain = asker.ask("PUT", f"{path}?display_as=plaintext", {"read": True})
    assert plain["source"]["body"] == "hello from lea"


def test_a_conversation_is_deleted_in_versions_that_can(asker: Asker, conversation: str) -> None:
    """It is gone for everybody, with its tags."""
    assert asker.using("2.11").refusal("DELETE", f"/conversations/{conversation}")[1] == "intercom_version_invalid"
    assert asker.ask("DELETE", f"/conversations/{conversation}")["deleted"] is True
    assert asker.refusal("GET", f"/conversations/{conversation}")[0] == 404
    assert asker.refusal("DELETE", f"/conversations/{conversation}")[0] == 404
