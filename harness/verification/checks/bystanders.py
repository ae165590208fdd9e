"""Nobody else was touched: bystanders, and the workspace's list of contacts; pure functions, no request is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.core.people import Person
from harness.verification import difference
from harness.verification.claims import Claim, Verdict, Witness, judged
from harness.verification.snapshot import PersonSnapshot, Snapshot
from harness.verification.witnesses import describe_person, witness

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN

SEARCH = "by_email"
"""The read that lags behind all others (facts §5): by-id reads tell the same at once, so it decides nothing."""


def untouched(who: str, before: PersonSnapshot, after: PersonSnapshot) -> Claim:
    """Every read about a person answers as it did before."""
    text, expected = f"{who} is untouched", "the same as before"
    old, new = before.about(), after.about()
    if not old:
        return Claim(text, UNKNOWN, expected, "nothing was read before")
    seen: list[Witness] = []
    for name, (reading, known) in old.items():
        now, knows = new.get(name, (None, None))
        if name == SEARCH:
            continue
        if now is not None and not now.conclusive and now.status != reading.status:
            return Claim(text, UNKNOWN, expected, f"{name}: {now.status}", (witness("after", now),))
        if now is None or (reading.status, known) != (now.status, knows):
            seen += [witness("before", reading), witness("after", now, difference.told(known, knows))]
    if seen:
        return Claim(text, REFUTED, expected, seen[1].shows, tuple(seen))
    last = next(reversed(new.values()))[0]
    return Claim(text, PROVED, expected, f"{len(old)} reads answer the same", (witness("after", last),))


def contact_list(before: Snapshot, after: Snapshot, gained: Iterable[str], lost: Iterable[str]) -> Claim:
    """The workspace's contacts changed by source and target only: one more or fewer refutes."""
    text = "no other contact came or went"
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
    return Claim(
        text, REFUTED if found else PROVED, f"{len(expected)} contacts", found or f"{len(there)} contacts", seen
    )


def _brief(body: Mapping[str, Any]) -> str:
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
    crowd = {contact_id: body for contact_id, body in before.contacts.items() if contact_id not in known}
    if crowd:
        yield _crowd_untouched(crowd, before, after)


def _crowd_untouched(crowd: Mapping[str, Mapping[str, Any]], before: Snapshot, after: Snapshot) -> Claim:
    text, expected = f"the {len(crowd)} others on the list are untouched", "the same as before"
    seen = (witness("before", before.listed[-1]), witness("after", after.listed[-1]))
    if not before.complete or not after.complete:
        return Claim(text, UNKNOWN, expected, "the list could not be read to its end", seen)
    changed = [
        f"{_brief(body)}: {difference.told(body, now)}"
        for contact_id, body in crowd.items()
        if (now := after.contacts.get(contact_id)) is not None and now != body
    ]
    found = f"{len(changed)} changed, first {changed[0]}" if changed else "all the same, where they are still there"
    return judged(text, not changed, expected, found, seen)
