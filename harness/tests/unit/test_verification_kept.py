"""Nothing was lost: attributes by their rules, belongings, opt-outs, permissions, and what was added."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.client import Reading
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.snapshots import CONTACT_ID, TARGET_ID, contact, error, ids, listing, reading, shown
from harness.verification import Claim, Verdict, witnesses
from harness.verification.checks import expectations as rules
from harness.verification.checks import kept
from harness.verification.checks.additions import additions
from harness.verification.checks.converted import Conversion, Permissions
from harness.verification.checks.expectations import ExpectationRule
from harness.verification.checks.kept_belongings import belongings_kept
from harness.verification.snapshot import PersonSnapshot

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN
SOURCE, TARGET, OTHER, GAP = "source's", "target's", "another", None


@pytest.mark.parametrize(
    ("rule", "source", "target", "fits"),
    [
        (ExpectationRule.KEPT, SOURCE, GAP, (SOURCE,)),
        (ExpectationRule.KEPT, GAP, GAP, None),
        (ExpectationRule.KEPT, "", GAP, None),
        (ExpectationRule.KEPT, 0, GAP, (0,)),
        (ExpectationRule.KEPT, False, GAP, (False,)),
        (ExpectationRule.TARGET_WINS, SOURCE, TARGET, (TARGET,)),
        (ExpectationRule.TARGET_WINS, SOURCE, GAP, (SOURCE,)),
        (ExpectationRule.TARGET_WINS, SOURCE, "", (SOURCE,)),
        (ExpectationRule.TARGET_WINS, SOURCE, 0, (0,)),
        (ExpectationRule.TARGET_WINS, GAP, TARGET, (TARGET,)),
        (ExpectationRule.TARGET_WINS, GAP, GAP, None),
        (ExpectationRule.TARGET_ONLY, SOURCE, TARGET, (TARGET,)),
        (ExpectationRule.TARGET_ONLY, SOURCE, GAP, (GAP,)),
        (ExpectationRule.MAY_FILL, SOURCE, TARGET, (TARGET,)),
        (ExpectationRule.MAY_FILL, SOURCE, GAP, (GAP, SOURCE)),
        (ExpectationRule.MAY_FILL, GAP, GAP, None),
        (ExpectationRule.EITHER, SOURCE, TARGET, (TARGET, SOURCE)),
        (ExpectationRule.OPT_OUT, True, False, (True,)),
        (ExpectationRule.OPT_OUT, False, True, (True,)),
        (ExpectationRule.OPT_OUT, True, True, (True,)),
        (ExpectationRule.OPT_OUT, True, None, (True,)),
        (ExpectationRule.OPT_OUT, False, False, (False,)),
        (ExpectationRule.OPT_OUT, False, None, (False,)),
        (ExpectationRule.OPT_OUT, None, None, None),
        (ExpectationRule.FREE, SOURCE, TARGET, None),
    ],
)
def test_each_rule_accepts_what_it_says(
    rule: ExpectationRule, source: Any, target: Any, fits: tuple[Any, ...] | None
) -> None:
    """`None` means that there was nothing to keep, so that any value will do."""
    assert rules.accepted(rule, source, target) == fits


VALUES = st.one_of(st.none(), st.just(""), st.text(min_size=1, max_size=3), st.integers(-2, 2), st.booleans())


@UNHURRIED
@given(source=VALUES, target=VALUES)
def test_the_target_never_loses_a_value_to_the_source(source: Any, target: Any) -> None:
    """Whenever both have one, no merge rule accepts the source's value instead of the target's."""
    for rule in (ExpectationRule.TARGET_WINS, ExpectationRule.TARGET_ONLY, ExpectationRule.MAY_FILL):
        if not rules.empty(source) and not rules.empty(target):
            assert rules.accepted(rule, source, target) == (target,)


def _conversion(
    source: dict[str, Any], after: dict[str, Any] | None, target: dict[str, Any] | None = None, **belongings: Any
) -> Conversion:
    gone = error(404) if after is None else reading(200, after)
    was = None if target is None else PersonSnapshot(by_id=reading(200, target), **belongings.get("theirs", {}))
    before = PersonSnapshot(by_id=reading(200, source), **belongings.get("had", {}))
    return Conversion("the lead", before, was, PersonSnapshot(by_id=gone, **belongings.get("has", {})))


def _kept(
    source: dict[str, Any],
    after: dict[str, Any] | None,
    target: dict[str, Any] | None = None,
    *,
    permissions: Permissions | None = None,
    became_user: bool = True,
) -> dict[str, Claim]:
    conversion = replace(_conversion(source, after, target), became_user=became_user)
    claims = kept.attributes_kept(conversion, permissions or Permissions())
    return {claim.text.partition(":")[0]: claim for claim in claims}


LEAD = contact(name="Ada", phone="+12025550100", created_at=1, custom_attributes={"plan": "trial", "campaign": "fair"})
USER = contact(TARGET_ID, "user", name="Countess", external_id="a-1", created_at=2, custom_attributes={"plan": "pro"})


def test_what_a_lead_carried_stays_when_they_become_a_user_in_place() -> None:
    """The same values under the same id."""
    claims = _kept(LEAD, {**LEAD, "role": "user", "signed_up_at": 5})
    assert {claim.verdict for claim in claims.values()} == {PROVED}
    assert set(claims) >= {"name", "phone", "created_at", "custom_attributes.plan"}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"name": "Grace"}, "name"),
        ({"name": None}, "name"),
        ({"phone": ""}, "phone"),
        ({"created_at": 9}, "created_at"),
        ({"custom_attributes": {"plan": "trial"}}, "custom_attributes.campaign"),
        ({"custom_attributes": {}}, "custom_attributes.plan"),
        ({"custom_attributes": {"plan": "pro", "campaign": "fair"}}, "custom_attributes.plan"),
    ],
)
def test_a_value_that_was_changed_blanked_or_dropped_refutes(change: dict[str, Any], name: str) -> None:
    """In place, everything that was there must still be there."""
    claims = _kept(LEAD, {**LEAD, "role": "user", "signed_up_at": 5, **change})
    assert claims[name].verdict is REFUTED
    assert claims[name].source.count("facts §") == 1


def test_signing_up_is_asked_of_a_visitor_who_became_a_user_and_of_nobody_else() -> None:
    """A lead whose role is changed by `PUT` need not have it (facts-recorded 2), and only users have signed up."""
    visitor = {**LEAD, "type": "visitor"}
    for signed_up_at, verdict in ((5, PROVED), (None, REFUTED)):
        user = {**LEAD, "role": "user", "signed_up_at": signed_up_at}
        assert _kept(visitor, user)["signed_up_at"].verdict is verdict
    assert "signed_up_at" not in _kept(LEAD, {**LEAD, "role": "user", "signed_up_at": None})
    assert "signed_up_at" not in _kept(visitor, LEAD, became_user=False)


@pytest.mark.parametrize(("at", "verdict"), [(5, PROVED), (1_795_959_709_110, REFUTED), (-9_999_999, REFUTED)])
@pytest.mark.parametrize("kind", ["visitor", "contact"])
def test_the_time_of_signing_up_is_one_that_can_be(kind: str, at: int, verdict: Verdict) -> None:
    """Between the first visit and now, in seconds: milliseconds, or a time before that, refute."""
    user = {**LEAD, "role": "user", "signed_up_at": at}
    assert _kept({**LEAD, "type": kind}, user)["signed_up_at"].verdict is verdict


def test_in_a_merge_the_users_own_values_win_and_gaps_are_filled() -> None:
    """Name and plan are the user's, phone and campaign come from the lead."""
    merged = {**USER, "phone": "+12025550100", "custom_attributes": {"plan": "pro", "campaign": "fair"}}
    assert {claim.verdict for claim in _kept(LEAD, merged, USER).values()} == {PROVED}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"name": "Ada"}, "name"),
        ({"phone": None}, "phone"),
        ({"created_at": 1}, "created_at"),
        ({"external_id": "another"}, "external_id"),
        ({"external_id": None}, "external_id"),
        ({"custom_attributes": {"plan": "trial", "campaign": "fair"}}, "custom_attributes.plan"),
        ({"custom_attributes": {"plan": "pro"}}, "custom_attributes.campaign"),
    ],
)
def test_in_a_merge_an_overwritten_value_or_an_unfilled_gap_refutes(change: dict[str, Any], name: str) -> None:
    """The source's value over the target's, or neither."""
    merged = {**USER, "phone": "+12025550100", "custom_attributes": {"plan": "pro", "campaign": "fair"}, **change}
    assert _kept(LEAD, merged, USER)[name].verdict is REFUTED


