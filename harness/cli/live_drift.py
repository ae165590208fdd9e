"""A recording asked again of a TEST app: behind the guard, under the run's marker, and cleared away afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.cassette import Cassette, load
from harness.cassette.recording.marking import called_by_harness, under_marker
from harness.cassette.redaction.redactor import Redactor
from harness.cassette.review.drift import Drift, drifts
from harness.core.errors import NotPossibleHere, Problem
from harness.core.http import Outcome, Request
from harness.core.tokens import token_of
from harness.runner.test_app_wiring import GuardedApp
from harness.test_app.cleanup.marker import marker_of

STAND_IN = token_of("diff")
"""The token under which requests come to the guard; it opens nothing."""


class CannotAsk(Problem):
    """The guard lets a request of the recording not pass, or nobody can make one of its people there."""


@dataclass(frozen=True, slots=True)
class LiveDrift:
    """Asks one TEST app, which is open, one recording after the other. `secrets` are covered in what is told."""

    way: GuardedApp
    secrets: tuple[str, ...] = ()

    def of(self, path: Path) -> list[Drift]:
        """Where the TEST app answers otherwise than was recorded; raises CannotAsk where not all of it can be asked."""
        session = self.way.session
        cassette = self._marked(load(path))
        redactor = Redactor(people=cassette.header.people, secrets=self.secrets, strangers=True)
        redactor.know(called_by_harness(cassette))
        session.guard.declare(_nobody(cassette))
        with session.scenario(f"diff {path.name}") as concluding:
            try:
                found = drifts(cassette, self._ask, session.stand_in, self.way.visitors.visit, shared=redactor)
            except NotPossibleHere as lack:
                raise CannotAsk(str(lack)) from None
            concluding.conclude(passed=True)
        return found

    def _marked(self, cassette: Cassette) -> Cassette:
        had = marker_of(cassette.header.seed)
        had = had if any(had in str(person) for person in cassette.header.people) else ""
        return under_marker(cassette, self.way.session.marker, had)

    def _ask(self, request: Request) -> Outcome:
        outcome = self.way.handle(request)
        if outcome.refused:
            raise CannotAsk(f"{request.method} {request.path.partition('?')[0]}: {outcome.refused}")
        return outcome


def _nobody(cassette: Cassette) -> list[str]:
    """The identifiers of whom a scenario names and nobody ever made."""
    people = [person for person in cassette.header.people if person.get("kind") == "stranger"]
    return [str(person[name]) for person in people for name in ("uuid", "object_id") if person.get(name)]
