"""What operators make changes of: requests in the place of one or beside it, and the words that name them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from harness.core.http import Handler, Outcome, Request
from harness.core.people import Person
from harness.gateway import Middleware
from harness.mutation.mutant import MutantChange
from harness.mutation.observed_request import JsonValue, ObservedRequest, RequestField, with_body
from harness.verification.diagnosis.deeds import IDS
from harness.verification.witnesses import describe_person

Rewrite = Callable[[Request], Request]


def sends(change: Rewrite) -> Middleware:
    """Return what passes a request on changed."""
    return lambda request, inner: inner(change(request))


def sends_before(make: Rewrite) -> Middleware:
    """Return what asks something else first."""

    def ask(request: Request, inner: Handler) -> Outcome:
        inner(make(request))
        return inner(request)

    return ask


def sends_after(make: Rewrite) -> Middleware:
    """Return what asks something else afterwards; the pipeline hears the answer to its own request."""

    def ask(request: Request, inner: Handler) -> Outcome:
        outcome = inner(request)
        inner(make(request))
        return outcome

    return ask


def like(request: Request, method: str, target: str, body: JsonValue = None) -> Request:
    """Return another request as the same code would send it: its token, its version, its host."""
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    made = replace(request, method=method, target=target, headers=headers, body=b"")
    return made if body is None else with_body(made, body)


def told_request(method: str, target: str) -> tuple[str, ...]:
    """Return how reasons write a request."""
    path = target.partition("?")[0]
    return f"{method} {path}", f"{method} {IDS.sub('…', path)}"


def told_person(person: Person) -> tuple[str, ...]:
    """Return how reasons speak of a person."""
    return tuple(filter(None, (describe_person(person, "").strip().removeprefix("the "), person.email, person.id)))


def field_change(
    seen: ObservedRequest, one: RequestField, value: JsonValue, *, person: str = "", telling: tuple[str, ...] = ()
) -> MutantChange:
    """Return the change of one field to another value."""
    told = (*told_request(seen.request.method, seen.request.target), *telling, _quoted(one))
    shown = "nothing" if value is None else repr(value)
    return MutantChange(one.name, person, sends(lambda request: one.changed(request, value)), telling=told, value=shown)


def _quoted(one: RequestField) -> str:
    return f"`{one.last}`" if one.last else ""


def contact_path(seen: ObservedRequest, contact_id: str, end: str = "") -> str:
    """Return the path of a contact, or of something of theirs."""
    return f"/contacts/{contact_id}{end}"


def mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    """Return a value that is an object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def nothing(_seen: ObservedRequest) -> Iterator[MutantChange]:
    """Make no change."""
    return iter(())