@pytest.mark.parametrize(("was", "became", "verdict"), [(1, True, REFUTED), (0, False, REFUTED), (1, 1.0, PROVED)])
def test_a_number_that_became_a_truth_was_changed(was: Any, became: Any, verdict: Verdict) -> None:
    """Python takes one for the other; Intercom does not."""
    lead = contact(custom_attributes={"seats": was})
    claims = _kept(lead, {**lead, "custom_attributes": {"seats": became}})
    assert claims["custom_attributes.seats"].verdict is verdict


def test_without_anybody_to_compare_with_every_attribute_is_unknown() -> None:
    """A target that cannot be read proves nothing of what was kept, and refutes nothing of it either."""
    claims = _kept(LEAD, None)
    assert claims
    assert {claim.verdict for claim in claims.values()} == {UNKNOWN}


def test_a_visitors_values_are_found_under_the_names_a_contact_has_for_them() -> None:
    """`last_request_at` and `location_data` become `last_seen_at` and `location`."""
    visitor = {
        "type": "visitor", "id": CONTACT_ID, "name": "Ada", "last_request_at": 7,
        "location_data": {"city_name": "Dublin", "country_name": "Ireland"},
    }  # fmt: skip
    right = contact(name="Ada", last_seen_at=7, location={"city": "Dublin", "country": "Ireland"})
    claims = _kept(visitor, right, became_user=False)
    assert {name: claim.verdict for name, claim in claims.items()} == dict.fromkeys(
        ("name", "last_seen_at", "location"), PROVED
    )
    wrong = contact(name="Ada", last_seen_at=7, location={"city": "Lisbon", "country": "Ireland"})
    assert _kept(visitor, wrong, became_user=False)["location"].verdict is REFUTED


