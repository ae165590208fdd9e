"""Operators on each field of a request: left out, emptied, taken from somebody else, in another form."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence

from harness.core.people import Person, User
from harness.mutation.mutant import MutantChange
from harness.mutation.observed_request import IDENTIFIER_KINDS, JsonValue, ObservedRequest, RequestField
from harness.mutation.sending import field_change, sends, told_person, told_request

Same = Callable[[JsonValue], JsonValue]


def omitted(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Leave each field out."""
    for one in seen.fields:
        if one.where != "path":
            told = (*told_request(seen.request.method, seen.request.target), f"`{one.last}`")
            yield MutantChange(one.name, ask=sends(one.without), telling=told, value="left out")


def nulled(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send null for each field of a body."""
    return _each(seen, lambda value: None, where=("body",))


def blanked(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send an empty text for each field; a part of a path is left empty."""
    return _each(seen, lambda value: "")


def defaulted(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send for each field what a template has in its place."""
    return _each(seen, _default)


def _default(value: JsonValue) -> JsonValue:
    match value:
        case bool():
            return False
        case int() | float():
            return 0
        case str():
            return "undefined"
        case Sequence():
            return []
        case _:
            return {}


def taken_from(part: str) -> Callable[[ObservedRequest], Iterator[MutantChange]]:
    """Return the operator that fills each field that is no identifier with what somebody else has there."""

    def changes(seen: ObservedRequest) -> Iterator[MutantChange]:
        naming = {one.name for one, _ in seen.identifiers}
        for one in seen.fields:
            if one.where != "body" or one.name in naming:
                continue
            for name, person in seen.others:
                theirs = _value_of(person, one)
                if name.startswith(part) and theirs is not None:
                    yield field_change(seen, one, theirs, person=name, telling=told_person(person))

    return changes


def _value_of(person: Person, one: RequestField) -> JsonValue:
    if len(one.steps) > 1 and one.steps[-2] == "custom_attributes":
        value = person.custom_attributes.get(one.last)
        return value if isinstance(value, str | int | float | bool) else None
    kept = getattr(person, one.last, None) if one.last in ("name", "email", "phone", "external_id") else None
    return str(kept) if kept else None


# --- texts ----------------------------------------------------------------------------------------


def trimmed(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Take blanks from both ends of a text, and from within."""
    return _texts(seen, lambda text: " ".join(text.split()).replace(" ", ""))


def cased(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Write a text in small letters, or in capitals where it is in small letters."""
    return _texts(seen, lambda text: text.lower() if text != text.lower() else text.upper())


def cut(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Cut a text at 32 characters, as a column does."""
    return _texts(seen, lambda text: text[:32])


def folded(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Write a text in ASCII alone."""
    return _texts(seen, lambda text: unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode())


def decomposed(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Write letters with accents as two signs each, as some file systems do."""
    return _texts(seen, lambda text: unicodedata.normalize("NFD", text))


def _texts(seen: ObservedRequest, change: Callable[[str], str]) -> Iterator[MutantChange]:
    return _each(seen, lambda value: change(value) if isinstance(value, str) else value)


# --- values ---------------------------------------------------------------------------------------


def as_text(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send numbers and truth values as text."""
    return _each(seen, lambda value: str(value).lower() if isinstance(value, bool | int | float) else value)


def as_number(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send a text that looks like a number as one."""
    return _each(seen, lambda value: _number(value) if isinstance(value, str) else value, where=("body",))


def _number(text: str) -> JsonValue:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return text


def in_milliseconds(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send times in milliseconds."""
    for one in seen.fields:
        if one.last.endswith("_at") and isinstance(one.value, int):
            yield field_change(seen, one, one.value * 1000)


def first_only(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Cut each list to its first entry."""
    return _lists(seen, lambda entries: entries[:1])


def list_doubled(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send each list twice over."""
    return _lists(seen, lambda entries: [*entries, *entries])


def _lists(
    seen: ObservedRequest, change: Callable[[Sequence[JsonValue]], Sequence[JsonValue]]
) -> Iterator[MutantChange]:
    for one in seen.fields:
        if isinstance(one.value, Sequence) and not isinstance(one.value, str):
            yield field_change(seen, one, change(one.value))


def _each(
    seen: ObservedRequest, change: Same, where: Sequence[str] = ("body", "query", "path")
) -> Iterator[MutantChange]:
    for one in seen.fields:
        if one.where in where and (value := change(one.value)) != one.value:
            yield field_change(seen, one, value)


# --- identifiers ----------------------------------------------------------------------------------


def swapped(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Put what names the source where the target is named, and the other way round."""
    named = seen.identifiers
    for first, person in named:
        for second, other in named:
            parts = (seen.part_of(person), seen.part_of(other))
            if parts == ("source", "target"):
                told = ("wrong way round", *told_request(seen.request.method, seen.request.target))
                yield MutantChange(
                    f"{first.name}, {second.name}",
                    ask=sends(lambda r, a=first, b=second: b.changed(a.changed(r, b.value), a.value)),  # type: ignore[misc]
                    telling=told,
                    value=f"{second.value} and {first.value}",
                )


def retargeted(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Name each other person in the place of the one who is named."""
    for one, person in seen.identifiers:
        kind = _kind(one, person)
        for part, other in seen.others:
            value = _identifier(other, kind)
            if other is not person and value and value != one.value:
                yield field_change(seen, one, value, person=part, telling=told_person(other))


def of_another_kind(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Name the same person by an identifier of another kind: id, external id, e-mail, uuid."""
    for one, person in seen.identifiers:
        for kind in IDENTIFIER_KINDS:
            value = _identifier(person, kind)
            if value and value != one.value:
                yield field_change(seen, one, value, person=kind, telling=told_person(person))


def _kind(one: RequestField, person: Person) -> str:
    """Return which identifier of a person a field holds."""
    return next((kind for kind in IDENTIFIER_KINDS if _identifier(person, kind) == one.value), "id")


def _identifier(person: Person, kind: str) -> str | None:
    if kind == "external_id" and not isinstance(person, User):
        return None
    if kind == "user_id":
        return person.uuid
    value = getattr(person, kind, None)
    return str(value) if value else None
