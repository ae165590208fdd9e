"""Conversations at a TEST app: what may be done in those of this run's people alone, and how the guard knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.core.http import Outcome, Request
from harness.sandbox.routes import ROUTES
from harness.test_app.conversation_participants import participants_in
from harness.test_app.guard.conversation_owner import customers_in
from harness.test_app.request_effects import TABLE
from harness.tests.support.guarded_session import GuardedSession, open_guarded
from harness.tests.support.intercom_stand_in import StandIn, answer, page, playing


@pytest.fixture(scope="module")
def played_there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, Any]]:
    """What plays Intercom for all tests here."""
    played = StandIn()
    with playing(tmp_path_factory.mktemp("rooms"), played) as line:
        yield played, line


@pytest.fixture
def guarded(played_there: tuple[StandIn, Any], tmp_path: Path) -> Iterator[GuardedSession]:
    """A guarded of its own."""
    with open_guarded(*played_there, tmp_path) as guarded:
        yield guarded


def send(guarded: GuardedSession, method: str, target: str, body: Any = None, version: str = "2.11") -> tuple[int, str]:
    """Ask as the pipeline; the status, and why the guard refused."""
    outcome = guarded.send(guarded.request(method, target, body, intercom_version=version))
    return (outcome.response.status if outcome.response else 0), outcome.refused or ""


def teammate(guarded: GuardedSession) -> str:
    """The id of the workspace's teammate."""
    return str(guarded.played.ask("GET", "/admins")["admins"][0]["id"])


def room_of_ours(guarded: GuardedSession) -> str:
    """A conversation of this run's user that did not come about through the guard, as one from the Messenger."""
    body = {"from": {"type": "user", "id": guarded.mine["user"]}, "body": "Hello"}
    return str(guarded.played.ask("POST", "/conversations", body)["conversation_id"])


def customers(guarded: GuardedSession, room: str) -> list[str]:
    """Who is in a conversation."""
    return [one["id"] for one in guarded.played.ask("GET", f"/conversations/{room}")["contacts"]["contacts"]]


@pytest.mark.parametrize("found", [False, True])
def test_all_that_is_done_in_a_conversation_of_ours_passes(guarded: GuardedSession, found: bool) -> None:
    """Begun by this run, or found and with nobody else in it: it can be managed, shared among ours, redacted, ended."""
    room = room_of_ours(guarded) if found else guarded.mine["room"]
    admin = teammate(guarded)
    tag = guarded.played.ask("POST", "/tags", {"name": "vip"})["id"]
    source = guarded.played.ask("GET", f"/conversations/{room}")["source"]["id"]
    at = f"/conversations/{room}"
    managing = {"type": "admin", "admin_id": admin}
    calls: list[tuple[str, str, Any]] = [
        ("PUT", at, {"read": True, "title": "Spain"}),
        ("POST", f"{at}/parts", {**managing, "message_type": "assignment", "assignee_id": admin}),
        ("POST", f"{at}/parts", {**managing, "message_type": "close"}),
        ("POST", f"{at}/run_assignment_rules", None),
        ("POST", f"{at}/tags", {"id": tag, "admin_id": admin}),
        ("DELETE", f"{at}/tags/{tag}", {"admin_id": admin}),
        ("POST", f"{at}/customers", {"admin_id": admin, "customer": {"intercom_user_id": guarded.mine["lead"]}}),
        ("DELETE", f"{at}/customers/{guarded.mine['lead']}", {"admin_id": admin}),
        ("POST", "/conversations/redact", {"type": "source", "conversation_id": room, "source_id": source}),
    ]
    assert [send(guarded, *call) for call in calls] == [(200, "")] * len(calls)
    assert send(guarded, "DELETE", at, version="2.16") == (200, "")


def test_whoever_is_let_in_by_an_e_mail_that_nobody_has_is_cleared_away(guarded: GuardedSession) -> None:
    """Intercom makes a lead of them: it stands in the ledger, may be merged, and is gone at the end."""
    email = f"guest.{guarded.mine['marker']}@example.com"
    before = guarded.played.people()
    target = f"/conversations/{guarded.mine['room']}/customers"
    assert send(guarded, "POST", target, {"admin_id": teammate(guarded), "customer": {"email": email}}) == (200, "")
    (made,) = set(guarded.played.people()) - set(before)
    entries = guarded.session.ledger.open_entries()
    assert [entry.entity_id for entry in entries if entry.by == {"email": email}] == [made]
    assert send(guarded, "PUT", f"/contacts/{made}", {"name": "Guest"}) == (200, "")
    left = guarded.session.clean(guarded.session.ledger.open_entries())
    assert [one.entry.entity_id for one in left] == [guarded.mine["visited"]]
    assert made not in guarded.played.people()


def test_whoever_was_known_by_the_e_mail_is_written_down_once(guarded: GuardedSession) -> None:
    """Nobody is made, so nothing waits in the ledger for somebody who never comes."""
    before = len(guarded.session.ledger.open_entries())
    body = {"admin_id": teammate(guarded), "customer": {"email": f"bo.{guarded.mine['marker']}2@example.com"}}
    assert send(guarded, "POST", f"/conversations/{guarded.mine['room']}/customers", body) == (200, "")
    assert len(guarded.session.ledger.open_entries()) == before
    assert len(customers(guarded, guarded.mine["room"])) == 2


