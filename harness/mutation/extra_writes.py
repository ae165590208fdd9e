"""Operators that write something beside what the pipeline asks: before a conversion, between two, after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.core.people import Person, User, Visitor
from harness.mutation.mutant import MutantChange, Operator
from harness.mutation.observed_request import JsonValue, ObservedRequest
from harness.mutation.sending import like, mapping, sends_after, sends_before, told_person, told_request

Moment: TypeAlias = Literal["before", "between", "after"]
Ask: TypeAlias = tuple[str, str, JsonValue]
"""Method, target and body of a request."""

Make: TypeAlias = "Callable[[ObservedRequest, Written], Ask | None]"


@dataclass(frozen=True, slots=True)
class Written:
    """Who is written to: the part, the kind of person, and the contact's id at the moment of writing."""

    part: str
    kind: str
    contact_id: str
    person: Person


def extra(write: Make, moment: Moment) -> Callable[[ObservedRequest], Iterator[MutantChange]]:
    """Return the operator that makes one kind of write at one moment, on each person there is."""

    def changes(seen: ObservedRequest) -> Iterator[MutantChange]:
        if not _is_moment(seen, moment):
            return
        for who in _people(seen, moment):
            ask = write(seen, who)
            if ask is None:
                continue
            method, target = ask[:2]
            around = sends_after if moment == "after" else sends_before
            telling = (*told_request(method, target), *(told_person(who.person) if "bystander" in who.part else ()))
            yield MutantChange(
                person=who.part,
                ask=around(lambda request, a=ask: like(request, *a)),  # type: ignore[misc]
                telling=telling,
                value=f"{method} {target}",
            )

    return changes


def _is_moment(seen: ObservedRequest, moment: Moment) -> bool:
    if seen.attempt is None:
        return False
    match moment:
        case "before":
            return not seen.earlier_conversions
        case "between":
            return bool(seen.earlier_conversions)
        case "after":
            return not seen.later_conversions


def _people(seen: ObservedRequest, moment: Moment) -> Iterator[Written]:
    """Yield everyone; after a conversion, whoever came of it stands for source and target."""
    done = moment == "after" and seen.granted and bool(seen.made_id)
    for part, person in seen.others:
        if person.id is None or (done and part == "target"):
            continue
        if done and person.id == seen.made_id:
            continue
        yield Written(part, person.kind, person.id, person)
    if done:
        role = str(
            mapping(seen.answer).get("role") or {"contact": "lead"}.get(str(mapping(seen.answer).get("type")), "user")
        )
        named = next((one for one in seen.cast.everyone if one.id == seen.made_id), User(seen.made_id))
        yield Written("target", role, seen.made_id, named)


# --- kinds of writes ------------------------------------------------------------------------------


def attribute(name: str, value: JsonValue) -> Make:
    """Return the write of one attribute."""

    def write(seen: ObservedRequest, who: Written) -> Ask | None:
        if who.kind == "visitor":
            allowed = name in ("name", "unsubscribed_from_emails") or name.startswith("custom_attributes.")
            return ("PUT", "/visitors", {"id": who.contact_id, **_nested(name, value)}) if allowed else None
        if seen.is_old:
            folder = "users" if who.kind == "user" else "contacts"
            return "POST", f"/{folder}", {"id": who.contact_id, **_nested(_OLD.get(name, name), value)}
        return "PUT", f"/contacts/{who.contact_id}", _nested(name, value)

    return write


_OLD: Mapping[str, str] = {"external_id": "user_id", "last_seen_at": "last_request_at"}


def _nested(name: str, value: JsonValue) -> Mapping[str, JsonValue]:
    outer, _, inner = name.partition(".")
    return {outer: {inner: value}} if inner else {name: value}


def existing_attribute(seen: ObservedRequest, who: Written) -> Ask | None:
    """Write over the first attribute of their own that somebody has."""
    name = next((one for one in who.person.custom_attributes if one != "plan"), "plan")
    return attribute(f"custom_attributes.{name}", "mutated")(seen, who)


def tag(seen: ObservedRequest, who: Written) -> Ask | None:
    """Hang a tag of the workspace on somebody who lacks it."""
    own = _tags_of(seen, who.contact_id)
    tag_id = next((one for one in _all_tags(seen) if one not in own), "")
    if who.kind == "visitor" or not tag_id:
        return None
    if seen.is_old:
        return "POST", "/tags", {"name": _all_tags(seen)[tag_id], "users": [{"id": who.contact_id}]}
    return ("POST", f"/contacts/{who.contact_id}/tags", {"id": tag_id}) if tag_id else None


