"""Whether a recording carries its own proof, judged from its content alone: nothing is run.

A conversion is proved by four things, in this order: the source was readable, the conversion, the same read finds the
source no more (or finds it in its new role, where it was converted in its place), the target is there with the right
role. A refusal is proved by reads that show the same before and after. Reads count only where the harness itself took
them. For a crowd, of whom it reads nobody alone, the list of contacts counts, where it was read to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Cassette, Interaction
from harness.cassette.format.json_diff import differences
from harness.cassette.format.match_keys import key_of
from harness.cassette.replay.mismatch import describe
from harness.cassette.review.meaning import (
    GONE,
    RecordedConversion,
    ShownPerson,
    contact_page_in,
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


@dataclass(frozen=True, slots=True)
class ContactList:
    """The list of contacts as the harness read it to its end, from its first page to its last."""

    first: int
    last: int
    people: Sequence[ShownPerson]


class _Evidence:
    """What the harness read in a recording: of one person at a time, and whole lists of contacts."""

    def __init__(self, interactions: Sequence[Interaction]) -> None:
        own = [(place, found) for place, found in enumerate(interactions) if found.caller == "harness"]
        self.reads = [(place, found, person_in(found)) for place, found in own if is_read(found)]
        self.read_alone = frozenset(text for _, _, shown in self.reads if shown for text in shown.ids)
        self.lists = tuple(_complete_lists(own))


def missing_proof(cassette: Cassette) -> list[str]:
    """What a recording lacks to prove what it claims, in words; empty where it proves it."""
    if not any(interaction.caller == "harness" for interaction in cassette.interactions):
        return ["the harness read nothing by itself in it, so it proves nothing"]
    converted = list(conversions(cassette.interactions))
    if not converted:
        return list(_of_refusal(cassette.interactions))
    evidence = _Evidence(cassette.interactions)
    later_sources = [(c.place, c.asked.source) for c in converted]
    found: list[str] = []
    for conversion in converted:
        alone = evidence.read_alone & (conversion.asked.source | {conversion.target_id})
        judge = _of_conversion if alone else _of_one_in_a_crowd
        found += judge(evidence, conversion, superseded=_superseded(conversion, later_sources))
    return found


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


def _of_conversion(evidence: _Evidence, conversion: Converted, *, superseded: bool) -> Iterator[str]:
    before = {
        key_of(found.request)
        for place, found, shown in evidence.reads
        if place < conversion.place
        and shown
        and (conversion.asked.source_role or shown.role) == shown.role
        and shown.ids & conversion.asked.source
    }
    after = [(found, shown) for place, found, shown in evidence.reads if place > conversion.place]
    same = [(found, shown) for found, shown in after if key_of(found.request) in before]
    if not before:
        yield f"{conversion}: no read shows the source before the conversion"
    elif not any(status_of(found) in GONE or _is_target(shown, conversion) for found, shown in same):
        yield f"{conversion}: no read that found the source before shows it gone afterwards"
    if not superseded and not any(_is_target(shown, conversion) for _, shown in after):
        yield f"{conversion}: no read shows the target {conversion.target_id} as a {conversion.asked.role} afterwards"


def _of_one_in_a_crowd(evidence: _Evidence, conversion: Converted, *, superseded: bool) -> Iterator[str]:
    """Tell what the lists of contacts lack to prove a conversion of somebody who was never read alone."""
    before = [_shows_source(one, conversion) for one in evidence.lists if one.last < conversion.place]
    after = [one for one in evidence.lists if one.first > conversion.place]
    if not any(before):
        yield f"{conversion}: no read and no whole list shows the source before the conversion"
    elif not after or _shows_source(after[-1], conversion):
        yield f"{conversion}: no whole list afterwards is without the source, whom one showed before"
    if not superseded and not any(_is_target(shown, conversion) for one in after[-1:] for shown in one.people):
        target = f"the target {conversion.target_id} as a {conversion.asked.role} afterwards"
        yield f"{conversion}: no read and no whole list shows {target}"


def _shows_source(listed: ContactList, conversion: Converted) -> bool:
    role = conversion.asked.source_role
    return any(one.ids & conversion.asked.source and role in (None, one.role) for one in listed.people)


def _is_target(shown: ShownPerson | None, conversion: Converted) -> bool:
    return shown is not None and shown.person_id == conversion.target_id and shown.role == conversion.asked.role


def _complete_lists(own: Iterable[tuple[int, Interaction]]) -> Iterator[ContactList]:
    first, people, wanted = 0, list[ShownPerson](), ""
    for place, found in own:
        page = contact_page_in(found)
        if page is None or page.after not in ("", wanted):
            continue
        if not page.after:
            first, people = place, []
        people += page.people
        wanted = page.next
        if not wanted:
            yield ContactList(first, place, tuple(people))


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
