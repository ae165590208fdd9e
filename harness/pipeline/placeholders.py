"""What a command line is told of its people: a placeholder for each of their values, and one for a file of all.

A placeholder is always one argument, an empty one an empty argument. `{people.json}` is the path of a file with what a
service is sent as `people`; it is there for the length of the call.
"""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from harness.core.errors import Problem
from harness.core.people import Person

PLACEHOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "visitor": ("visitor.user_id", "visitor.id", "visitor.name", "visitor.email", "visitor.phone"),
    "lead": ("lead.id", "lead.external_id", "lead.email", "lead.name", "lead.phone"),
    "user": ("user.id", "user.email", "user.external_id", "user.name", "user.phone"),
}
"""The placeholders for each person an operation is given."""

PEOPLE_FILE: Final = "people.json"
"""The placeholder that stands for a file of all people of a call."""

TOLD: Final = ("id", "user_id", "external_id", "email", "name", "phone", "custom_attributes")
"""What a service, and a command by its file, is told of each person."""

_PLACEHOLDER: Final = re.compile(r"(?<!\$)\{(\w[\w.]*)\}")
"""Not `${NAME}`, which is a shell's, nor `{}` and braces around anything else, which are the command's own."""


def check_line(operation: str, line: str, people: tuple[str, ...], where: str) -> list[str]:
    """Return the words of a command line. Raises `Problem` that says what is wrong with it."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise Problem(
            f"{where}: {operation} cannot be split into words",
            evidence=str(error),
            remedy="close each quote, and escape one that is meant as a letter",
        ) from error
    if not words:
        raise Problem(
            f"{where}: {operation} is an empty command", remedy=f'give a command line, or without = ["{operation}"]'
        )
    allowed = {name for person in people for name in PLACEHOLDERS[person]} | ({PEOPLE_FILE} if people else set())
    for name in (found for word in words for found in _PLACEHOLDER.findall(word)):
        if name not in allowed:
            raise Problem(
                f"{where}: {operation} has the unknown placeholder {{{name}}}",
                evidence=line,
                remedy="known here: " + (", ".join(f"{{{n}}}" for n in sorted(allowed)) or "none"),
            )
    return words


@contextmanager
def filled(words: Sequence[str], people: Mapping[str, Person]) -> Iterator[list[str]]:
    """Return the words with their placeholders filled; a file of the people is there until the block ends."""
    if not any(f"{{{PEOPLE_FILE}}}" in word for word in words):
        yield [_fill(word, people, "") for word in words]
        return
    with tempfile.TemporaryDirectory(prefix="harness-people-") as folder:
        path = Path(folder) / PEOPLE_FILE
        path.write_text(json.dumps(as_data(people)), encoding="utf-8")
        yield [_fill(word, people, str(path)) for word in words]


def as_data(people: Mapping[str, Person]) -> dict[str, dict[str, object]]:
    """Return people as JSON shows them, each under the name that the operation gives them."""
    return {name: _told(person) for name, person in people.items()}


def _told(person: Person) -> dict[str, object]:
    known: dict[str, object] = {name: getattr(person, name, None) for name in TOLD}
    return {**known, "custom_attributes": dict(person.custom_attributes)}


def _fill(word: str, people: Mapping[str, Person], file: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match.group(1) == PEOPLE_FILE:
            return file
        person, _, attribute = match.group(1).partition(".")
        found = getattr(people[person], attribute, None) if person in people else None
        return "" if found is None else str(found)

    return _PLACEHOLDER.sub(value, word)
