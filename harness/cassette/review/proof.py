"""Whether a recording carries its own proof, judged from its content alone: nothing is run.

A conversion is proved by four things, in this order: the source was readable, the conversion, the same read finds the
source no more (or finds it in its new role, where it was converted in its place), the target is there with the right
role. A refusal is proved by reads that show the same before and after. Reads count only where the harness itself took
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Cassette, Interaction
from harness.cassette.format.json_diff import differences
from harness.cassette.format.match_keys import MatchKey, key_of
from harness.cassette.replay.mismatch import describe
from harness.cassette.review.meaning import (
    GONE,
    RecordedConversion,
    conversion_in,
    converted_in,
    is_read,
    person_in,
    status_of,
)
from harness.core.json_values import Json

_SHOWN_CHANGES = 3


@dataclass(frozen=True, slots=True)
class Converted:
    """A conversion that succeeded, at its place in the recording."""

    place: int
    asked: RecordedConversion
    target_id: str

    def __str__(self) -> str:
        return f"{self.asked.source_role or 'whoever was'} {', '.join(sorted(self.asked.source))} → {self.asked.role}"


def missing_proof(cassette: Cassette) -> list[str]:
    """What a recording lacks to prove what it claims, in words; empty where it proves it."""
    if not any(interaction.caller == "harness" for interaction in cassette.interactions):
        return ["the harness read nothing by itself in it, so it proves nothing"]
    converted = list(conversions(cassette.interactions))
    if not converted:
        return list(_of_refusal(cassette.interactions))
    later_sources = [(c.place, c.asked.source) for c in converted]
    return [
        text
        for conversion in converted
        for text in _of_conversion(cassette.interactions, conversion, superseded=_superseded(conversion, later_sources))
    ]


def conversions(interactions: Sequence[Interaction]) -> Iterator[Converted]:
    """The pipeline's conversions that succeeded, each source once; what the harness did to set the scene is none."""
    seen: set[frozenset[str]] = set()
    for place, interaction in enumerate(interactions):
        if interaction.caller != "pipeline":
            continue
        asked, shown = conversion_in(interaction), converted_in(interaction)
        if asked is None or shown is None or shown.role != asked.role or asked.source in seen:
            continue
        seen.add(asked.source)
        yield Converted(place, asked, asked.into or shown.person_id)


def _superseded(one: Converted, sources: Sequence[tuple[int, frozenset[str]]]) -> bool:
    return any(place > one.place and one.target_id in source for place, source in sources)


def _of_conversion(interactions: Sequence[Interaction], conversion: Converted, *, superseded: bool) -> Iterator[str]:
    before = {
        key_of(found.request): found
        for found in _reads(interactions[: conversion.place])
        if (shown := person_in(found))
        and (conversion.asked.source_role or shown.role) == shown.role
        and shown.ids & conversion.asked.source
    }
    after = _reads(interactions[conversion.place + 1 :])
    if not before:
        yield f"{conversion}: no read shows the source before the conversion"
    elif not any(_shows_gone(found, before, conversion) for found in after):
        yield f"{conversion}: no read that found the source before shows it gone afterwards"
    if not superseded and not any(_shows_target(found, conversion) for found in after):
        yield f"{conversion}: no read shows the target {conversion.target_id} as a {conversion.asked.role} afterwards"


def _reads(interactions: Sequence[Interaction]) -> list[Interaction]:
    return [found for found in interactions if found.caller == "harness" and is_read(found)]


def _shows_gone(found: Interaction, before: dict[MatchKey, Interaction], conversion: Converted) -> bool:
    if key_of(found.request) not in before:
        return False
    if status_of(found) in GONE:
        return True
    shown = person_in(found)
    return shown is not None and shown.person_id == conversion.target_id and shown.role == conversion.asked.role


def _shows_target(found: Interaction, conversion: Converted) -> bool:
    shown = person_in(found)
    return shown is not None and shown.person_id == conversion.target_id and shown.role == conversion.asked.role


def _of_refusal(interactions: Sequence[Interaction]) -> Iterator[str]:
    first = next((place for place, found in enumerate(interactions) if found.caller == "pipeline"), None)
    split = first if first is not None else sum(found.step != "then" for found in interactions)
    before = {key_of(found.request): found for found in _all_reads(interactions[:split])}
    after = {key_of(found.request): found for found in _all_reads(interactions[split:]) if found.step == "then"}
    pairs = [(before[key], found) for key, found in after.items() if key in before]
    if not any(person_in(found) for found, _ in pairs):
        yield "no conversion succeeds in it, and no person is read both before and after"
    changed = [found for found in pairs if not _same(*found)]
    for old, new in changed[:_SHOWN_CHANGES]:
        yield f"no conversion succeeds in it, and yet {describe(new.request)} shows a change: {_change(old, new)}"


def _all_reads(interactions: Sequence[Interaction]) -> list[Interaction]:
    return [found for found in interactions if found.caller == "harness" and found.request.method == "GET"]


def _same(old: Interaction, new: Interaction) -> bool:
    if status_of(old) != status_of(new):
        return False
    return status_of(new) != 200 or _body(old) == _body(new)


def _body(found: Interaction) -> Json:
    response = found.outcome.response
    return tree_of(response.body) if response else None


def _change(old: Interaction, new: Interaction) -> str:
    if status_of(old) != status_of(new):
        return f"{status_of(old)} before, {status_of(new)} after"
    return str(next(differences(_body(old), _body(new)), "the body"))
