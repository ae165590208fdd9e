"""Replays recordings of the real API at a sandbox: in their own version, date and order, by the sandbox's own clock.

Lists and searches show an index that is refreshed some time after a write. Recordings bound that time (facts 23 and 66)
and do not tell it, so a response between the bounds matches if some time within them gives it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from harness.core.clock import ManualClock
from harness.core.http import Request, Response
from harness.sandbox import Sandbox
from harness.tests.support.recorded_before import (
    OBJECT_ID,
    Earlier,
    EarlierPerson,
    earlier_than,
    person_of,
    tag_ids_of,
)
from harness.tests.support.recorded_binding import RecordedBinding
from harness.tests.support.recorded_comparison import Aspect, ComparedResponse, RecordedComparison
from harness.tests.support.recorded_exchanges import RecordedExchange, RecordedSession, steps

WORKSPACE = "recorded"
TOKEN = {"authorization": f"Bearer sandbox-{WORKSPACE}"}
LONG_BEFORE = 3_600
"""Seconds before a recording at which what existed before is set up."""
SOONEST, LATEST = 20, 60
"""Seconds after a write at which a list or a search shows it at the soonest and at the latest (facts 23, 66)."""
UNAUTHORIZED = "token_unauthorized"
"""What a token without a scope is answered; a recording of it says nothing else of the token."""
WINDOW = 10
"""Seconds of a rate-limit window."""
INDEXED = ("SearchContacts", "ListContacts")


@dataclass
class ReplayTally:
    """What replays found: how much matched by operation and aspect, and the findings with their places."""

    compared: Counter[tuple[str, Aspect]] = field(default_factory=Counter)
    matched: Counter[tuple[str, Aspect]] = field(default_factory=Counter)
    exchanges: Counter[str] = field(default_factory=Counter)
    findings: dict[str, list[str]] = field(default_factory=dict)
    apart: Counter[str] = field(default_factory=Counter)

    def add(self, operation: str, place: str, found: ComparedResponse) -> None:
        """Add one compared response."""
        self.exchanges[operation] += 1
        for aspect, count in found.compared.items():
            self.compared[operation, aspect] += count
            self.matched[operation, aspect] += found.matched[aspect]
        for aspect, finding in found.findings:
            key = f"{operation}: {finding}" if aspect in ("status", "error") else finding
            self.findings.setdefault(key, []).append(place)
        self.apart["values that a response gave to set the workspace up"] += found.set_up

    def total(self, aspect: Aspect) -> tuple[int, int]:
        """Return how many of an aspect matched, and how many were compared."""
        return tuple(sum(n for (_, one), n in by.items() if one == aspect) for by in (self.matched, self.compared))  # type: ignore[return-value]


def replay_all(recorded: Iterable[RecordedSession]) -> ReplayTally:
    """Replay recordings, each in a sandbox of its own."""
    tally = ReplayTally()
    for session in recorded:
        SessionReplay(session, tally).run()
    return tally


class SessionReplay:
    """The replay of one recording."""

    def __init__(self, session: RecordedSession, tally: ReplayTally) -> None:
        self._session = session
        self._tally = tally
        self._clock = ManualClock(session.exchanges[0].at - LONG_BEFORE)
        self._sandbox = Sandbox(self._clock, intercom_version=session.exchanges[0].version)
        self._workspace = self._sandbox.workspace(WORKSPACE)
        self._binding = RecordedBinding()
        self._earlier = earlier_than(session)
        self._writes: list[float] = []
        self._resets: set[int] = set()
        self._window = ""

    def run(self) -> None:
        """Set up what existed before, then replay each exchange."""
        self._set_up()
        for step, exchange in steps(self._session):
            self._clock.advance(max(0.0, exchange.at - self._clock.now()))
            if self._is_lost(exchange):
                self._tally.apart["exchanges about a contact whose creation already diverged"] += 1
                continue
            self._replay(step, exchange)
        self._sandbox.close()

    # Before

    def _set_up(self) -> None:
        exchange = self._session.exchanges[0]
        settings: dict[str, Any] = {"as_of": self._session.day, "index_delay": LATEST}
        if "x-ratelimit-limit" in exchange.headers:
            settings["rate_limit"] = int(exchange.headers["x-ratelimit-limit"])
        if any(UNAUTHORIZED in str(one.body) for one in self._session.exchanges):
            settings["token_scopes"] = []
        self._set_up_things(self._earlier)
        for contact_id, person in self._earlier.people.items():
            if person.state != "absent":
                self._set_up_person(contact_id, person)
        self._workspace.update_settings(settings)

    def _set_up_person(self, contact_id: str, earlier: EarlierPerson) -> None:
        shown = earlier.shown or {"role": "lead", "created_at": int(contact_id[:8], 16)}
        self._workspace.people.add(person_of(contact_id, shown, archived=False))
        self._binding.bind(contact_id, contact_id)
        for tag_id in tag_ids_of(shown):
            self._ask("POST", f"/contacts/{contact_id}/tags", {"id": self._binding.text(tag_id)})
        self._workspace.people.put(person_of(contact_id, shown, archived=earlier.state == "archived"))
        if earlier.state == "deleted":
            self._ask("DELETE", f"/contacts/{contact_id}")

    def _set_up_things(self, earlier: Earlier) -> None:
        for tag_id, name in sorted(earlier.tags.items(), key=lambda one: (len(one[0]), one)):
            self._binding.bind(tag_id, self._ask("POST", "/tags", {"name": name})["id"])
        for attribute in earlier.attributes.values():
            self._set_up_attribute(attribute)

    def _set_up_attribute(self, shown: Mapping[str, Any]) -> None:
        names = ("name", "model", "data_type", "description")
        asked = {name: shown[name] for name in names if name in shown}
        if asked["data_type"] == "unknown":
            asked["data_type"] = "string"
        if "options" in shown:
            asked |= {"options": [{"value": one} for one in shown["options"]], "data_type": "options"}
        made = self._ask("POST", "/data_attributes", asked)
        attributes = self._workspace.attributes
        kept = attributes.get(made["id"])
        assert kept is not None
        same = {name: shown[name] for name in ("created_at", "updated_at", "admin_id") if name in shown}
        attributes.put(msgspec.structs.replace(kept, **same))

    def _ask(self, method: str, target: str, body: Any = None) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        response = self._sandbox.handle(Request(method, target, TOKEN | {"intercom-version": "2.16"}, content))
        assert response.status == 200, (method, target, body, response.body)
        return response.json()

    # During

    def _is_lost(self, exchange: RecordedExchange) -> bool:
        named = OBJECT_ID.findall(exchange.path)
        return any(one in self._earlier.made and not self._binding.knows(one) for one in named)

    def _replay(self, step: int, exchange: RecordedExchange) -> None:
        request = self._request(exchange)
        operation = self._sandbox.operation_of(request) or f"{exchange.method} {OBJECT_ID.sub('{id}', exchange.path)}"
        given = self._earlier.first_shown_at(step)
        if operation in INDEXED:
            found = self._best(request, exchange, given)
        else:
            response = self._sandbox.handle(request)
            found = self._compared(exchange, response, given)
            self._check_window(response, found)
            if exchange.method != "GET":
                self._writes.append(self._clock.now())
        self._tally.add(operation, exchange.place, found)

    def _request(self, exchange: RecordedExchange) -> Request:
        headers = TOKEN | {"content-type": "application/json", "accept": "application/json"}
        if exchange.requested_version is not None:
            headers["intercom-version"] = exchange.requested_version
        body = exchange.request_body
        content = json.dumps(self._binding.value(body)).encode() if isinstance(body, (dict, list)) else b""
        return Request(exchange.method, self._binding.text(exchange.target), headers, content)

    def _compared(self, exchange: RecordedExchange, response: Response, given: frozenset[str]) -> ComparedResponse:
        comparison = RecordedComparison(self._binding, given)
        return comparison.compare(exchange.status, exchange.headers, exchange.body, response)

    def _check_window(self, response: Response, found: ComparedResponse) -> None:
        """Windows begin ten seconds apart; the first request of one shows the whole limit remaining (facts 41, 42)."""
        if not (reset := response.headers.get("x-ratelimit-reset")):
            return
        self._resets.add(int(reset) % WINDOW)
        same = len(self._resets) == 1 and 0 < int(reset) - self._clock.now() <= WINDOW
        found.note("headers", None if same else "header x-ratelimit-reset: another phase")
        if reset != self._window:
            first = response.headers["x-ratelimit-remaining"] == response.headers["x-ratelimit-limit"]
            found.note("headers", None if first else "header x-ratelimit-remaining: not all of it at first")
        self._window = reset

    def _best(self, request: Request, exchange: RecordedExchange, given: frozenset[str]) -> ComparedResponse:
        """Compare with what the index may show by now; the fewest findings count."""
        tried = []
        for delay in self._delays():
            self._workspace.update_settings({"index_delay": delay})
            binding = self._binding.copy()
            comparison = RecordedComparison(binding, given)
            response = self._sandbox.handle(request)
            found = comparison.compare(exchange.status, exchange.headers, exchange.body, response)
            self._check_window(response, found)
            tried.append((found, binding))
            if not tried[-1][0].findings:
                break
        found, self._binding = min(tried, key=lambda one: len(one[0].findings))
        return found

    def _delays(self) -> Iterator[float]:
        """The longest delay first, then those at which one more of the pending writes is shown."""
        ages = {self._clock.now() - at for at in self._writes}
        return iter([LATEST, *sorted((age for age in ages if SOONEST < age < LATEST), reverse=True), SOONEST])
