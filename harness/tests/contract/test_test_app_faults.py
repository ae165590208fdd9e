"""Faults and webhooks against a TEST app, rehearsed: answers are spoiled, nothing is written that was not asked for."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.errors import NotPossibleHere, NotPossibleReason
from harness.runner.case import Case
from harness.tests.support.intercom_stand_in import StandIn, playing
from harness.tests.support.stock_scenarios import cases_in
from harness.tests.support.test_app_run import StandInRun
from harness.verification import Verdict
from harness.zoo.playing import Played


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandInRun]:
    """A TEST app in which nobody lives."""
    played = StandIn()
    with playing(tmp_path, played) as line:
        yield StandInRun(played, line, tmp_path)


STAGED = {
    "resilience::test_an_answer_is_lost[lead_joins_user]": 1,
    "resilience::test_a_connection_breaks_before_the_work[lead_becomes_user]": 0,
}
"""Each with how many conversions more than one reach Intercom: what was lost is asked for again, and refused."""


@pytest.mark.parametrize("key", STAGED)
def test_a_fault_spoils_an_answer_and_writes_nothing_more(stand_in: StandInRun, key: str) -> None:
    """The scenario is proved as on the sandbox, and what reached the TEST app is what the pipeline asked for."""
    with stand_in.run() as run:
        before = len(stand_in.played.seen)
        result = stand_in.play(run, key)
        assert (result.verdict, result.problem, result.trouble) == (Verdict.PROVED, "", "")
        assert run.test_app.leftovers == ()
    own = [one for one in result.exchanges if one.request.caller == "pipeline" and one.request.method != "GET"]
    spared = sum(one.outcome.fault == "reset_before" for one in own)
    asked = Counter((one.request.method, one.request.path) for one in own)
    paths = set(asked)
    seen = [(one.method, one.path) for one in stand_in.played.seen[before:]]
    reached = Counter(one for one in seen if one in paths)
    assert reached.total() == asked.total() - spared == 1 + STAGED[key]
    assert stand_in.played.people() == []


def test_webhooks_are_not_run_there_and_say_why(stand_in: StandInRun) -> None:
    """Intercom tells public addresses only; what can be set of a sandbox alone says so as well."""
    (webhook,) = [one for one in cases_in("webhooks") if one.name == "test_a_webhook_comes_before_the_answer"]
    assert "webhooks" in inspect.signature(webhook.function).parameters
    with stand_in.run() as run, run.scenario(Case(webhook.module, webhook.name, webhook.title)) as scenario:
        with pytest.raises(NotPossibleHere) as told:
            scenario.intercom.subscribe()
        assert told.value.mark is NotPossibleReason.WEBHOOKS
        with pytest.raises(NotPossibleHere) as told:
            scenario.intercom.search_lags()
        assert told.value.mark is NotPossibleReason.SETTINGS
        scenario.intercom.set(rate_limit=3)
        with pytest.raises(NotPossibleHere) as told:
            scenario.intercom.begin()
        assert told.value.mark is NotPossibleReason.SETTINGS


@pytest.mark.parametrize("case", cases_in("webhooks"), ids=str)
def test_a_scenario_of_webhooks_is_not_run_there(stand_in: StandInRun, case: Played) -> None:
    """It is neither proved nor an error, and nobody was made; the one that uses no webhook is proved."""
    with stand_in.run() as run:
        result = stand_in.play(run, str(case))
    assert result.problem == ""
    if "webhooks" in inspect.signature(case.function).parameters:
        assert result.trouble == f"NotPossibleHere: {NotPossibleReason.WEBHOOKS}"
        assert [one.path for one in stand_in.played.seen if one.method == "POST"] == []
    else:
        assert (result.verdict, result.trouble) == (Verdict.PROVED, "")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("lead_to_user::test_an_external_id_looks_like_something_else[word]", NotPossibleReason.IDENTIFIERS),
        ("visitor_to_user_create::test_an_external_id_looks_like_something_else[uuid]", NotPossibleReason.IDENTIFIERS),
        ("lead_to_user::test_other_users_have_nearly_the_same_email", NotPossibleReason.IDENTIFIERS),
        ("lead_to_user::test_attributes_are_spelled_in_many_ways", NotPossibleReason.ATTRIBUTES),
    ],
)
def test_what_the_guard_would_stop_is_not_run(stand_in: StandInRun, key: str, reason: NotPossibleReason) -> None:
    """A scenario whose people cannot carry the run's marker speaks against no pipeline."""
    with stand_in.run() as run:
        result = stand_in.play(run, key)
        assert (result.problem, result.trouble) == ("", f"NotPossibleHere: {reason}")
        assert run.test_app.leftovers == ()
    assert stand_in.played.people() == []
