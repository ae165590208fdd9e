"""Claims from two censuses: pure functions over reads, no request is made here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.client import Reading
from harness.persons import Person, User, Visitor
from harness.verification import difference, sources
from harness.verification import expectations as rules
from harness.verification.census import Census, Portrait, ids_in
from harness.verification.claims import Claim, Verdict, Witness, judged
from harness.verification.expectations import Expectation, Rule

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN

BELONGINGS = {"tags": "tag", "notes": "note", "companies": "company", "conversations": "conversation"}


@dataclass(slots=True)
class Permissions:
    """What may be changed although a value was there: `allowed` by the scenario, `standing` by the pipeline's settings.

    A scenario must need what it allows. A pipeline's settings stand for a whole run: one scenario need not use them.
    """

    allowed: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)

    def covers(self, name: str) -> bool:
        """Whether a change of this attribute is allowed; remembers that the permission was needed."""
        if name in self.allowed | self.standing:
            self.used.add(name)
            return True
        return False

    @property
    def unused(self) -> frozenset[str]:
        """Permissions of the scenario that nothing needed."""
        return self.allowed - self.used


def witness(when: str, reading: Reading | None, shows: str = "", answer: Any = None) -> Witness:
    """A read as a witness."""
    if reading is None:
        return Witness(when, "no read", "nothing was asked")
    return Witness(when, str(reading), shows or _shows(reading), answer)


def _shows(reading: Reading) -> str:
    body = reading.answer if isinstance(reading.answer, Mapping) else {}
    if errors := body.get("errors"):
        return f"{errors[0].get('code')}: {errors[0].get('message')}"
    if "total_count" in body:
        return f"{body['total_count']} found"
    if "id" in body:
        return f"{body.get('role') or body.get('type')} {body['id']}"
    return f"status {reading.status}"


# --- the source is gone ---------------------------------------------------------------------------


def absence(text: str, before: Reading | None, after: Reading | None, source: str = sources.VISITORS) -> Claim:
    """The same read found it before and does not find it now."""
    seen = (witness("before", before), witness("after", after))
    if before is None or after is None or not before.found:
        found = "the read did not find it before either, so its absence proves nothing"
        return Claim(text, UNKNOWN, "200, then 404 or 410", found, seen, source=source)
    if after.found:
        return Claim(text, REFUTED, "404 or 410", "it is still there", seen, source=source)
    if not after.conclusive:
        return Claim(text, UNKNOWN, "404 or 410", f"the read answered {after.status or 'nothing'}", seen, source=source)
    return Claim(text, PROVED, "404 or 410", str(after.status), seen, source=source)


def merged_away(who: str, before: Portrait, after: Portrait, target_id: str | None) -> Iterator[Claim]:
    """A lead that was merged: gone by both identifiers, and its old id points to the target."""
    yield absence(f"{who} is gone by id", before.by_id, after.by_id, sources.MERGE)
    yield absence(f"{who} is gone by external id", before.by_external_id, after.by_external_id, sources.MERGE)
    reading = after.by_id
    if reading is None or reading.found:
        return
    seen = (witness("after", reading, f"link {reading.link or 'none'}"),)
    expected = f"410 with the link to /contacts/{target_id}"
    text = f"{who} was merged into the target, not deleted"
    if reading.status == 404:
        yield judged(text, False, expected, "404: deleted, with all they had", seen, sources.MERGE)
    elif reading.status == 410:
        right = f"</contacts/{target_id}>" in (reading.link or "")
        yield judged(text, right, expected, f"410, link {reading.link}", seen, sources.MERGE)
    else:
        yield Claim(text, UNKNOWN, expected, f"{reading.status}", seen, source=sources.MERGE)


# --- the target exists and is the right one -------------------------------------------------------


def exists(text: str, reading: Reading | None, role: str, contact_id: str | None) -> Claim:
    """The read shows one contact with this role and this id."""
    seen = (witness("after", reading),)
    expected = f"{role} {contact_id or ''}".strip()
    if reading is None or not reading.conclusive:
        return Claim(text, UNKNOWN, expected, "no conclusive read", seen, source=sources.CONVERSION)
    if not reading.found:
        return Claim(text, REFUTED, expected, f"{reading.status}: nobody there", seen, source=sources.CONVERSION)
    body = reading.answer
    right = body.get("role") == role and contact_id in (None, body.get("id"))
    return judged(text, right, expected, _shows(reading), seen, sources.CONVERSION)


def only_user_with_email(text: str, after: Census, search: Reading | None, email: str, contact_id: str | None) -> Claim:
    """The list of contacts shows this contact as the only user with the e-mail; search lags, and decides nothing."""
    expected = f"user {contact_id} alone"
    if not after.complete:
        last = (witness("after", after.listed[-1] if after.listed else None),)
        return Claim(text, UNKNOWN, expected, "the list could not be read to its end", last, source=sources.CONTACTS)
    users = _users_with(email, after.contacts.values())
    seen = (witness("after", after.listed[-1], f"users {', '.join(users) or 'none'}"), _indexed(search, users))
    return judged(text, users == [contact_id], expected, f"users {users}", seen, sources.CONTACTS)


def _indexed(search: Reading | None, users: list[str]) -> Witness:
    if search is None or not search.found:
        return witness("after", search)
    found = _users_with(None, search.answer["data"])
    told = ", ".join(found) or "none"
    return witness("after", search, f"users {told}" if found == users else f"not indexed yet: search shows {told}")


def _users_with(email: str | None, contacts: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted(
        str(entry["id"])
        for entry in contacts
        if entry.get("role") == "user" and (email is None or str(entry.get("email") or "").lower() == email.lower())
    )


# --- nothing was lost -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Conversion:
    """Who was converted into whom, as read before and after; `target_before` is `None` where nobody was there.

    `others` were folded into the same user as well: any of them may have filled a gap.
    """

    who: str
    source_before: Portrait
    target_before: Portrait | None
    after: Portrait
    became_user: bool = True
    others: tuple[Portrait, ...] = ()

    @property
    def merged(self) -> bool:
        """Whether the source was folded into somebody who existed."""
        return self.target_before is not None


def expectations_of(conversion: Conversion) -> Mapping[str, Expectation]:
    """What must become of each attribute in this conversion."""
    source = conversion.source_before.body
    target = conversion.target_before.body if conversion.target_before else None
    table = dict(rules.MERGED if conversion.merged else rules.IN_PLACE)
    custom = rules.CUSTOM_MERGED if conversion.merged else rules.CUSTOM_IN_PLACE
    table.update(dict.fromkeys(rules.custom_names(source, target), custom))
    if conversion.became_user and not conversion.merged:
        table["signed_up_at"] = rules.SIGNED_UP
    return table


def attributes_kept(conversion: Conversion, permissions: Permissions) -> Iterator[Claim]:
    """A claim for each attribute of which there was something to keep."""
    source, after = conversion.source_before.body, conversion.after.body
    target = conversion.target_before.body if conversion.target_before else None
    for name, expectation in expectations_of(conversion).items():
        claim = _attribute_kept(conversion, name, expectation, source, target, after)
        if claim is None:
            continue
        if claim.verdict is REFUTED and permissions.covers(name):
            continue
        yield claim


def _attribute_kept(
    conversion: Conversion,
    name: str,
    expectation: Expectation,
    source: Mapping[str, Any] | None,
    target: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> Claim | None:
    had, theirs, has = (rules.value_of(body, name) for body in (source, target, after))
    text = f"{name}: {expectation.rule}"
    seen = _sides(conversion, had, theirs, has)
    if after is None:
        return Claim(text, UNKNOWN, "", "nobody there to compare with", seen, source=expectation.source)
    if expectation.rule is Rule.SET:
        verdict = REFUTED if rules.empty(has) else PROVED
        return Claim(text, verdict, "a time", repr(has), seen, "", expectation.source, expectation.assumed)
    if expectation.rule is Rule.NEVER_SOURCES and rules.empty(theirs) and not rules.empty(had):
        return judged(text, not _same(has, had), f"not {had!r}", repr(has), seen, expectation.source)
    values = accepted_values(conversion, name, expectation)
    if values is None:
        return None
    expected = " or ".join(repr(value) for value in dict.fromkeys(map(_hashable, values)))
    verdict = PROVED if any(_same(has, value) for value in values) else REFUTED
    return Claim(text, verdict, expected, repr(has), seen, "", expectation.source, expectation.assumed)


def accepted_values(conversion: Conversion, name: str, expectation: Expectation) -> tuple[Any, ...] | None:
    """The values that the rule allows, whichever of several sources came first; `None` where any will do."""
    target = rules.value_of(conversion.target_before.body if conversion.target_before else None, name)
    sources = [rules.value_of(side.body, name) for side in (conversion.source_before, *conversion.others)]
    if expectation.rule is Rule.OPT_OUT:
        sources = [next((value for value in sources if value), sources[0])]
    first = rules.accepted(expectation.rule, sources[0], target)
    if first is None:
        return None
    return (*first, *(v for other in sources[1:] for v in rules.accepted(expectation.rule, other, target) or ()))


def _same(one: Any, other: Any) -> bool:
    # Python takes True for 1; Intercom keeps them as different types of attribute.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _sides(conversion: Conversion, source: Any, target: Any, after: Any) -> tuple[Witness, ...]:
    def read(portrait: Portrait | None) -> Reading | None:
        if portrait is None:
            return None
        return portrait.by_id if portrait.by_id is not None and portrait.by_id.found else portrait.by_uuid

    seen = [witness("before", read(conversion.source_before), f"source has {source!r}")]
    if conversion.target_before is not None:
        seen.append(witness("before", read(conversion.target_before), f"target has {target!r}"))
    return (*seen, witness("after", read(conversion.after), f"target has {after!r}"))


def belongings_kept(conversion: Conversion) -> Iterator[Claim]:
    """Tags and companies united, notes and conversations moved, opt-outs of either side kept."""
    for name, word in BELONGINGS.items():
        source = getattr(conversion.source_before, name)
        target = getattr(conversion.target_before, name) if conversion.target_before else None
        after = getattr(conversion.after, name)
        yield from _united(f"every {word} is kept", source, target, after, sources.MERGE)
    yield from _opt_outs_kept(conversion)


def _united(
    text: str, source: Reading | None, target: Reading | None, after: Reading | None, fact: str
) -> Iterator[Claim]:
    wanted = ids_in(source) | ids_in(target)
    if not wanted:
        return
    seen = tuple(
        witness(when, reading, f"{len(ids_in(reading))} there: {', '.join(sorted(ids_in(reading))) or 'none'}")
        for when, reading in (("before", source), ("before", target), ("after", after))
        if reading is not None
    )
    expected = ", ".join(sorted(wanted))
    if after is None or not after.found:
        yield Claim(text, UNKNOWN, expected, "no conclusive read afterwards", seen, source=fact)
        return
    lost = wanted - ids_in(after)
    found = f"lost: {', '.join(sorted(lost))}" if lost else f"all {len(wanted)}"
    yield Claim(text, REFUTED if lost else PROVED, expected, found, seen, source=fact)


def _opt_outs_kept(conversion: Conversion) -> Iterator[Claim]:
    target = conversion.target_before.subscriptions if conversion.target_before else None
    wanted = _opted_out(conversion.source_before.subscriptions) | _opted_out(target)
    if not wanted:
        return
    after = conversion.after.subscriptions
    text, fact = "no opt-out is lost", sources.MERGE
    seen = (witness("before", conversion.source_before.subscriptions), witness("after", after))
    if after is None or not after.found:
        yield Claim(text, UNKNOWN, ", ".join(sorted(wanted)), "no conclusive read", seen, source=fact, assumed=True)
        return
    lost = wanted - _opted_out(after)
    found = f"lost: {', '.join(sorted(lost))}" if lost else "all"
    verdict = REFUTED if lost else PROVED
    yield Claim(text, verdict, ", ".join(sorted(wanted)), found, seen, "", fact, conversion.merged)


def _opted_out(reading: Reading | None) -> frozenset[str]:
    if reading is None or not isinstance(reading.answer, Mapping):
        return frozenset()
    return frozenset(str(e["id"]) for e in reading.answer.get("data", []) if e.get("consent_type") == "opt_out")


def additions(conversion: Conversion) -> Iterator[str]:
    """What the target has now that neither side had: allowed, and told."""
    after = conversion.after.body
    if after is None:
        return
    bodies = (conversion.source_before.body, conversion.target_before.body if conversion.target_before else None)
    for name in (*rules.CARRIED, *rules.custom_names(after)):
        if not rules.empty(rules.value_of(after, name)) and all(rules.empty(rules.value_of(b, name)) for b in bodies):
            yield f"{name} = {rules.value_of(after, name)!r}"
    for name, word in BELONGINGS.items():
        known = ids_in(getattr(conversion.source_before, name))
        if conversion.target_before:
            known |= ids_in(getattr(conversion.target_before, name))
        for entry in sorted(ids_in(getattr(conversion.after, name)) - known):
            yield f"{word} {entry}"


# --- the others -----------------------------------------------------------------------------------


SEARCH = "by_email"
"""The read that lags behind all others (facts §5): by-id reads tell the same at once, so it decides nothing."""


def untouched(who: str, before: Portrait, after: Portrait) -> Claim:
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


def contact_list(before: Census, after: Census, gained: Iterable[str], lost: Iterable[str]) -> Claim:
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


def describe_person(person: Person, place: str = "") -> str:
    """A person in a claim: `the visitor`, `the lead ada@example.com`."""
    named = person.email or (person.user_id if isinstance(person, Visitor) else getattr(person, "external_id", None))
    word = "user" if isinstance(person, User) else person.kind
    return f"{place or 'the'} {word}{f' {named}' if named else ''}"


def bystanders(people: Sequence[Person], involved: Sequence[Person], before: Census, after: Census) -> Iterator[Claim]:
    """A claim for everybody who had nothing to do with it, and one for all who are no more than a row of the list."""
    for person in people:
        if not any(person is other or (person.id and person.id == other.id) for other in involved):
            yield untouched(describe_person(person, "bystander"), before.of(person), after.of(person))
    known = {person.id for person in (*people, *involved)}
    crowd = {contact_id: body for contact_id, body in before.contacts.items() if contact_id not in known}
    if crowd:
        yield _crowd_untouched(crowd, before, after)


def _crowd_untouched(crowd: Mapping[str, Mapping[str, Any]], before: Census, after: Census) -> Claim:
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
