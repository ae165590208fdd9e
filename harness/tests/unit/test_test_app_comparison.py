"""Sandbox, cassette and TEST app side by side: who is wrong at each place, and how much it matters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cassette.format.document import Cassette, Interaction
from harness.cassette.review.drift import Drift
from harness.cli.comparison import blame, compare, parse_against, recording
from harness.cli.comparison_rows import Blame, Comparison
from harness.core.errors import Problem
from harness.core.http import Outcome, Request, Response
from harness.runner.case import ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support.intercom_stand_in import StandIn, answer, playing
from harness.tests.support.test_app_run import LEAD, VISITOR, StandInRun
from harness.verification import Verdict

LOST = "resilience::test_an_answer_is_lost_in_another_way[lead_joins_user-error_502]"
TOGETHER = "resilience::test_two_workers_merge_the_same_lead"
VALUE = Drift("value", "GET /contacts/{id}", "$.name", "Ada", "ada")
ANSWERED_429 = Drift("status", "GET /contacts/{id}", "", 429, 200)


@pytest.mark.parametrize(
    ("sandbox", "cassette", "recorded_from", "expected"),
    [
        (VALUE, None, "sandbox", "sandbox wrong"),
        (VALUE, None, "test-app", "sandbox wrong"),
        (VALUE, VALUE, "sandbox", "sandbox wrong"),
        (VALUE, VALUE, "test-app", "Intercom moved"),
        (None, VALUE, "test-app", "Intercom moved"),
        (None, VALUE, "sandbox", "recording stale"),
        (ANSWERED_429, None, "sandbox", "environment"),
        (None, ANSWERED_429, "test-app", "environment"),
        (replace(ANSWERED_429, recorded=None), None, "sandbox", "environment"),
        (replace(ANSWERED_429, recorded=404), None, "sandbox", "sandbox wrong"),
    ],
)
def test_who_is_wrong_follows_from_who_differs(
    sandbox: Drift | None, cassette: Drift | None, recorded_from: str, expected: Blame
) -> None:
    """A cassette of the sandbox is as wrong as the sandbox was; one of Intercom shows that Intercom changed."""
    assert blame(sandbox, cassette, recorded_from) == expected


@pytest.mark.parametrize("text", ["", "test-app", "sandbox,elsewhere", ","])
def test_only_sandbox_and_cassette_can_be_compared(text: str) -> None:
    """Anything else is a mistake that is told."""
    with pytest.raises(Problem, match="can be compared"):
        parse_against(text)
    assert parse_against("cassette, sandbox") == ("sandbox", "cassette")


@contextmanager
def _run(folder: Path, change: Any = None) -> Iterator[tuple[StandInRun, Run]]:
    played = StandIn()
    played.ask("POST", "/contacts", {"role": "user", "email": "real@customer.example", "name": "Somebody Else"})
    if change is not None:
        played.faults.append(lambda request: change(played, request))
    with playing(folder, played) as line:
        stand_in = StandInRun(played, line, folder)
        with stand_in.run() as run:
            yield stand_in, run


@contextmanager
def _played(folder: Path, key: str, change: Any = None) -> Iterator[ScenarioResult]:
    with _run(folder, change) as (stand_in, run):
        yield stand_in.play(run, key)


def test_a_test_app_that_does_as_the_sandbox_does_shows_no_difference(tmp_path: Path) -> None:
    """Ids, times, strangers, attributes of an earlier scenario, and faults differ by nature, and count for nothing."""
    with _run(tmp_path) as (stand_in, run):
        results = [stand_in.play(run, key) for key in (LEAD, VISITOR, LOST, TOGETHER)]
    assert [result.verdict for result in results] == [Verdict.PROVED] * 4, results
    comparison = compare(results, ("sandbox",), lambda _: None)
    assert len(comparison.compared) == 3
    assert list(comparison.without) == [TOGETHER]
    assert [str(one) for one in comparison.differences] == []
    text = json.dumps([str(i.outcome.response) for i in recording(results[0]).interactions])
    assert "Somebody Else" not in text


def _moved(played: StandIn, request: Request) -> Outcome | None:
    """Intercom has a new field, and calls a role otherwise."""
    if request.method != "POST" or request.path != "/contacts/merge":
        return None
    bearer = f"Bearer sandbox-{played.workspace}"
    answered = played.sandbox.handle(request.with_headers(authorization=bearer))
    body = answered.json()
    body |= {"new_field": 1, "has_hard_bounced": "no"}
    return Outcome(Response(answered.status, answered.headers, json.dumps(body).encode()))


def test_each_difference_is_told_with_its_place_and_tier(tmp_path: Path) -> None:
    """A field more is information for the reader of the sandbox's answer, another type is an error."""
    with _played(tmp_path, LEAD, _moved) as result:
        comparison = compare([result], ("sandbox",), lambda _: None)
    found = {one.path: (one.tier, one.blame) for one in comparison.differences}
    assert found["$.has_hard_bounced"] == ("error", "sandbox wrong")
    assert found["$.new_field"][1] == "sandbox wrong"
    assert {one.operation for one in comparison.differences} == {"POST /contacts/merge"}
    lines = list(comparison.lines())
    assert "error" in lines[1]


