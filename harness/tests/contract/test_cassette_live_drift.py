"""Recordings asked again of a TEST app that a sandbox plays behind TLS: nobody touched, nothing left behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from harness.cassette import Cassette, Interaction, Redactor, load
from harness.cassette.recording.marking import under_marker
from harness.cassette.recording.writer import write
from harness.cli.live_drift import STAND_IN, CannotAsk, LiveDrift
from harness.core.http import Outcome, Response
from harness.people.carried import ATTRIBUTES
from harness.people.variety import external_id_of
from harness.runner.test_app_wiring import GuardedApp
from harness.test_app.test_app_session import AppSession
from harness.test_app.visitors.origin import LedgeredOrigin
from harness.tests.support.intercom_stand_in import StandIn, playing, surroundings
from harness.tests.support.recordings import ask, header

ROOT = Path(__file__).resolve().parents[3]
MARKER = "hx00000000ab"


@dataclass
class DriftPinging:
    """Visitors as the Messenger makes them, without a browser."""

    played: StandIn
    can_visit: bool = True

    def visit(self, traits: Any) -> dict[str, Any]:
        """One visitor."""
        return self.played.visit(traits)


@contextmanager
def asking(folder: Path, played: StandIn) -> Iterator[LiveDrift]:
    """A TEST app in which others live, open for being asked."""
    played.ask("POST", "/contacts", {"role": "user", "email": "real@customer.example", "name": "Real Person"})
    with playing(folder, played) as line:
        session = AppSession(
            played.settings,
            surroundings(folder, line),
            stand_in=STAND_IN,
            attributes=frozenset(ATTRIBUTES),
        )
        with session:
            yield LiveDrift(GuardedApp(session, LedgeredOrigin((DriftPinging(played),), session)))


def committed(name: str) -> Path:
    """One of the project's own cassettes."""
    return ROOT / "cassettes" / name


LEAD = "lead_to_user/a_lead_who_chatted_merges_into_the_user_they_turn_out_to_be.json"
VISITOR = "visitor_to_lead/a_visitor_becomes_a_lead-user_id.json"
UNUSUAL = (
    "resilience/the_server_fails_after_the_work-visitor_becomes_lead.json",
    "refusals/an_archived_twin_is_not_doubled_by_a_lead-by_id.json",
    "resilience/a_call_comes_twice-visitor_joins_user.json",
    "lead_to_user/a_name_stays_as_it_is_written-one_word.json",
)
"""Names with an ampersand, events, an external id with blanks, a name that the scenario itself gives."""
CROWD = "jobs/more_people_than_a_page_shows-lead.json"


@pytest.mark.parametrize("name", [LEAD, VISITOR, *UNUSUAL])
def test_a_recording_holds_at_a_test_app(tmp_path: Path, name: str) -> None:
    """The same requests under this run's marker, ids bound as they come; whoever lives there does not count."""
    played = StandIn()
    with asking(tmp_path, played) as live:
        before = played.people()
        assert [str(drift) for drift in live.of(committed(name))] == []
        assert live.way.session.leftovers() == ()
        assert played.people()[0] == before[0]
        real = played.ask("GET", f"/contacts/{before[0]}")
    assert (real["name"], real["tags"]["data"]) == ("Real Person", [])


def test_what_it_answers_otherwise_is_told_without_anybody_s_name(tmp_path: Path) -> None:
    """Another role and a field that is gone, in their tiers."""
    cassette = load(committed(VISITOR))
    changed = [
        replace(
            found,
            outcome=replace(
                found.outcome,
                answer=replace(response, body=response.body.replace(b'"role":"lead"', b'"role":"user","was":"Ann"')),
            ),
        )
        if (response := found.outcome.response) and found.caller == "pipeline"
        else found
        for found in cassette.interactions
    ]
    path = tmp_path / "changed.json"
    write(path, Cassette(cassette.header, tuple(changed)), Redactor.for_header(cassette.header))
    with asking(tmp_path, StandIn()) as live:
        found = live.of(path)
    assert {(drift.kind, drift.tier) for drift in found} == {("role", "error"), ("removed", "warning")}


def test_what_the_guard_stops_is_no_drift(tmp_path: Path) -> None:
    """More people than a developer workspace keeps, under e-mails of the scenario's own; all is cleared away."""
    with asking(tmp_path, StandIn()) as live:
        with pytest.raises(CannotAsk, match="guard"):
            live.of(committed(CROWD))
        assert live.way.session.leftovers() == ()


def test_people_are_called_as_this_run_would_call_them() -> None:
    """E-mail, external id, company, tag and name, in requests and answers; not what merely reads like a tag."""
    cassette = load(committed(LEAD))
    marked = under_marker(cassette, MARKER)
    before, after = (b"".join(one.request.body for one in found.interactions) for found in (cassette, marked))
    for person in cassette.header.people:
        local, _, domain = str(person["email"]).partition("@") if "email" in person else ("", "", "")
        if local and str(person["email"]).encode() in before:
            assert f"{local}.{MARKER}@{domain}".encode() in after
            assert str(person["email"]).encode() not in after
    assert b'"name":"trial ' + MARKER.encode() in after
    assert b'"plan":"trial"' in after
    again = under_marker(marked, "hx00000000cd", MARKER)
    assert MARKER.encode() not in b"".join(one.request.body for one in again.interactions)
    assert under_marker(again, MARKER, "hx00000000cd").interactions == marked.interactions


HTML = {
    "Ann O'Neil & Sons": "<p>Ann O&#39;Neil &amp; Sons called</p>",
    '"Bo" <Bo & Co>': "<p>&quot;Bo&quot; &lt;Bo &amp; Co&gt; called</p>",
    "Zoë & Łukasz": "<p>Zoë &#38; Łukasz called</p>",
}


@pytest.mark.parametrize("name", HTML)
def test_a_name_carries_the_marker_in_html_too(name: str) -> None:
    """Notes, messages and names of people come back as HTML: a name is the same person's there."""
    shown = {"type": "note", "body": HTML[name]}
    request = ask("POST", "/contacts/1/notes", {"body": f"{name} called"})
    found = Interaction(request, Outcome(Response(200, {}, json.dumps(shown).encode())), "given", "harness")
    marked = under_marker(Cassette(header(people=({"kind": "lead", "name": name},)), (found,)), MARKER).interactions[0]
    assert json.loads(marked.request.body)["body"] == f"{name} {MARKER} called"
    assert marked.outcome.response is not None
    assert marked.outcome.response.json()["body"] == HTML[name].replace(" called", f" {MARKER} called")


@pytest.mark.parametrize("external_id", ["shop/12#3", "a+b 12 3", "12@3", "0012", "Account-12-3"])
def test_an_external_id_is_plain_under_a_marker(external_id: str) -> None:
    """As a run against a TEST app would have drawn it, in bodies and in paths, where it is encoded."""
    person = {"kind": "user", "external_id": external_id, "email": "kim.1@example.com"}
    path = f"/contacts/find_by_external_id/{quote(external_id, safe='')}"
    found = Interaction(ask("GET", path), Outcome(Response(200, {}, json.dumps(person).encode())), "given", "harness")
    marked = under_marker(Cassette(header(people=(person,)), (found,)), MARKER).interactions[0]
    plain = external_id_of(Random(1), 0, "0", MARKER)
    assert plain.startswith(MARKER)
    assert marked.request.target.rpartition("/")[2] == MARKER + re.sub(r"[^\w-]", "-", external_id)
    assert marked.outcome.response is not None
    assert marked.outcome.response.json()["email"] == f"kim.1.{MARKER}@example.com"
