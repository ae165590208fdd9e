"""What plays Intercom for runs against a TEST app: the way there, visitors without a browser, and runs of one case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.errors import NotPossibleHere, Problem
from harness.core.tokens import RUN_TOKEN
from harness.people.carried import ATTRIBUTES
from harness.runner.case import Case, ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.runner.test_app_wiring import GuardedApp
from harness.test_app.test_app_backend import ProxyRoute
from harness.test_app.test_app_session import AppSession
from harness.test_app.visitors.origin import LedgeredOrigin
from harness.tests.support.intercom_stand_in import StandIn, playing, surroundings
from harness.tests.support.stock_scenarios import cases_in
from harness.verification import NotProved
from harness.zoo.playing import call

LEAD = "lead_to_user::test_a_lead_who_chatted_merges_into_the_user_they_turn_out_to_be"
VISITOR = "visitor_to_lead::test_a_visitor_becomes_a_lead[user_id]"


@dataclass
class Pinging:
    """Visitors as the Messenger makes them, without a browser."""

    played: StandIn
    can_visit: bool = True

    def visit(self, traits: Mapping[str, Any]) -> Mapping[str, Any]:
        """One visitor."""
        return self.played.visit(traits)


@dataclass
class StandInRun:
    """What plays Intercom, the way there, and runs against it."""

    played: StandIn
    line: ProxyRoute
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
            attributes=frozenset(ATTRIBUTES),
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
        with run.scenario(Case(case.module, case.name, case.name)) as scenario:
            try:
                with suppress(NotProved, Problem, KeyboardInterrupt), scenario.playing():
                    call(case, scenario)
            except NotPossibleHere as why:
                return scenario.result(why)
            return scenario.ended

    def sweep(self) -> list[str]:
        """What is left after everything in the ledger was swept."""
        session = AppSession(self.played.settings, surroundings(self.folder, self.line)).open(sweeping=True)
        try:
            return [str(one) for one in session.sweep(session.ledger.open_entries())]
        finally:
            session.close()


@contextmanager
def stand_in_run(folder: Path) -> Iterator[StandInRun]:
    """A TEST app with two people who are nobody's business."""
    played = StandIn()
    user = played.ask("POST", "/contacts", {"role": "user", "email": "real@customer.example"})
    lead = played.ask("POST", "/contacts", {"role": "lead", "email": "real@customer.example"})
    with playing(folder, played) as line:
        yield StandInRun(played, line, folder, live=[user["id"], lead["id"]])


def things(played: StandIn) -> list[str]:
    """Its tags, companies and conversations."""
    tags = [tag["name"] for tag in played.ask("GET", "/tags")["data"]]
    return [*tags, *map(str, played.ask("GET", "/companies")["data"]), *conversations(played)]


def conversations(played: StandIn) -> list[str]:
    """The ids of its conversations."""
    return [one["id"] for one in played.ask("GET", "/conversations")["conversations"]]
