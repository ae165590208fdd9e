"""What a conversion keeps: one table, a row for each thing a person can have, a column for each way of changing.

`becomes_lead`: a visitor turns into a lead. `becomes_user`: a visitor or a lead turns into a user who did not exist;
both stay the same person under the same id. `merged`: a visitor or a lead is folded into a user who exists; the
source is gone. Rows about a person's own attributes are applied here; rows about what hangs on them (`tags`, …) name
what the store does. Which identifiers are given, and whether anything happens at all, is decided in `rules`.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.sandbox.rules.contact_field import MergeAction
from harness.sandbox.rules.contact_fields import FIELDS
from harness.sandbox.rules.person import Person


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """The three fates of one thing, with what says so."""

    what: str
    becomes_lead: MergeAction
    becomes_user: MergeAction
    merged: MergeAction
    source: str
    assumed: bool = False


KEEPING = tuple(
    FieldPolicy(field.attribute, *field.fate, field.source, field.assumed) for field in FIELDS if field.fate is not None
)
"""What becomes of a person's own attributes: the rows of the field table that have a fate."""

_K = MergeAction.KEPT

BELONGINGS = (
    FieldPolicy("tags", _K, _K, MergeAction.UNION, "facts §2, recorded: kept; §4: only those the user lacks are moved"),
    FieldPolicy("companies", _K, _K, MergeAction.UNION, "facts §4: companies are merged"),
    FieldPolicy("notes", _K, _K, MergeAction.MOVED, "facts §4"),
    FieldPolicy("conversations", _K, _K, MergeAction.MOVED, "facts §2, §4: owned and taken part in"),
    FieldPolicy("events", _K, _K, MergeAction.MOVED, "facts §4: unknown; moved, so that nothing is lost", True),
    FieldPolicy(
        "consents", _K, _K, MergeAction.STRICTER, "nothing said: the safest, no opt-out of either side is lost", True
    ),
    FieldPolicy("segments", MergeAction.RECOMPUTED, MergeAction.RECOMPUTED, MergeAction.RECOMPUTED, "facts §4", True),
)
"""What becomes of everything that hangs on a person."""


def _rows(column: str, fate: MergeAction) -> tuple[str, ...]:
    return tuple(keep.what for keep in KEEPING if getattr(keep, column) is fate)


_LEAD_MOMENTS = _rows("becomes_lead", MergeAction.MOMENT)
_USER_MOMENTS = _rows("becomes_user", MergeAction.MOMENT)
_GIVEN = _rows("becomes_user", MergeAction.GIVEN)
_RETAINED = _rows("becomes_user", MergeAction.RETAINED)
_MERGED: dict[str, MergeAction] = {keep.what: keep.merged for keep in KEEPING if keep.merged is not MergeAction.TARGET}


def become_lead(person: Person, now: int) -> Person:
    """Return the lead that a visitor turns into."""
    return person.changed({"kind": "lead", **dict.fromkeys(_LEAD_MOMENTS, now)})


def become_user(person: Person, now: int, *, external_id: str | None, email: str | None) -> Person:
    """Return the new user that a visitor or a lead turns into, with the identifiers that the request gives."""
    given = {"external_id": external_id, "email": email}
    changes: dict[str, object] = {"kind": "user", **dict.fromkeys(_USER_MOMENTS, now)}
    for what in _GIVEN:
        changes[what] = given[what]
    for what in _RETAINED:
        changes[what] = given[what] or person.value(what)
    return person.changed(changes)


def merge(
    source: Person, into: Person, now: int, *, adopt_email: bool, without: frozenset[str] = frozenset()
) -> Person:
    """Return the target as it is once the source has been folded into it, the attributes `without` aside."""
    changes: dict[str, object] = {}
    for what, fate in _MERGED.items():
        if what in without:
            continue
        mine, theirs = into.value(what), source.value(what)
        match fate:
            case MergeAction.MOMENT:
                changes[what] = now
            case MergeAction.ADOPTED if _empty(mine) and not _empty(theirs):
                changes[what] = theirs
            case MergeAction.ADOPTED_IF_ALLOWED if adopt_email and _empty(mine) and not _empty(theirs):
                changes[what] = theirs
            case MergeAction.ADOPTED_BY_KEY if theirs:
                changes[what] = _filled(mine, theirs)
            case MergeAction.EITHER if theirs:
                changes[what] = True
            case _:
                pass
    return into.changed(changes)


def _filled(mine: object, theirs: object) -> dict[str, object]:
    kept: dict[str, object] = mine if isinstance(mine, dict) else {}
    given: dict[str, object] = theirs if isinstance(theirs, dict) else {}
    return kept | {key: value for key, value in given.items() if _empty(kept.get(key))}


def _empty(value: object) -> bool:
    return value is None or value in ("", {}, [])