def test_a_cassette_of_the_same_day_differs_in_nothing(tmp_path: Path) -> None:
    """The sandbox's cassette of the scenario, held against a TEST app that does as the sandbox does."""
    committed = _recorded(tmp_path)
    with _played(tmp_path, LEAD) as result:
        comparison = compare([result], ("cassette",), lambda _: committed)
    errors = [str(one) for one in comparison.differences if one.tier == "error"]
    assert errors == []


def test_a_cassette_that_intercom_left_behind_is_told(tmp_path: Path) -> None:
    """A recording of Intercom that says less than Intercom says now: it moved."""
    committed = _recorded(tmp_path)
    committed = replace(committed, header=replace(committed.header, recorded_from="test-app"))
    with _played(tmp_path, LEAD, _moved) as result:
        comparison = compare([result], ("sandbox", "cassette"), lambda _: committed)
    found = {one.path: one for one in comparison.differences if one.operation == "POST /contacts/merge"}
    assert found["$.has_hard_bounced"].blame == "Intercom moved"
    assert found["$.has_hard_bounced"].differs_from == ("sandbox", "cassette")


def test_a_recording_that_says_less_than_sandbox_and_test_app_is_stale(tmp_path: Path) -> None:
    """A cassette of an older sandbox lacks a field that both have now; and a refusal of the day is environment."""
    committed = _without(_recorded(tmp_path), "has_hard_bounced")

    def refuse(_: StandIn, request: Request) -> Outcome | None:
        return answer(403, "action_forbidden") if request.path.endswith("/subscriptions") else None

    with _played(tmp_path, LEAD, refuse) as result:
        comparison = compare([result], ("sandbox", "cassette"), lambda _: committed)
    found = {(one.operation, one.path): one for one in comparison.differences}
    stale = found["POST /contacts/merge", "$.has_hard_bounced"]
    assert (stale.blame, stale.tier, stale.differs_from) == ("recording stale", "warning", ("cassette",))
    refused = found["GET /contacts/{id}/subscriptions", ""]
    assert (refused.blame, refused.tier, refused.test_app) == ("environment", "error", 403)
    assert {one.blame for one in comparison.differences} == {"recording stale", "environment"}


def _without(cassette: Cassette, name: str) -> Cassette:
    def older(interaction: Interaction) -> Interaction:
        response = interaction.outcome.response
        if response is None or interaction.request.path != "/contacts/merge":
            return interaction
        body = {key: value for key, value in response.json().items() if key != name}
        said = replace(response, body=json.dumps(body).encode())
        return replace(interaction, outcome=replace(interaction.outcome, answer=said))

    return replace(cassette, interactions=tuple(map(older, cassette.interactions)))


def _recorded(folder: Path) -> Cassette:
    from harness.cassette import load

    run = Run(RunOptions(cassettes=folder / "committed", record=True))
    StandInRun(StandIn(), None, folder).play(run, LEAD)  # type: ignore[arg-type]
    run.close()
    (file,) = (folder / "committed").rglob("*.json")
    return load(file)


def test_evidence_is_dated_and_holds_each_side() -> None:
    """It can be committed as it stands."""
    comparison = Comparison(("sandbox",), compared=["a::b"])
    data = comparison.as_data(1_767_225_600.0, region="us", harness="0.1.0")
    assert data["recorded_at"] == "2026-01-01T00:00:00Z"
    assert data["scenarios"] == ["a::b"]
    json.dumps(data)
