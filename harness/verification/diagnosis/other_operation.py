"""Reasons: something else was done instead of a conversion, or after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.verification.diagnosis.conversion_requests import Seen
from harness.verification.diagnosis.deeds import request_in_words


def needs_duplicates(seen: Seen) -> str | None:
    """A merge of people who share neither e-mail nor phone (facts §11.9)."""
    found = next((a for a in seen.attempts if a.asked.error == "invalid_merge" and "duplicates" in a.asked.said), None)
    if found is None:
        return None
    needs = "a shared e-mail or phone, or `skip_duplicate_validation: true` where you know better"
    return f"from 2.16 a merge needs {needs}; {found.asked.said}"


def attribute_nobody_made(seen: Seen) -> str | None:
    """A custom attribute that does not exist: 2.x wants it made first (facts §1)."""
    for asked in seen.asked:
        if asked.status == 400 and asked.body.get("custom_attributes") and "does not exist" in asked.said:
            made = "2.x wants custom attributes made first, by POST /data_attributes; 1.x makes them as they come"
            return f"{made}; {asked.said}"
    return None


def owner_is_text(seen: Seen) -> str | None:
    """It fell over what it had read of an owner before it converted anybody (facts §5)."""
    if not seen.trouble or seen.attempts:
        return None
    owners = (asked.answer.get("owner_id") for asked in seen.asked if asked.answer.get("type") == "contact")
    if owner := next((owner for owner in owners if isinstance(owner, str)), None):
        return f"from 2.16 `owner_id` is text ({owner!r}), where it was a number; {seen.trouble}"
    return None


def created(seen: Seen) -> str | None:
    """Somebody new was created."""
    found = next((a for a in seen.asked if a.method == "POST" and a.path in ("/contacts", "/users")), None)
    if found is None:
        return None
    email = str(found.body.get("email") or "")
    twin = seen.person(email) if email else None
    request = request_in_words(found)
    if seen.converted:
        then = f"it converted, and then created the user whom the conversion had made: {request}"
        return then if found.granted else None
    why = f": {request}" if found.granted else f"; {found.said}"
    if twin is not None and twin.email != email:
        return (
            "the pipeline created a new contact instead of converting the one there was: a second one with the same "
            f"e-mail, in another case{why}"
        )
    if twin is not None:
        return (
            "the pipeline created a new contact instead of converting the one there was: a second user with the same "
            f"e-mail instead of merging{why}"
        )
    return f"the pipeline created a new contact instead of converting the one there was{why}"


def shouted(seen: Seen) -> str | None:
    """An e-mail was written in another case."""
    for asked in seen.asked:
        user = asked.body.get("user")
        for body in (asked.body, user if isinstance(user, dict) else {}):
            email = body.get("email")
            person = seen.person(email) if isinstance(email, str) else None
            if person is not None and person.email and person.email != email:
                return "it wrote the e-mail in another case than it is known by: compare in one case, write as it came"
    return None


def deleted(seen: Seen) -> str | None:
    """Somebody was deleted."""
    gone = [a for a in seen.asked if a.method == "DELETE" and a.path.strip("/").count("/") <= 1]
    found = next((a for a in gone if a.path.startswith(("/contacts", "/visitors", "/users"))), None)
    if found is None:
        return None
    by_itself = "a conversion deletes the source by itself, and keeps what they had"
    return f"the pipeline deleted somebody ({request_in_words(found)}); {by_itself}"


def unarchived(seen: Seen) -> str | None:
    """Somebody was brought back from the archive."""
    found = next((a for a in seen.asked if a.granted and a.goes_to("POST", "/contacts/", "/unarchive")), None)
    return f"it unarchived somebody: {request_in_words(found)}" if found else None


def archived(seen: Seen) -> str | None:
    """Somebody was archived."""
    found = next((asked for asked in seen.asked if asked.goes_to("POST", "/contacts/", "/archive")), None)
    if seen.converted or found is None:
        return None
    words = request_in_words(found)
    return f"the pipeline archived somebody ({words}), which hides them and moves nothing; it asked for no conversion"


def took_away(seen: Seen) -> str | None:
    """Something was taken away from somebody."""
    found = next((asked for asked in seen.asked if asked.goes_to("DELETE", "/contacts/")), None)
    return f"the pipeline took away what somebody had: {request_in_words(found)}" if found else None


def wrote_over(seen: Seen) -> str | None:
    """The conversion was followed by a write."""
    first = next((place for place, a in enumerate(seen.asked) if any(t.asked is a for t in seen.attempts)), None)
    if first is None or not seen.converted:
        return None
    for asked in seen.asked[first + 1 :]:
        if any(asked is attempt.asked for attempt in seen.attempts) and asked.body.keys() <= IDENTITY:
            continue  # the conversion, asked for once more
        if asked.granted and asked.method in ("PUT", "POST") and (asked.contact_id or asked.path == "/users"):
            fields = _fields(asked.body)
            if asked.method == "PUT" and fields:
                return f"the pipeline converted, and then wrote over what was there: {request_in_words(asked)}"
    return None


IDENTITY: Final = frozenset({"role", "email", "external_id"})
"""What a conversion by an update of the contact says."""


def _fields(body: Mapping[str, object]) -> str:
    custom = body.get("custom_attributes")
    names = [name for name in body if name not in ("id", "role", "custom_attributes")]
    names += [f"custom_attributes.{name}" for name in custom] if isinstance(custom, dict) else []
    return ", ".join(f"`{name}`" for name in names)
