"""Fields that are sent in vain: the table agrees with what the sandbox really reads, and a report tells them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.core.http import Request
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.sandbox.rules.versions import VERSIONS
from harness.sandbox.unread_fields import READ, unread
from harness.tests.support import stock_scenarios
from harness.tests.support.sandbox_client import Asker

LATEST = max(VERSIONS.values(), key=lambda version: version.order).name
"""The version that has every field of 2.x."""

OPERATIONS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "convertVisitor": ("2.16", "POST", "/visitors/convert", {"visitor": {"user_id": "{uuid}"}, "type": "user"}),
    "convertLead": ("1.4", "POST", "/contacts/convert", {"contact": {"id": "{lead}"}, "user": {"email": "n@a.test"}}),
    "MergeContact": ("2.16", "POST", "/contacts/merge", {"from": "{lead}", "into": "{user}"}),
    "CreateContact": (LATEST, "POST", "/contacts", {"email": "new@example.com"}),
    "UpdateContact": (LATEST, "PUT", "/contacts/{user}", {}),
    "updateVisitor": ("1.4", "PUT", "/visitors", {"user_id": "{uuid}"}),
    "createOrUpdateUser": ("1.4", "POST", "/users", {"email": "new@example.com"}),
    "createOrUpdateLead": ("1.4", "POST", "/contacts", {}),
}  # fmt: skip
"""An operation with its version, method and path, and a body to which one field at a time is added."""


def _put(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    name, _, rest = path.partition(".")
    inner = body.get(name)
    return {**body, name: _put(inner if isinstance(inner, dict) else {}, rest, value) if rest else value}


def _answer(operation: str, path: str | None) -> tuple[int, str]:
    asker = Asker.new()
    visitor = asker.visitor()
    lead, user = asker.contact(role="lead"), asker.user()
    version, method, target, sent = OPERATIONS[operation]
    known = {"{uuid}": visitor["user_id"], "{lead}": lead["id"], "{user}": user["id"]}
    body = sent if path is None else _put(sent, path.removesuffix(".*"), [7])
    text = json.dumps(body)
    for name, value in known.items():
        text, target = text.replace(name, value), target.replace(name, value)
    response = asker.using(version).send(method, target, text.encode())
    error = (response.json().get("errors") or [{}])[0]
    return response.status, f"{error.get('code')}: {error.get('message')}"


CASES = [(operation, path) for operation in OPERATIONS for path in sorted(READ[operation])]


@pytest.mark.parametrize(("operation", "path"), CASES)
def test_a_field_of_the_table_is_read(operation: str, path: str) -> None:
    """A list where none can be meant changes the answer: the operation looked at it."""
    assert _answer(operation, path) != _answer(operation, None)


IN_VAIN = [
    ("convertVisitor", "contact"), ("convertVisitor", "visitor.email"), ("convertVisitor", "user.external_id"),
    ("convertVisitor", "user.name"), ("convertLead", "type"), ("convertLead", "user.external_id"),
    ("convertLead", "contact.email"), ("MergeContact", "to"), ("MergeContact", "user"), ("UpdateContact", "user_id"),
    ("UpdateContact", "tags"), ("CreateContact", "type"), ("CreateContact", "user_id"), ("updateVisitor", "type"),
    ("createOrUpdateUser", "external_id"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "path"), IN_VAIN)
def test_a_field_that_is_not_in_the_table_is_not_read(operation: str, path: str) -> None:
    """Whatever it holds, the answer is the same; and it is told."""
    assert _answer(operation, path) == _answer(operation, None)
    assert unread(operation, _put(OPERATIONS[operation][3], path, "x")) == (path,)


@pytest.mark.parametrize(
    ("operation", "body", "told"),
    [
        ("convertVisitor", {"visitor": {"user_id": "x"}, "user": {}, "type": "lead"}, ()),
        ("convertVisitor", {"visitor": {"user_id": "x"}, "user": None, "type": "lead"}, ()),
        ("convertVisitor", {"visitor": "x", "type": "lead"}, ("visitor",)),
        ("CreateContact", {"custom_attributes": {"anything": 1}}, ()),
        ("MergeContact", {"to": 1, "from": 2, "lead": 3}, ("to", "lead")),
        ("identifyAdmin", {"anything": 1}, ()),
        ("MergeContact", ["to"], ()),
    ],
)
def test_fields_are_told_in_the_order_in_which_they_were_sent(operation: str, body: Any, told: tuple[str, ...]) -> None:
    """Nested ones with a dot; what may hold anything is not looked into; nothing is said of other operations."""
    assert unread(operation, body) == told


def test_a_request_of_the_pipeline_carries_what_was_not_read_of_it() -> None:
    """In a run, in recordings as well: it needs no sandbox, only the operation."""
    from harness.runner.wiring import unread_fields

    request = Request("POST", "/contacts/merge", {"intercom-version": "2.16"}, b'{"from": "1", "to": "2"}')
    assert unread_fields(request, "") == ("to",)
    assert unread_fields(request, "MergeContact") == ("to",)
    assert unread_fields(Request("POST", "/contacts/merge", {}, b"{"), "MergeContact") == ()


def test_a_report_tells_what_was_not_read() -> None:
    """Beside the request that carried it, and as the likely reason."""
    run = Run(RunOptions(pipeline="harness.zoo.wrong_identifiers:SaysToForInto"))
    (case,) = stock_scenarios.cases_of("lead_to_user::test_a_lead_who_never_gave_an_email_merges")
    try:
        result = stock_scenarios.play(run, case)
    finally:
        run.close()
    (asked,) = [exchange for exchange in result.exchanges if exchange.request.caller == "pipeline"]
    assert asked.unread == ("to",)
    assert {exchange.unread for exchange in result.exchanges if exchange.request.caller == "harness"} == {()}
    assert any("it sent `to`; Intercom reads `into`" in claim.likely for claim in result.claims)
