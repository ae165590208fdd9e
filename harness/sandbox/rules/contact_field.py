"""One row of the field table: what a contact's field is called, who may write it, and what conversions do to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, TypeAlias

from harness.sandbox.rules.versions import V2, Span

FieldType: TypeAlias = Literal["text", "email", "date", "number", "boolean", "tags", "list", "object"]
"""What a field holds. The search operators of each type stand in `search.language.OPERATORS_OF`."""

Writers: TypeAlias = Literal["", "1.x", "2.x", "both"]
"""The dialects whose requests may write a field."""


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
    ADOPTED_IF_ALLOWED = "as adopted, where the version adds identifiers and no other user has it"
    EITHER = "true if either is"
    UNION = "both, each once"
    MOVED = "the source's are the target's afterwards"
    STRICTER = "an opt-out of either stays"
    RECOMPUTED = "worked out anew"


class Fate(NamedTuple):
    """What the three conversions do: a visitor becomes a lead, either becomes a new user, either is merged."""

    becomes_lead: MergeAction
    becomes_user: MergeAction
    merged: MergeAction


def kept(merged: MergeAction) -> Fate:
    """Return the fate of what stays as it is unless its owner is merged."""
    return Fate(MergeAction.KEPT, MergeAction.KEPT, merged)


TARGET, ADOPTED, EITHER = kept(MergeAction.TARGET), kept(MergeAction.ADOPTED), kept(MergeAction.EITHER)


@dataclass(frozen=True, slots=True)
class ContactField:
    """A field of a contact under its name in 2.x.

    `fate` is `None` for what is not stored with the person. `stored` is the attribute of `Person` where it is called
    otherwise; a field that `Person` has no attribute for is kept in `Person.further` under its own name.
    """

    name: str
    type: FieldType
    fate: Fate | None
    source: str
    shown: Span | None = V2
    """The versions of 2.x that show it; `None` for none."""
    since: str = ""
    """The ISO date from which all these versions show it; empty for always."""
    blank_until: str = ""
    """The ISO date until which an empty text was shown as `""`; since then it is null."""
    old: tuple[str, ...] = ()
    """Its names in 1.x; empty if 1.x does not show it."""
    old_since: str = ""
    """The ISO date from which 1.x shows it; empty for always."""
    writes: Writers = ""
    search: bool = False
    stored: str = ""
    assumed: bool = False

    @property
    def attribute(self) -> str:
        """The attribute of `Person`, or the key in `Person.further`."""
        return self.stored or self.name
