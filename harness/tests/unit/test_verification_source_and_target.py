"""The source is gone, the target is there: truth tables over reads. Unknown is never a pass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.client import Reading
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.snapshots import CONTACT_ID, TARGET_ID, census, contact, error, listing, reading, shown
from harness.verification import Verdict
from harness.verification.checks import presence
from harness.verification.snapshot import PersonSnapshot, Snapshot

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN
INCONCLUSIVE = (0, 301, 400, 401, 402, 403, 405, 406, 408, 409, 421, 422, 429, 500, 502, 503, 504)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (shown(), error(404), PROVED),
        (shown(), error(410, "contact_merged"), PROVED),
        (shown(), shown(), REFUTED),
        (shown(), shown(role="user"), REFUTED),
        (error(404), error(404), UNKNOWN),
        (error(410), error(410), UNKNOWN),
        (error(404), shown(), UNKNOWN),
        (error(401, "unauthorized"), error(404), UNKNOWN),
        (reading(0), error(404), UNKNOWN),
        (None, error(404), UNKNOWN),
        (shown(), None, UNKNOWN),
        (None, None, UNKNOWN),
    ],
)
def test_a_404_proves_absence_only_where_the_same_read_found_somebody_before(
    before: Reading | None, after: Reading | None, verdict: Verdict
) -> None:
    """Never found before, or never asked: the absence afterwards says nothing."""
    claim = presence.absence("the visitor is gone", before, after)
    assert claim.verdict is verdict
    assert len(claim.witnesses) == 2


@pytest.mark.parametrize("status", INCONCLUSIVE)
def test_an_answer_that_tells_nothing_leaves_absence_unknown(status: int) -> None:
    """Refused, limited, failed or unanswered reads are no proof that somebody is gone."""
    claim = presence.absence("the visitor is gone", shown(), error(status, "whatever"))
    assert claim.verdict is UNKNOWN
    assert claim.found == f"the read answered {status or 'nothing'}"


@UNHURRIED
@given(before=st.integers(0, 599), after=st.integers(0, 599))
def test_absence_is_proved_by_200_then_404_or_410_and_by_nothing_else(before: int, after: int) -> None:
    """All pairs of statuses."""
    claim = presence.absence("gone", reading(before, contact()), reading(after))
    assert (claim.verdict is PROVED) == (before == 200 and after in (404, 410))
    assert (claim.verdict is REFUTED) == (before == 200 and after == 200)


def _merged(after: Reading) -> dict[str, Verdict]:
    before, now = PersonSnapshot(by_id=shown()), PersonSnapshot(by_id=after)
    return {
        c.text.removeprefix("the lead "): c.verdict for c in presence.merged_away("the lead", before, now, TARGET_ID)
    }


LINK = f'</contacts/{TARGET_ID}>; rel="canonical"'
WAS_MERGED = "was merged into the target, not deleted"


@pytest.mark.parametrize(
    ("after", "gone", "merged"),
    [
        (reading(410, link=LINK), PROVED, PROVED),
        (reading(410, link=f'</contacts/{CONTACT_ID}>; rel="canonical"'), PROVED, REFUTED),
        (reading(410, link=f'</contacts/{TARGET_ID}0>; rel="canonical"'), PROVED, REFUTED),
        (reading(410), PROVED, REFUTED),
        (error(404), PROVED, REFUTED),
        (error(503), UNKNOWN, UNKNOWN),
        (error(401), UNKNOWN, UNKNOWN),
        (reading(0), UNKNOWN, UNKNOWN),
        (shown(), REFUTED, None),
    ],
)
def test_a_merge_is_told_from_a_deletion_by_the_410_and_its_link(
    after: Reading, gone: Verdict, merged: Verdict | None
) -> None:
    """410 with the link to the target proves a merge; another link, or a plain 404, refutes it."""
    claims = _merged(after)
    assert claims["is gone by id"] is gone
    assert claims.get(WAS_MERGED) is merged


LISTED = contact(external_id="uuid")
NAMELESS = contact(TARGET_ID, "user", external_id=None)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (census(LISTED, NAMELESS), census(NAMELESS), PROVED),
        (census(LISTED), census(LISTED), REFUTED),
        (census(LISTED), census(contact(TARGET_ID, "user", external_id="uuid")), REFUTED),
        (census(NAMELESS), census(NAMELESS), UNKNOWN),
        (census(LISTED), census(complete=False), UNKNOWN),
    ],
)
def test_an_external_id_is_gone_if_the_list_showed_it_and_does_not_any_more(
    before: Snapshot, after: Snapshot, verdict: Verdict
) -> None:
    """Whoever has it now; never listed before, or not read to the end, proves nothing."""
    claim = presence.unlisted("gone by external id", before, after, "uuid")
    assert claim.verdict is verdict
    assert len(claim.witnesses) == 2


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (census(LISTED, NAMELESS), PROVED),
        (census(contact(role="user", external_id="uuid")), REFUTED),
        (census(contact(TARGET_ID, external_id="uuid")), REFUTED),
        (census(LISTED, contact(TARGET_ID, external_id="uuid")), REFUTED),
        (census(NAMELESS), REFUTED),
        (census(LISTED, complete=False), UNKNOWN),
    ],
)
def test_a_lead_is_listed_by_their_uuid_alone_and_in_their_role(after: Snapshot, verdict: Verdict) -> None:
    """Another role, another contact, a second one with it, or nobody: refuted."""
    assert presence.listed("found by the uuid", after, "uuid", "lead", CONTACT_ID).verdict is verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (shown(TARGET_ID, "user"), PROVED),
        (shown(TARGET_ID, "lead"), REFUTED),
        (shown(CONTACT_ID, "user"), REFUTED),
        (reading(200, {"type": "visitor", "id": TARGET_ID}), REFUTED),
        (error(404), REFUTED),
        (error(410), REFUTED),
        (error(429), UNKNOWN),
        (error(500), UNKNOWN),
        (reading(0), UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_the_target_exists_if_a_read_shows_its_role_and_its_id(found: Reading | None, verdict: Verdict) -> None:
    """Another role, another id or nobody refutes; an answer that tells nothing leaves it unknown."""
    assert presence.exists("the user exists", found, "user", TARGET_ID).verdict is verdict


MAIL = "ada@example.com"


@pytest.mark.parametrize(
    ("contacts", "verdict"),
    [
        ([contact(TARGET_ID, "user", email=MAIL)], PROVED),
        ([contact(TARGET_ID, "user", email="Ada@Example.com")], PROVED),
        ([contact(TARGET_ID, "user", email=MAIL), contact(CONTACT_ID, "lead", email=MAIL)], PROVED),
        ([contact(TARGET_ID, "user", email=MAIL), contact(CONTACT_ID, "user", email="bo@example.com")], PROVED),
        ([contact(TARGET_ID, "user", email=MAIL), contact(CONTACT_ID, "user", email="ADA@example.com")], REFUTED),
        ([contact(CONTACT_ID, "user", email=MAIL)], REFUTED),
        ([contact(TARGET_ID, "lead", email=MAIL)], REFUTED),
        ([], REFUTED),
    ],
)
@pytest.mark.parametrize("search", [listing(), listing(contact(TARGET_ID, "user")), error(429), reading(0), None])
def test_the_target_is_the_only_user_with_its_email(
    contacts: list[dict[str, Any]], search: Reading | None, verdict: Verdict
) -> None:
    """Leads may share an e-mail, users may not; the list decides, whatever search shows by then."""
    assert presence.only_user_with_email("the only one", census(*contacts), search, MAIL, TARGET_ID).verdict is verdict


def test_a_list_that_could_not_be_read_leaves_the_only_user_unknown() -> None:
    """Search alone proves nothing."""
    after = census(complete=False)
    found = listing(contact(TARGET_ID, "user"))
    assert presence.only_user_with_email("the only one", after, found, MAIL, TARGET_ID).verdict is UNKNOWN


def test_a_search_behind_the_list_is_told() -> None:
    """A reader sees that the index lags."""
    claim = presence.only_user_with_email(
        "one", census(contact(TARGET_ID, "user", email=MAIL)), listing(), MAIL, TARGET_ID
    )
    assert "not indexed yet" in claim.witnesses[1].shows
