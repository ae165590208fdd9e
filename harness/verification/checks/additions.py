"""What a pipeline may add to the person it converts, and what nobody may make up.

`ADDABLE` is the one table of it; `docs/additions.md` is generated from it. An addition is listed in the report and
refutes nothing. Anything else that is there afterwards and was on neither side refutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from harness.verification import sources
from harness.verification.checks import expectations as rules
from harness.verification.checks.converted import Conversion, Permissions
from harness.verification.checks.kept_belongings import BELONGINGS, entries
from harness.verification.claims import Claim, judged
from harness.verification.witnesses import witness


@dataclass(frozen=True, slots=True)
class Addable:
    """One kind of thing that a pipeline may add where there was nothing, and why it may."""

    what: str
    where: str
    why: str


ADDABLE: Final = (
    Addable("name", "an attribute that was empty", "a sign-up form asks for it"),
    Addable("phone", "an attribute that was empty", "a sign-up form asks for it"),
    Addable("avatar", "an attribute that was empty", "a profile may have a picture"),
    Addable("owner_id", "an attribute that was empty", "routing of new customers to a teammate"),
    Addable("language_override", "an attribute that was empty", "a sign-up form asks for it"),
    Addable("signed_up_at", "an attribute that was empty", "a time between the first visit and now, in seconds"),
    Addable("last_seen_at", "an attribute that was empty", "a sign-up is a visit"),
    Addable("custom_attributes.*", "an attribute that was empty", "enrichment with one's own data"),
    Addable("tag", "one more on the target", "marking what was converted"),
    Addable("note", "one more on the target", "telling teammates of the conversion"),
    Addable("event", "one more on the target", "telling Intercom of the sign-up"),
    Addable("company", "one more on the target", "a new user joins the customer's account"),
)
"""What a pipeline may add. A name with `.*` stands for any attribute in there."""

GUARDED: Final[Mapping[str, str]] = {
    "email": "no e-mail was made up",
    "external_id": "no external id was made up",
    "unsubscribed_from_emails": "nobody was unsubscribed from e-mails who had not asked for it",
    "marked_email_as_spam": "no e-mail was marked as spam",
    "has_hard_bounced": "no e-mail was marked as bounced",
    "sms_consent": "no consent to SMS was made up",
    "unsubscribed_from_sms": "nobody was unsubscribed from SMS who had not asked for it",
}
"""Attributes that nobody may make up, each with what is claimed of it."""

_ATTRIBUTES: Final = frozenset(row.what for row in ADDABLE if row.where.startswith("an attribute"))
_THINGS: Final = frozenset(row.what for row in ADDABLE) - _ATTRIBUTES


@dataclass(frozen=True, slots=True)
class Addition:
    """One thing that is there now and was on neither side."""

    what: str
    value: object
    key: str = ""
    """Which one of its kind, where there can be several."""
    kind: str = ""
    """How a snapshot names its kind (`tags`), where there can be several."""

    @property
    def text(self) -> str:
        """Return the addition as a report shows it."""
        return f"{self.what} {self.key}" if self.key else f"{self.what} = {self.value!r}"

    @property
    def allowed(self) -> bool:
        """Return whether a pipeline may add it."""
        custom = self.what.startswith("custom_attributes.")
        return self.what in (_THINGS if self.key else _ATTRIBUTES) or custom


def found_additions(conversion: Conversion) -> Iterator[Addition]:
    """Return what the target has now that nobody had whom it came from, whether it may be added or not."""
    after = conversion.after.body
    if after is None:
        return
    bodies = [side.body for side in conversion.owners]
    for name in (*rules.CARRIED, "avatar", *rules.custom_names(after)):
        if _has(after, name) and not any(_has(body, name) for body in bodies):
            yield Addition(name, rules.value_of(after, name))
    for name, word in BELONGINGS.items():
        known = {key for side in conversion.owners for key in entries(side, name)}
        for key in sorted(entries(conversion.after, name).keys() - known):
            yield Addition(word, None, key, name)


def _has(body: Mapping[str, object] | None, name: str) -> bool:
    return not rules.empty(rules.value_of(body, name))


def additions(conversion: Conversion) -> Iterator[Addition]:
    """Return what was added and may be: it is listed and refutes nothing."""
    return (one for one in found_additions(conversion) if one.allowed)


def nothing_made_up(conversion: Conversion, permissions: Permissions) -> Iterator[Claim]:
    """Claim that no identifier, consent or conversation is there that nobody gave, had, or began."""
    after = conversion.after.body
    if after is None or after.get("type") == "visitor":
        return
    for name, text in GUARDED.items():
        if name not in conversion.given and not _had(conversion, name):
            yield from _permitted(_empty_still(conversion, after, name, text), name, permissions)
    yield from _no_other_things(conversion)


def _had(conversion: Conversion, name: str) -> bool:
    """Return whether somebody had it whose it may be now: a visitor's or lead's uuid is no user's external id."""
    if name == "external_id" and not conversion.merged:
        return not conversion.became_user
    return any(side.body and side.body.get(name) for side in conversion.owners)


def _empty_still(conversion: Conversion, after: Mapping[str, object], name: str, text: str) -> Claim:
    found = after.get(name)
    seen = (witness("after", conversion.after.by_id, f"{name} is {found!r}"),)
    return judged(text, not found, "nobody gave any", repr(found), seen, sources.CONTACTS, what=name)


def _permitted(claim: Claim, name: str, permissions: Permissions) -> Iterator[Claim]:
    if claim.proved or not permissions.covers(name):
        yield claim


def _no_other_things(conversion: Conversion) -> Iterator[Claim]:
    made = [one for one in found_additions(conversion) if not one.allowed and one.key]
    for name, word in BELONGINGS.items():
        if word in _THINGS or not getattr(conversion.after, name):
            continue
        keys = tuple(one.key for one in made if one.what == word)
        found, seen = ", ".join(keys) or "none", (witness("after", getattr(conversion.after, name)),)
        text = f"no {word} was begun that nobody had"
        yield judged(text, not keys, "none", found, seen, sources.CONTACTS, what=name, things=keys)
