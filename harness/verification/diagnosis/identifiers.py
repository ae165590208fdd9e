"""Reasons: somebody was named by an identifier that was lost, that is not read, or that is of another kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from harness.core.people import Visitor
from harness.verification.diagnosis.conversion_requests import Asked, Seen
from harness.verification.diagnosis.deeds import IDS

LOST: Final = ("", "undefined", "null", "None", "nil", "NaN", "[object Object]")
"""What an identifier becomes that got lost on its way."""

MEANT_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "/contacts/merge": {
        "to": "into", "target": "into", "into_id": "into", "user": "into", "user_id": "into", "contact": "from",
        "source": "from", "from_id": "from", "lead": "from", "lead_id": "from", "contact_id": "from",
    },
    "/visitors/convert": {
        "contact": "user", "lead": "user", "role": "type", "visitor_id": "visitor", "user_id": "visitor",
        "user.external_id": "user.user_id", "visitor.external_id": "visitor.user_id",
        "visitor.email": "visitor.user_id", "visitor.userId": "visitor.user_id", "user.userId": "user.user_id",
    },
    "/contacts/convert": {"lead": "contact", "visitor": "contact", "user.external_id": "user.user_id"},
}  # fmt: skip
"""Fields that pipelines send in vain, with the one that is read in their place."""


def lost_identifier(seen: Seen) -> str | None:
    """An identifier became `undefined` or nothing on its way."""
    for attempt in seen.attempts:
        for side in (attempt.source, attempt.target):
            if side is not None and side[1].strip() in LOST and not _is_meant(seen, side[1]):
                return f"the identifier was lost on the way: it sent {side[1]!r} as `{side[0]}`; {attempt.asked.said}"
    return None


def _is_meant(seen: Seen, value: str) -> bool:
    """Return whether somebody's own external id looks like this on purpose."""
    return any(meant.target is not None and meant.target.external_id == value for meant in seen.meant)


def other_identifier(seen: Seen) -> str | None:
    """A user was made under an identifier that is none of theirs."""
    for attempt in seen.attempts:
        target = next((meant.target for meant in seen.meant if meant.target is not None), None)
        if target is None or not attempt.asked.granted or attempt.source is None:
            continue
        if attempt.target is None:
            return f"it named no user: {attempt.asked.said}"
        field, value = attempt.target
        known = (target.id, target.email, target.external_id)
        if value not in known and seen.person(value) is None:
            wanted = target.external_id if field.endswith(("user_id", "external_id")) else target.email
            return f"it sent {value!r} as `{field}`, and {wanted!r} was meant"
    return None


def unread_field(seen: Seen) -> str | None:
    """A field was sent that Intercom does not read, in the place of one that it does."""
    for attempt in seen.attempts:
        meant = MEANT_FIELDS.get(attempt.asked.path, {})
        for field in attempt.asked.exchange.unread:
            if wanted := meant.get(field) or meant.get(_in_snake_case(field)):
                return f"it sent `{field}`; Intercom reads `{wanted}`{_after(attempt.asked)}"
        if attempt.asked.granted or not attempt.asked.exchange.unread:
            continue
        names = ", ".join(f"`{field}`" for field in attempt.asked.exchange.unread)
        read = ", ".join(f"`{field}`" for field in READ_FIELDS.get(attempt.asked.path, ()))
        if read:
            return f"{names} is not read; Intercom reads {read}{_after(attempt.asked)}"
    return None


READ_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "/contacts/merge": ("from", "into"),
    "/visitors/convert": ("visitor", "user", "type"),
    "/contacts/convert": ("contact", "user"),
}
"""The fields that each conversion reads."""


def _in_snake_case(field: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", field)


def unread_parameter(seen: Seen) -> str | None:
    """Somebody was looked for by a query parameter that is not read: whoever is listed first came back."""
    for asked in seen.asked:
        query = asked.exchange.request.query
        for name in (one[1:] for one in asked.exchange.unread if one.startswith("?")):
            if seen.person(query.get(name, "")) is not None:
                listed = ", and lists everybody" if "total_count" in asked.answer else ""
                return f"`{asked.method} {IDS.sub('…', asked.path)}` does not read `?{name}=`{listed}"
    return None


def _after(asked: Asked) -> str:
    if asked.answer.get("type") == "visitor":
        return "; it was answered 200 with the visitor, unconverted"
    return "" if asked.granted else f"; {asked.said}"


def intercom_id_for_own_id(seen: Seen) -> str | None:
    """Intercom's id was sent where an id of one's own is meant (facts §11.4)."""
    for _, field, value in _own_ids(seen):
        person = next((one for one in seen.people if one.id == value), None)
        if person is not None:
            whose = "the visitor's" if isinstance(person, Visitor) else "the contact's"
            return f"it used {whose} Intercom id as `{field}`, which is for an id of your own: that makes somebody new"
    return None


def email_for_own_id(seen: Seen) -> str | None:
    """An e-mail was sent where an id of one's own is meant."""
    own = ((field, value) for _, field, value in _own_ids(seen) if not _is_meant(seen, value))
    found = next((field for field, value in own if "@" in value), None)
    return f"it used an e-mail as `{found}`, which is for an id of your own: that makes somebody new" if found else None


def uuid_for_own_id(seen: Seen) -> str | None:
    """Intercom's uuid was sent where an id of one's own is meant."""
    uuids = {person.uuid for person in seen.people if person.uuid}
    found = next((field for _, field, value in _own_ids(seen) if value in uuids), None)
    if found is None:
        return None
    return f"it used Intercom's uuid of the visitor or lead as `{found}`: a user's is an id of your own"


def _own_ids(seen: Seen) -> Iterator[tuple[Asked, str, str]]:
    """Each id of one's own that was sent for a user: the request, the field and the value."""
    for attempt in seen.attempts:
        if attempt.target is not None and attempt.target[0] in ("user.user_id", "external_id"):
            yield attempt.asked, *attempt.target
    for asked in seen.asked:
        field = {"/contacts": "external_id", "/users": "user_id"}.get(asked.path)
        if asked.method == "POST" and field and asked.body.get(field):
            yield asked, field, str(asked.body[field])


def visitor_for_contact(seen: Seen) -> str | None:
    """A visitor was taken for a contact."""
    visitors = {person.id: person for person in seen.people if isinstance(person, Visitor)}
    uuids = {person.user_id for person in visitors.values()}
    for attempt in seen.attempts:
        if attempt.asked.path == "/visitors/convert" or attempt.asked.granted or attempt.source is None:
            continue
        if any(other.asked.granted for other in seen.attempts):
            continue
        if attempt.source[1] in visitors or attempt.source[1] in uuids:
            return f"it used a visitor's id as a contact's: a visitor is no contact yet; {attempt.asked.said}"
    return None


def other_id_for_contact(seen: Seen) -> str | None:
    """An e-mail or an external id was sent where Intercom's id is meant."""
    for attempt in seen.attempts:
        if attempt.asked.granted or attempt.asked.path == "/visitors/convert":
            continue
        for side in filter(None, (attempt.source, attempt.target)):
            if side[0] not in ("from", "into", "contact", "contact.id", "user.id"):
                continue
            person = seen.person(side[1])
            if person is not None and person.id != side[1]:
                kind = "an e-mail" if "@" in side[1] else "an external id"
                return f"it used {kind} as `{side[0]}`, where Intercom's own id is meant; {attempt.asked.said}"
    return None
