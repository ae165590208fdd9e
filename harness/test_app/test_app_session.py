"""One run against a TEST app, put together: lock, ledger, guard, backend, and the clearing away after each scenario."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from harness.config import AppSettings
from harness.core.errors import NotPossibleHere, NotPossibleReason, Problem
from harness.core.http import Caller, Outcome, Request
from harness.core.json_values import Json
from harness.test_app.cleanup.cleaning import SETTLED_AFTER, ContactCleaner, Leftover
from harness.test_app.cleanup.ledger import Entry, Ledger
from harness.test_app.cleanup.marker import SEED_BITS, marker_of
from harness.test_app.guard.guard_middleware import GuardMiddleware, GuardRefused, StoppedRequest
from harness.test_app.guard.guard_policy import Rules
from harness.test_app.guard.other_people import leads_to_fold
from harness.test_app.guard.workspace_identity import AnsweringWorkspace
from harness.test_app.index_wait import DEADLINE, IndexWait
from harness.test_app.lock import machine_lock, occupied
from harness.test_app.test_app_backend import IntercomBackend, ProxyRoute

SWEEP: Final = "finish it with: harness sweep"


def new_seed() -> int:
    """A seed that no run had before."""
    return secrets.randbits(SEED_BITS)


@dataclass(frozen=True, slots=True)
class SessionEnvironment:
    """What a session needs of the machine, with its usual values; tests hand in quicker clocks."""

    state: Path
    """The folder of ledgers and locks, one folder in it per TEST app."""
    line: ProxyRoute = field(default_factory=ProxyRoute)
    tell: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    settled_after: float = SETTLED_AFTER
    index_deadline: float = DEADLINE


class AppSession:
    """The TEST app for the length of a run. `purpose` is what another run is told that finds it taken."""

    def __init__(
        self,
        app: AppSettings,
        around: SessionEnvironment,
        *,
        seed: int | None = None,
        stand_in: str = "",
        attributes: frozenset[str] = frozenset(),
        purpose: str = "harness run",
    ) -> None:
        self.app, self.around = app, around
        self.seed = new_seed() if seed is None else seed
        self.marker = marker_of(self.seed)
        self.scenarios = 0
        """How many scenarios were opened."""
        self._purpose = purpose
        self._stack = ExitStack()
        rules = Rules(app, stand_in or f"stand-in-{secrets.token_hex(12)}", self.marker, attributes)
        self.ledger: Ledger
        self.guard: GuardMiddleware
        self.workspace: AnsweringWorkspace
        self._rules = rules
        self.backend = IntercomBackend(app, around.line, tell=around.tell, sleep=around.sleep, now=around.now)
        self._index_wait = IndexWait(
            self.backend.handle, deadline=around.index_deadline, sleep=around.sleep, tell=around.tell
        )

    @property
    def folder(self) -> Path:
        """Where this TEST app's ledger and lock lie."""
        return self.around.state / self.app.app_id

    # --- opening and closing ----------------------------------------------------------------------

    def open(self, *, sweeping: bool = False) -> Self:
        """Take the TEST app, look at the ledger, and see that the token opens the app of the settings."""
        try:
            self._stack.callback(self.backend.close)
            locks = (machine_lock(self.app.app_id, self.around.line.proxy), self.folder)
            self._stack.enter_context(occupied(locks, self._purpose, self.around.now))
            self.ledger = Ledger(self.folder / "ledger.jsonl", self.around.now)
            self._stack.callback(self.ledger.close)
            self.guard = GuardMiddleware(self._rules, self.backend, self.ledger)
            if not sweeping:
                self._check_ledger()
            self.workspace = self.guard.identify()
            if not sweeping:
                self._learn_tags()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Let the TEST app go."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_ledger(self) -> None:
        left = self.ledger.open_entries()
        if left:
            raise Problem(
                f"An earlier run left {len(left)} entries in the TEST app.",
                evidence="; ".join(str(entry) for entry in left[:5]),
                why="it was killed or could not clear away, and what it left counts against the 20 contacts",
                remedy=SWEEP,
            )

    def _learn_tags(self) -> None:
        answer = self.guard.ask("GET", "/tags")
        body = answer.json() if answer is not None and answer.status == 200 else None
        if not isinstance(body, Mapping):
            raise self._worst_trouble() or Problem("The TEST app does not tell its tags.", remedy="harness doctor")
        names = frozenset(str(tag.get("name")) for tag in body.get("data") or [])
        rules = self.guard.rules
        self.guard.rules = Rules(rules.app, rules.stand_in, rules.marker, rules.attributes, names)

    # --- what a scenario is played with -----------------------------------------------------------

    @property
    def stand_in(self) -> str:
        """The token that opens this session and nothing else."""
        return self._rules.stand_in

    def handle(self, request: Request) -> Outcome:
        """The backend of a gateway session; the guard's middleware belongs in front of it."""
        return self._index_wait.handle(request)

    def leftovers(self) -> Sequence[str]:
        """What this run made and could not prove to be gone, in words."""
        return tuple(str(entry) for entry in self.ledger.open_entries(self.marker))

    @property
    def not_indexed(self) -> Sequence[str]:
        """The contacts that lists did not show as reads by id did by the deadline."""
        return tuple(self._index_wait.not_indexed)

    @contextmanager
    def scenario(self, name: str) -> Iterator[ScenarioCleanup]:
        """A scenario's time: what is made within it is filed under its name, and cleared away at the end."""
        self.guard.scenario = name
        self.scenarios += 1
        concluding = ScenarioCleanup(self, name)
        try:
            yield concluding
        finally:
            if not concluding.cleared:
                concluding.clear()
            self.guard.scenario = ""

    def clean(self, entries: Sequence[Entry], tell: Callable[[Entry, int], None] | None = None) -> list[Leftover]:
        """Clear entries away; tells those of which the end is not proved."""
        cleaner = ContactCleaner(
            self.guard.ask,
            self.ledger,
            self.around.now,
            settled_after=self.around.settled_after,
            tell=tell or (lambda entry, left: self.around.tell(f"clearing away {entry.kind}, {left} left")),
        )
        return cleaner.clean(entries)

    def sweep(self, entries: Sequence[Entry], tell: Callable[[Entry, int], None] | None = None) -> list[Leftover]:
        """Clear away what earlier runs left."""
        self.guard.adopt(entries)
        return self.clean(entries, tell)

    def check_others(self) -> None:
        """A job that finds its people itself would find these as well: leads of others who have a user's e-mail."""
        if leads_to_fold(self.guard.ask, self.guard.known.people):
            raise NotPossibleHere(NotPossibleReason.OTHERS)

    def archived_by_intercom(self, scenario: str) -> Sequence[Entry]:
        """Return the contacts of a scenario that are archived although no request of this run ended them.

        Intercom answers 404 for an archived contact as for a deleted one (facts-recorded 15), and 410 for a merged one.
        """
        mine = [e for e in self.ledger.open_entries(self.marker, scenario) if e.kind == "contact" and e.entity_id]
        return [e for e in mine if not self.guard.ended & _called(e) and self._is_archived(e.entity_id)]

    def _is_archived(self, contact_id: str) -> bool:
        answer = self.guard.ask("GET", f"/contacts/{contact_id}")
        if answer is None or answer.status != 200:
            return answer is not None and answer.status == 404
        body: Json = answer.json()
        return isinstance(body, Mapping) and body.get("archived") is True

    def _worst_trouble(self) -> Problem | None:
        return self.guard.stop or (self.guard.troubles[-1] if self.guard.troubles else None)


