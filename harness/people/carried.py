"""What a scenario can say that a person carries, and what they carry where it says nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, TypeAlias, TypedDict


class Drawn(Enum):
    """Stands for a value that is drawn from the traits."""

    DRAWN = "drawn"


DRAWN: Final = Drawn.DRAWN

AttributeValue: TypeAlias = str | int | float | bool | None
"""What a custom attribute can be; a date is a whole number of seconds, under a name that ends in `_at`."""

ConversationState: TypeAlias = Literal["open", "closed", "snoozed", "assigned"]
Consent: TypeAlias = Literal["opt_in", "opt_out"]

ATTRIBUTES: Final[Mapping[str, str]] = {
    "plan": "string", "campaign": "string", "seats": "integer", "vip": "boolean", "invited": "boolean",
    "score": "integer", "rating": "float", "renews_at": "date", "signupSource": "string",
}  # fmt: skip
"""The custom attributes that people carry where no scenario says others, each with its type."""

SIGNED_UP_AT: Final = 1_600_000_000
"""When a user signed up, where the scenario does not say: long before they are made here."""

RENEWS_AT: Final = 1_900_000_000


class Carried(TypedDict, total=False):
    """What `people.lead(…)` and `people.user(…)` take beside names and identifiers; what is absent is drawn by seed.

    owner: whether a teammate owns them. signed_up_at: seconds. language: a language code. companies: how many they are
    in. conversation: the state of what they said. events: names of what they did. consent: their choice in the first
    kind of newsletter that asks for an opt-in or lets people opt out. unsubscribed: from all e-mail.
    """

    owner: bool
    signed_up_at: int | None
    language: str | None
    companies: int
    conversation: ConversationState
    events: Sequence[str]
    consent: Collection[Consent]
    unsubscribed: bool


@dataclass(frozen=True, slots=True)
class PersonalBelongings:
    """What one person is given once they are there."""

    companies: int = 1
    conversation: ConversationState = "open"
    events: Sequence[str] = ()
    owner: bool = False
    consent: Collection[Consent] = ()


def belongings_of(said: Carried, extras: Collection[str]) -> PersonalBelongings:
    """Return what hangs on a person, by the scenario's word or else by what was drawn."""
    states: tuple[ConversationState, ...] = ("closed", "snoozed", "assigned")
    drawn: ConversationState = next((state for state in states if state in extras), "open")
    consent: tuple[Consent, ...] = ("opt_in",) if "subscribed" in extras else ()
    return PersonalBelongings(
        said.get("companies", 2 if "second company" in extras else 1),
        said.get("conversation", drawn),
        said.get("events", ("invited a colleague",) if "event" in extras else ()),
        said.get("owner", "owner" in extras),
        said.get("consent", consent),
    )


def fields_of(said: Carried, extras: Collection[str], role: str) -> dict[str, AttributeValue]:
    """Return the fields of a new contact that people carry, by the scenario's word or else by what was drawn."""
    signed_up = SIGNED_UP_AT if "signed up" in extras and role == "user" else None
    fields: dict[str, AttributeValue] = {
        "signed_up_at": said.get("signed_up_at", signed_up),
        "language_override": said.get("language", "fr" if "language" in extras else None),
    }
    if said.get("unsubscribed", "unsubscribed" in extras):
        fields["unsubscribed_from_emails"] = True
    return fields


def attributes_of(extras: Collection[str], seats: int) -> Mapping[str, AttributeValue]:
    """Return further custom attributes: some that code takes for nothing, one of each type that Intercom has."""
    found: dict[str, AttributeValue] = {}
    if "flags" in extras:
        found |= {"vip": False, "invited": True}
    if "numbers" in extras:
        found |= {"score": 0, "rating": 4.5}
    if "date" in extras:
        found["renews_at"] = RENEWS_AT + seats
    if "key in camel case" in extras:
        found["signupSource"] = "partner"
    return found


def extras_in(traits: Mapping[str, Any]) -> Sequence[str]:
    """Return what was drawn for a person beside the rest; a cassette of an earlier release has nothing of the kind."""
    return tuple(traits.get("extras", ()))


def more_attributes(traits: Mapping[str, Any]) -> Mapping[str, AttributeValue]:
    """Return the custom attributes that were drawn for a person beside those that everybody has."""
    return attributes_of(extras_in(traits), int(traits.get("seats", 0)))


def opted(said: Carried, opted_out: bool) -> Carried:
    """Return what a scenario says with an opt-out of the newsletter and of all e-mail, where it says so."""
    if not opted_out:
        return said
    out: Consent = "opt_out"
    return {**said, "consent": (out,), "unsubscribed": True}


def near(email: str) -> str:
    """Return an address that differs by what stands after its plus."""
    local, _, domain = email.partition("@")
    return f"{local}+team@{domain}" if "+" not in local else f"{local}-team@{domain}"
