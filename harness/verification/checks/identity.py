"""Claims about who somebody is after a conversion in place: the role, the identifiers, the uuid that must be gone."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.people import Lead, User, Visitor
from harness.verification import sources, witnesses
from harness.verification.checks import presence
from harness.verification.claims import Claim, Verdict, judged
from harness.verification.snapshot import PersonSnapshot, Snapshot


def gone(who: str, source: Visitor | Lead, into_id: str | None, before: Snapshot, after: Snapshot) -> Iterator[Claim]:
    """The source of a merge is found no more, and a lead's old id leads to the target."""
    was, now = before.of(source), after.of(source)
    if isinstance(source, Visitor):
        yield presence.absence(f"{who} is gone", was.by_uuid, now.by_uuid)
        return
    yield from presence.merged_away(who, was, now, into_id)
    if source.uuid:
        yield presence.unlisted(f"{who} is gone by external id", before, after, source.uuid)


def found_again(
    target: User, found: PersonSnapshot, after: Snapshot, contact_id: str | None, before: Snapshot | None = None
) -> Iterator[Claim]:
    """The user is found by each identifier they are known by, and nobody has their e-mail who had not before."""
    if target.external_id is not None:
        yield presence.exists("the user is found by the external id", found.by_external_id, "user", contact_id)
    if target.email is not None:
        yield presence.only_user_with_email(_ALONE, after, found.by_email, target.email, contact_id, before)


_ALONE = "the user is the only one with the e-mail"


def gone_in_place(who: str, source: Visitor | Lead, before: Snapshot, after: Snapshot) -> Iterator[Claim]:
    """The visitor is found no more; the lead is a lead no more, by id and by the old uuid."""
    was, now = before.of(source), after.of(source)
    if isinstance(source, Visitor):
        yield presence.absence(f"{who} is gone", was.by_uuid, now.by_uuid)
        return
    text, found = f"{who} is no longer a lead", f"{was.role}, then {now.role}"
    seen = (witnesses.witness("before", was.by_id), witnesses.witness("after", now.by_id))
    if was.role != "lead" or now.by_id is None or not now.by_id.conclusive:
        yield Claim(text, Verdict.UNKNOWN, "lead, then user", found, seen, source=sources.CONVERSION)
    else:
        yield judged(text, now.role != "lead", "lead, then user", found, seen, sources.CONVERSION)
    if source.uuid:
        yield _old_uuid_finds_no_lead(source.uuid, after)


def _old_uuid_finds_no_lead(uuid: str, after: Snapshot) -> Claim:
    text, expected = "the old uuid finds no lead", "no lead with it on the list"
    leads = [str(body["id"]) for body in after.with_external_id(uuid) if body.get("role") == "lead"]
    found = f"leads {', '.join(leads) or 'none'}"
    seen = (witnesses.witness("after", after.listed[-1] if after.listed else None, found),)
    if not after.complete:
        unread = "the list could not be read to its end"
        return Claim(text, Verdict.UNKNOWN, expected, unread, seen, source=sources.CONVERSION)
    return judged(text, not leads, expected, found, seen, sources.CONVERSION)


def identifiers(
    now: PersonSnapshot, email: str | None, external_id: str | None, source: Visitor | Lead
) -> Iterator[Claim]:
    """The user has the identifier that was given, keeps an e-mail the source had, and the uuid names nobody."""
    body = now.body
    if body is None or body.get("type") == "visitor":
        return
    wanted = [("email", email or source.email or None), ("external_id", external_id)]
    for name, value in wanted:
        if value is not None:
            given = value in (email, external_id)
            text = f"the user's {name} is the one given" if given else f"the source's {name} is kept"
            seen = (witnesses.witness("after", now.by_id, f"{name} is {body.get(name)!r}"),)
            yield judged(text, body.get(name) == value, repr(value), repr(body.get(name)), seen, sources.CONVERSION)
    if external_id is None and source.uuid:
        found = body.get("external_id")
        seen = (witnesses.witness("after", now.by_id, f"external_id is {found!r}"),)
        text = "the uuid is no identifier of the user"
        yield judged(text, found != source.uuid, "null", repr(found), seen, sources.CONVERSION, assumed=True)
