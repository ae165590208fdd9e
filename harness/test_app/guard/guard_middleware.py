"""The guard as middleware of the gateway: it asks `guard`'s questions of each request, and keeps the ledger meanwhile.

Everything that goes to a TEST app goes through here, the harness's own clean-up included. Once it has stopped, nothing
passes any more; there is no way to start it again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from harness.core.errors import Problem
from harness.core.http import Handler, Outcome, Request, Response
from harness.core.json_values import Json, JsonObject, list_in, object_in
from harness.core.newest_version import NEWEST_VERSION
from harness.test_app.cleanup.ledger import Entry, Ledger
from harness.test_app.cleanup.marks import is_among, shows_mark
from harness.test_app.connection_errors import Trouble, wrong_app
from harness.test_app.conversation_participants import participants_in
from harness.test_app.guard import conversation_owner, guard_rules, workspace_identity
from harness.test_app.guard.body_fields import UnreadAttributes
from harness.test_app.guard.conversation_owner import Unseen
from harness.test_app.guard.guard_policy import OwnedIds, Rules
from harness.test_app.guard.guard_rules import GuardRefusal
from harness.test_app.guard.made_entities import READ_AT, described, known_from, made_id
from harness.test_app.request_effects import UnderstoodRequest

IDENTITY_HOLDS: Final = 20.0
"""Seconds for which `/me` counts for a write that can be taken back; for all others it is read anew each time."""


class GuardRefused(Problem):
    """The pipeline asked for something that could harm others, and was stopped."""

    refutes = True


class IntercomConnection(Protocol):
    """The way to Intercom, as the guard uses it."""

    def handle(self, request: Request) -> Outcome:
        """Ask."""
        ...

    def take_troubles(self) -> list[Trouble]:
        """What was wrong with the way."""
        ...


@dataclass(frozen=True, slots=True)
class StoppedRequest:
    """One request that did not pass."""

    request: Request
    refusal: GuardRefusal

    def __str__(self) -> str:
        return f"{self.request.method} {self.request.path}: {self.refusal.why} (rule: {self.refusal.rule})"


class GuardMiddleware:
    """Stands in front of one TEST app for one run. `run` and `scenario` are what ledger entries are filed under."""

    def __init__(
        self, rules: Rules, line: IntercomConnection, ledger: Ledger, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self.rules = rules
        self.run = rules.marker
        self.scenario = ""
        self.stop: Problem | None = None
        self.stopped_requests: list[StoppedRequest] = []
        self.troubles: list[Trouble] = []
        self.ended: set[str] = set()
        """What requests through here named that archive, block, delete or merge, and were not refused."""
        self._line, self._ledger, self._elapsed = line, ledger, elapsed
        self._adopted: tuple[Entry, ...] = ()
        self._nobody: frozenset[str] = frozenset()
        self._teammates: frozenset[str] = frozenset()
        self._identified_at: float | None = None
        self._lock = threading.RLock()

    def adopt(self, entries: Iterable[Entry]) -> None:
        """Count entries of earlier runs as this run's own: for clearing them away."""
        self._adopted = tuple(entries)

    def declare(self, identifiers: Iterable[str]) -> None:
        """Identifiers drawn at random, which name nobody: asking for them can hurt nobody."""
        self._nobody |= frozenset(identifiers)

    @property
    def known(self) -> OwnedIds:
        """What this run made so far, as the ledger has it."""
        numbers = {entry.number for entry in self._adopted}
        own = known_from([e for e in self._ledger.entries if e.run == self.run or e.number in numbers])
        return replace(own, people=own.people | self._nobody, teammates=self._teammates)

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request pass, or answer in Intercom's place that it may not."""
        with self._lock:
            call = self._admit(request)
            if isinstance(call, Outcome):
                return call
            number = self._intend(call)
        outcome = inner(_as_judged(request, call).with_headers(authorization=f"Bearer {self.rules.stand_in}"))
        with self._lock:
            self._learn(request, call, number, outcome)
        return outcome

    def ask(self, method: str, target: str, body: Json = None, version: str = NEWEST_VERSION) -> Response | None:
        """A request of the harness's own, past this guard like any other; `None` where no answer came."""
        outcome = self.middleware(self._request(method, target, body, version), self._line.handle)
        return outcome.answer if isinstance(outcome.answer, Response) else None

    def identify(self) -> workspace_identity.AnsweringWorkspace:
        """Read `/me` now, and stop the run unless it shows the TEST app of the settings."""
        with self._lock:
            outcome = self._line.handle(self._request("GET", "/me", None, NEWEST_VERSION))
            self._hear_troubles()
            if self.stop is None:
                self._check(outcome)
            if self.stop is not None:
                raise self.stop
            self._identified_at = self._elapsed()
            shown = workspace_identity.workspace_in(_json(outcome))
            assert shown is not None
            self._teammates = frozenset({shown.teammate}) - {""}
            return shown

    # --- before -----------------------------------------------------------------------------------

    def _admit(self, request: Request) -> UnderstoodRequest | Outcome:
        if self.stop is not None:
            return refused(request, GuardRefusal("stopped", self.stop.what))
        call = self._judged(request)
        if isinstance(call, GuardRefusal):
            self.stopped_requests.append(StoppedRequest(_bare(request), call))
            return refused(request, call)
        if call.writes and not self._identity_holds(call):
            try:
                self.identify()
            except Problem as problem:
                return refused(request, GuardRefusal("identity", problem.what))
        return call

    def _judged(self, request: Request) -> UnderstoodRequest | GuardRefusal:
        known = self.known
        while isinstance(found := guard_rules.judge(request, self.rules, known), Unseen | UnreadAttributes):
            if isinstance(found, Unseen):
                known = replace(known, seen={**known.seen, found.conversation_id: self._seen_in(found.conversation_id)})
            else:
                known = replace(known, attributes={**known.attributes, found.model: self._attributes_of(found.model)})
        return found

    def _attributes_of(self, model: str) -> frozenset[str]:
        """Read the names of the workspace's custom attributes; none where they cannot be read."""
        target = f"/data_attributes?model={model}"
        outcome = self._line.handle(self._request("GET", target, None, NEWEST_VERSION))
        self._hear_troubles()
        answer = outcome.answer
        body = object_in(answer.json()) if isinstance(answer, Response) and answer.status == 200 else {}
        listed = [object_in(one) for one in list_in(body.get("data"))]
        return frozenset(str(one.get("name")) for one in listed if one.get("custom") is True)

    def _seen_in(self, conversation_id: str) -> frozenset[str] | None:
        """Who is in a conversation at this moment; nobody where there is none, `None` where that was not told."""
        outcome = self._line.handle(self._request("GET", f"/conversations/{conversation_id}", None, NEWEST_VERSION))
        self._hear_troubles()
        answer = outcome.answer
        if not isinstance(answer, Response) or answer.status not in (200, 404):
            return None
        return participants_in(answer.json()) if answer.status == 200 else frozenset()

    def _identity_holds(self, call: UnderstoodRequest) -> bool:
        if call.operation.effect == "ends" or self._identified_at is None:
            return False
        return self._elapsed() - self._identified_at < IDENTITY_HOLDS

    def _check(self, outcome: Outcome) -> None:
        answer = outcome.answer
        if not isinstance(answer, Response) or answer.status != 200:
            status = answer.status if isinstance(answer, Response) else "no answer"
            self.stop = wrong_app("GET /me could not be read", f"GET /me: {status}")
            if self.troubles:
                self.stop = self.troubles[-1]
        elif objection := workspace_identity.wrong_workspace(
            workspace_identity.workspace_in(answer.json()), self.rules.app
        ):
            self.stop = wrong_app(objection)

    def _intend(self, call: UnderstoodRequest) -> int | None:
        kind, by = call.operation.makes, described(call, self.rules)
        if kind is None or not by:
            return None
        return self._ledger.intend(self.run, self.scenario, kind, by)

    # --- afterwards -------------------------------------------------------------------------------

    def _learn(self, request: Request, call: UnderstoodRequest, number: int | None, outcome: Outcome) -> None:
        self._hear_troubles()
        answer = outcome.answer
        if not outcome.refused and not (isinstance(answer, Response) and 400 <= answer.status < 500):
            self.ended.update(call.ending)
        if not isinstance(answer, Response) or outcome.refused:
            return
        body = answer.json()
        if number is not None:
            self._settle(call, number, answer.status, body)
        objection = workspace_identity.foreign_answer(body, self.rules.app) if answer.status < 300 else None
        if objection and self.stop is None:
            self.stop = wrong_app(objection, call.operation.label)
        if request.path.strip("/") == "me" and answer.status == 200:
            wrong = workspace_identity.wrong_workspace(workspace_identity.workspace_in(body), self.rules.app)
            self.stop = self.stop or (wrong_app(wrong) if wrong else None)

    def _settle(self, call: UnderstoodRequest, number: int, status: int, body: Json) -> None:
        if status < 300 and call.invited:
            self._settle_invited(call, number, body)
        elif status < 300 and (entity_id := made_id(call, body)):
            self._adopt(call, number, entity_id, object_in(body))
        elif 400 <= status < 500:
            self._ledger.not_made(number, f"{call.operation.label} was answered {status}")

    def _adopt(self, call: UnderstoodRequest, number: int, entity_id: str, body: JsonObject) -> None:
        """Put an id into the ledger if the answer, or else a read, shows this run's mark on it.

        Without a mark the entry stays open under its names: the cleaning looks for it by these.
        """
        kind = call.operation.makes
        assert kind is not None
        if kind == "conversation":
            if is_among(self._seen_in(entity_id), self.known.people):
                self._ledger.made(number, entity_id)
            return
        if not shows_mark(kind, body, self.run):
            outcome = self._line.handle(self._request("GET", f"{READ_AT[kind]}/{entity_id}", None, NEWEST_VERSION))
            self._hear_troubles()
            body = object_in(_json(outcome))
        if shows_mark(kind, body, self.run) and str(body.get("id")) == entity_id:
            self._ledger.made(number, entity_id, str(body.get("external_id") or body.get("user_id") or ""))

    def _settle_invited(self, call: UnderstoodRequest, number: int, body: Json) -> None:
        """Who was let into a conversation: one of this run's people, or one made by it, told by the e-mail only."""
        inside = conversation_owner.customers_in(body)
        for contact_id in inside - self.known.people:
            answer = self._line.handle(self._request("GET", f"/contacts/{contact_id}", None, NEWEST_VERSION)).answer
            shown = answer.json() if isinstance(answer, Response) and answer.status == 200 else None
            if isinstance(shown, Mapping) and str(shown.get("email")).lower() == call.invited.lower():
                self._ledger.made(number, contact_id, str(shown.get("external_id") or ""))
                return
        if inside and inside <= self.known.people:
            self._ledger.not_made(number, f"{call.operation.label} let in somebody who was there")

    def _hear_troubles(self) -> None:
        for trouble in self._line.take_troubles():
            self.troubles.append(trouble)
            if trouble.stops and self.stop is None:
                self.stop = trouble

    def _request(self, method: str, target: str, body: Json, version: str) -> Request:
        headers = {"authorization": f"Bearer {self.rules.stand_in}", "accept": "application/json"}
        headers |= {"intercom-version": version, "user-agent": "harness"}
        headers |= {"content-type": "application/json"} if body is not None else {}
        content = b"" if body is None else json.dumps(body).encode()
        return Request(method, target, headers, content, self.rules.app.host, "harness")


def _as_judged(request: Request, call: UnderstoodRequest) -> Request:
    """Return the request with the body that was judged, written anew: a server can read it in one way only."""
    if not call.writes or not request.body:
        return request
    kind = "application/json" if call.content else None
    return replace(request.with_headers(content_type=kind), body=call.content)


def _json(outcome: Outcome) -> Json:
    return outcome.response.json() if outcome.response else None


def _bare(request: Request) -> Request:
    return request.with_headers(authorization=None, cookie=None)


def refused(request: Request, refusal: GuardRefusal) -> Outcome:
    """The guard's own answer, in Intercom's envelope and marked as none of Intercom's."""
    message = f"The guard of the TEST app stopped this: {refusal.why} ({request.method} {request.path})"
    body = {
        "type": "error.list",
        "request_id": None,
        "errors": [{"code": "harness_refused", "message": message}],
    }
    reason = f"guard, {refusal.rule}: {refusal.why}"
    headers = {"content-type": "application/json; charset=utf-8", "x-harness-refused": refusal.rule}
    return Outcome(Response(refusal.status, headers, json.dumps(body).encode()), refused=reason)
