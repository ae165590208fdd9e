"""The table of what was kept, lost and moved: what each row says; of right and wrong it says what the claims do."""

from __future__ import annotations

from typing import Any

from harness.tests.support.snapshots import TARGET_ID, ids, listing, shown
from harness.verification.checks.converted import Conversion
from harness.verification.claims import Claim, Verdict
from harness.verification.kept_rows import LedgerRow, ledger, ledgers
from harness.verification.snapshot import PersonSnapshot


def by_name(conversion: Conversion) -> dict[str, LedgerRow]:
    """The rows by what they are about."""
    return {row.what: row for row in ledger(conversion)}


def lead(**fields: Any) -> PersonSnapshot:
    """A lead before, with a tag and a conversation."""
    traits: dict[str, Any] = {
        "name": "Ada",
        "created_at": 1_767_225_600,
        "custom_attributes": {"plan": "trial"},
        **fields,
    }
    return PersonSnapshot(by_id=shown(**traits), tags=ids("1"), conversations=ids("7"))


def user(*tags: str, conversations: tuple[str, ...] = (), **fields: Any) -> PersonSnapshot:
    """The user, before or after."""
    return PersonSnapshot(by_id=shown(TARGET_ID, "user", **fields), tags=ids(*tags), conversations=ids(*conversations))


def test_a_merge_tells_what_stays_what_moves_and_what_is_united() -> None:
    """The target's name stays, the lead's plan fills a gap, tags are united, the conversation is the user's now."""
    before = user("2", name="Grace", created_at=1_767_220_000, custom_attributes={})
    after = user(
        "1", "2", conversations=("7",), name="Grace", created_at=1_767_220_000, custom_attributes={"plan": "trial"}
    )
    rows = by_name(Conversion("the lead", lead(), before, after))
    assert (rows["name"].fate, rows["name"].right) == ("the target's stays", True)
    assert (rows["custom_attributes.plan"].fate, rows["custom_attributes.plan"].right) == ("moved", True)
    assert (rows["tags"].fate, rows["tags"].right) == ("united", True)
    assert (rows["conversations"].fate, rows["conversations"].right) == ("kept", True)
    assert (rows["created_at"].source, rows["created_at"].after) == ("2026-01-01 00:00:00", "2025-12-31 22:26:40")


def test_what_is_lost_is_wrong() -> None:
    """An attribute that is gone, a value that was written over, a conversation that nobody has."""
    before = user("2", name="Grace")
    after = user("2", name="Somebody")
    rows = by_name(Conversion("the lead", lead(), before, after))
    assert (rows["name"].fate, rows["name"].right) == ("replaced", False)
    assert (rows["custom_attributes.plan"].fate, rows["custom_attributes.plan"].right) == ("gone", False)
    assert (rows["conversations"].fate, rows["conversations"].right) == ("1 lost", False)
    assert (rows["tags"].fate, rows["tags"].right) == ("1 lost", False)


def test_in_place_the_same_person_has_the_same_things() -> None:
    """Kept under the same id; the role is new, and so is the time of signing up."""
    after = PersonSnapshot(
        by_id=shown(
            role="user",
            name="Ada",
            created_at=1_767_225_600,
            custom_attributes={"plan": "trial"},
            signed_up_at=1_767_225_700,
        ),
        tags=ids("1"),
        conversations=ids("7"),
    )
    rows = by_name(Conversion("the lead", lead(), None, after))
    assert {rows[name].fate for name in ("id", "name", "custom_attributes.plan", "tags")} == {"kept"}
    assert (rows["role"].fate, rows["signed_up_at"].fate, rows["signed_up_at"].right) == ("replaced", "new", True)


def test_what_a_scenario_permits_is_not_called_wrong() -> None:
    """The same change, once refuted by the scenario's claims and once not."""
    after = PersonSnapshot(by_id=shown(role="user", name="Changed"), tags=ids("1"), conversations=ids("7"))
    conversion = Conversion("the lead", lead(custom_attributes={}), None, after)
    refuted = Claim("name: the source's value stays", Verdict.REFUTED)
    told = {row.what: row for row in ledgers([conversion], [refuted])[0]}
    permitted = {row.what: row for row in ledgers([conversion], [])[0]}
    assert (told["name"].fate, told["name"].right) == ("replaced", False)
    assert (permitted["name"].fate, permitted["name"].right) == ("replaced, permitted", None)


def test_names_are_shown_and_markup_is_not() -> None:
    """A tag by its name, a note by its text."""
    source = PersonSnapshot(
        by_id=shown(), tags=listing({"id": "1", "name": "trial"}), notes=listing({"id": "2", "body": "<p>Hi</p>"})
    )
    rows = by_name(Conversion("the lead", source, None, source))
    assert (rows["tags"].source, rows["notes"].after) == ("trial", "Hi")
