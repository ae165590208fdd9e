"""Runs against a TEST app that a sandbox plays behind real TLS: scenarios, recordings, budget and courtesy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.clock import ManualClock
from harness.core.errors import NotPossibleReason, Problem
from harness.core.http import Outcome, Request
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support.intercom_stand_in import StandIn, playing
from harness.tests.support.test_app_run import LEAD, VISITOR, StandInRun, stand_in_run, things
from harness.verification import Verdict


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandInRun]:
    """A TEST app with two people who are nobody's business."""
    with stand_in_run(tmp_path) as opened:
        yield opened


# --- able to pass ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [LEAD, VISITOR, "refusals::test_an_unknown_visitor_is_not_converted"])
def test_a_scenario_is_proved_and_leaves_nothing(stand_in: StandInRun, key: str) -> None:
    """The same scenario as on the sandbox, and afterwards the TEST app is as it was."""
    with stand_in.run() as run:
        result = stand_in.play(run, key)
        assert (result.verdict, result.problem, result.trouble) == (Verdict.PROVED, "", "")
        assert run.test_app.leftovers == ()
    assert stand_in.played.people() == stand_in.live
    assert things(stand_in.played) == []


TIDY = """
import os
import requests

SENT = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.11"}

def ask(method, path, body=None):
    answer = requests.request(method, os.environ["INTERCOM_BASE_URL"] + path, json=body, headers=SENT, timeout=10)
    answer.raise_for_status()
    return answer.json()

class Tidy:
    may_write = ["conversations"]
    without = ["visitor_to_lead", "visitor_to_user"]

    def lead_to_user(self, lead, user):
        ask("POST", "/contacts/merge", {"from": lead.id, "into": user.id})
        admin = ask("GET", "/me")["id"]
        whose = {"field": "contact_ids", "operator": "=", "value": user.id}
        found = ask("POST", "/conversations/search", {"query": whose})
        for room in found["conversations"]:
            at = "/conversations/" + room["id"]
            ask("PUT", at, {"read": True})
            for done in ({"message_type": "assignment", "assignee_id": admin}, {"message_type": "close"}):
                ask("POST", at + "/parts", {"type": "admin", "admin_id": admin, **done})
"""


