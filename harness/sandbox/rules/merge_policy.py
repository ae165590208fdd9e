"""What a conversion keeps: one table, a row for each thing a person can have, a column for each way of changing.

`becomes_lead`: a visitor turns into a lead. `becomes_user`: a visitor or a lead turns into a user who did not exist;
both stay the same person under the same id. `merged`: a visitor or a lead is folded into a user who exists; the
source is gone. Rows about a person's own attributes are applied here; rows about what hangs on them (`tags`, …) name
what the store does. Which identifiers are given, and whether anything happens at all, is decided in `rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from harness.sandbox.rules.person import Person


class MergeAction(Enum):
    """What becomes of one attribute."""

    KEPT = "carried over as it was"
    CLEARED = "dropped"
    GIVEN = "what the request gives, else dropped"
    RETAINED = "what the request gives, else carried over"
    MOMENT = "the time of the conversion"
    TARGET = "the target's stays, the source's is dropped"
    ADOPTED = "the target's stays; the source's is taken where the target has none"
    ADOPTED_BY_KEY = "key by key: the target's stays, the source's is taken where the target has none"
    ADOPTED_IF_ALLOWED = "as adopted, in versions whose merges add identifiers and where nobody else has it"
    EITHER = "true if it was true of either"
    UNION = "what both had, once"
    STRICTER = "what both had; where they differ, the opt-out"
    MOVED = "the source's are the target's now, beside its own"
    RECOMPUTED = "worked out anew from the result"


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """The three fates of one thing, with what says so."""

    what: str
    becomes_lead: MergeAction
    becomes_user: MergeAction
    merged: MergeAction
    source: str
    assumed: bool = False


_K, _T, _A = MergeAction.KEPT, MergeAction.TARGET, MergeAction.ADOPTED

KEEPING = (
    FieldPolicy("person_id", _K, _K, _T, "facts §2, §10: the id is the visitor's own and unchanged by conversion"),
    FieldPolicy("created_at", _K, _K, _T, "facts §2, recorded; §4, recorded: a merge changed updated_at only"),
    FieldPolicy("updated_at", MergeAction.MOMENT, MergeAction.MOMENT, MergeAction.MOMENT, "facts §4, recorded"),
    FieldPolicy(
        "external_id", _K, MergeAction.GIVEN, _T, "facts §2: the uuid stays a lead's, and is not kept by a user; §4"
    ),
    FieldPolicy(
        "email",
        _K,
        MergeAction.RETAINED,
        MergeAction.ADOPTED_IF_ALLOWED,
        "facts §2: retained; §4: 1.x never adds it by a merge",
        True,
    ),
    FieldPolicy("phone", _K, _K, _A, "facts §4: phone discarded where the target has one"),
    FieldPolicy("name", _K, _K, _A, "facts §4, recorded: the lead's name dropped, the user had one"),
    FieldPolicy("pseudonym", _K, _K, _T, "facts §2, recorded: kept by the new user; nothing said of merges", True),
    FieldPolicy("avatar", _K, _K, _A, "facts §2: only the pseudonym's picture is lost, because it is a lead's", True),
    FieldPolicy("owner_id", _K, _K, _A, "facts §4: attributes the target lacks are copied"),
    FieldPolicy("location", _K, _K, _A, "facts §2, recorded: kept; §4: copied where the target lacks it"),
    FieldPolicy(
        "custom_attributes", _K, _K, MergeAction.ADOPTED_BY_KEY, "facts §4: attributes the target lacks are copied"
    ),
    FieldPolicy(
        "signed_up_at",
        _K,
        MergeAction.MOMENT,
        _T,
        "facts §2, recorded: the conversion's time; §4, recorded: stays the user's",
    ),
    FieldPolicy("last_seen_at", _K, _K, _A, "facts §2, recorded: kept; §4"),
    FieldPolicy("last_replied_at", _K, _K, _A, "facts §4"),
    FieldPolicy("last_contacted_at", _K, _K, _A, "facts §4"),
    FieldPolicy("last_email_opened_at", _K, _K, _A, "facts §4"),
    FieldPolicy("last_email_clicked_at", _K, _K, _A, "facts §4"),
    FieldPolicy("session_count", _K, _K, _T, "facts §2, recorded: kept; nothing said of merges", True),
    FieldPolicy("language_override", _K, _K, _A, "facts §4"),
    FieldPolicy("browser", _K, _K, _A, "facts §4"),
    FieldPolicy("browser_version", _K, _K, _A, "facts §4"),
    FieldPolicy("browser_language", _K, _K, _A, "facts §4"),
    FieldPolicy("os", _K, _K, _A, "facts §4"),
    FieldPolicy("referrer", _K, _K, _A, "facts §2, recorded: kept; §4"),
    FieldPolicy("utm_campaign", _K, _K, _A, "facts §4"),
    FieldPolicy("utm_content", _K, _K, _A, "facts §4"),
    FieldPolicy("utm_medium", _K, _K, _A, "facts §4"),
    FieldPolicy("utm_source", _K, _K, _A, "facts §4"),
    FieldPolicy("utm_term", _K, _K, _A, "facts §4"),
    FieldPolicy(
        "unsubscribed_from_emails", _K, _K, MergeAction.EITHER, "nothing said: the safest, no opt-out is lost", True
    ),
    FieldPolicy(
        "marked_email_as_spam", _K, _K, MergeAction.EITHER, "nothing said: the safest, no opt-out is lost", True
    ),
    FieldPolicy("has_hard_bounced", _K, _K, MergeAction.EITHER, "nothing said: the safest, no opt-out is lost", True),
    FieldPolicy("sms_consent", _K, _K, _T, "nothing said: a consent is not inherited", True),
    FieldPolicy(
        "unsubscribed_from_sms", _K, _K, MergeAction.EITHER, "nothing said: the safest, no opt-out is lost", True
    ),
    FieldPolicy("social_profiles", _K, _K, _A, "facts §4"),
    FieldPolicy("archived", _K, _K, _T, "facts §4: an archived person is neither end of a merge", True),
    FieldPolicy("blocked", _K, _K, MergeAction.EITHER, "nothing said: the safest", True),
    FieldPolicy("channel", _K, _K, _T, "nothing said", True),
    FieldPolicy("owns", _K, _K, MergeAction.EITHER, "follows from the belongings below"),
)
"""What becomes of a person's own attributes."""

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
    """The lead that a visitor turns into."""
    return msgspec.structs.replace(person, kind="lead", **dict.fromkeys(_LEAD_MOMENTS, now))