# --- permissions ----------------------------------------------------------------------------------


def test_a_permitted_change_is_no_claim_and_the_permission_counts_as_used() -> None:
    """What a scenario allows to be written does not refute."""
    permissions = Permissions(frozenset({"custom_attributes.plan"}))
    changed = {**LEAD, "role": "user", "signed_up_at": 5, "custom_attributes": {"plan": "pro", "campaign": "fair"}}
    assert "custom_attributes.plan" not in _kept(LEAD, changed, permissions=permissions)
    assert permissions.unused == frozenset()


def test_a_permission_that_nothing_needed_stays_unused() -> None:
    """It is told afterwards, so that no permission outlives its reason."""
    permissions = Permissions(frozenset({"custom_attributes.plan", "name"}))
    _kept(LEAD, {**LEAD, "role": "user", "signed_up_at": 5, "name": "Grace"}, permissions=permissions)
    assert permissions.unused == {"custom_attributes.plan"}


def test_what_a_pipelines_settings_permit_need_not_be_used_in_each_scenario() -> None:
    """They stand for the whole run; only a scenario's own permission must be needed there."""
    permissions = Permissions(frozenset({"name"}), standing=frozenset({"custom_attributes.plan", "phone"}))
    changed = {**LEAD, "role": "user", "signed_up_at": 5, "phone": None}
    assert "phone" not in _kept(LEAD, changed, permissions=permissions)
    assert permissions.used == {"phone"}
    assert permissions.unused == {"name"}


def test_a_permission_covers_one_attribute_and_no_other() -> None:
    """Allowing the plan does not allow the campaign."""
    permissions = Permissions(frozenset({"custom_attributes.plan"}))
    changed = {**LEAD, "role": "user", "signed_up_at": 5, "custom_attributes": {}}
    claims = _kept(LEAD, changed, permissions=permissions)
    assert claims["custom_attributes.campaign"].verdict is REFUTED


# --- belongings -----------------------------------------------------------------------------------


def _belongings(had: Reading | None, theirs: Reading | None, has: Reading | None, name: str) -> list[Claim]:
    conversion = _conversion(
        LEAD, LEAD, USER if theirs else None, had={name: had}, theirs={name: theirs}, has={name: has}
    )
    return list(belongings_kept(conversion))