def test_a_pipeline_that_assigns_and_closes_what_was_said_passes_there_too(
    stand_in: StandInRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What passes on the sandbox passes on a TEST app, where the guard sees that the conversations are its people's."""
    (stand_in.folder / "tidying.py").write_text(TIDY)
    monkeypatch.syspath_prepend(stand_in.folder)
    with stand_in.run(pipeline="tidying:Tidy") as run:
        result = stand_in.play(run, LEAD)
        assert (result.verdict, result.problem, result.trouble) == (Verdict.PROVED, "", "")
    writes = list(stand_in.played.writes)
    merged = next(place for place, one in enumerate(writes) if one.path == "/contacts/merge")
    closed = [one for one in writes[merged:] if one.path.endswith("/parts") and b'"close"' in one.body]
    assert len(closed) == 2
    assert things(stand_in.played) == []


@pytest.mark.parametrize("region", ["eu", "au"])
def test_each_region_has_its_own_host(tmp_path: Path, region: str) -> None:
    """Nothing goes to the United States that belongs elsewhere."""
    played = StandIn(region=region)
    with playing(tmp_path, played) as line:
        stand_in = StandInRun(played, line, tmp_path)
        with stand_in.run() as run:
            assert stand_in.play(run, VISITOR).verdict is Verdict.PROVED
    assert {request.host for request in played.seen} == {f"api.{region}.intercom.io"}


def test_the_real_token_is_in_no_log(stand_in: StandInRun) -> None:
    """The pipeline, the gateway's log and the ledger know the stand-in only."""
    with stand_in.run() as run:
        result = stand_in.play(run, LEAD)
        told = repr(result.exchanges) + run.test_app().session.ledger.path.read_text()
    assert stand_in.played.token not in told


def test_without_a_browser_visitors_are_not_run_and_leads_are(stand_in: StandInRun) -> None:
    """The mark comes from a closed list, and a lead's bystanders do without a visitor."""
    stand_in.visitors = False
    with stand_in.run() as run:
        assert stand_in.play(run, VISITOR).trouble == f"NotPossibleHere: {NotPossibleReason.VISITORS}"
        assert stand_in.play(run, LEAD).verdict is Verdict.PROVED
    assert stand_in.played.people() == stand_in.live


def test_an_index_that_lags_for_ever_leaves_what_rests_on_lists_unknown(stand_in: StandInRun) -> None:
    """Reads by id prove the merge; that nobody else came or went is unknown, and never refuted."""
    stand_in.played.controls.update_settings({"index_delay": 600})
    with stand_in.run() as run:
        result = stand_in.play(run, LEAD)
        assert run.test_app().session.not_indexed
    assert result.verdict is Verdict.UNKNOWN
    verdicts = {claim.text: claim.verdict for claim in result.claims}
    assert verdicts["no other contact came or went"] is Verdict.UNKNOWN
    assert Verdict.REFUTED not in verdicts.values()
    assert [text for text, verdict in verdicts.items() if verdict is Verdict.PROVED]


def test_an_index_that_lags_is_waited_for(tmp_path: Path) -> None:
    """Lists show each change half a minute late: the run waits, and proves what it proves without a lag."""
    clock = ManualClock()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    played = StandIn(clock=clock)
    played.controls.update_settings({"index_delay": 30})
    with playing(tmp_path, played) as line:
        stand_in = StandInRun(played, line, tmp_path, changes={"sleep": sleep, "index_deadline": 60})
        with stand_in.run() as run:
            result = stand_in.play(run, LEAD)
            assert (result.verdict, run.test_app().session.not_indexed) == (Verdict.PROVED, ())
    assert sum(slept) >= 30


def test_a_recording_plays_without_the_test_app(stand_in: StandInRun) -> None:
    """The cassette holds the run's seed, so the people's marker comes back; no stranger and no token is in it."""
    stranger = "ada@" + "customer" + ".co"
    stand_in.played.ask("POST", "/contacts", {"role": "user", "email": stranger, "name": "Ada Stranger"})
    with stand_in.run(record=True) as run:
        assert stand_in.play(run, LEAD).verdict is Verdict.PROVED
        seed = run.test_app().session.seed
    (file,) = (stand_in.folder / "cassettes").rglob("*.json")
    text = file.read_text()
    assert json.loads(text)["metadata"]["seed"] == seed
    assert stranger not in text
    assert "Ada Stranger" not in text
    assert stand_in.played.token not in text
    replay = Run(RunOptions(against="cassette", cassettes=stand_in.folder / "cassettes"))
    assert stand_in.play(replay, LEAD).verdict is Verdict.PROVED
    replay.close()


# --- budget and courtesy --------------------------------------------------------------------------


def test_a_run_slows_down_below_the_limit(tmp_path: Path) -> None:
    """With 60 requests a window it waits for the next one, and never sees a 429."""
    clock = ManualClock()
    played = StandIn(clock=clock)
    played.controls.update_settings({"rate_limit": 60})
    statuses: list[int] = []
    with playing(tmp_path, played) as line:
        stand_in = StandInRun(played, line, tmp_path, changes={"sleep": clock.advance, "now": clock.now})
        played.faults.append(lambda request: _noted(played, request, statuses))
        with stand_in.run() as run:
            assert stand_in.play(run, LEAD).verdict is Verdict.PROVED
            assert run.test_app().session.backend.waited > 0
    assert 429 not in statuses
    assert len(statuses) > 100


def _noted(played: StandIn, request: Request, statuses: list[int]) -> Outcome:
    outcome = Outcome(played.sandbox.handle(request.with_headers(authorization=f"Bearer sandbox-{played.workspace}")))
    statuses.append(outcome.response.status if outcome.response else 0)
    return outcome


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_wrong_changes_nothing(tmp_path: Path, hours: int) -> None:
    """Waits are counted by Intercom's own Date header, so none lasts an hour."""
    clock = ManualClock()
    played = StandIn(clock=clock)
    played.controls.update_settings({"rate_limit": 60})
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    with playing(tmp_path, played) as line:
        wrong = {"sleep": sleep, "now": lambda: clock.now() + hours * 3600}
        stand_in = StandInRun(played, line, tmp_path, changes=wrong)
        with stand_in.run() as run:
            assert stand_in.play(run, LEAD).verdict is Verdict.PROVED
    assert slept
    assert max(slept) <= 60


def test_one_run_at_a_time_and_the_other_is_told_by_whom(stand_in: StandInRun) -> None:
    """The lock names its holder."""
    with stand_in.open(), pytest.raises(Problem, match="in use by another run") as caught:
        stand_in.open().__enter__()
    assert "harness run, process" in caught.value.evidence
