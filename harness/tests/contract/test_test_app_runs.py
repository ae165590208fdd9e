"""Runs against a TEST app that a sandbox plays behind real TLS: scenarios, failures on the way, and what is left.

Whatever goes wrong: a sentence that says so, nothing of anybody else's touched, and nothing left that no ledger knows.
"""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.backstage import RUN_TOKEN
from harness.clock import ManualClock
from harness.exchange import Outcome, Request, Response
from harness.guarded import GuardedApp
from harness.options import RunOptions
from harness.problems import NotStaged, Problem, Unstaged
from harness.run import Run
from harness.scenario import Case, ScenarioResult
from harness.test_app.backend import Line
from harness.test_app.session import AppSession
from harness.test_app.visitors import LedgeredOrigin
from harness.tests.doors import JSON
from harness.tests.intercom import Played, answer, page, playing, surroundings
from harness.tests.playing import cases_in
from harness.verification import NotProved, Verdict

LEAD = "lead_to_user::test_a_lead_who_chatted_merges_into_the_user_they_turn_out_to_be"
VISITOR = "visitor_to_lead::test_a_visitor_becomes_a_lead[user_id]"


@dataclass
class Pinging:
    """Visitors as the Messenger makes them, without a browser."""

    played: Played
    can_visit: bool = True

    def visit(self, traits: Mapping[str, Any]) -> Mapping[str, Any]:
        """One visitor."""
        return self.played.visit(traits)


@dataclass
class Theatre:
    """What plays Intercom, the way there, and runs against it."""

    played: Played
    line: Line
    folder: Path
    visitors: bool = True
    changes: dict[str, Any] = field(default_factory=dict)
    live: list[str] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[GuardedApp]:
        """The TEST app, open for a run."""
        session = AppSession(
            self.played.settings,
            surroundings(self.folder, self.line, **self.changes),
            stand_in=RUN_TOKEN,
            attributes=frozenset({"plan", "campaign", "seats"}),
        )
        with session:
            yield GuardedApp(session, LedgeredOrigin((Pinging(self.played, self.visitors),), session))

    @contextmanager
    def run(self, **options: Any) -> Iterator[Run]:
        """A run with the reference pipeline."""
        run = Run(RunOptions(against="test-app", cassettes=self.folder / "cassettes", **options), self.open)
        try:
            yield run
        finally:
            run.close()

    def play(self, run: Run, key: str) -> ScenarioResult:
        """Play one case to its end, as the pytest plugin does."""
        case = next(one for one in cases_in(key.partition("::")[0]) if key in (one.key, str(one)))
        error: BaseException | None = None
        with run.scenario(Case(case.module, case.name, case.name)) as scenario:
            try:
                wanted = inspect.signature(case.function).parameters.keys() - case.values.keys()
                case.function(**{name: getattr(scenario, name) for name in wanted}, **case.values)
                scenario.finish(passed=True)
            except (NotProved, NotStaged, Problem, KeyboardInterrupt) as caught:
                error = caught
                try:
                    scenario.finish(passed=False)
                except Problem as cause:
                    error = cause
            return scenario.result(error)

    def sweep(self) -> list[str]:
        """What is left after everything in the ledger was swept."""
        session = AppSession(self.played.settings, surroundings(self.folder, self.line)).open(sweeping=True)
        try:
            return [str(one) for one in session.sweep(session.ledger.open_entries())]
        finally:
            session.close()


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    """A TEST app with two people who are nobody's business."""
    played = Played()
    user = played.ask("POST", "/contacts", {"role": "user", "email": "real@customer.example"})
    lead = played.ask("POST", "/contacts", {"role": "lead", "email": "real@customer.example"})
    with playing(tmp_path, played) as line:
        yield Theatre(played, line, tmp_path, live=[user["id"], lead["id"]])


def _things(played: Played) -> list[str]:
    tags = [tag["name"] for tag in played.ask("GET", "/tags")["data"]]
    return [*tags, *map(str, played.ask("GET", "/companies")["data"]), *_conversations(played)]


def _conversations(played: Played) -> list[str]:
    return [one["id"] for one in played.ask("GET", "/conversations")["conversations"]]


def _when(path: str, outcome: Outcome, *, after: int = 0, method: str = "") -> Callable[[Request], Outcome | None]:
    seen = 0

    def fault(request: Request) -> Outcome | None:
        nonlocal seen
        if not request.path.startswith(path) or method not in ("", request.method):
            return None
        seen += 1
        return outcome if seen > after else None

    return fault