@pytest.mark.parametrize("name", ["tags", "notes", "companies", "conversations"])
@pytest.mark.parametrize(
    ("had", "theirs", "has", "verdict"),
    [
        (ids("1", "2"), None, ids("1", "2"), PROVED),
        (ids("1"), ids("2"), ids("1", "2", "3"), PROVED),
        (ids("1"), ids("2"), ids("2"), REFUTED),
        (ids("1"), ids("2"), ids("1"), REFUTED),
        (ids("1"), ids("2"), ids(), REFUTED),
        (ids(), ids("2"), ids(), REFUTED),
        (ids("1"), None, error(404), UNKNOWN),
        (ids("1"), None, error(429), UNKNOWN),
        (ids("1"), None, None, UNKNOWN),
        (ids(), None, ids("9"), None),
        (None, None, ids("9"), None),
    ],
)
def test_what_either_side_had_is_there_afterwards(
    name: str, had: Reading | None, theirs: Reading | None, has: Reading | None, verdict: Verdict | None
) -> None:
    """Tags and companies are united, notes and conversations moved; where nobody had one there is no claim."""
    claims = _belongings(had, theirs, has, name)
    assert [claim.verdict for claim in claims] == ([] if verdict is None else [verdict])


def test_a_lost_belonging_is_named() -> None:
    """The one that is missing, and no other."""
    claim = _belongings(ids("11", "12"), ids("13"), ids("11", "13"), "notes")[0]
    assert claim.found == "lost: 12"


def _consent(*pairs: tuple[str, str]) -> Reading:
    return listing(*({"id": i, "consent_type": kind} for i, kind in pairs))


@pytest.mark.parametrize(
    ("had", "theirs", "has", "verdict"),
    [
        (_consent(("1", "opt_out")), None, _consent(("1", "opt_out")), PROVED),
        (_consent(("1", "opt_out")), _consent(), _consent(("1", "opt_out")), PROVED),
        (_consent(), _consent(("1", "opt_out")), _consent(("1", "opt_out")), PROVED),
        (_consent(("1", "opt_out")), _consent(("2", "opt_out")), _consent(("2", "opt_out")), REFUTED),
        (_consent(("1", "opt_out")), None, _consent(("1", "opt_in")), REFUTED),
        (_consent(), _consent(("1", "opt_out")), _consent(), REFUTED),
        (_consent(("1", "opt_out")), None, error(500), UNKNOWN),
        (_consent(("1", "opt_in")), None, _consent(), None),
    ],
)
def test_an_opt_out_of_either_side_stays(
    had: Reading, theirs: Reading | None, has: Reading, verdict: Verdict | None
) -> None:
    """Nobody is written to who asked not to be."""
    claims = [c for c in _belongings(had, theirs, has, "subscriptions") if c.text == "no opt-out is lost"]
    assert [claim.verdict for claim in claims] == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(
    ("had", "theirs", "has", "found"),
    [
        (_consent(), None, _consent(), "none"),
        (_consent(("1", "opt_out")), _consent(("2", "opt_in")), _consent(("1", "opt_out"), ("2", "opt_in")), "none"),
        (_consent(), None, _consent(("1", "opt_out")), "opted out of 1"),
        (_consent(), _consent(("1", "opt_out")), _consent(("1", "opt_out"), ("2", "opt_in")), "opted in to 2"),
    ],
)
def test_nobody_gives_or_withdraws_consent_for_somebody_else(
    had: Reading, theirs: Reading | None, has: Reading, found: str
) -> None:
    """An opt-out or opt-in that neither side had is made up."""
    text = "no consent was given or withdrawn that nobody asked for"
    (claim,) = [c for c in _belongings(had, theirs, has, "subscriptions") if c.text == text]
    assert (claim.found, claim.verdict) == (found, PROVED if found == "none" else REFUTED)


def test_an_opt_in_is_not_withdrawn() -> None:
    """Whoever asked for the newsletter still gets it."""
    claims = _belongings(_consent(), _consent(("1", "opt_in")), _consent(), "subscriptions")
    assert [c.found for c in claims if c.verdict is REFUTED] == ["withdrawn: 1"]


@pytest.mark.parametrize(
    ("name", "was", "now", "field"),
    [
        ("tags", {"id": "1", "name": "customer"}, {"id": "1", "name": "x"}, "name"),
        ("companies", {"id": "1", "name": "A", "user_count": 1}, {"id": "1", "name": "B", "user_count": 2}, "name"),
        ("conversations", {"id": "1", "state": "open"}, {"id": "1", "state": "closed"}, "state"),
        ("conversations", {"id": "1", "admin_assignee_id": 7}, {"id": "1", "admin_assignee_id": None}, "admin_ass"),
        ("notes", {"id": "1", "body": "a"}, {"id": "1", "body": "b"}, "body"),
    ],
)
def test_what_hangs_on_somebody_says_what_it_said(
    name: str, was: dict[str, Any], now: dict[str, Any], field: str
) -> None:
    """A belonging that is still there and says something else refutes, with the field that changed."""
    (kept_all, as_it_was) = _belongings(listing(was), None, listing(now), name)
    assert kept_all.verdict is PROVED
    assert as_it_was.verdict is REFUTED
    assert field in as_it_was.found


