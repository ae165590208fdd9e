"""Names that a body gives to people and companies, and free text of the same body in which they stand again.

A name is told from other text by its place alone: the `name` of a person or of a company. Where a body has such a
place, its other texts may repeat the name ("Hi Jane"), and are searched for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from harness.cassette.redaction import pseudonyms
from harness.core.json_values import Json

NAME_KEYS: Final = frozenset({"name", "first_name", "last_name"})
PERSON_TYPES: Final = frozenset({"contact", "user", "lead", "visitor", "admin", "teammate", "author"})
PERSON_KEYS: Final = frozenset({"contact", "user", "lead", "visitor", "admin", "author", "from"})
COMPANY_TYPES: Final = frozenset({"company"})
NO_TEXT: Final = frozenset(["type", "id", "role", "email", "external_id", "user_id", "company_id", "url", "image_url"])
"""Keys whose text is no free text."""
SHORTEST: Final = 3
MOST: Final = 500
"""Names that are searched for in one body, so that the search stays linear."""


def is_person(value: dict[str, Json], inherited: bool = False) -> bool:
    """Return whether an object is a person's. inherited: its key says so."""
    return inherited or value.get("type") in PERSON_TYPES or "email" in value


def is_company(value: dict[str, Json]) -> bool:
    """Return whether an object is a company's."""
    return value.get("type") in COMPANY_TYPES or ("company_id" in value and "name" in value)


def replacements(tree: Json, person: bool, known: Callable[[str], bool]) -> Callable[[str], str] | None:
    """Return what replaces the names that a body gives in its free text; `None` where it gives none.

    person: whether the body itself is a person's. known: which names stay.
    """
    names: dict[str, str] = {}
    for name, spellings in _names(tree, person):
        if len(names) < MOST and not known(name) and not _is_pseudonym(name):
            names |= {spelling: pseudonym for spelling, pseudonym in spellings(name) if spelling not in names}
    if not names:
        return None
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)")
    return lambda text: text if known(text) else pattern.sub(lambda match: names[match[0]], text)


def renamed(value: Json, rename: Callable[[str], str]) -> Json:
    """Return a tree with other names in its texts, or the tree itself if it has none of them.

    What identifies something, or leads somewhere, stays.
    """
    if isinstance(value, str):
        other = rename(value)
        return value if other == value else other
    if isinstance(value, list):
        items = [renamed(item, rename) for item in value]
        return value if all(one is other for one, other in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        changed = {key: item if key in NO_TEXT else renamed(item, rename) for key, item in value.items()}
        return value if all(changed[key] is item for key, item in value.items()) else changed
    return value


def _is_pseudonym(name: str) -> bool:
    return pseudonyms.name_is_pseudonym(name) or pseudonyms.company_is_pseudonym(name)


def _names(value: Json, person: bool) -> Iterator[tuple[str, Callable[[str], Iterator[tuple[str, str]]]]]:
    """Yield each name with what yields the spellings of such a name, and their pseudonyms."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item, person)
    if not isinstance(value, dict):
        return
    theirs, company = is_person(value, person), is_company(value)
    for key, item in value.items():
        if isinstance(item, str):
            if company and key == "name":
                yield item, _of_a_company
            elif theirs and key in NAME_KEYS:
                yield item, _of_a_person
        else:
            yield from _names(item, key in PERSON_KEYS)


def _of_a_company(name: str) -> Iterator[tuple[str, str]]:
    if len(name) >= SHORTEST:
        yield name, pseudonyms.company_for(name)


def _of_a_person(name: str) -> Iterator[tuple[str, str]]:
    """Yield a name and its parts, as people are called by."""
    if len(name) >= SHORTEST:
        yield name, pseudonyms.name_for(name)
    for part in name.split() if " " in name else ():
        if len(part) >= SHORTEST and part[:1].isupper():
            yield part, pseudonyms.name_for(part)
