"""The source is gone, the target exists and is the right one: pure functions over reads, no request is made here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from harness.client import Reading
from harness.verification import sources
from harness.verification.claims import Claim, Verdict, Witness, judged
from harness.verification.snapshot import PersonSnapshot, Snapshot
from harness.verification.witnesses import shown, witness

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN

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


def merged_away(who: str, before: PersonSnapshot, after: PersonSnapshot, target_id: str | None) -> Iterator[Claim]:
    """A lead that was merged: gone, and its old id points to the target."""
    yield absence(f"{who} is gone by id", before.by_id, after.by_id, sources.MERGE)
    reading = after.by_id
    if reading is None or reading.found:
        return
    seen = (witness("after", reading, f"link {reading.link or 'none'}"),)
    expected = f"410 with the link to /contacts/{target_id}"
    text = f"{who} was merged into the target, not deleted"
    if reading.status == 404:
        yield judged(text, False, expected, "404: deleted or archived, with all they had", seen, sources.MERGE)
    elif reading.status == 410:
        right = f"</contacts/{target_id}>" in (reading.link or "")
        yield judged(text, right, expected, f"410, link {reading.link}", seen, sources.MERGE)
    else:
        yield Claim(text, UNKNOWN, expected, f"{reading.status}", seen, source=sources.MERGE)


def unlisted(text: str, before: Snapshot, after: Snapshot, external_id: str) -> Claim:
    """The list of contacts showed somebody with this external id before, and shows nobody with it now."""
    expected = "on the list, then not"
    had, has = (_told(census.with_external_id(external_id)) for census in (before, after))
    seen = (_listed("before", before, had), _listed("after", after, has))
    if not after.complete or had == NOBODY:
        found = "the list could not be read to its end" if had != NOBODY else "the list did not show it before either"
        return Claim(text, UNKNOWN, expected, found, seen, source=sources.MERGE)
    return judged(text, has == NOBODY, expected, has, seen, sources.MERGE)


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
    return judged(text, right, expected, shown(reading), seen, sources.CONVERSION)


def listed(text: str, after: Snapshot, external_id: str, role: str, contact_id: str) -> Claim:
    """The list of contacts shows this contact, in this role, as the only one with this external id."""
    expected, found = f"{role} {contact_id}", _told(after.with_external_id(external_id))
    seen = (_listed("after", after, found),)
    if not after.complete:
        return Claim(text, UNKNOWN, expected, "the list could not be read to its end", seen, source=sources.CONVERSION)
    return judged(text, found == expected, expected, found, seen, sources.CONVERSION)


NOBODY: Final = "nobody"


def _told(contacts: Iterable[Mapping[str, object]]) -> str:
    return ", ".join(f"{body.get('role')} {body.get('id')}" for body in contacts) or NOBODY


def _listed(when: str, census: Snapshot, shows: str) -> Witness:
    return witness(when, census.listed[-1] if census.listed else None, f"with the external id: {shows}")


def only_user_with_email(
    text: str,
    after: Snapshot,
    search: Reading | None,
    email: str,
    contact_id: str | None,
    before: Snapshot | None = None,
) -> Claim:
    """The list of contacts shows this contact as the only user with the e-mail; search lags, and decides nothing.

    before: where others had the same e-mail already, as imports leave them, they still have it.
    """
    others = _users_with(email, before.contacts.values()) if before is not None else []
    wanted = sorted({*others, *([contact_id] if contact_id else [])})
    expected = f"user {contact_id} alone" if wanted == [contact_id] else f"users {', '.join(wanted)}"
    if not after.complete:
        last = (witness("after", after.listed[-1] if after.listed else None),)
        return Claim(text, UNKNOWN, expected, "the list could not be read to its end", last, source=sources.CONTACTS)
    users = _users_with(email, after.contacts.values())
    seen = (witness("after", after.listed[-1], f"users {', '.join(users) or 'none'}"), _indexed(search, users))
    return judged(text, users == wanted, expected, f"users {users}", seen, sources.CONTACTS)


def _indexed(search: Reading | None, users: list[str]) -> Witness:
    if search is None or not search.found:
        return witness("after", search)
    found = _users_with(None, search.answer["data"])
    told = ", ".join(found) or "none"
    return witness("after", search, f"users {told}" if found == users else f"not indexed yet: search shows {told}")


def _users_with(email: str | None, contacts: Iterable[Mapping[str, object]]) -> list[str]:
    return sorted(
        str(entry["id"])
        for entry in contacts
        if entry.get("role") == "user" and (email is None or str(entry.get("email") or "").lower() == email.lower())
    )