def become_user(person: Person, now: int, *, external_id: str | None, email: str | None) -> Person:
    """The new user that a visitor or a lead turns into, with the identifiers that the request gives."""
    given = {"external_id": external_id, "email": email}
    changes: dict[str, Any] = dict.fromkeys(_USER_MOMENTS, now)
    for what in _GIVEN:
        changes[what] = given[what]
    for what in _RETAINED:
        changes[what] = given[what] or getattr(person, what)
    return msgspec.structs.replace(person, kind="user", **changes)


def merge(source: Person, into: Person, now: int, *, adopt_email: bool) -> Person:
    """The target as it is once the source has been folded into it."""
    changes: dict[str, Any] = {}
    for what, fate in _MERGED.items():
        mine, theirs = getattr(into, what), getattr(source, what)
        match fate:
            case MergeAction.MOMENT:
                changes[what] = now
            case MergeAction.ADOPTED if _empty(mine) and not _empty(theirs):
                changes[what] = theirs
            case MergeAction.ADOPTED_IF_ALLOWED if adopt_email and _empty(mine) and not _empty(theirs):
                changes[what] = theirs
            case MergeAction.ADOPTED_BY_KEY if theirs:
                changes[what] = mine | {key: value for key, value in theirs.items() if _empty(mine.get(key))}
            case MergeAction.EITHER if theirs:
                changes[what] = True
            case _:
                pass
    return msgspec.structs.replace(into, **changes)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value in ({}, [])
