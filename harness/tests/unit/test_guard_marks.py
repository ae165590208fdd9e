"""What carries a run's mark: nothing is adopted or deleted that does not show it, and nobody loses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.core.http import Outcome, Request, Response
from harness.core.json_values import Json
from harness.test_app.cleanup.marks import is_among, shows_mark
from harness.test_app.request_effects import Kind
from harness.tests.support.guarded_session import GuardedSession, open_guarded
from harness.tests.support.intercom_stand_in import StandIn, playing

MARKER = "hx0123456789"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedSession]:
    """A session with people of its own beside live ones."""
    played = StandIn()
    with playing(tmp_path, played) as line, open_guarded(played, line, tmp_path) as guarded:
        yield guarded


def _shown_as(change: Mapping[str, Any]) -> Callable[[Request, Response], Response]:
    def alter(_: Request, response: Response) -> Response:
        return replace(response, body=json.dumps({**response.json(), **change}).encode())

    return alter


class _Altered:
    """The way to Intercom, with certain answers altered on their way back."""

    def __init__(self, guarded: GuardedSession, alter: Mapping[str, Callable[[Request, Response], Response]]) -> None:
        self._real, self._alter = guarded.session.guard._line, alter
        self.deleted: list[str] = []

    def handle(self, request: Request) -> Outcome:
        """Ask, and alter."""
        if request.method == "DELETE":
            self.deleted.append(request.path)
        outcome = self._real.handle(request)
        change = self._alter.get(f"{request.method} {request.path}")
        if change is None or not isinstance(outcome.answer, Response) or outcome.answer.status >= 300:
            return outcome
        return replace(outcome, answer=change(request, outcome.answer))

    def take_troubles(self) -> list[Any]:
        """Hand them on."""
        return self._real.take_troubles()


def _through(guarded: GuardedSession, **alter: Callable[[Request, Response], Response]) -> _Altered:
    way = _Altered(guarded, alter)
    guarded.session.guard._line = way
    return way


def test_an_id_whose_read_shows_no_marker_is_not_adopted(guarded: GuardedSession) -> None:
    """Intercom answers a creation with somebody else's id: nothing of theirs passes the guard, or is deleted."""
    victim, marker = guarded.live["user"], guarded.session.marker
    way = _through(guarded)
    theirs = guarded.played.ask("GET", f"/contacts/{victim}")
    way._alter = {"POST /contacts": lambda _, response: replace(response, body=json.dumps(theirs).encode())}
    sent = guarded.request("POST", "/contacts", {"role": "user", "email": f"cy.{marker}9@example.com"})
    answered = guarded.session.guard.middleware(sent, way.handle).response
    assert answered is not None
    assert answered.json()["id"] == victim
    assert victim not in guarded.session.guard.known.people
    assert guarded.send(guarded.request("DELETE", f"/contacts/{victim}")).refused
    guarded.session.clean(guarded.session.ledger.open_entries())
    assert f"/contacts/{victim}" not in way.deleted
    assert guarded.played.ask("GET", f"/contacts/{victim}")["id"] == victim


def test_nothing_is_deleted_that_shows_no_marker_any_more(guarded: GuardedSession) -> None:
    """A read just before the deletion decides; what shows no marker is left alone and named."""
    mine = guarded.mine["user"]
    blank = {"email": "someone@customer.example", "external_id": None, "name": "Someone"}
    way = _through(guarded)
    way._alter = {f"GET /contacts/{mine}": _shown_as(blank)}
    entries = [one for one in guarded.session.ledger.open_entries() if one.entity_id == mine]
    left = guarded.session.clean(entries)
    assert [one.entry.entity_id for one in left] == [mine]
    assert "does not show the marker of its run" in str(left[0])
    assert f"/contacts/{mine}" not in way.deleted
    way._alter = {}
    assert guarded.session.clean(entries) == []
    assert f"/contacts/{mine}" in way.deleted


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        ({"email": None}, False),
        ({"email": ""}, False),
        ({"email": "", "external_id": None}, False),
        ({"external_id": ""}, False),
        ({"email": None, "external_id": "{marker}-7"}, True),
        ({"email": "new.{marker}@example.com", "external_id": None}, True),
        ({"name": "Somebody else"}, True),
    ],
)
def test_the_marker_cannot_be_taken_off_a_person(guarded: GuardedSession, body: dict[str, Any], passes: bool) -> None:
    """An update that empties what carries it is refused, unless it gives the marker another place."""
    marker = guarded.session.marker
    filled = {name: value.format(marker=marker) if value else value for name, value in body.items()}
    outcome = guarded.send(guarded.request("PUT", f"/contacts/{guarded.mine['user']}", filled))
    assert bool(outcome.refused) is not passes, outcome


def test_somebody_with_the_marker_in_the_name_alone_keeps_it_there(guarded: GuardedSession) -> None:
    """A lead without e-mail is renamed only to a name that carries the marker."""
    marker = guarded.session.marker
    made = guarded.send(guarded.request("POST", "/contacts", {"role": "lead", "name": f"Di {marker}"})).response
    assert made is not None
    path = f"/contacts/{made.json()['id']}"
    assert "marker kept" in str(guarded.send(guarded.request("PUT", path, {"name": "Di"})).refused)
    assert not guarded.send(guarded.request("PUT", path, {"name": f"Diana {marker}"})).refused
    assert not guarded.send(guarded.request("PUT", path, {"custom_attributes": {}})).refused


@pytest.mark.parametrize(
    ("kind", "shown", "ours"),
    [
        ("contact", {"email": f"A.{MARKER.upper()}@EXAMPLE.COM"}, True),
        ("contact", {"external_id": f"{MARKER}-1"}, True),
        ("contact", {"custom_attributes": {"note": MARKER}}, False),
        ("contact", {"email": None, "name": None}, False),
        ("contact", None, False),
        ("visitor", {"user_id": "0b5ef7a0-u"}, True),
        ("visitor", {"user_id": ""}, False),
        ("company", {"company_id": f"{MARKER}c"}, True),
        ("company", {"company_id": "acme", "name": MARKER}, False),
        ("tag", {"name": f"vip {MARKER}"}, True),
        ("tag", {"name": "vip"}, False),
        ("conversation", {"title": MARKER}, False),
    ],
)
def test_what_shows_the_mark(kind: Kind, shown: Json, ours: bool) -> None:
    """Each kind has its own fields; a value that anybody may write proves nothing."""
    assert shows_mark(kind, shown, MARKER, ("0b5ef7a0-u", "")) is ours


def test_a_conversation_is_a_runs_own_if_all_in_it_are() -> None:
    """Nobody in it, or somebody else beside its people, is not enough."""
    assert is_among({"1", "2"}, {"1", "2", "3"})
    assert not is_among({"1", "9"}, {"1"})
    assert not is_among(set(), {"1"})
    assert not is_among(None, {"1"})