# --- able to pass ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [LEAD, VISITOR, "refusals::test_an_unknown_visitor_is_not_converted"])
def test_a_scenario_is_proved_and_leaves_nothing(theatre: Theatre, key: str) -> None:
    """The same scenario as on the sandbox, and afterwards the TEST app is as it was."""
    with theatre.run() as run:
        result = theatre.play(run, key)
        assert (result.verdict, result.problem, result.trouble) == (Verdict.PROVED, "", "")
        assert run.test_app.leftovers == ()
    assert theatre.played.people() == theatre.live
    assert _things(theatre.played) == []


@pytest.mark.parametrize("region", ["eu", "au"])
def test_each_region_has_its_own_host(tmp_path: Path, region: str) -> None:
    """Nothing goes to the United States that belongs elsewhere."""
    played = Played(region=region)
    with playing(tmp_path, played) as line:
        theatre = Theatre(played, line, tmp_path)
        with theatre.run() as run:
            assert theatre.play(run, VISITOR).verdict is Verdict.PROVED
    assert {request.host for request in played.seen} == {f"api.{region}.intercom.io"}


def test_the_real_token_is_in_no_log(theatre: Theatre) -> None:
    """The pipeline, the gateway's log and the ledger know the stand-in only."""
    with theatre.run() as run:
        result = theatre.play(run, LEAD)
        told = repr(result.exchanges) + run.test_app().session.ledger.path.read_text()
    assert theatre.played.token not in told


def test_without_a_browser_visitors_are_not_run_and_leads_are(theatre: Theatre) -> None:
    """The mark comes from a closed list, and a lead's bystanders do without a visitor."""
    theatre.visitors = False
    with theatre.run() as run:
        assert theatre.play(run, VISITOR).trouble == f"NotStaged: {Unstaged.VISITORS}"
        assert theatre.play(run, LEAD).verdict is Verdict.PROVED
    assert theatre.played.people() == theatre.live


def test_a_search_that_lags_for_ever_decides_nothing(theatre: Theatre) -> None:
    """Search shows nobody until long after the deadline; list and by-id reads prove the merge."""
    theatre.played.controls.update_settings({"index_delay": 600})
    with theatre.run() as run:
        result = theatre.play(run, LEAD)
        assert run.test_app().session.not_indexed
    assert (result.verdict, result.problem) == (Verdict.PROVED, "")
    shown = [witness.shows for claim in result.claims for witness in claim.witnesses]
    assert any("not indexed yet" in text for text in shown)


def test_a_recording_plays_without_the_test_app(theatre: Theatre) -> None:
    """The cassette holds the run's seed, so the people's marker comes back; no stranger and no token is in it."""
    stranger = "ada@" + "customer" + ".co"
    theatre.played.ask("POST", "/contacts", {"role": "user", "email": stranger, "name": "Ada Stranger"})
    with theatre.run(record=True) as run:
        assert theatre.play(run, LEAD).verdict is Verdict.PROVED
        seed = run.test_app().session.seed
    (file,) = (theatre.folder / "cassettes").rglob("*.json")
    text = file.read_text()
    assert json.loads(text)["metadata"]["seed"] == seed
    assert stranger not in text
    assert "Ada Stranger" not in text
    assert theatre.played.token not in text
    replay = Run(RunOptions(against="cassette", cassettes=theatre.folder / "cassettes"))
    assert theatre.play(replay, LEAD).verdict is Verdict.PROVED
    replay.close()


# --- budget and courtesy --------------------------------------------------------------------------


def test_a_run_slows_down_below_the_limit(tmp_path: Path) -> None:
    """With 60 requests a window it waits for the next one, and never sees a 429."""
    clock = ManualClock()
    played = Played(clock=clock)
    played.controls.update_settings({"rate_limit": 60})
    statuses: list[int] = []
    with playing(tmp_path, played) as line:
        theatre = Theatre(played, line, tmp_path, changes={"sleep": clock.advance, "now": clock.now})
        played.faults.append(lambda request: _noted(played, request, statuses))
        with theatre.run() as run:
            assert theatre.play(run, LEAD).verdict is Verdict.PROVED
            assert run.test_app().session.backend.waited > 0
    assert 429 not in statuses
    assert len(statuses) > 100


