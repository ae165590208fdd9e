"""Operators that turn a conversion into something else: an update, a deletion, the other direction, the other role."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from harness.core.http import Request
from harness.core.people import Person, User, Visitor
from harness.mutation.mutant import MutantChange
from harness.mutation.observed_request import JsonValue, ObservedRequest, body_of, with_body
from harness.mutation.sending import like, mapping, sends, told_request


def _instead(seen: ObservedRequest, method: str, target: str, body: JsonValue = None, *words: str) -> MutantChange:
    telling = (*told_request(method, target), *words)
    shown = f"{method} {target}"
    return MutantChange(ask=sends(lambda request: like(request, method, target, body)), telling=telling, value=shown)


def into_create(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Make the target anew in the place of converting."""
    if seen.attempt is None:
        return
    known = _target_names(seen) or {"email": "converted@created.example.com"}
    if seen.is_old:
        sent: dict[str, JsonValue] = {"user_id" if name == "external_id" else name: v for name, v in known.items()}
        yield _instead(seen, "POST", "/users", sent, "created")
    else:
        yield _instead(seen, "POST", "/contacts", {"role": "user", **known}, "created")


def into_update(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Write the target's identifiers on the source in the place of converting."""
    source = seen.source
    if source is None or seen.attempt is None:
        return
    known = {**_target_names(seen), "name": source.name or "Converted"}
    known.pop("external_id", None) if isinstance(source, Visitor) else None
    yield _instead(seen, *_update(seen, source, known), "asked for no conversion")


def into_archive(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Archive the source in the place of converting."""
    source = seen.source
    if source is not None and source.id and not isinstance(source, Visitor) and not seen.is_old:
        yield _instead(seen, "POST", f"/contacts/{source.id}/archive", None, "archived")


def into_delete(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Delete the source in the place of converting."""
    source = seen.source
    if source is None or not source.id:
        return
    folder = "visitors" if isinstance(source, Visitor) else "contacts"
    yield _instead(seen, "DELETE", f"/{folder}/{source.id}", None, "deleted")


def into_other_direction(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Convert the target into the source."""
    source, target = seen.source, seen.target
    if source is None or target is None or not target.id or not source.id:
        return
    if seen.is_old:
        sent: JsonValue = {"contact": {"id": target.id}, "user": {"id": source.id}}
        yield _instead(seen, "POST", "/contacts/convert", sent, "wrong way round")
    else:
        vouched: JsonValue = {"from": target.id, "into": source.id, "skip_duplicate_validation": True}
        yield _instead(seen, "POST", "/contacts/merge", vouched, "wrong way round")


def into_other_role(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Ask for a lead where a user was wanted, and the other way round."""
    body = mapping(body_of(seen.request))
    for name, other in (("type", {"user": "lead", "lead": "user"}), ("role", {"user": "lead", "lead": "user"})):
        wanted = body.get(name)
        if seen.attempt is not None and isinstance(wanted, str) and wanted in other:
            role = other[wanted]
            telling = (
                f"`{name}` was",
                "made a lead",
                "lead again",
                *told_request(seen.request.method, seen.request.target),
            )
            yield MutantChange(name, ask=sends(_with(name, role)), telling=telling, value=role)


def _with(name: str, value: JsonValue) -> Callable[[Request], Request]:
    return lambda request: with_body(request, {**mapping(body_of(request)), name: value})


def _target_names(seen: ObservedRequest) -> Mapping[str, str]:
    """Return how the target is identified: an e-mail or an external id."""
    target = seen.target
    if isinstance(target, User):
        found = {"email": target.email, "external_id": target.external_id}
        return {name: value for name, value in found.items() if value}
    named = seen.attempt.target if seen.attempt else None
    if named is None:
        return {}
    name = "external_id" if named[0].endswith("user_id") else named[0].rpartition(".")[2]
    return {name: named[1]} if name in ("email", "external_id") else {}


def _update(seen: ObservedRequest, person: Person, fields: Mapping[str, JsonValue]) -> tuple[str, str, JsonValue]:
    if isinstance(person, Visitor):
        return "PUT", "/visitors", {"id": person.id, "name": fields.get("name")}
    if seen.is_old:
        folder = "users" if isinstance(person, User) else "contacts"
        sent = {"user_id" if name == "external_id" else name: value for name, value in fields.items()}
        return "POST", f"/{folder}", {"id": person.id, **sent}
    return "PUT", f"/contacts/{quote(str(person.id), safe='')}", dict(fields)
