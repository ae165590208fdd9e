"""Nobody else was touched: bystanders, and the workspace's list of contacts; pure functions, no request is made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from harness.core.people import Person
from harness.verification import difference
from harness.verification.claims import Claim, Verdict, Witness, judged
from harness.verification.snapshot import PersonSnapshot, Snapshot
from harness.verification.witnesses import describe_person, witness

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN

SEARCH = "by_email"
"""The read that lags behind all others (facts §5): by-id reads tell the same at once, so it decides nothing."""


def untouched(
    who: str,
    before: PersonSnapshot,
    after: PersonSnapshot,
    text: str = "{} is untouched",
    ignoring: frozenset[str] = frozenset(),
) -> Claim:
    """Claim that every read about a person answers as it did before. ignoring: fields that may differ all the same."""
    text, expected = text.format(who), "the same as before"
    ids = (str((before.body or {}).get("id")),)
    old, new = before.about(), after.about()
    if not old:
        return Claim(text, UNKNOWN, expected, "nothing was read before", who=ids)
    seen: list[Witness] = []
    for name, (reading, told) in old.items():
        now, tells = new.get(name, (None, None))
        if name == SEARCH:
            continue
        if now is not None and not now.conclusive and now.status != reading.status:
            return Claim(text, UNKNOWN, expected, f"{name}: {now.status}", (witness("after", now),))
        known, knows = without(told, ignoring), without(tells, ignoring)
        if now is None or (reading.status, known) != (now.status, knows):
            seen += [witness("before", reading), witness("after", now, difference.told(known, knows))]
    if seen:
        return Claim(text, REFUTED, expected, seen[1].shows, tuple(seen), who=ids)
    last = next(reversed(new.values()))[0]
    return Claim(text, PROVED, expected, f"{len(old)} reads answer the same", (witness("after", last),))


def without(told: object, ignoring: frozenset[str]) -> object:
    """Return an answer without some fields, wherever they stand in it."""
    if not ignoring:
        return told
    if isinstance(told, Mapping):
        return {name: without(value, ignoring) for name, value in told.items() if name not in ignoring}
    return [without(one, ignoring) for one in told] if isinstance(told, list) else told


def contact_list(
    before: Snapshot,
    after: Snapshot,
    gained: Iterable[str],
    lost: Iterable[str],
    text: str = "no other contact came or went",
) -> Claim:
    """Claim that the workspace's contacts changed by source and target only: one more or fewer refutes."""
    seen = (
        witness("before", before.listed[-1], f"{len(before.contacts)} contacts"),
        witness("after", after.listed[-1], f"{len(after.contacts)} contacts"),
    )
    if not before.complete or not after.complete:
        return Claim(text, UNKNOWN, "", "the list could not be read to its end", seen)
    expected = (frozenset(before.contacts) | set(gained)) - set(lost)
    there = frozenset(after.contacts)
    more = [_brief(after.contacts[contact_id]) for contact_id in sorted(there - expected)]
    fewer = [_brief(before.contacts.get(contact_id, {"id": contact_id})) for contact_id in sorted(expected - there)]
    found = "; ".join([*(f"one too many: {entry}" for entry in more), *(f"missing: {entry}" for entry in fewer)])
    return judged(
        text,
        not found,
        f"{len(expected)} contacts",
        found or f"{len(there)} contacts",
        seen,
        who=tuple(sorted(there ^ expected)),
    )


def _brief(body: Mapping[str, object]) -> str:
    parts = [body.get("role"), body.get("id"), body.get("email"), body.get("external_id")]
    return " ".join(str(part) for part in parts if part)


def bystanders(
    people: Sequence[Person], involved: Sequence[Person], before: Snapshot, after: Snapshot
) -> Iterator[Claim]:
    """A claim for everybody who had nothing to do with it, and one for all who are no more than a row of the list."""
    for person in people:
        if not any(person is other or (person.id and person.id == other.id) for other in involved):
            yield untouched(describe_person(person, "bystander"), before.of(person), after.of(person))
    known = {person.id for person in (*people, *involved)}
    crowd = [contact_id for contact_id in before.contacts if contact_id not in known]
    yield from crowd_untouched(crowd, before, after, f"the {len(crowd)} others on the list are untouched")
    yield from _tags_untouched(before, after)


def _tags_untouched(before: Snapshot, after: Snapshot) -> Iterator[Claim]:
    """Claim that no tag that was there was renamed or deleted; new ones may be made."""
    had, has = _names_of_tags(before), _names_of_tags(after)
    if not had or after.tags is None or not after.tags.found:
        return
    changed = {tag_id: name for tag_id, name in had.items() if has.get(tag_id) != name}
    told = [
        f"tag {one}: {name!r} → {has[one]!r}" if one in has else f"tag {name!r} is gone"
        for one, name in changed.items()
    ]
    seen = (witness("before", before.tags, f"{len(had)} tags"), witness("after", after.tags, f"{len(has)} tags"))
    text, found = "no tag of the workspace was renamed or deleted", "; ".join(told) or "all as they were"
    yield judged(text, not changed, f"{len(had)} tags", found, seen, what="tags", things=tuple(changed))


def _names_of_tags(census: Snapshot) -> dict[str, str]:
    answer = census.tags.answer if census.tags is not None and isinstance(census.tags.answer, Mapping) else {}
    return {str(one["id"]): str(one.get("name")) for one in answer.get("data", [])}


def crowd_untouched(
    ids: Collection[str], before: Snapshot, after: Snapshot, text: str, ignoring: frozenset[str] = frozenset()
) -> Iterator[Claim]:
    """Claim that those who are no more than a row of the list are the same rows; no claim where there is nobody."""
    if not ids:
        return
    crowd = {contact_id: before.contacts[contact_id] for contact_id in ids}
    expected = "the same as before"
    seen = (witness("before", before.listed[-1]), witness("after", after.listed[-1]))
    if not before.complete or not after.complete:
        yield Claim(text, UNKNOWN, expected, "the list could not be read to its end", seen)
        return
    changed = [
        f"{_brief(body)}: {difference.told(body, now)}"
        for contact_id, body in crowd.items()
        if (now := after.contacts.get(contact_id)) is not None and without(now, ignoring) != without(body, ignoring)
    ]
    found = f"{len(changed)} changed, first {changed[0]}" if changed else "all the same, where they are still there"
    yield judged(text, not changed, expected, found, seen)