@pytest.mark.parametrize(("lead", "user"), [(True, False), (False, True), (True, True), (False, False)])
@pytest.mark.parametrize("after", [True, False])
def test_an_opt_out_of_all_email_of_either_side_stays_and_none_is_made_up(lead: bool, user: bool, after: bool) -> None:
    """`unsubscribed_from_emails` survives from whichever side had it; nobody is silenced who did not ask for it."""
    claims = _kept(
        {**LEAD, "unsubscribed_from_emails": lead},
        {**USER, "phone": "+12025550100", "unsubscribed_from_emails": after},
        {**USER, "unsubscribed_from_emails": user},
    )
    assert (claims["unsubscribed_from_emails"].verdict is PROVED) == (after == (lead or user))


# --- additions ------------------------------------------------------------------------------------


def test_what_neither_side_had_is_listed_and_refutes_nothing() -> None:
    """A pipeline may add: attributes that were empty, tags, notes, companies."""
    after = {**LEAD, "role": "user", "signed_up_at": 5, "owner_id": "7"}
    after["custom_attributes"] = {**LEAD["custom_attributes"], "cohort": "b"}
    conversion = _conversion(LEAD, after, had={"tags": ids("1")}, has={"tags": ids("1", "2"), "notes": ids("8")})
    assert [one.text for one in additions(conversion)] == [
        "owner_id = '7'", "custom_attributes.cohort = 'b'", "tag 2", "note 8",
    ]  # fmt: skip
    claims = [*kept.attributes_kept(conversion, Permissions()), *belongings_kept(conversion)]
    assert {claim.verdict for claim in claims} == {PROVED}


def test_what_came_from_either_side_is_no_addition() -> None:
    """A gap that the merge filled, and what moved over."""
    after = {**USER, "phone": "+12025550100", "custom_attributes": {"plan": "pro", "campaign": "fair"}}
    conversion = _conversion(
        LEAD, after, USER, had={"tags": ids("1")}, theirs={"tags": ids("2")}, has={"tags": ids("1", "2")}
    )
    assert list(additions(conversion)) == []


def test_nobody_there_has_no_additions() -> None:
    """Nothing is listed of a target that cannot be read."""
    assert list(additions(_conversion(LEAD, None))) == []


def test_a_witness_shows_both_sides_before_and_the_target_after() -> None:
    """Each attribute's claim carries what source and target had, and what is there now."""
    claim = _kept(LEAD, {**USER, "name": "Ada"}, USER)["name"]
    assert [(w.when, w.shows) for w in claim.witnesses] == [
        ("before", "source has 'Ada'"),
        ("before", "target has 'Countess'"),
        ("after", "target has 'Ada'"),
    ]
    assert (claim.expected, claim.found) == ("'Countess'", "'Ada'")


def test_a_read_shows_what_was_found() -> None:
    """Used by each claim: a person by role and id, a list by its count, an error by its code."""
    assert witnesses.witness("after", shown()).shows == f"lead {CONTACT_ID}"
    assert witnesses.witness("after", ids("1", "2")).shows == "2 found"
    assert witnesses.witness("after", error(404)).shows == "not_found: no"
    assert witnesses.witness("after", reading(0)).shows == "status 0"
    assert witnesses.witness("after", None).shows == "nothing was asked"


def test_a_user_without_external_id_is_given_none() -> None:
    """An identifier that nobody gave is made up; the uuid that Intercom gave the lead names nobody afterwards."""
    lead = {**LEAD, "external_id": "3f6f0a34-8f0b-4c6e-9a1e-1f2d3c4b5a69"}
    nameless = {**USER, "external_id": None}
    assert _kept(lead, {**nameless, "external_id": "account-1"}, nameless)["external_id"].verdict is REFUTED
    assert _kept(lead, {**nameless, "external_id": lead["external_id"]}, nameless)["external_id"].verdict is REFUTED
