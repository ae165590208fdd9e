"""What somebody was before they became, or went into, somebody else, or were deleted: for people to look at.

It stands in the last tombstones, written with them in one statement and read only when a dashboard asks. What a
conversion does is decided elsewhere, and never by what stands here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import msgspec

from harness.sandbox.rules.person import Person
from harness.sandbox.store.database import Database

KEPT = 50
"""How many of the latest are kept in a workspace; up to as many again lie there until they are forgotten together."""
MOST = 50
"""How many of each kind of belonging are kept of a person."""

_decode = msgspec.msgpack.Decoder(Person).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class FormerPerson:
    """A person, and what hung on them; conversations are told by their ids."""

    person: Person
    belongings: dict[str, list[str]]


def tombstone(database: Database, grave: tuple[object, ...], person: Person) -> None:
    """Write a tombstone, with what `person` is, and whoever they go into, before anything is changed."""
    person_id, into_id = person.person_id, grave[5]
    target_id = None if into_id == person_id else into_id
    if target_id is None and not person.owns:
        made = database.execute(PLAINLY, (*grave, _encode(person)))
    else:
        made = database.execute(WITH_ALL, (*grave, _encode(person), person_id, target_id))
    number = made.lastrowid or 0
    if not number % KEPT:
        database.execute(FORGET, (number - 2 * KEPT, number - KEPT))


def kept(database: Database) -> dict[int, tuple[FormerPerson, FormerPerson | None]]:
    """The source and, of a merge, the target, by the number of the tombstone."""
    return {
        number: (
            FormerPerson(_decode(source), _had(had)),
            FormerPerson(_decode(target), _had(target_had)) if target else None,
        )
        for number, source, had, target, target_had in database.all(LATEST)
    }


def of(database: Database, person: Person) -> FormerPerson:
    """Somebody as they are now."""
    (had,) = database.one(f"SELECT {HAD.format(who='?1')}", (person.person_id,))
    return FormerPerson(person, _had(had))


def _had(text: str | None) -> dict[str, list[str]]:
    found: dict[str, list[object]] = json.loads(text) if text else NOTHING
    return {name: [str(item) for item in items] for name, items in found.items()}


HAD = f"""json_object(
    'tags', (SELECT json_group_array(name) FROM (
        SELECT name FROM taggings JOIN tags USING (tag_id) WHERE person_id = {{who}} ORDER BY place LIMIT {MOST})),
    'notes', (SELECT json_group_array(body) FROM (
        SELECT body FROM notes WHERE person_id = {{who}} ORDER BY note_id LIMIT {MOST})),
    'companies', (SELECT json_group_array(name) FROM (
        SELECT name FROM memberships JOIN companies USING (company_key) WHERE person_id = {{who}}
        ORDER BY memberships.seq LIMIT {MOST})),
    'conversations', (SELECT json_group_array(conversation_id) FROM (
        SELECT conversation_id FROM participants WHERE person_id = {{who}} ORDER BY conversation_id LIMIT {MOST})),
    'events', (SELECT json_group_array(name) FROM (
        SELECT name FROM events WHERE person_id = {{who}} ORDER BY seq DESC LIMIT {MOST})))"""  # noqa: S608 - names of our own schema

NOTHING: dict[str, list[object]] = {"tags": [], "notes": [], "companies": [], "conversations": [], "events": []}

GRAVE = "INSERT INTO tombstones (person_id, kind, external_id, email_key, reason, into_id, at, source"
PLAINLY = f"{GRAVE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
WITH_ALL = f"""{GRAVE}, source_had, target, target_had) VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, {HAD.format(who="?9")}, (SELECT document FROM people WHERE person_id = ?10),
    CASE WHEN ?10 IS NULL THEN NULL ELSE {HAD.format(who="?10")} END)"""  # noqa: S608 - names of our own schema
FORGET = """UPDATE tombstones SET source = NULL, source_had = NULL, target = NULL, target_had = NULL
    WHERE seq BETWEEN ? AND ?"""
LATEST = f"""SELECT seq, source, source_had, target, target_had FROM tombstones
    WHERE source IS NOT NULL AND seq > (SELECT max(seq) FROM tombstones) - {KEPT}"""  # noqa: S608 - a number of ours