def _all_tags(seen: ObservedRequest) -> Mapping[str, str]:
    """Return the names of the workspace's tags by their ids."""
    tags = seen.cast.before.tags
    listed = mapping(tags.answer).get("data") if tags is not None else None
    entries = listed if isinstance(listed, list) else []
    return {str(mapping(one).get("id")): str(mapping(one).get("name")) for one in entries}


def untag(seen: ObservedRequest, who: Written) -> Ask | None:
    """Take the first tag off somebody."""
    others = [person for person in seen.cast.everyone if person.kind != who.kind]
    theirs = {tag_id for other in others for tag_id in _tags_of(seen, str(other.id))}
    own = _tags_of(seen, who.contact_id)
    tag_id = next((one for one in own if one not in theirs), own[0] if own else "")
    if who.kind == "visitor" or not tag_id:
        return None
    if seen.is_old:
        return "POST", "/tags", {"name": _all_tags(seen).get(tag_id), "users": [{"id": who.contact_id, "untag": True}]}
    return "DELETE", f"/contacts/{who.contact_id}/tags/{tag_id}", None


def _tags_of(seen: ObservedRequest, contact_id: str) -> Sequence[str]:
    entries = mapping(mapping(seen.cast.before.contacts.get(contact_id)).get("tags")).get("data")
    return [str(mapping(one).get("id")) for one in entries] if isinstance(entries, list) else []


def note(seen: ObservedRequest, who: Written) -> Ask | None:
    """Write a note on somebody."""
    if who.kind == "visitor":
        return None
    if seen.is_old:
        return "POST", "/notes", {"user": {"id": who.contact_id}, "body": "converted"}
    return "POST", f"/contacts/{who.contact_id}/notes", {"body": "converted"}


def event(seen: ObservedRequest, who: Written) -> Ask | None:
    """Tell of something that somebody did."""
    if who.kind == "visitor":
        return None
    return "POST", "/events", {"event_name": "converted", "created_at": 1_767_225_600, "id": who.contact_id}


def subscription(consent: Literal["opt_in", "opt_out"]) -> Make:
    """Return the write of a consent to a kind of newsletter."""

    def write(seen: ObservedRequest, who: Written) -> Ask | None:
        if who.kind == "visitor" or seen.is_old:
            return None
        kind = "1" if consent == "opt_out" else "2"
        return "POST", f"/contacts/{who.contact_id}/subscriptions", {"id": kind, "consent_type": consent}

    return write


def archive(seen: ObservedRequest, who: Written) -> Ask | None:
    """Archive somebody; in 1.x, delete them."""
    if who.kind == "visitor":
        return "DELETE", f"/visitors/{who.contact_id}", None
    if seen.is_old:
        return "DELETE", f"/{'users' if who.kind == 'user' else 'contacts'}/{who.contact_id}", None
    return "POST", f"/contacts/{who.contact_id}/archive", None


def owner(seen: ObservedRequest, who: Written) -> Ask | None:
    """Give somebody an owner, or another one."""
    return attribute("owner_id", 1)(seen, who) if who.kind != "visitor" else None


def is_visitor(person: Person) -> bool:
    """Return whether somebody is a visitor."""
    return isinstance(person, Visitor)


# --- the table of extra writes --------------------------------------------------------------------

WRITES: Mapping[str, Make] = {
    "name": attribute("name", "Mutated Name"),
    "email": attribute("email", "mutated@changed.example.com"),
    "phone": attribute("phone", "+12025550199"),
    "external_id": attribute("external_id", "mutated-1"),
    "signed_up_at": attribute("signed_up_at", 1_700_000_000),
    "last_seen_at": attribute("last_seen_at", 1_700_000_000),
    "language_override": attribute("language_override", "ja"),
    "avatar": attribute("avatar", "https://static.example.com/mutated.png"),
    "unsubscribed_from_emails": attribute("unsubscribed_from_emails", value=True),
    "subscribed_to_emails": attribute("unsubscribed_from_emails", value=False),
    "custom_attribute": existing_attribute,
    "plan": attribute("custom_attributes.plan", "mutated"),
    "owner": owner,
    "tag": tag,
    "untag": untag,
    "note": note,
    "event": event,
    "opt_in": subscription("opt_in"),
    "opt_out": subscription("opt_out"),
    "archive": archive,
}
"""What is written, by its name in an operator."""

MOMENTS: Sequence[Moment] = ("before", "between", "after")


def operators(needs: str) -> Sequence[Operator]:
    """Return an operator for each kind of write and each moment."""
    return [
        Operator(f"{name} {moment}", "extra writes", extra(write, moment), needs)
        for name, write in WRITES.items()
        for moment in MOMENTS
    ]