class ScenarioCleanup:
    """What a scenario on a TEST app has to answer for in the end, beside its claims."""

    def __init__(self, session: AppSession, name: str) -> None:
        self._session, self._name = session, name
        self._stopped_requests = len(session.guard.stopped_requests)
        self._troubles = len(session.guard.troubles)
        self._found: Problem | None = None
        self.cleared = False

    def conclude(self, *, passed: bool) -> None:
        """Clear away, and raise what speaks against the pipeline, the surroundings or the clearing, in this order."""
        if not self.cleared:
            self._found = self._problem(passed)
            left = self.clear()
            self._found = self._found or (leftover_problem(left) if left else None)
        if self._found is not None:
            raise self._found

    def clear(self) -> list[Leftover]:
        """Clear this scenario's entries away, once."""
        self.cleared = True
        session = self._session
        return session.clean(session.ledger.open_entries(session.marker, self._name))

    def _problem(self, passed: bool) -> Problem | None:
        guard = self._session.guard
        troubles = guard.troubles[self._troubles :]
        for caller in ("pipeline", "harness"):
            stopped = [one for one in guard.stopped_requests[self._stopped_requests :] if one.request.caller == caller]
            if stopped and caller == "harness" and troubles:
                return troubles[-1]  # what could not be read is why the guard had to stop it
            if stopped:
                return _guarded(stopped, caller)
        if guard.stop is not None:
            return guard.stop
        if passed:
            return None
        return troubles[-1] if troubles else self._archived()

    def _archived(self) -> Problem | None:
        entries = self._session.archived_by_intercom(self._name)
        if not entries:
            return None
        return Problem(
            "Intercom archived people of this scenario on its own.",
            evidence="; ".join(str(entry) for entry in entries[:5]),
            why="a developer workspace keeps 20 contacts and archives the oldest (facts §6)",
            remedy="delete contacts that you do not need from the TEST app, then run this again",
        )


def _called(entry: Entry) -> set[str]:
    return {entry.entity_id, entry.uuid, *entry.by.values()} - {""}


def _guarded(stopped: Sequence[StoppedRequest], caller: Caller | str) -> Problem:
    told = "; ".join(str(one) for one in stopped[:3])
    if caller == "pipeline":
        return GuardRefused(
            f"The guard stopped {len(stopped)} request(s) of the pipeline.",
            evidence=told,
            why="on a live workspace this would have touched people who are none of this run's",
            remedy="let it name only people whom it was handed, or made itself with the run's marker, at the address "
            "and with the token it is given",
        )
    return Problem(
        "The guard stopped the harness's own request.",
        evidence=told,
        why="the scenario's people cannot be made, or cleared away, within the guard's rules",
        remedy="give them e-mails and external ids from people.…(), or run this scenario on the sandbox",
    )


def leftover_problem(left: Sequence[Leftover]) -> Problem:
    """Something may still be in the TEST app."""
    return Problem(
        f"{len(left)} entries may still be in the TEST app.",
        evidence="; ".join(str(one) for one in left[:5]),
        remedy=SWEEP,
    )
