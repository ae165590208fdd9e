"""Everybody else: bystanders answer as before, and the list of contacts changed by source and target only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.client import Reading
from harness.core.people import Lead, User, Visitor
from harness.tests.support.snapshots import (
    CONTACT_ID,
    TARGET_ID,
    census,
    contact,
    error,
    ids,
    listing,
    reading,
    shown,
)
from harness.verification import Verdict
from harness.verification.checks import bystanders
from harness.verification.snapshot import PersonSnapshot, key_of

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN

PORTRAIT = PersonSnapshot(
    by_uuid=error(404, request_id="r1"),
    by_id=shown(name="Ada"),
    by_external_id=shown(name="Ada"),
    by_email=listing(contact(name="Ada")),
    tags=ids("1"),
    notes=ids("2"),
    companies=ids("3"),
    conversations=ids("4"),
    subscriptions=ids(),
)


def test_somebody_whose_reads_all_answer_the_same_is_untouched() -> None:
    """Also where an error gets a new request id each time."""
    again = replace(PORTRAIT, by_uuid=error(404, request_id="r2"))
    assert bystanders.untouched("the lead", PORTRAIT, again).verdict is PROVED


@pytest.mark.parametrize(
    "change",
    [
        {"by_id": shown(name="Tidy")},
        {"by_id": shown(role="user", name="Ada")},
        {"by_id": error(404)},
        {"by_id": error(410, "contact_merged")},
        {"by_id": None},
        {"by_external_id": error(404)},
        {"by_uuid": shown()},
        {"tags": ids()},
        {"tags": ids("1", "9")},
        {"notes": ids("2", "9")},
        {"companies": ids("8")},
        {"conversations": ids()},
        {"subscriptions": listing({"id": "1", "consent_type": "opt_out"})},
    ],
)
def test_a_single_read_that_answers_otherwise_refutes(change: dict[str, Any]) -> None:
    """Changed, gone, more or fewer: a bystander is a bystander."""
    claim = bystanders.untouched("the lead", PORTRAIT, replace(PORTRAIT, **change))
    assert claim.verdict is REFUTED
    assert claim.found


@pytest.mark.parametrize("status", [0, 401, 429, 500, 503])
def test_a_read_that_tells_nothing_afterwards_leaves_it_unknown(status: int) -> None:
    """A refused or failed read is no evidence for or against."""
    assert bystanders.untouched("the lead", PORTRAIT, replace(PORTRAIT, tags=error(status))).verdict is UNKNOWN


@pytest.mark.parametrize("late", [listing(), listing(contact(name="Tidy")), error(503), None])
def test_a_search_that_lags_decides_nothing(late: Reading | None) -> None:
    """The index is behind by minutes; the reads by id say the same at once."""
    assert bystanders.untouched("the lead", PORTRAIT, replace(PORTRAIT, by_email=late)).verdict is PROVED


def test_nobody_read_before_is_unknown() -> None:
    """Without a portrait from before there is nothing to hold against."""
    assert bystanders.untouched("the lead", PersonSnapshot(), PORTRAIT).verdict is UNKNOWN


def test_somebody_elses_change_in_the_same_search_does_not_count() -> None:
    """Leads share e-mails: a search by e-mail also shows the one who was merged."""
    other = contact(TARGET_ID, "user", name="Countess")
    before = replace(PORTRAIT, by_email=listing(contact(name="Ada"), other))
    after = replace(PORTRAIT, by_email=listing(contact(name="Ada")))
    assert bystanders.untouched("the lead", before, after).verdict is PROVED


def test_the_change_is_told_field_by_field() -> None:
    """What was there, and what is there now."""
    claim = bystanders.untouched("the lead", PORTRAIT, replace(PORTRAIT, by_id=shown(name="Tidy")))
    assert "name" in claim.found
    assert "Ada" in claim.found
    assert "Tidy" in claim.found


ONE, TWO, THREE = (contact(f"id-{n}", email=f"p{n}@example.com") for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("before", "after", "gained", "lost", "verdict"),
    [
        ([ONE, TWO], [ONE, TWO], [], [], PROVED),
        ([ONE], [ONE, TWO], ["id-2"], [], PROVED),
        ([ONE, TWO], [ONE], [], ["id-2"], PROVED),
        ([ONE], [ONE], ["id-1"], [], PROVED),
        ([ONE], [ONE, TWO], [], [], REFUTED),
        ([ONE, TWO], [ONE], [], [], REFUTED),
        ([ONE], [ONE], ["id-2"], [], REFUTED),
        ([ONE, TWO], [ONE, TWO], [], ["id-2"], REFUTED),
        ([ONE, TWO], [ONE, THREE], [], [], REFUTED),
        ([ONE, TWO], [ONE, THREE], [], ["id-2"], REFUTED),
    ],
)
def test_one_contact_more_or_fewer_than_source_and_target_refutes(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    gained: list[str],
    lost: list[str],
    verdict: Verdict,
) -> None:
    """A swap counts as well: one missing and one too many."""
    assert bystanders.contact_list(census(*before), census(*after), gained, lost).verdict is verdict


def test_who_is_too_many_and_who_is_missing_is_told() -> None:
    """By role, id and e-mail."""
    found = bystanders.contact_list(census(ONE), census(TWO), [], []).found
    assert found == "one too many: lead id-2 p2@example.com; missing: lead id-1 p1@example.com"


@pytest.mark.parametrize(("first", "last"), [(True, False), (False, True), (False, False)])
def test_a_list_that_was_not_read_to_its_end_proves_nothing(first: bool, last: bool) -> None:
    """Neither before nor afterwards."""
    claim = bystanders.contact_list(census(ONE, complete=first), census(ONE, complete=last), [], [])
    assert claim.verdict is UNKNOWN


def test_bystanders_are_all_who_were_not_involved() -> None:
    """Told by identity, and by Intercom's id where the same person stands under two values."""
    source, other, user = Lead(CONTACT_ID), Lead("id-other"), User(TARGET_ID)
    portraits = {key_of(p): PersonSnapshot(by_id=shown(p.id or "")) for p in (source, other, user)}
    before = census(portraits=portraits)
    texts = [
        c.text for c in bystanders.bystanders([source, other, user], [Lead(CONTACT_ID, "x"), user], before, before)
    ]
    assert texts == ["bystander lead is untouched"]


def test_a_changed_bystander_is_refuted_by_name() -> None:
    """The claim says whom it is about."""
    bystander = Visitor("id-v", "uuid-v")
    seen = reading(200, {"type": "visitor", "id": "id-v", "name": "Ada"})
    before, after = (census(portraits={"id-v": PersonSnapshot(by_uuid=read)}) for read in (seen, error(404)))
    claim = next(iter(bystanders.bystanders([bystander], [], before, after)))
    assert (claim.text, claim.verdict) == ("bystander visitor uuid-v is untouched", REFUTED)


def test_a_portrait_tells_whose_it_is() -> None:
    """The contact where there is one, else the visitor."""
    visitor: Reading = reading(200, {"type": "visitor", "id": "v"})
    assert PersonSnapshot(by_uuid=visitor, by_id=error(404)).role == "visitor"
    assert PersonSnapshot(by_uuid=visitor, by_id=shown(role="user")).role == "user"
    assert PersonSnapshot(by_uuid=error(404), by_id=error(404)).role is None
