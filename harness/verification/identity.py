"""Claims about who somebody is after a conversion in place: the role, the identifiers, the uuid that must be gone."""

from __future__ import annotations

from collections.abc import Iterator

from harness.persons import Lead, Visitor
from harness.verification import presence, sources, witnesses
from harness.verification.census import Portrait
from harness.verification.claims import Claim, Verdict, judged


def gone_in_place(who: str, source: Visitor | Lead, was: Portrait, now: Portrait) -> Iterator[Claim]:
    """The visitor is found no more; the lead is a lead no more, by id and by the old uuid."""
    if isinstance(source, Visitor):
        yield presence.absence(f"{who} is gone", was.by_uuid, now.by_uuid)
        return
    text, found = f"{who} is no longer a lead", f"{was.role}, then {now.role}"
    seen = (witnesses.witness("before", was.by_id), witnesses.witness("after", now.by_id))
    if was.role != "lead" or now.by_id is None or not now.by_id.conclusive:
        yield Claim(text, Verdict.UNKNOWN, "lead, then user", found, seen, source=sources.CONVERSION)
    else:
        yield judged(text, now.role != "lead", "lead, then user", found, seen, sources.CONVERSION)
    yield _old_uuid_finds_no_lead(was, now)


def _old_uuid_finds_no_lead(was: Portrait, now: Portrait) -> Claim:
    text, expected, old = "the old uuid finds no lead", "404, or somebody who is no lead", now.by_external_id
    seen = (witnesses.witness("before", was.by_external_id), witnesses.witness("after", old))
    if old is None or not old.conclusive:
        return Claim(text, Verdict.UNKNOWN, expected, "no conclusive read", seen, source=sources.CONVERSION)
    is_lead = old.found and old.answer.get("role") == "lead"
    return judged(text, not is_lead, expected, seen[1].shows, seen, sources.CONVERSION)


def identifiers(now: Portrait, email: str | None, external_id: str | None, source: Visitor | Lead) -> Iterator[Claim]:
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
