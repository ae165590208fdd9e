"""The guard and bodies: what is sent is what was judged, and a body that is understood passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.test_app.guard.body_fields import BODIES
from harness.test_app.request_effects import TABLE
from harness.test_app.test_app_backend import ProxyRoute
from harness.tests.support.guarded_session import GuardedSession, open_guarded
from harness.tests.support.intercom_stand_in import StandIn, answer, playing


@pytest.fixture(scope="module")
def played_there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, ProxyRoute]]:
    """What plays Intercom for all tests here."""
    played = StandIn()
    with playing(tmp_path_factory.mktemp("bodies"), played) as line:
        yield played, line


@pytest.fixture
def guarded(played_there: tuple[StandIn, ProxyRoute], tmp_path: Path) -> Iterator[GuardedSession]:
    """A guarded session of its own."""
    with open_guarded(*played_there, tmp_path) as guarded:
        yield guarded


def change(guarded: GuardedSession, body: Any, **headers: str) -> tuple[int, str]:
    """Change this run's own contact; the status, and why the guard refused."""
    outcome = guarded.send(guarded.request("PUT", f"/contacts/{guarded.mine['user']}", body, **headers))
    return (outcome.response.status if outcome.response else 0), outcome.refused or ""


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'Application/JSON; charset="utf-8"',
    ],
)
def test_what_is_sent_was_written_anew_from_what_was_judged(guarded: GuardedSession, kind: str) -> None:
    """Escapes, blanks and the form of the media type do not reach Intercom; the values do."""
    assert change(guarded, b' {"n\\u0061me" :  "Z\\u00fcl\\/e"}\n', content_type=kind) == (200, "")
    (sent,) = guarded.played.writes
    assert sent.body == '{"name": "Zül/e"}'.encode()
    assert sent.headers["content-type"] == "application/json"


@pytest.mark.parametrize("kind", ["text/json", "application/json; charset=utf-16", "application/x-json", ""])
def test_another_media_type_is_answered_415_by_the_guard(guarded: GuardedSession, kind: str) -> None:
    """The answer says what was wanted and comes from the harness; nothing reaches Intercom."""
    status, why = change(guarded, {"name": "Ada"}, content_type=kind)
    assert (status, "application/json" in why) == (415, True)
    assert guarded.played.writes == []


def test_the_live_company_of_the_attack_is_as_it_was(guarded: GuardedSession) -> None:
    """A 1.x user with an embedded company changes the user alone, which means that it does not pass."""
    read = "/companies?company_id=acme"
    before = guarded.played.ask("GET", read)
    body = {"user_id": f"{guarded.mine['marker']}-1", "companies": [{"name": "Acme", "plan": "free"}]}
    outcome = guarded.send(guarded.request("POST", "/users", body, intercom_version="1.4"))
    assert outcome.refused == "guard, known fields: companies: what is embedded here would be made or changed as well"
    assert guarded.played.ask("GET", read) == before


def test_an_attribute_that_the_workspace_has_passes_in_1x(guarded: GuardedSession) -> None:
    """Nothing is made by it; an empty list of companies, as clients send it, is no company either."""
    guarded.played.ask("POST", "/data_attributes", {"name": "colour", "model": "contact", "data_type": "string"})
    body = {
        "user_id": f"{guarded.mine['marker']}-1",
        "custom_attributes": {"colour": "red"},
        "companies": [],
        "avatar": {"type": "avatar", "image_url": None},
    }
    outcome = guarded.send(guarded.request("POST", "/users", body, intercom_version="1.4"))
    assert outcome.refused is None
    assert outcome.response is not None
    assert outcome.response.json()["custom_attributes"]["colour"] == "red"


def test_attributes_that_cannot_be_read_are_taken_for_new(guarded: GuardedSession) -> None:
    """An error in place of the list lets no attribute pass that could be made by it."""
    guarded.played.ask("POST", "/data_attributes", {"name": "colour", "model": "contact", "data_type": "string"})
    failure = answer(500, "server_error")
    guarded.played.faults.append(lambda request: failure if request.path == "/data_attributes" else None)
    body = {"user_id": f"{guarded.mine['marker']}-1", "custom_attributes": {"colour": "red"}}
    outcome = guarded.send(guarded.request("POST", "/users", body, intercom_version="1.4"))
    assert "would be made and stay" in (outcome.refused or "")


def test_values_of_this_run_pass(guarded: GuardedSession) -> None:
    """A fictional number, the token's own teammate as owner, and an event with the run's marker."""
    teammate = guarded.played.ask("GET", "/me")["id"]
    assert change(guarded, {"phone": "+1 (202) 555-0143", "owner_id": teammate}) == (200, "")
    event = {"id": guarded.mine["user"], "event_name": f"asked {guarded.mine['marker']}", "created_at": 1}
    outcome = guarded.send(guarded.request("POST", "/events", {**event, "metadata": {"n": 1}}))
    assert (outcome.refused, outcome.response and outcome.response.status) == (None, 202)


def test_each_row_of_fields_belongs_to_a_write() -> None:
    """A row under a label that the table does not have would allow nothing."""
    writes = {operation.label for operation in TABLE if operation.effect != "reads"}
    assert BODIES.keys() <= writes


def test_an_empty_body_stays_empty(guarded: GuardedSession) -> None:
    """A write without a body is sent without one, and blanks are none."""
    archive = guarded.request("POST", f"/contacts/{guarded.mine['user']}/archive", b" \n")
    assert guarded.send(archive).refused is None
    assert [one.body for one in guarded.played.writes] == [b""]
