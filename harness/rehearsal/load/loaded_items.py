"""What is read from files before it is written: contacts with what they name, and the things beside them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec

from harness.rehearsal.load.input_file import BadRow
from harness.sandbox.requests import parsing
from harness.sandbox.rules.person import Person
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.belongings import Company, Conversation, Note

WHOLE: Final = range(-parsing.LARGEST_NUMBER, parsing.LARGEST_NUMBER + 1)
MOST_ATTRIBUTES: Final = 1_000
"""Custom attributes that one contact may have; Intercom allows far fewer."""
INFINITE: Final = (float("inf"), float("-inf"))
MOST_NAMES: Final = 200
"""How many names that are not understood are told."""
MORE: Final = "(and others)"
LONGEST_NAME: Final = 120
MOST_DIGITS: Final = 7
VALUE: Final = "(a name that looks like a value)"
LATEST: Final = 253_402_300_799
"""The last second of the year 9999; a later moment is one in milliseconds."""


class LoadedContact(msgspec.Struct, array_like=True):
    """A contact, and the ids of what hangs on them; a consent is a subscription type, and `opt_in` or `opt_out`."""

    person: Person
    tags: tuple[int, ...] = ()
    companies: tuple[str, ...] = ()
    consents: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedTag:
    """A tag with its name."""

    tag_id: int
    name: str


@dataclass(slots=True)
class LoadedConversation:
    """A conversation with those who take part in it, and the tags that hang on it."""

    conversation: Conversation
    person_ids: list[str]
    tags: tuple[int, ...] = ()


LoadedItem: TypeAlias = LoadedContact | LoadedTag | Company | Note | LoadedConversation | Attribute
ReadItem: TypeAlias = LoadedItem | BadRow


class UnreadableValue(ValueError):
    """A value is not of the kind that its field has; the message names the field, not the value."""


def moment_of(value: object, what: str) -> int | None:
    """Return a moment in seconds since 1970, from seconds, milliseconds or ISO 8601; `None` for none.

    Raises: UnreadableValue.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _moment_in(value, what)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnreadableValue(f"{what} is no moment")
    return int(value) if 0 <= value <= LATEST else _in_milliseconds(value, what)


def _in_milliseconds(value: float, what: str) -> int:
    if not 0 <= value / 1000 <= LATEST:
        raise UnreadableValue(f"{what} is no moment")
    return int(value / 1000)


def _moment_in(text: str, what: str) -> int:
    if text.isdigit() and len(text) < 17:
        return moment_of(int(text), what) or 0
    try:
        found = dt.datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    except ValueError:
        raise UnreadableValue(f"{what} is no moment") from None
    aware = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return int(aware.timestamp())


def text_of(value: object, what: str) -> str | None:
    """Return a text, of a number its digits; `None` for none or an empty one. Raises: UnreadableValue."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise UnreadableValue(f"{what} is no text")


def mapping_of(value: object, what: str) -> dict[str, object]:
    """Return an object; an empty one for none. Raises: UnreadableValue."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise UnreadableValue(f"{what} is no object")


def attributes_of(value: object) -> dict[str, object]:
    """Return custom attributes. Raises: UnreadableValue where they are none, or nested or large beyond what is kept."""
    found = mapping_of(value, "custom_attributes")
    if len(found) > MOST_ATTRIBUTES:
        raise UnreadableValue(f"it has {len(found):,} custom attributes, and at most {MOST_ATTRIBUTES:,} are read")
    for one in found.values():
        kind = type(one)
        if kind is str or kind is bool or one is None or (kind is int and one in WHOLE):
            continue
        if parsing.excess({"": one}) or (kind is float and one in INFINITE):
            raise UnreadableValue("a custom attribute is nested too deeply, or a number of more than 64 bits")
    return found


def listed(value: object, *keys: str) -> list[dict[str, object]]:
    """Return the objects of a list, or of the first of these keys of an object that holds a list."""
    if isinstance(value, dict):
        for key in keys:
            found = value.get(key)
            if isinstance(found, list):
                return [one for one in found if isinstance(one, dict)] if found else found
        return []
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


@dataclass(slots=True)
class Leftovers:
    """What a reader did not understand, and what is kept of it all the same.

    wanted: the names to keep as custom attributes; `*` for all.
    """

    wanted: frozenset[str] = frozenset()
    left_out: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    shortened: Counter[str] = field(default_factory=Counter)
    """How many contacts have more of a kind than they show."""
    notes: int = 0
    """How many notes contacts name."""

    def begin(self) -> None:
        """Count anew: what was read so far is read again."""
        self.shortened.clear()
        self.notes = 0

    def keeps(self, name: str) -> bool:
        """Note a name that is not understood, and return whether it is to be kept."""
        wanted = "*" in self.wanted or name in self.wanted
        names = self.kept if wanted else self.left_out
        if name not in names:
            names.add(MORE if len(names) >= MOST_NAMES else name if _is_name(name) else VALUE)
        return wanted


def _is_name(text: str) -> bool:
    """Return whether a text can be shown as a name: a file without a header has values of people in its place."""
    return "@" not in text and len(text) <= LONGEST_NAME and sum(map(str.isdigit, text)) < MOST_DIGITS
