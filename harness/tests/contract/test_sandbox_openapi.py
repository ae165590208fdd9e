"""Every answer of every operation against the official descriptions 2.11 and 2.16, with a ledger of known divergences.

The ledger is exact in both directions: a divergence that appears fails, and so does one that is gone. Where the
description and a recording disagree, the sandbox follows the recording.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.sandbox.requests.router import Route
from harness.sandbox.routes import ROUTES
from harness.sandbox.rules.versions import VERSIONS
from harness.tests.support.openapi import Description, description, within
from harness.tests.support.request_sequence import live
from harness.tests.support.sandbox_client import Asker

DESCRIBED = ("2.11", "2.16")


class OpenapiWitness:
    """A client that notes which operations were asked, and what the description says of the answers."""

    def __init__(self, asker: Asker, official: Description) -> None:
        self.asker = asker
        self.official = official
        self.seen: set[str] = set()
        self.found: dict[str, set[str]] = {}

    def ask(self, method: str, target: str, body: Any = None) -> Any:
        """Ask, compare, and give the answer's JSON."""
        response = self.asker.send(method, target, body)
        route = self._route(method, target)
        self.seen.add(route.operation)
        if self.official.has(method, route.pattern):
            for finding in self.official.findings(method, route.pattern, response.status, response.json()):
                self.found.setdefault(finding, set()).add(route.operation)
        return response.json()

    def _route(self, method: str, target: str) -> Route:
        version = VERSIONS[self.asker.version or "1.0"]
        path = target.partition("?")[0]
        candidates = [route for route in ROUTES if route.method == method and route.span.covers(version)]
        matching = [route for route in candidates if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", route.pattern), path)]
        return min(matching, key=lambda route: route.pattern.count("{"))


@pytest.fixture(scope="module", params=DESCRIBED)
def witness(request: pytest.FixtureRequest, shared: Path) -> OpenapiWitness:
    """A whole life, held against the description of one version."""
    asker = Asker.new().using(request.param)
    witness = OpenapiWitness(asker, description(shared / "intercom" / "openapi", request.param))
    live(witness.ask, asker)
    return witness


def test_the_life_asks_every_operation_there_is(witness: OpenapiWitness) -> None:
    """An operation that nobody asks is held against nothing."""
    version = VERSIONS[str(witness.asker.version)]
    unseen = {route.operation for route in ROUTES if route.span.covers(version)} - witness.seen
    assert unseen == set()


def test_operations_have_their_official_names(witness: OpenapiWitness) -> None:
    """Faults are armed by these names, those of the newest description."""
    version = VERSIONS[str(witness.asker.version)]
    if version.name != DESCRIBED[-1]:
        return
    wrong = {
        (route.operation, witness.official.operation_id(route.method, route.pattern))
        for route in ROUTES
        if route.span.covers(version) and witness.official.has(route.method, route.pattern)
        if route.operation != witness.official.operation_id(route.method, route.pattern)
    }
    assert wrong == set()


EVENT_LIST = "documented in words: events can be listed one by one; the schema knows the summary only"
BOTH = {
    ".avatar: str instead of object": "recorded from live workspaces: a plain string (facts §5)",
    ".email: null": "recorded: a lead without an e-mail has null (facts §5)",
    ".pages.next.page: not described": "recorded in 2.11, 2.13 and 2.16 (facts-recorded 24)",
    ".location_data.latitude: not described": "recorded in webhooks and by the Java library",
    ".location_data.longitude: not described": "recorded in webhooks and by the Java library",
    ".remote_created_at: null": "recorded by the Java library: a visitor has not signed up",
    ".signed_up_at: null": "recorded by the Java library: a visitor has not signed up",
    ".sms_consent: not described": "recorded from live 2.11 and 2.15 (facts §5)",
    ".unsubscribed_from_sms: not described": "recorded from live 2.11 and 2.15 (facts §5)",
    ".type: 'event.list' is none of the named values": EVENT_LIST,
    **{
        f".events[].{name}: not described": EVENT_LIST
        for name in ("created_at", "email", "event_name", "id", "intercom_user_id", "metadata", "type")
    },
    "404: not described": "a user who does not exist has to be refused somehow",
}
"""Divergences from both descriptions, each with what speaks for the sandbox."""

LEDGER = {
    "2.11": BOTH
    | {f".events[].{name}: missing": EVENT_LIST for name in ("count", "first", "last", "name")}
    | {f".{name}: missing": EVENT_LIST for name in ("email", "intercom_user_id", "user_id")}
    | {
        ".events[].user_id: not described": EVENT_LIST,
        ".pages.next.per_page: missing": "recorded in 2.11 without it (facts-recorded 24)",
    },
    "2.16": BOTH
    | {
        f".{name}: not described": "documented for 2.13 and recorded (facts §5)"
        for name in ("archived", "blocked", "deleted")
    }
    | {".name: not described": "the official example shows a tag's name as well"},
}


def test_answers_are_as_described_but_for_the_ledger(witness: OpenapiWitness) -> None:
    """Neither more divergences than the ledger names, nor fewer; what the official examples do themselves is none."""
    excused = witness.official.contradictions()
    found = {finding: operations for finding, operations in witness.found.items() if within(finding) not in excused}
    assert {within(finding) for finding in found} == set(LEDGER[str(witness.asker.version)]), found
