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


class Fate(Enum):
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
class Keep:
    """The three fates of one thing, with what says so."""

    what: str
    becomes_lead: Fate
    becomes_user: Fate
    merged: Fate
    source: str
    assumed: bool = False


_K, _T, _A = Fate.KEPT, Fate.TARGET, Fate.ADOPTED

KEEPING = (
    Keep("person_id", _K, _K, _T, "facts §2, §10: the id is the visitor's own and unchanged by conversion"),
    Keep("created_at", _K, _K, _T, "facts §2, recorded; §4, recorded: a merge changed updated_at only"),
    Keep("updated_at", Fate.MOMENT, Fate.MOMENT, Fate.MOMENT, "facts §4, recorded"),
    Keep("external_id", _K, Fate.GIVEN, _T, "facts §2: the uuid stays a lead's, and is not kept by a user; §4"),
    Keep(
        "email",
        _K,
        Fate.RETAINED,
        Fate.ADOPTED_IF_ALLOWED,
        "facts §2: retained; §4: 1.x never adds it by a merge",
        True,
    ),
    Keep("phone", _K, _K, _A, "facts §4: phone discarded where the target has one"),
    Keep("name", _K, _K, _A, "facts §4, recorded: the lead's name dropped, the user had one"),
    Keep("pseudonym", _K, _K, _T, "facts §2, recorded: kept by the new user; nothing said of merges", True),
    Keep("avatar", _K, _K, _A, "facts §2: only the pseudonym's picture is lost, because it is a lead's", True),
    Keep("owner_id", _K, _K, _A, "facts §4: attributes the target lacks are copied"),
    Keep("location", _K, _K, _A, "facts §2, recorded: kept; §4: copied where the target lacks it"),
    Keep("custom_attributes", _K, _K, Fate.ADOPTED_BY_KEY, "facts §4: attributes the target lacks are copied"),
    Keep(
        "signed_up_at", _K, Fate.MOMENT, _T, "facts §2, recorded: the conversion's time; §4, recorded: stays the user's"
    ),
    Keep("last_seen_at", _K, _K, _A, "facts §2, recorded: kept; §4"),
    Keep("last_replied_at", _K, _K, _A, "facts §4"),
    Keep("last_contacted_at", _K, _K, _A, "facts §4"),
    Keep("last_email_opened_at", _K, _K, _A, "facts §4"),
    Keep("last_email_clicked_at", _K, _K, _A, "facts §4"),
    Keep("session_count", _K, _K, _T, "facts §2, recorded: kept; nothing said of merges", True),
    Keep("language_override", _K, _K, _A, "facts §4"),
    Keep("browser", _K, _K, _A, "facts §4"),
    Keep("browser_version", _K, _K, _A, "facts §4"),
    Keep("browser_language", _K, _K, _A, "facts §4"),
    Keep("os", _K, _K, _A, "facts §4"),
    Keep("referrer", _K, _K, _A, "facts §2, recorded: kept; §4"),
    Keep("utm_campaign", _K, _K, _A, "facts §4"),
    Keep("utm_content", _K, _K, _A, "facts §4"),
    Keep("utm_medium", _K, _K, _A, "facts §4"),
    Keep("utm_source", _K, _K, _A, "facts §4"),
    Keep("utm_term", _K, _K, _A, "facts §4"),
    Keep("unsubscribed_from_emails", _K, _K, Fate.EITHER, "nothing said: the safest, no opt-out is lost", True),
    Keep("marked_email_as_spam", _K, _K, Fate.EITHER, "nothing said: the safest, no opt-out is lost", True),
    Keep("has_hard_bounced", _K, _K, Fate.EITHER, "nothing said: the safest, no opt-out is lost", True),
    Keep("sms_consent", _K, _K, _T, "nothing said: a consent is not inherited", True),
    Keep("unsubscribed_from_sms", _K, _K, Fate.EITHER, "nothing said: the safest, no opt-out is lost", True),
    Keep("social_profiles", _K, _K, _A, "facts §4"),
    Keep("archived", _K, _K, _T, "facts §4: an archived person is neither end of a merge", True),
    Keep("blocked", _K, _K, Fate.EITHER, "nothing said: the safest", True),
    Keep("channel", _K, _K, _T, "nothing said", True),
    Keep("owns", _K, _K, Fate.EITHER, "follows from the belongings below"),
)
"""What becomes of a person's own attributes."""

BELONGINGS = (
    Keep("tags", _K, _K, Fate.UNION, "facts §2, recorded: kept; §4: only those the user lacks are moved"),
    Keep("companies", _K, _K, Fate.UNION, "facts §4: companies are merged"),
    Keep("notes", _K, _K, Fate.MOVED, "facts §4"),
    Keep("conversations", _K, _K, Fate.MOVED, "facts §2, §4: owned and taken part in"),
    Keep("events", _K, _K, Fate.MOVED, "facts §4: unknown; moved, so that nothing is lost", True),
    Keep("consents", _K, _K, Fate.STRICTER, "nothing said: the safest, no opt-out of either side is lost", True),
    Keep("segments", Fate.RECOMPUTED, Fate.RECOMPUTED, Fate.RECOMPUTED, "facts §4", True),
)
"""What becomes of everything that hangs on a person."""


def _rows(column: str, fate: Fate) -> tuple[str, ...]:
    return tuple(keep.what for keep in KEEPING if getattr(keep, column) is fate)


_LEAD_MOMENTS = _rows("becomes_lead", Fate.MOMENT)
_USER_MOMENTS = _rows("becomes_user", Fate.MOMENT)
_GIVEN = _rows("becomes_user", Fate.GIVEN)
_RETAINED = _rows("becomes_user", Fate.RETAINED)
_MERGED: dict[str, Fate] = {keep.what: keep.merged for keep in KEEPING if keep.merged is not Fate.TARGET}


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
            case Fate.MOMENT:
                changes[what] = now
            case Fate.ADOPTED if _empty(mine) and not _empty(theirs):
                changes[what] = theirs
            case Fate.ADOPTED_IF_ALLOWED if adopt_email and _empty(mine) and not _empty(theirs):
                changes[what] = theirs
            case Fate.ADOPTED_BY_KEY if theirs:
                changes[what] = mine | {key: value for key, value in theirs.items() if _empty(mine.get(key))}
            case Fate.EITHER if theirs:
                changes[what] = True
            case _:
                pass
    return msgspec.structs.replace(into, **changes)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value in ({}, [])
