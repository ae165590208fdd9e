"""What must have become of each attribute, as Intercom's rules say: the harness's own reading of the facts.

Written apart from the sandbox's tables on purpose: a mirror that shares a lens with the eye cannot show a wrong field.
A contract test holds the two against recordings of the real thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from harness.verification import sources


class ExpectationRule(StrEnum):
    """What happens to an attribute when its owner is converted."""

    KEPT = "the source's value stays"
    TARGET_WINS = "the target's value stays; the source's fills a gap"
    TARGET_ONLY = "the target's value stays"
    MAY_FILL = "the target's value stays; a gap may take the source's"
    EITHER = "the target's or the source's value"
    OPT_OUT = "an opt-out of either side stays, and none is made up"
    SET = "has a value from the conversion on"
    FREE = "not judged"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The rule for one attribute, where it comes from, and whether Intercom's behaviour is only assumed there."""

    rule: ExpectationRule
    source: str
    assumed: bool = False


CARRIED: Final = (
    "name", "phone", "owner_id", "referrer", "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term",
    "language_override", "browser", "browser_version", "browser_language", "os",
)  # fmt: skip
"""Plain attributes that people carry with them."""

PLACE: Final = ("country", "region", "city", "country_code", "continent_code")

IN_PLACE: Final[Mapping[str, Expectation]] = {
    **{name: Expectation(ExpectationRule.KEPT, sources.CONVERSION) for name in CARRIED},
    "location": Expectation(ExpectationRule.KEPT, sources.CONVERSION),
    "created_at": Expectation(ExpectationRule.KEPT, sources.CONVERSION),
    "last_seen_at": Expectation(ExpectationRule.KEPT, sources.CONVERSION),
    "unsubscribed_from_emails": Expectation(ExpectationRule.OPT_OUT, sources.CONVERSION),
    "has_hard_bounced": Expectation(ExpectationRule.KEPT, sources.CONVERSION, assumed=True),
    "marked_email_as_spam": Expectation(ExpectationRule.KEPT, sources.CONVERSION, assumed=True),
    "avatar": Expectation(ExpectationRule.KEPT, sources.CONVERSION, assumed=True),
}
"""Visitor or lead that changes its role and keeps its id."""

MERGED: Final[Mapping[str, Expectation]] = {
    **{name: Expectation(ExpectationRule.TARGET_WINS, sources.MERGE) for name in CARRIED},
    "location": Expectation(ExpectationRule.TARGET_WINS, sources.MERGE, assumed=True),
    "created_at": Expectation(ExpectationRule.TARGET_ONLY, sources.MERGE, assumed=True),
    "signed_up_at": Expectation(ExpectationRule.MAY_FILL, sources.MERGE, assumed=True),
    "last_seen_at": Expectation(ExpectationRule.EITHER, sources.MERGE, assumed=True),
    "external_id": Expectation(ExpectationRule.TARGET_ONLY, sources.MERGE),
    "email": Expectation(ExpectationRule.MAY_FILL, sources.MERGE, assumed=True),
    "avatar": Expectation(ExpectationRule.MAY_FILL, sources.MERGE, assumed=True),
    "unsubscribed_from_emails": Expectation(ExpectationRule.OPT_OUT, sources.MERGE, assumed=True),
    "marked_email_as_spam": Expectation(ExpectationRule.OPT_OUT, sources.MERGE, assumed=True),
    "has_hard_bounced": Expectation(ExpectationRule.OPT_OUT, sources.MERGE, assumed=True),
    "sms_consent": Expectation(ExpectationRule.TARGET_ONLY, sources.MERGE, assumed=True),
    "unsubscribed_from_sms": Expectation(ExpectationRule.OPT_OUT, sources.MERGE, assumed=True),
}
"""Visitor or lead that is folded into a user."""

CUSTOM_IN_PLACE: Final = Expectation(ExpectationRule.KEPT, sources.CONVERSION)
CUSTOM_MERGED: Final = Expectation(ExpectationRule.TARGET_WINS, sources.MERGE)

LEAD_NAME: Final = Expectation(ExpectationRule.MAY_FILL, sources.MERGE)
"""`name` of a lead who is folded into a user without one: 2.x copies it, 1.x does not (facts-recorded 51)."""

SIGNED_UP: Final = Expectation(ExpectationRule.SET, sources.CONVERSION)
"""`signed_up_at` of a visitor who became a user in place.

Of a lead it is not judged: 1.x sets it, and a change of role by `PUT` leaves it empty (facts-recorded 2).
"""

SIGNED_UP_OF_A_LEAD: Final = Expectation(ExpectationRule.MAY_FILL, sources.CONVERSION)
"""The same of a lead: it may be empty, and is a time that can be where it is not."""

VISITOR_NAMES: Final[Mapping[str, str]] = {"last_seen_at": "last_request_at"}
"""What a visitor's body calls otherwise than a contact's (facts §1)."""

VISITOR_PLACE: Final = ("country_name", "region_name", "city_name", "country_code", "continent_code")
"""The parts of a place in a visitor's `location_data`, in the order of `PLACE`."""


def value_of(body: Mapping[str, Any] | None, name: str) -> Any:
    """An attribute of a contact's body by its name, found under its other name in a visitor's body."""
    if body is None:
        return None
    if name == "location":
        return _place(body)
    if body.get("type") == "visitor":
        name = VISITOR_NAMES.get(name, name)
    first, _, rest = name.partition(".")
    value = body.get(first)
    if name == "avatar" and isinstance(value, Mapping):
        return value.get("image_url")  # of a visitor it is an object, of a contact its address alone
    return (value or {}).get(rest) if rest else value


def _place(body: Mapping[str, Any]) -> dict[str, str]:
    """Where somebody is, as a whole: a place is adopted or kept in one piece."""
    visitor = body.get("type") == "visitor"
    told = body.get("location_data" if visitor else "location") or {}
    parts = zip(PLACE, VISITOR_PLACE if visitor else PLACE, strict=True)
    return {part: told[name] for part, name in parts if told.get(name)}


def empty(value: object) -> bool:
    """Whether an attribute counts as a gap that may be filled."""
    return value is None or value in ("", {}, [])


def accepted(rule: ExpectationRule, source: object, target: object) -> tuple[object, ...] | None:
    """The values that satisfy a rule; `None` if any value does, because there was nothing to keep."""
    match rule:
        case ExpectationRule.KEPT:
            return None if empty(source) else (source,)
        case ExpectationRule.TARGET_WINS:
            kept = target if not empty(target) else source
            return None if empty(kept) else (kept,)
        case ExpectationRule.TARGET_ONLY:
            return (target,)
        case ExpectationRule.MAY_FILL:
            if not empty(target):
                return (target,)
            return None if empty(source) else (target, source)
        case ExpectationRule.EITHER:
            return (target, source)
        case ExpectationRule.OPT_OUT:
            return None if source is None and target is None else (bool(source or target),)
        case _:
            return None


def custom_names(*bodies: Mapping[str, Any] | None) -> Iterable[str]:
    """The names of the custom attributes of either side, each once, in order."""
    names = {name for body in bodies for name in ((body or {}).get("custom_attributes") or {})}
    return (f"custom_attributes.{name}" for name in sorted(names))