def test_a_guest_of_a_teammate_is_not_taken_for_the_one_let_in(guarded: GuardedSession) -> None:
    """Who turns up in the answer without having been asked for is nobody of this run's, and survives it."""
    body = {"admin_id": teammate(guarded), "customer": {"email": f"new.{guarded.mine['marker']}@example.com"}}
    assert send(guarded, "POST", f"/conversations/{guarded.mine['visited']}/customers", body) == (200, "")
    assert guarded.live["user"] not in guarded.session.guard.known.people
    left = guarded.session.clean(guarded.session.ledger.open_entries())
    assert [one.entry.entity_id for one in left] == [guarded.mine["visited"]]
    assert "somebody whom this run did not make is in conversation" in str(left[0])
    assert guarded.live["user"] in guarded.played.people()
    assert set(guarded.played.people()) == {guarded.live[name] for name in ("user", "lead", "visitor")}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("shared", "somebody whom this run did not make is in conversation"),
        ("room", "somebody whom this run did not make is in conversation"),
    ],
)
def test_the_reason_names_the_conversation_and_nobody(guarded: GuardedSession, target: str, told: str) -> None:
    """The refusal says what stands in the way, without telling of the other."""
    room = guarded.live[target]
    status, why = send(guarded, "POST", f"/conversations/{room}/parts", {"message_type": "close"})
    assert (status, why) == (403, f"guard, own entities: {told} {room}")


def test_a_stranger_who_only_spoke_there_counts(guarded: GuardedSession) -> None:
    """Somebody who was put out of a conversation again has left words in it."""
    room = room_of_ours(guarded)
    live = guarded.live["user"]
    admin = teammate(guarded)
    guarded.played.ask("POST", f"/conversations/{room}/customers", {"customer": {"intercom_user_id": live}})
    said = {"type": "user", "intercom_user_id": live, "message_type": "comment", "body": "x"}
    guarded.played.ask("POST", f"/conversations/{room}/reply", said)
    guarded.played.ask("DELETE", f"/conversations/{room}/customers/{live}", {"admin_id": admin})
    assert customers(guarded, room) == [guarded.mine["user"]]
    assert send(guarded, "DELETE", f"/conversations/{room}", version="2.16")[0] == 403


@pytest.mark.parametrize("fails", ["reads", "page", "nothing"])
def test_a_conversation_that_cannot_be_read_is_nobodys(guarded: GuardedSession, fails: str) -> None:
    """An error, a web page or an empty answer in place of the conversation lets nothing pass."""
    room = room_of_ours(guarded)
    instead: dict[str, Callable[[], Outcome]] = {
        "reads": lambda: answer(500, "server_error"),
        "page": page,
        "nothing": lambda: answer(404, "not_found"),
    }

    def fault(request: Request) -> Outcome | None:
        return instead[fails]() if request.method == "GET" and request.path.endswith(room) else None

    guarded.played.faults.append(fault)
    guarded.played.seen.clear()
    assert send(guarded, "PUT", f"/conversations/{room}", {"title": "x"})[0] == 403
    assert guarded.played.writes == []


@pytest.mark.parametrize("named", ["last", "../contacts/1", "١٢", "%31"])
def test_what_is_no_id_of_a_conversation_is_not_even_read(guarded: GuardedSession, named: str) -> None:
    """The guard's own reads go where a plain number leads, and nowhere else."""
    body = {"type": "source", "source_id": "1", "conversation_id": named}
    assert "by something else than its id" in send(guarded, "POST", "/conversations/redact", body)[1]
    assert guarded.played.seen == []


def test_a_second_deletion_hears_intercoms_own_answer(guarded: GuardedSession) -> None:
    """What was this run's and is gone hurts nobody, so the pipeline learns that it is gone."""
    target = f"/conversations/{guarded.mine['room']}"
    assert send(guarded, "DELETE", target, version="2.16") == (200, "")
    assert send(guarded, "DELETE", target, version="2.16") == (404, "")


def test_the_twenty_first_contact_is_not_let_in_either(guarded: GuardedSession) -> None:
    """An invitation by e-mail may make somebody, and there is room for twenty."""
    for number in range(18):
        guarded.session.ledger.intend(guarded.session.marker, "", "contact", {"email": f"{number}@example.com"})
    body = {"admin_id": "1", "customer": {"email": f"more.{guarded.mine['marker']}@example.com"}}
    why = send(guarded, "POST", f"/conversations/{guarded.mine['room']}/customers", body)[1]
    assert why.startswith("guard, contacts alive")


@pytest.mark.parametrize("body", [None, [], {}, {"contacts": None}, {"contacts": {"contacts": {}}}, {"contacts": []}])
def test_what_is_no_conversation_shows_nobody(body: Any) -> None:
    """It is told apart from a conversation without people."""
    assert participants_in(body) is None
    assert participants_in({"contacts": {"contacts": []}}) == frozenset()
    assert customers_in(body) == frozenset()


# --- the guard's table beside the sandbox's -------------------------------------------------------

REFUSED_ON_PURPOSE = {
    "PUT /data_attributes/{}": "settings of the workspace, which nobody could set back",
    "PUT /admins/{}/away": "a teammate of the workspace, who is no person of the run",
}


def test_every_write_of_the_sandbox_is_judged_or_refused_on_purpose() -> None:
    """What passes on the sandbox can pass on a TEST app, or stands here with the reason why not."""
    writes = {(route.method, _shape(route.pattern)) for route in ROUTES if route.method != "GET"}
    judged = {(operation.method, _shape(operation.pattern)) for operation in TABLE}
    assert {f"{method} {shape}" for method, shape in writes - judged} == REFUSED_ON_PURPOSE.keys()


def _shape(pattern: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in pattern.split("/"))