def _noted(played: Played, request: Request, statuses: list[int]) -> Outcome:
    outcome = Outcome(played.sandbox.handle(request.with_headers(authorization=f"Bearer sandbox-{played.workspace}")))
    statuses.append(outcome.response.status if outcome.response else 0)
    return outcome


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_wrong_changes_nothing(tmp_path: Path, hours: int) -> None:
    """Waits are counted by Intercom's own Date header, so none lasts an hour."""
    clock = ManualClock()
    played = Played(clock=clock)
    played.controls.update_settings({"rate_limit": 60})
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    with playing(tmp_path, played) as line:
        wrong = {"sleep": sleep, "now": lambda: clock.now() + hours * 3600}
        theatre = Theatre(played, line, tmp_path, changes=wrong)
        with theatre.run() as run:
            assert theatre.play(run, LEAD).verdict is Verdict.PROVED
    assert slept
    assert max(slept) <= 60


def test_one_run_at_a_time_and_the_other_is_told_by_whom(theatre: Theatre) -> None:
    """The lock names its holder."""
    with theatre.open(), pytest.raises(Problem, match="in use by another run") as caught:
        theatre.open().__enter__()
    assert "harness run, process" in caught.value.evidence


# --- what goes wrong on the way -------------------------------------------------------------------

FAILURES: dict[str, tuple[Callable[[], Outcome], str]] = {
    "an expired token": (lambda: answer(401, "token_expired", "Token expired"), "expired"),
    "a revoked token": (lambda: answer(401, "token_revoked"), "revoked"),
    "a deleted app": (lambda: answer(401, "unauthorized", "Access Token Invalid"), "not accepted"),
    "a captive portal": (page, "web page"),
    "a portal's redirect": (lambda: Outcome(Response(302, {"location": "http://portal.example/"})), "elsewhere"),
    "a storm of 503": (lambda: answer(503, "service_unavailable"), "503"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_in_mid_run_is_told_and_the_ledger_knows_the_rest(theatre: Theatre, name: str) -> None:
    """The run says what is wrong and what to do; later, a sweep finds all that was made."""
    make, said = FAILURES[name]
    fault = _when("/", make(), after=12)
    with theatre.run() as run:
        run.test_app()
        theatre.played.faults.append(fault)
        result = theatre.play(run, LEAD)
        assert said in result.problem, result
        assert "remedy" in result.problem
        assert run.test_app.leftovers
    theatre.played.faults.clear()
    with pytest.raises(Problem, match="left"):
        theatre.open().__enter__()
    assert theatre.sweep() == []
    assert theatre.played.people() == theatre.live
    assert _things(theatre.played) == []


def test_a_missing_scope_is_named_and_the_rest_is_cleared_away(theatre: Theatre) -> None:
    """A token that may not read conversations speaks against the set-up, not against the pipeline."""
    with theatre.run() as run:
        run.test_app()
        denied = answer(401, "token_unauthorized", "Not authorized to access resource")
        theatre.played.faults.append(_when("/companies", denied))
        result = theatre.play(run, LEAD)
    assert "may not do this" in result.problem
    assert "permissions" in result.problem
    assert theatre.played.people() == theatre.live


def test_the_wrong_region_is_told(tmp_path: Path) -> None:
    """A token of Europe does not open the United States."""
    played = Played(region="eu")
    with playing(tmp_path, played) as line:
        app = Played(region="us").settings
        wrong = type(app)(played.settings.token, played.app_id, "us", frozenset())
        with pytest.raises(Problem, match="not accepted") as caught:
            AppSession(wrong, surroundings(tmp_path, line)).open()
    assert "region" in caught.value.why
    assert "api.eu.intercom.io" in caught.value.why


def test_no_network_is_told(tmp_path: Path) -> None:
    """Nothing listens where the way should be."""
    with pytest.raises(Problem, match=r"blocked by a proxy|cannot be reached") as caught:
        AppSession(Played().settings, surroundings(tmp_path, Line(proxy="http://127.0.0.1:9"))).open()
    assert caught.value.remedy


def test_a_name_that_cannot_be_resolved_is_told(tmp_path: Path) -> None:
    """Without a network there is no name service either."""
    with pytest.raises(Problem) as caught:
        AppSession(Played().settings, surroundings(tmp_path, Line())).open()
    assert "resolved" in caught.value.what or "reached" in caught.value.what


def test_an_untrusted_certificate_is_told(theatre: Theatre) -> None:
    """Whoever opens TLS on the way is not trusted, and there is no switch for it."""
    bare = Line(proxy=theatre.line.proxy)
    with pytest.raises(Problem, match="not trusted") as caught:
        AppSession(theatre.played.settings, surroundings(theatre.folder, bare)).open()
    assert "never switched off" in caught.value.remedy
    assert theatre.played.seen == []


def test_people_whom_intercom_archives_are_environment(theatre: Theatre) -> None:
    """A developer workspace archives the oldest: that speaks against no pipeline."""
    done = threading.Event()

    def archive(request: Request) -> Outcome | None:
        if request.path == "/contacts/merge" and not done.is_set():
            done.set()
            for contact_id in theatre.played.people()[2:]:
                theatre.played.ask("POST", f"/contacts/{contact_id}/archive")
        return None

    theatre.played.faults.append(archive)
    with theatre.run() as run:
        result = theatre.play(run, LEAD)
    assert "archived people" in result.problem
    assert "20 contacts" in result.problem
    assert theatre.played.people() == theatre.live


def test_what_cannot_be_cleared_away_fails_the_run(theatre: Theatre) -> None:
    """A deletion that Intercom refuses leaves an entry, and the run says so."""
    theatre.played.faults.append(_when("/contacts/", answer(403, "action_forbidden"), method="DELETE"))
    with theatre.run() as run:
        result = theatre.play(run, LEAD)
        assert run.test_app.leftovers
    assert "may still be in the TEST app" in result.problem
    assert "harness sweep" in result.problem
    theatre.played.faults.clear()
    assert theatre.sweep() == []
    assert theatre.played.people() == theatre.live


def test_a_job_is_not_run_where_it_would_fold_others(theatre: Theatre) -> None:
    """A lead of nobody's run who has a user's e-mail: a job that finds its people itself would have to touch them."""
    job = "jobs::test_a_lead_joins_the_user_with_the_same_email"
    with theatre.run() as run:
        assert theatre.play(run, job).trouble == f"NotStaged: {Unstaged.OTHERS}"
        theatre.played.ask("PUT", f"/contacts/{theatre.live[1]}", {"email": "elsewhere@customer.example"})
        assert theatre.play(run, job).verdict is Verdict.PROVED
    assert theatre.played.people() == theatre.live


def test_ctrl_c_clears_away(theatre: Theatre) -> None:
    """An interruption in the middle of a scenario leaves nothing."""
    with theatre.run() as run, pytest.raises(KeyboardInterrupt):
        _interrupted(run)
    assert theatre.played.people() == theatre.live
    assert _things(theatre.played) == []


def _interrupted(run: Run) -> None:
    with run.scenario(Case("cut", "case", "case")) as scenario:
        scenario.people.lead()
        raise KeyboardInterrupt


def test_a_pipeline_that_reaches_for_somebody_else_is_refuted(theatre: Theatre) -> None:
    """It is the pipeline's fault, and the live person is untouched."""
    victim = theatre.live[1]
    with theatre.run() as run, run.scenario(Case("wrong", "case", "case")) as scenario:
        user = scenario.people.user()
        lead = scenario.people.lead(email=user.email)
        scenario.pipeline.lead_to_user(type(lead)(victim, email=user.email), user)
        with pytest.raises(Problem, match="guard stopped") as caught:
            scenario.finish(passed=False)
        assert caught.value.refutes
        assert victim in caught.value.evidence
    assert theatre.played.people() == theatre.live


def test_more_than_twenty_contacts_are_never_alive(theatre: Theatre) -> None:
    """The guard counts, and refuses the one too many."""
    with theatre.run() as run, run.scenario(Case("many", "case", "case")) as scenario:
        for _ in range(20):
            scenario.people.lead(says=None, tags=())
        with pytest.raises(Problem, match="could not be made"):
            scenario.people.lead(says=None, tags=())
        assert len(theatre.played.people()) == len(theatre.live) + 20
        with pytest.raises(Problem, match="harness's own request") as caught:
            scenario.finish(passed=False)
    assert "developer workspace" in caught.value.evidence
    assert theatre.played.people() == theatre.live


def test_an_answer_that_was_lost_is_found_again(theatre: Theatre) -> None:
    """The contact was made and nobody heard of it: the sweep finds it by what the ledger wrote down before."""
    lost: list[bytes] = []

    def lose(request: Request) -> Outcome | None:
        if request.path == "/contacts" and request.method == "POST" and not lost:
            made = theatre.played.sandbox.handle(
                request.with_headers(authorization=f"Bearer sandbox-{theatre.played.workspace}")
            )
            lost.append(made.body)
            return Outcome(Response(502, JSON, b"{}"))
        return None

    theatre.played.faults.append(lose)
    with theatre.run() as run:
        result = theatre.play(run, LEAD)
    assert result.problem
    assert lost
    assert theatre.sweep() == []
    assert theatre.played.people() == theatre.live
