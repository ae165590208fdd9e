"""The sandbox and verification each hold their own reading of the facts; here the two are held against each other.

And against Intercom's own examples: an attribute read under a name that Intercom does not use would always look empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.sandbox.rules.contact_field import MergeAction
from harness.sandbox.rules.contact_fields import FIELDS
from harness.sandbox.rules.merge_policy import BELONGINGS, KEEPING, FieldPolicy
from harness.verification.checks import expectations as rules
from harness.verification.checks.expectations import ExpectationRule
from harness.verification.checks.kept_belongings import BELONGINGS as CLAIMED_BELONGINGS

AGREE: Mapping[MergeAction, frozenset[ExpectationRule]] = {
    MergeAction.KEPT: frozenset({ExpectationRule.KEPT, ExpectationRule.OPT_OUT}),
    MergeAction.TARGET: frozenset({ExpectationRule.TARGET_ONLY, ExpectationRule.MAY_FILL}),
    MergeAction.ADOPTED: frozenset({ExpectationRule.TARGET_WINS, ExpectationRule.EITHER, ExpectationRule.MAY_FILL}),
    MergeAction.ADOPTED_BY_KEY: frozenset({ExpectationRule.TARGET_WINS}),
    MergeAction.ADOPTED_IF_ALLOWED: frozenset({ExpectationRule.MAY_FILL}),
    MergeAction.EITHER: frozenset({ExpectationRule.OPT_OUT}),
    MergeAction.MOMENT: frozenset({ExpectationRule.SET}),
}
"""Which rules of verification say the same as, or less than, a fate in the sandbox."""

RECORDED = {"sms_consent", "unsubscribed_from_sms"}
"""Attributes that recordings show, and no example does (facts-recorded 33)."""

KEPT = {keep.what: keep for keep in KEEPING}


def fate_of(name: str) -> FieldPolicy:
    """The sandbox's row for an attribute that verification judges."""
    return KEPT[name]


@pytest.mark.parametrize("name", rules.IN_PLACE)
def test_what_stays_in_place_is_read_alike(name: str) -> None:
    """What verification expects of somebody who keeps their id is what the sandbox does, as lead and as user."""
    expected = rules.IN_PLACE[name].rule
    assert expected in AGREE[fate_of(name).becomes_lead]
    assert expected in AGREE[fate_of(name).becomes_user]


@pytest.mark.parametrize("name", rules.MERGED)
def test_what_a_merge_does_is_read_alike(name: str) -> None:
    """What verification expects of a merge is what the sandbox does."""
    assert rules.MERGED[name].rule in AGREE[fate_of(name).merged]


def test_custom_attributes_and_the_sign_up_are_read_alike() -> None:
    """Custom attributes key by key, and the moment of signing up."""
    assert rules.CUSTOM_IN_PLACE.rule in AGREE[KEPT["custom_attributes"].becomes_user]
    assert rules.CUSTOM_MERGED.rule in AGREE[KEPT["custom_attributes"].merged]
    assert rules.SIGNED_UP.rule in AGREE[KEPT["signed_up_at"].becomes_user]


def test_what_hangs_on_a_person_is_united_or_moved() -> None:
    """Every belonging that verification claims to be kept is one that the sandbox unites or moves."""
    fates = {keep.what: keep.merged for keep in BELONGINGS}
    assert {fates[name] for name in CLAIMED_BELONGINGS} <= {MergeAction.UNION, MergeAction.MOVED}
    assert fates["consents"] is MergeAction.STRICTER


@pytest.mark.parametrize("name", [n for n in rules.MERGED if rules.MERGED[n].assumed])
def test_an_assumption_of_the_one_is_no_fact_of_the_other(name: str) -> None:
    """Where verification says assumed, it does not rest on a row that the sandbox calls documented, or says why."""
    documented_elsewhere = {
        "location": "kept in place is recorded; copied by a merge follows from the general rule only",
        "created_at": "one recorded merge changed updated_at only; nothing says so in words",
        "signed_up_at": "as created_at",
        "last_seen_at": "follows from the general rule only",
    }
    assert KEPT[name].assumed or name in documented_elsewhere


@pytest.fixture(scope="module")
def contact_example(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Intercom's own example of a contact in 2.16."""
    shared: Path = request.getfixturevalue("shared")
    text = (shared / "intercom" / "openapi" / "intercom-api-2.16.yaml").read_text(encoding="utf-8")
    description = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    answer = description["paths"]["/visitors/convert"]["post"]["responses"]["200"]["content"]["application/json"]
    example: dict[str, Any] = answer["examples"]["successful"]["value"]
    return example


def test_every_attribute_is_one_that_intercom_shows(contact_example: dict[str, Any]) -> None:
    """No attribute is read under a name that a contact does not have; what later versions add has no example yet."""
    later = {row.name for row in FIELDS if row.shown is not None and (row.shown.since or (0, 0)) > (2, 16)}
    names = {name.partition(".")[0] for name in (*rules.IN_PLACE, *rules.MERGED)}
    assert names - later - RECORDED <= set(contact_example)
    assert set(rules.PLACE) <= set(contact_example["location"])


def test_a_visitor_is_read_under_a_visitors_names(shared: Path) -> None:
    """What a visitor calls otherwise stands in a real visitor under that name."""
    visitor = json.loads((shared / "intercom" / "recorded" / "sdk" / "java_visitor.json").read_text(encoding="utf-8"))
    assert set(rules.VISITOR_NAMES.values()) <= set(visitor)
    assert set(rules.VISITOR_PLACE) <= set(visitor["location_data"])
    assert rules.value_of(visitor, "location")["city"] == visitor["location_data"]["city_name"]
    assert rules.value_of(visitor, "last_seen_at") == visitor["last_request_at"]


def test_a_recorded_conversion_satisfies_the_rules(shared: Path) -> None:
    """A real lead that became a user, as Intercom told it, keeps what verification expects to be kept."""
    body = json.loads(
        (shared / "intercom" / "recorded" / "webhooks" / "contact_signed_up__v1_lead_to_user.json").read_text("utf-8")
    )["data"]["item"]
    assert body["user_id"] is None
    assert not rules.empty(body["signed_up_at"])
    assert body["signed_up_at"] > body["created_at"]
    assert not rules.empty(body["referrer"])
