"""Runs against a TEST app with something wrong on the way: told in a sentence, nothing left that no ledger knows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.core.errors import NotPossibleReason, Problem
from harness.core.http import Outcome, Request, Response
from harness.runner.case import Case
from harness.runner.run import Run
from harness.test_app.test_app_backend import ProxyRoute
from harness.test_app.test_app_session import AppSession
from harness.tests.support.doors import JSON
from harness.tests.support.intercom_stand_in import StandIn, answer, page, playing, surroundings
from harness.tests.support.test_app_run import LEAD, StandInRun, stand_in_run, things
from harness.verification import Verdict


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandInRun]:
    """A TEST app with two people who are nobody's business."""
    with stand_in_run(tmp_path) as opened:
        yield opened


def _when(path: str, outcome: Outcome, *, after: int = 0, method: str = "") -> Callable[[Request], Outcome | None]:
    seen = 0

    def fault(request: Request) -> Outcome | None:
        nonlocal seen
        if not request.path.startswith(path) or method not in ("", request.method):
            return None
        seen += 1
        return outcome if seen > after else None

    return fault


FAILURES: dict[str, tuple[Callable[[], Outcome], str]] = {
    "an expired token": (lambda: answer(401, "token_expired", "Token expired"), "expired"),
    "a revoked token": (lambda: answer(401, "token_revoked"), "revoked"),
    "a deleted app": (lambda: answer(401, "unauthorized", "Access Token Invalid"), "not accepted"),
    "a captive portal": (page, "web page"),
    "a portal's redirect": (lambda: Outcome(Response(302, {"location": "http://portal.example/"})), "elsewhere"),
    "a storm of 503": (lambda: answer(503, "service_unavailable"), "503"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_in_mid_run_is_told_and_the_ledger_knows_the_rest(stand_in: StandInRun, name: str) -> None:
    """The run says what is wrong and what to do; later, a sweep finds all that was made."""
    make, said = FAILURES[name]
    fault = _when("/", make(), after=12)
    with stand_in.run() as run:
        run.test_app()
        stand_in.played.faults.append(fault)
        result = stand_in.play(run, LEAD)
        assert said in result.problem, result
        assert "remedy" in result.problem
        assert run.test_app.leftovers
    stand_in.played.faults.clear()
    with pytest.raises(Problem, match="left"):
        stand_in.open().__enter__()
    assert stand_in.sweep() == []
    assert stand_in.played.people() == stand_in.live
    assert things(stand_in.played) == []


def test_a_missing_scope_is_named_and_the_rest_is_cleared_away(stand_in: StandInRun) -> None:
    """A token that may not read conversations speaks against the set-up, not against the pipeline."""
    with stand_in.run() as run:
        run.test_app()
        denied = answer(401, "token_unauthorized", "Not authorized to access resource")
        stand_in.played.faults.append(_when("/companies", denied))
        result = stand_in.play(run, LEAD)
    assert "may not do this" in result.problem
    assert "permissions" in result.problem
    assert stand_in.played.people() == stand_in.live


def test_the_wrong_region_is_told(tmp_path: Path) -> None:
    """A token of Europe does not open the United States."""
    played = StandIn(region="eu")
    with playing(tmp_path, played) as line:
        app = StandIn(region="us").settings
        wrong = type(app)(played.settings.token, played.app_id, "us", frozenset())
        with pytest.raises(Problem, match="not accepted") as caught:
            AppSession(wrong, surroundings(tmp_path, line)).open()
    assert "region" in caught.value.why
    assert "api.eu.intercom.io" in caught.value.why


def test_no_network_is_told(tmp_path: Path) -> None:
    """Nothing listens where the way should be."""
    with pytest.raises(Problem, match=r"blocked by a proxy|cannot be reached") as caught:
        AppSession(StandIn().settings, surroundings(tmp_path, ProxyRoute(proxy="http://127.0.0.1:9"))).open()
    assert caught.value.remedy


def test_a_name_that_cannot_be_resolved_is_told(tmp_path: Path) -> None:
    """Without a network there is no name service either."""
    with pytest.raises(Problem) as caught:
        AppSession(StandIn().settings, surroundings(tmp_path, ProxyRoute())).open()
    assert "resolved" in caught.value.what or "reached" in caught.value.what


def test_an_untrusted_certificate_is_told(stand_in: StandInRun) -> None:
    """Whoever opens TLS on the way is not trusted, and there is no switch for it."""
    bare = ProxyRoute(proxy=stand_in.line.proxy)
    with pytest.raises(Problem, match="not trusted") as caught:
        AppSession(stand_in.played.settings, surroundings(stand_in.folder, bare)).open()
    assert "never switched off" in caught.value.remedy
    assert stand_in.played.seen == []


def test_people_whom_intercom_archives_are_environment(stand_in: StandInRun) -> None:
    """A developer workspace archives the oldest: that speaks against no pipeline."""
    done = threading.Event()

    def archive(request: Request) -> Outcome | None:
        if request.path == "/contacts/merge" and not done.is_set():
            done.set()
            for contact_id in stand_in.played.people()[2:]:
                stand_in.played.ask("POST", f"/contacts/{contact_id}/archive")
        return None

    stand_in.played.faults.append(archive)
    with stand_in.run() as run:
        result = stand_in.play(run, LEAD)
    assert "archived people" in result.problem
    assert "20 contacts" in result.problem
    assert stand_in.played.people() == stand_in.live


def test_what_cannot_be_cleared_away_fails_the_run(stand_in: StandInRun) -> None:
    """A deletion that Intercom refuses leaves an entry, and the run says so."""
    stand_in.played.faults.append(_when("/contacts/", answer(403, "action_forbidden"), method="DELETE"))
    with stand_in.run() as run:
        result = stand_in.play(run, LEAD)
        assert run.test_app.leftovers
    assert "may still be in the TEST app" in result.problem
    assert "harness sweep" in result.problem
    stand_in.played.faults.clear()
    assert stand_in.sweep() == []
    assert stand_in.played.people() == stand_in.live


def test_a_job_is_not_run_where_it_would_fold_others(stand_in: StandInRun) -> None:
    """A lead of nobody's run who has a user's e-mail: a job that finds its people itself would have to touch them."""
    job = "jobs::test_a_lead_joins_the_user_with_the_same_email"
    with stand_in.run() as run:
        assert stand_in.play(run, job).trouble == f"NotPossibleHere: {NotPossibleReason.OTHERS}"
        stand_in.played.ask("PUT", f"/contacts/{stand_in.live[1]}", {"email": "elsewhere@customer.example"})
        assert stand_in.play(run, job).verdict is Verdict.PROVED
    assert stand_in.played.people() == stand_in.live


def test_ctrl_c_clears_away(stand_in: StandInRun) -> None:
    """An interruption in the middle of a scenario leaves nothing."""
    with stand_in.run() as run, pytest.raises(KeyboardInterrupt):
        _interrupted(run)
    assert stand_in.played.people() == stand_in.live
    assert things(stand_in.played) == []


def _interrupted(run: Run) -> None:
    with run.scenario(Case("cut", "case", "case")) as scenario:
        scenario.people.lead()
        raise KeyboardInterrupt


def test_a_pipeline_that_reaches_for_somebody_else_is_refuted(stand_in: StandInRun) -> None:
    """It is the pipeline's fault, and the live person is untouched."""
    victim = stand_in.live[1]
    with stand_in.run() as run, run.scenario(Case("wrong", "case", "case")) as scenario:
        user = scenario.people.user()
        lead = scenario.people.lead(email=user.email)
        scenario.pipeline.lead_to_user(type(lead)(victim, email=user.email), user)
        with pytest.raises(Problem, match="guard stopped") as caught:
            scenario.finish(passed=False)
        assert caught.value.refutes
        assert victim in caught.value.evidence
    assert stand_in.played.people() == stand_in.live


def test_more_than_twenty_contacts_are_never_alive(stand_in: StandInRun) -> None:
    """The guard counts, and refuses the one too many."""
    with stand_in.run() as run, run.scenario(Case("many", "case", "case")) as scenario:
        for _ in range(20):
            scenario.people.lead(says=None, tags=())
        with pytest.raises(Problem, match="could not be made"):
            scenario.people.lead(says=None, tags=())
        assert len(stand_in.played.people()) == len(stand_in.live) + 20
        with pytest.raises(Problem, match="harness's own request") as caught:
            scenario.finish(passed=False)
    assert "developer workspace" in caught.value.evidence
    assert stand_in.played.people() == stand_in.live


def test_an_answer_that_was_lost_is_found_again(stand_in: StandInRun) -> None:
    """The contact was made and nobody heard of it: the sweep finds it by what the ledger wrote down before."""
    lost: list[bytes] = []

    def lose(request: Request) -> Outcome | None:
        if request.path == "/contacts" and request.method == "POST" and not lost:
            made = stand_in.played.sandbox.handle(
                request.with_headers(authorization=f"Bearer sandbox-{stand_in.played.workspace}")
            )
            lost.append(made.body)
            return Outcome(Response(502, JSON, b"{}"))
        return None

    stand_in.played.faults.append(lose)
    with stand_in.run() as run:
        result = stand_in.play(run, LEAD)
    assert result.problem
    assert lost
    assert stand_in.sweep() == []
    assert stand_in.played.people() == stand_in.live
