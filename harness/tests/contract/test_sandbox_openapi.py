"""Every answer of every operation against the official descriptions 2.11 and 2.16, with a ledger of known divergences.

The ledger is exact in both directions: a divergence that appears fails, and so does one that is gone. Where the
description and a recording disagree, the sandbox follows the recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.sandbox.routes import ROUTES
from harness.sandbox.routing import Route
from harness.sandbox.versions import VERSIONS
from harness.tests.openapi import Description, description, within
from harness.tests.sandboxed import Asker

DESCRIBED = ("2.11", "2.16")


class Witness:
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


PICTURE = "https://www.example.com/parcel.png"

DUBLIN = {
    "city_name": "Dublin",
    "continent_code": "EU",
    "country_code": "IRL",
    "country_name": "Ireland",
    "postal_code": "D02",
    "region_name": "Dublin",
    "timezone": "Europe/Dublin",
}


def live(ask: Callable[..., Any], asker: Asker) -> None:
    """One of everything that 2.x can be asked, and refused."""
    visitor, other = asker.visitor(name="Vera", location=DUBLIN), asker.visitor()
    ask("GET", "/me")
    admin = ask("GET", "/admins")["admins"][0]["id"]
    ask("GET", f"/admins/{admin}")
    ask("GET", f"/visitors?user_id={visitor['user_id']}")
    ask("PUT", "/visitors", {"id": visitor["id"], "name": "Vera V"})
    ask("PUT", f"/visitors/{visitor['id']}", {"name": "Vera"})
    ask("POST", "/data_attributes", {"name": "plan", "model": "contact", "data_type": "string"})
    attribute = ask("GET", "/data_attributes?model=contact")["data"][-1]["id"]
    ask("PUT", f"/data_attributes/{attribute}", {"description": "what they pay for"})
    ask("PUT", "/data_attributes/999", {"description": "nothing"})
    convert = {"visitor": {"user_id": visitor["user_id"]}, "user": {"email": "vera@example.com"}, "type": "user"}
    born = ask("POST", "/visitors/convert", convert)
    ask("GET", f"/contacts/{born['id']}/segments")
    segment = ask("GET", "/segments?include_count=true")["segments"][0]["id"]
    ask("GET", f"/segments/{segment}")
    ask("GET", f"/companies?segment_id={segment}")
    lead = ask("POST", "/visitors/convert", {"visitor": {"id": other["id"]}, "user": {}, "type": "lead"})
    ask("GET", f"/visitors?user_id={visitor['user_id']}")
    user = ask("POST", "/contacts", {"email": "uma@example.com", "name": "Uma", "custom_attributes": {"plan": "pro"}})
    ask("PUT", f"/contacts/{lead['id']}", {"email": "uma@example.com", "owner_id": admin})
    conversation = _belongings(ask, lead["id"])
    if asker.version == "2.16":
        ask("DELETE", f"/conversations/{conversation}")
    else:
        ask("POST", f"/conversations/{conversation}/run_assignment_rules")
        ask("POST", "/conversations/1/run_assignment_rules")
    ask("GET", f"/contacts/{lead['id']}")
    ask("GET", "/contacts?per_page=1")
    query = {"operator": "AND", "value": [{"field": "role", "operator": "=", "value": "lead"}]}
    ask("POST", "/contacts/search", {"query": query, "pagination": {"per_page": 1}})
    ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    ask("GET", f"/contacts/{lead['id']}")
    ask("POST", f"/contacts/{user['id']}/archive")
    ask("POST", f"/contacts/{user['id']}/unarchive")
    if asker.version == "2.16":
        ask("GET", f"/contacts/{user['id']}/merge_history")
        ask("GET", f"/contacts/find_by_external_id/{lead['external_id']}")
        ask("POST", f"/contacts/{user['id']}/block")
    ask("DELETE", f"/contacts/{user['id']}", {})
    ask("GET", f"/contacts/{user['id']}/tags")


def _belongings(ask: Callable[..., Any], contact_id: str) -> str:
    contact = f"/contacts/{contact_id}"
    tag = ask("POST", "/tags", {"name": "vip"})["id"]
    ask("GET", "/tags")
    ask("GET", f"/tags/{tag}")
    ask("POST", f"{contact}/tags", {"id": tag})
    ask("POST", f"{contact}/tags", {"id": "999"})
    ask("GET", f"{contact}/tags")
    ask("DELETE", f"{contact}/tags/{tag}")
    note = ask("POST", f"{contact}/notes", {"body": "Hello"})["id"]
    ask("GET", f"{contact}/notes")
    ask("GET", f"/notes/{note}")
    _companies(ask, contact)
    ask("GET", "/subscription_types")
    ask("POST", f"{contact}/subscriptions", {"id": "1", "consent_type": "opt_out"})
    ask("GET", f"{contact}/subscriptions")
    ask("DELETE", f"{contact}/subscriptions/1")
    ask("GET", "/segments")
    ask("GET", "/segments/1")
    ask("GET", f"{contact}/segments")
    conversation = _conversations(ask, contact_id)
    ask("DELETE", f"/tags/{tag}")
    return conversation


def _companies(ask: Callable[..., Any], contact: str) -> None:
    company = ask(
        "POST", "/companies", {"company_id": "1", "name": "Acme", "plan": "gold", "size": 3, "remote_created_at": 1}
    )["id"]
    ask("POST", "/companies", {"test": "invalid"})
    ask("GET", "/companies")
    ask("GET", f"/companies/{company}")
    ask("PUT", f"/companies/{company}", {"name": "Acme Ltd", "monthly_spend": 12})
    ask("POST", f"{contact}/companies", {"id": company})
    ask("POST", f"{contact}/companies", {"id": "none"})
    ask("GET", f"{contact}/companies")
    ask("GET", f"/companies/{company}/contacts")
    ask("GET", f"/companies/{company}/segments")
    ask("POST", "/companies/list")
    ask("GET", "/companies/scroll")
    ask("DELETE", f"{contact}/companies/{company}")
    ask("DELETE", f"/companies/{company}")


def _conversations(ask: Callable[..., Any], contact_id: str) -> str:
    other = ask("POST", "/contacts", {"email": "other@example.com"})["id"]
    said = {"from": {"type": "lead", "id": contact_id}, "body": "Do you ship?", "attachment_urls": [PICTURE]}
    conversation: str = ask("POST", "/conversations", said)["conversation_id"]
    ask("POST", "/messages", said)
    ask("GET", "/conversations")
    ask("GET", "/conversations/1")
    admin_id = ask("GET", "/me")["id"]
    acting = {"admin_id": admin_id}
    reply = {"message_type": "comment", "type": "user", "intercom_user_id": contact_id, "body": "Hello?"}
    answered = ask("POST", f"/conversations/{conversation}/reply", reply)
    ask("GET", f"/conversations/{conversation}")
    ask("PUT", f"/conversations/{conversation}", {"read": True, "custom_attributes": {"issue": "Billing", "size": 3}})
    _manage(ask, conversation, admin_id)
    part = answered["conversation_parts"]["conversation_parts"][0]["id"]
    redacted = {"type": "conversation_part", "conversation_id": conversation, "conversation_part_id": part}
    ask("POST", "/conversations/redact", redacted)
    ask("POST", "/conversations/redact", {**redacted, "conversation_id": "none"})
    query = {"field": "contact_ids", "operator": "=", "value": contact_id}
    ask("POST", "/conversations/search", {"query": query})
    customer = {"customer": {"intercom_user_id": other}}
    ask("POST", f"/conversations/{conversation}/customers", acting | customer)
    ask("POST", "/conversations/1/customers", acting | customer)
    ask("DELETE", f"/conversations/{conversation}/customers/{other}", acting)
    ask("DELETE", f"/conversations/{conversation}/customers/{other}", acting)
    ask("DELETE", f"/conversations/{conversation}/customers/{contact_id}", acting)
    label = {"id": ask("POST", "/tags", {"name": "shipping"})["id"], "admin_id": admin_id}
    ask("POST", f"/conversations/{conversation}/tags", label)
    ask("POST", "/conversations/1/tags", label)
    ask("GET", f"/conversations/{conversation}")
    ask("DELETE", f"/conversations/{conversation}/tags/{label['id']}", label)
    ask("DELETE", f"/conversations/{conversation}/tags/{label['id']}", label)
    _events(ask, contact_id, other)
    return conversation


def _manage(ask: Callable[..., Any], conversation: str, admin_id: str) -> None:
    path, acting = f"/conversations/{conversation}/parts", {"type": "admin", "admin_id": admin_id}
    team = ask("GET", "/teams")["teams"][0]["id"]
    ask("GET", f"/teams/{team}")
    ask("GET", "/teams/1")
    ask("POST", path, {**acting, "message_type": "close", "body": "Goodbye"})
    ask("POST", path, {**acting, "message_type": "assignment", "assignee_id": admin_id})
    ask("POST", path, {**acting, "type": "team", "message_type": "assignment", "assignee_id": team})
    ask("POST", path, {**acting, "message_type": "assignment", "assignee_id": "0"})
    ask("POST", path, {**acting, "message_type": "snoozed", "snoozed_until": 2_000_000_000})
    ask("POST", path, {**acting, "message_type": "open"})
    ask("POST", "/conversations/1/parts", {**acting, "message_type": "open"})
    sent = {"name": "order.json", "content_type": "application/json", "data": "e30="}
    note = {**acting, "message_type": "comment", "body": "We do", "attachment_files": [sent]}
    ask("POST", f"/conversations/{conversation}/reply", note)


def _events(ask: Callable[..., Any], contact_id: str, other: str) -> None:
    ask("POST", "/events", {"event_name": "asked", "created_at": 1, "id": contact_id, "metadata": {"a": 1}})
    ask("POST", "/events/summaries", {"user_id": "nobody"})
    ask("PUT", f"/contacts/{other}", {"external_id": "other"})
    ask("POST", "/events/summaries", {"user_id": "other", "event_summaries": {"event_name": "asked", "count": 3}})
    ask("GET", f"/events?type=user&intercom_user_id={contact_id}")
    ask("GET", f"/events?type=user&intercom_user_id={contact_id}&summary=true")


@pytest.fixture(scope="module", params=DESCRIBED)
def witness(request: pytest.FixtureRequest, shared: Path) -> Witness:
    """A whole life, held against the description of one version."""
    asker = Asker.new().using(request.param)
    witness = Witness(asker, description(shared / "intercom" / "openapi", request.param))
    live(witness.ask, asker)
    return witness


def test_the_life_asks_every_operation_there_is(witness: Witness) -> None:
    """An operation that nobody asks is held against nothing."""
    version = VERSIONS[str(witness.asker.version)]
    unseen = {route.operation for route in ROUTES if route.span.covers(version)} - witness.seen
    assert unseen == set()


def test_operations_have_their_official_names(witness: Witness) -> None:
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
    | {".events[].user_id: not described": EVENT_LIST},
    "2.16": BOTH
    | {
        f".{name}: not described": "documented for 2.13 and recorded (facts §5)"
        for name in ("archived", "blocked", "deleted")
    }
    | {".name: not described": "the official example shows a tag's name as well"},
}


def test_answers_are_as_described_but_for_the_ledger(witness: Witness) -> None:
    """Neither more divergences than the ledger names, nor fewer; what the official examples do themselves is none."""
    excused = witness.official.contradictions()
    found = {finding: operations for finding, operations in witness.found.items() if within(finding) not in excused}
    assert {within(finding) for finding in found} == set(LEDGER[str(witness.asker.version)]), found
