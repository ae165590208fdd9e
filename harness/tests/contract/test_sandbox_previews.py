"""The versions `Preview` and `Unstable`, and the operations that the sandbox does not have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.sandbox.not_modelled import NOT_MODELLED
from harness.sandbox.requests.router import Route
from harness.sandbox.routes import ROUTES
from harness.sandbox.rules.versions import VERSIONS
from harness.tests.support.openapi import description
from harness.tests.support.sandbox_client import Asker, refused


@pytest.fixture
def asker() -> Asker:
    """A sandbox of its own, asked in Preview."""
    return Asker.new().using("Preview")


# --- Preview and Unstable -------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["Preview", "Unstable"])
def test_a_preview_is_accepted_and_echoed(version: str, asker: Asker) -> None:
    """On the rules of the newest version: the id of somebody merged away answers 410."""
    asker = asker.using(version)
    user, lead = asker.user(), asker.lead(email="user@example.com")
    assert asker.send("GET", "/me").headers["intercom-version"] == version
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    assert asker.refusal("GET", f"/contacts/{lead['id']}")[0] == 410


@pytest.mark.parametrize("version", ["Preview", "Unstable"])
def test_a_user_merges_into_a_user_who_shares_an_identifier(version: str, asker: Asker) -> None:
    """Only in a preview; the source is gone, and its old id leads to the target."""
    one, other = asker.user(email="one@example.com"), asker.user(email="other@example.com")
    for user in (one, other):
        asker.ask("PUT", f"/contacts/{user['id']}", {"phone": "+15550100155"})
    body = {"from": one["id"], "into": other["id"]}
    assert refused(asker.using("2.17"), "POST", "/contacts/merge", body)[:2] == (400, "invalid_merge")
    assert asker.using(version).ask("POST", "/contacts/merge", body)["id"] == other["id"]
    assert asker.send("GET", f"/contacts/{one['id']}").headers["link"] == f'</contacts/{other["id"]}>; rel="canonical"'


def test_users_who_share_nothing_do_not_merge_in_a_preview(asker: Asker) -> None:
    """And `skip_duplicate_validation` does not help, as it does for a lead."""
    one, other = asker.user(email="one@example.com"), asker.user(email="other@example.com")
    body = {"from": one["id"], "into": other["id"]}
    assert refused(asker, "POST", "/contacts/merge", body)[:2] == (422, "unprocessable_entity")
    skipping = {**body, "skip_duplicate_validation": True}
    assert refused(asker, "POST", "/contacts/merge", skipping)[:2] == (400, "parameter_not_allowed")
    assert refused(asker, "POST", "/contacts/merge", {**body, "into": asker.lead()["id"]})[:2] == (400, "invalid_merge")


def test_a_preview_of_a_merge_tells_what_would_change_and_changes_nothing(asker: Asker) -> None:
    """Adopted, discarded and merged, and how much would be moved, in the form of the description of Preview."""
    asker.attribute("plan")
    user = asker.user(phone="+1999")
    lead = asker.lead(email="user@example.com", name="Jo", phone="+1555", custom_attributes={"plan": "pro"})
    asker.give(lead["id"], "lead")
    asker.give(user["id"], "user")
    before = asker.everything()
    body = {"from": lead["id"], "into": user["id"]}
    shown = asker.ask("POST", "/contacts/merge/preview", body)
    assert shown["allowed"] is True
    changes = {one.pop("field"): one for one in shown["summary"]["attribute_changes"]["attributes"]}
    assert changes["name"] == {"outcome": "adopted", "from_value": "Jo", "new_into_value": "Jo"}
    kept = {"outcome": "discarded", "from_value": "+1555", "into_value": "+1999", "new_into_value": "+1999"}
    assert changes["phone"] == kept
    assert changes["custom_attributes.plan"]["outcome"] == "adopted"
    assert changes["companies"]["new_into_value"] == ["company user", "company lead"]
    assert shown["summary"]["reassignments"]["tags"] == {"from": 1, "into": 1}
    assert asker.everything() == before
    after = asker.ask("POST", "/contacts/merge", body)
    assert (after["name"], after["phone"], after["custom_attributes"]) == ("Jo", "+1999", {"plan": "pro"})


def test_a_preview_of_a_merge_that_is_not_allowed_says_why(asker: Asker) -> None:
    """With a code that the description names."""
    user, lead = asker.user(), asker.lead(email="other@example.com")

    def reasons(**body: Any) -> list[str]:
        shown = asker.ask("POST", "/contacts/merge/preview", body)
        return [reason["code"] for reason in shown.get("reasons", [])]

    assert reasons(**{"from": lead["id"], "into": user["id"]}) == ["no_shared_identifier"]
    assert reasons(**{"from": lead["id"], "into": user["id"], "skip_duplicate_validation": True}) == []
    assert reasons(**{"from": user["id"], "into": lead["id"]}) == ["invalid_merge_role_pair"]
    assert asker.refusal("POST", "/contacts/merge/preview", {"from": lead["id"]})[0] == 404
    assert asker.using("2.17").refusal("POST", "/contacts/merge/preview", {})[:2] == (400, "intercom_version_invalid")


def test_deleted_contacts_are_listed_in_a_preview(asker: Asker) -> None:
    """Those that were deleted, and not those that were merged away."""
    user, lead, gone = asker.user(), asker.lead(email="user@example.com"), asker.lead()
    asker.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    asker.ask("DELETE", f"/contacts/{gone['id']}")
    assert [one["id"] for one in asker.ask("GET", "/contacts/deleted")["data"]] == [gone["id"]]


# --- what is not modelled says so -----------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.11", "2.16"])
def test_every_operation_of_a_description_is_modelled_or_says_that_it_is_not(version: str, shared: Path) -> None:
    """None answers as if there were no such thing in Intercom."""
    official = description(shared / "intercom" / "openapi", version)
    there = {
        (route.method, re.sub(r"\{[^}]*\}", "{}", route.pattern))
        for route in (*ROUTES, *NOT_MODELLED)
        if route.span.covers(VERSIONS[version])
    }
    assert official.requests() - there == set()


@pytest.mark.parametrize("route", NOT_MODELLED, ids=lambda route: route.operation)
def test_an_operation_that_is_not_modelled_says_so_and_changes_nothing(route: Route, asker: Asker) -> None:
    """501 in Intercom's envelope, with the operationId; the path is never taken for somebody's id."""
    target = re.sub(r"\{[^}]*\}", "7", route.pattern)
    body: dict[str, Any] | None = {} if route.method in ("POST", "PUT", "PATCH") else None
    status, code, message = refused(asker, route.method, target, body)
    assert (status, code) == (501, "harness_not_modelled")
    assert route.operation in message
    (error,) = asker.send(route.method, target, body).json()["errors"]
    assert error["field"] == route.operation


@pytest.mark.parametrize(
    ("method", "target", "version", "expected"),
    [
        ("GET", "/conversations/deleted", "2.15", (400, "intercom_version_invalid")),
        ("GET", "/conversations/deleted", "2.16", (501, "harness_not_modelled")),
        ("GET", "/conversations/attributes", "2.16", (501, "harness_not_modelled")),
        ("GET", "/contacts/deleted", "2.17", (400, "intercom_version_invalid")),
        ("GET", "/contacts/merge", "2.16", (405, "client_error")),
        ("DELETE", "/contacts/search", "2.16", (405, "client_error")),
        ("DELETE", "/visitors/convert", "2.10", (405, "client_error")),
        ("GET", "/articles", "1.4", (400, "intercom_version_invalid")),
    ],
)
def test_a_fixed_path_is_never_taken_for_an_id(
    method: str, target: str, version: str, expected: tuple[int, str], asker: Asker
) -> None:
    """In no version and with no method."""
    assert asker.using(version).refusal(method, target)[:2] == expected
