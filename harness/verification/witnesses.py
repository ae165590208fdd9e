"""Reads as witnesses of a claim, and people as a claim names them."""

from __future__ import annotations

from collections.abc import Mapping

from harness.client import Reading
from harness.core.people import Person, User, Visitor
from harness.verification.claims import Witness


def witness(when: str, reading: Reading | None, shows: str = "", answer: object = None) -> Witness:
    """A read as a witness."""
    if reading is None:
        return Witness(when, "no read", "nothing was asked")
    return Witness(when, str(reading), shows or shown(reading), answer)


def shown(reading: Reading) -> str:
    """What an answer shows, in a few words."""
    body = reading.answer if isinstance(reading.answer, Mapping) else {}
    if errors := body.get("errors"):
        return f"{errors[0].get('code')}: {errors[0].get('message')}"
    if "total_count" in body:
        return f"{body['total_count']} found"
    if "id" in body:
        return f"{body.get('role') or body.get('type')} {body['id']}"
    return f"status {reading.status}"


def describe_person(person: Person, place: str = "") -> str:
    """A person in a claim: `the visitor`, `the lead ada@example.com`."""
    named = person.email or (person.user_id if isinstance(person, Visitor) else getattr(person, "external_id", None))
    word = "user" if isinstance(person, User) else person.kind
    return f"{place or 'the'} {word}{f' {named}' if named else ''}"
