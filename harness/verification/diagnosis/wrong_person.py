"""Reasons: the conversion was asked for rightly, and for the wrong people or the wrong role."""

from __future__ import annotations

from harness.core.people import Person, User
from harness.verification.diagnosis.conversion_requests import Seen
from harness.verification.witnesses import describe_person


def backwards(seen: Seen) -> str | None:
    """Source and target were swapped."""
    for attempt in seen.attempts:
        source, target = (seen.person(side[1]) if side else None for side in (attempt.source, attempt.target))
        for meant in seen.meant:
            if meant.target is None or meant.target.id is None:
                continue
            if _same(source, meant.target) and (_same(target, meant.source) or attempt.asked.path == "/contacts/merge"):
                return f"it has source and target the wrong way round: the user into the lead; {attempt.asked.said}"
    return None


def lead_where_user_was_wanted(seen: Seen) -> str | None:
    """The wrong role was asked for."""
    if not any(meant.target for meant in seen.meant) or any(attempt.wants == "user" for attempt in seen.attempts):
        return None
    found = next((attempt for attempt in seen.attempts if attempt.wants == "lead" and attempt.asked.granted), None)
    return "it made a lead where a user was wanted: `type` was `lead`" if found else None


def lead_by_update(seen: Seen) -> str | None:
    """An update of a visitor made a lead of them (facts §3)."""
    for asked in seen.asked:
        if asked.path.startswith("/visitors") and asked.body.get("email") and asked.answer.get("type") == "contact":
            return "it wrote an e-mail on the visitor, which in 1.x makes a lead of them there and then"
    return None


def user_made_a_lead(seen: Seen) -> str | None:
    """A user was to be a lead again."""
    found = next((a for a in seen.attempts if a.wants == "lead" and a.asked.method == "PUT"), None)
    return f"it asked for a contact to be a lead again; {found.asked.said}" if found else None


def unconverted(seen: Seen) -> str | None:
    """A 200 with the visitor in it was taken for success (facts §11.5)."""
    found = next((a for a in seen.attempts if a.asked.granted and a.asked.answer.get("type") == "visitor"), None)
    if found is None:
        return None
    return (
        "Intercom answered 200 with the visitor, unconverted, and it took that for success: "
        "a 200 alone proves nothing, look at the answer's type and role"
    )


def other_source(seen: Seen) -> str | None:
    """Somebody else was converted."""
    others = _others_converted(seen) if seen.meant else []
    if len(others) > 1:
        return f"it converted {len(others)} people who were not meant, {describe_person(others[0])} first"
    for person in others:
        if any(person.email and person.email == meant.source.email for meant in seen.meant):
            return "it took another lead with the same e-mail: an e-mail does not tell leads apart, an id does"
        if any(person.name and person.name == meant.source.name for meant in seen.meant):
            return "it took somebody of the same name: a name does not tell people apart, an id does"
        return f"it converted {describe_person(person)}, who was not meant"
    return None


def _others_converted(seen: Seen) -> list[Person]:
    found: dict[str, Person] = {}
    for attempt in seen.attempts:
        person = seen.person(attempt.source[1]) if attempt.source and attempt.asked.granted else None
        if person is not None and not any(_same(person, meant.source) for meant in seen.meant):
            found.setdefault(str(person.id), person)
    return list(found.values())


def other_target(seen: Seen) -> str | None:
    """The merge went into somebody else."""
    for attempt in seen.attempts:
        person = seen.person(attempt.target[1]) if attempt.target and attempt.asked.granted else None
        source = seen.person(attempt.source[1]) if attempt.source else None
        meant = next((one for one in seen.meant if source is not None and _same(source, one.source)), None)
        if person is None or meant is None or meant.target is None or not isinstance(person, User):
            continue
        if not _same(person, meant.target):
            return f"it merged into {describe_person(person)}, and {describe_person(meant.target)} was meant"
    return None


def _same(one: Person | None, other: Person | None) -> bool:
    return one is not None and other is not None and (one is other or (one.id is not None and one.id == other.id))


def bystander_written(seen: Seen) -> str | None:
    """Somebody was written to who has nothing to do with it."""
    if not seen.meant:
        return None
    for asked in seen.asked:
        if asked.method in ("PUT", "DELETE") and asked.granted and asked.contact_id:
            person = next((one for one in seen.people if one.id == asked.contact_id), None)
            if person is not None and not seen.is_meant(person):
                return (
                    f"it wrote to {describe_person(person)}, who has nothing to do with it: {asked.method} {asked.path}"
                )
    return None
