"""A request of the unchanged pipeline, with its fields, its answer and the people it speaks of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode

from harness.core.http import Exchange, Request, Response
from harness.core.people import Person, User, Visitor
from harness.verification.diagnosis.conversion_requests import Asked, ConversionAttempt, attempt_of
from harness.verification.snapshot import Snapshot

JsonValue: TypeAlias = object
"""A JSON value of which nothing is known."""
Step: TypeAlias = "str | int"

IDENTIFIER_KINDS = ("id", "external_id", "email", "user_id")
"""The attributes of people by which requests name them."""


@dataclass(frozen=True, slots=True)
class RequestField:
    """One value in a request. where: `body`, `path` or `query`; steps: the way to it."""

    where: str
    steps: tuple[Step, ...]
    value: JsonValue

    @property
    def name(self) -> str:
        """Its name in reports: `user.email`, `?user_id`, `path`."""
        if self.where == "path":
            return "path"
        text = ".".join(f"[{step}]" if isinstance(step, int) else step for step in self.steps)
        return f"?{text}" if self.where == "query" else text.replace(".[", "[")

    @property
    def last(self) -> str:
        """The last word of its name."""
        return next((step for step in reversed(self.steps) if isinstance(step, str)), "")

    def changed(self, request: Request, value: JsonValue) -> Request:
        """Return the request with this field set to another value."""
        if self.where == "body":
            return with_body(request, _set(body_of(request), self.steps, value))
        if self.where == "query":
            return _with_query(request, [(k, str(value) if k == self.steps[0] else v) for k, v in _query(request)])
        path, mark, query = request.target.partition("?")
        parts = path.split("/")
        place = self.steps[0]
        if not isinstance(place, int) or place >= len(parts):
            return request
        parts[place] = quote(str(value), safe="")
        return replace(request, target="/".join(parts) + mark + query)

    def without(self, request: Request) -> Request:
        """Return the request without this field; a part of a path is left empty."""
        if self.where == "body":
            return with_body(request, _drop(body_of(request), self.steps))
        if self.where == "query":
            return _with_query(request, [(k, v) for k, v in _query(request) if k != self.steps[0]])
        return self.changed(request, "")


@dataclass(frozen=True)
class Cast:
    """Who is who in a case, as operators need it.

    everyone: all people there are; bystanders: those whom no scenario asked for; meant: the people whom the pipeline
    was called with; before: what was read of everyone before the first call.
    """

    everyone: Sequence[Person]
    bystanders: Sequence[Person]
    meant: Sequence[Person]
    before: Snapshot

    def named(self, value: object) -> Person | None:
        """Return the person whom Intercom knows by this value."""
        text = str(value)
        for name in ("id", "user_id", "external_id", "email"):
            for person in (*self.meant, *self.everyone):
                known = getattr(person, name, None)
                if known and (known == text or (name == "email" and known.lower() == text.lower())):
                    return person
        return None

    def is_bystander(self, person: Person) -> bool:
        """Return whether no scenario asked for this person."""
        return any(person.id == other.id for other in self.bystanders)


@dataclass(frozen=True)
class ObservedRequest:
    """One request of the unchanged run. place: how many requests of the pipeline came before it."""

    place: int
    exchange: Exchange
    cast: Cast
    following: int = 0
    """How many requests of the pipeline came after it."""
    occurrence: int = 0
    """How many requests that are equal to it came before it."""
    earlier_conversions: int = 0
    later_conversions: int = 0
    answers: Mapping[str, Response] = field(default_factory=dict)

    @property
    def request(self) -> Request:
        """The request, without its token."""
        return self.exchange.request

    @property
    def operation(self) -> str:
        """Intercom's name for what it asks for; method and path where there is none."""
        return self.exchange.operation or f"{self.request.method} {self.request.path}"

    @cached_property
    def attempt(self) -> ConversionAttempt | None:
        """The conversion that it asks for."""
        return attempt_of(Asked(self.exchange))

    @cached_property
    def source(self) -> Person | None:
        """The person whom it converts."""
        found = self.attempt.source if self.attempt else None
        return self.cast.named(found[1]) if found else None

    @cached_property
    def target(self) -> Person | None:
        """The person into whom it converts, if they are told."""
        found = self.attempt.target if self.attempt else None
        return self.cast.named(found[1]) if found else None

    @cached_property
    def answer(self) -> JsonValue:
        """What was answered, where that was JSON."""
        response = self.exchange.outcome.response
        return _json(response.body) if response else None

    @property
    def granted(self) -> bool:
        """Whether it was done, and the pipeline heard so."""
        answer = self.exchange.outcome.answer
        return isinstance(answer, Response) and answer.status < 300

    @property
    def version(self) -> str:
        """The version that it was sent with; empty where it names none."""
        return self.request.headers.get("intercom-version", "")

    @property
    def is_old(self) -> bool:
        """Whether it speaks the dialect of 1.x."""
        return not self.version.startswith(("2", "P", "U"))

    @cached_property
    def fields(self) -> Sequence[RequestField]:
        """All single values of it: of the body, the query, and what of its path names somebody."""
        return tuple(_fields(self.request, self.cast))

    @cached_property
    def identifiers(self) -> Sequence[tuple[RequestField, Person]]:
        """The fields that name a person, each with that person."""
        found = []
        for one in self.fields:
            person = self.cast.named(one.value) if isinstance(one.value, str) and one.value else None
            if person is not None and (one.where == "path" or one.last in NAMING):
                found.append((one, person))
        return found

    def part_of(self, person: Person) -> str:
        """Return the part that a person plays for this request, in words that are the same in every scenario."""
        if _same(person, self.source):
            return "source"
        if _same(person, self.target):
            return "target"
        kind = "user" if isinstance(person, User) else person.kind
        if self.cast.is_bystander(person):
            return f"bystander {kind}"
        return f"other {kind}"

    @property
    def others(self) -> Sequence[tuple[str, Person]]:
        """All people there are, each with the part that they play for this request."""
        return [(self.part_of(person), person) for person in self.cast.everyone]

    @property
    def made_id(self) -> str:
        """The id of the contact that it was answered with."""
        body = self.answer
        return str(body.get("id", "")) if isinstance(body, Mapping) and body.get("type") != "error.list" else ""


NAMING = ("id", "user_id", "external_id", "email", "from", "into", "intercom_user_id", "value")
"""The names of fields that may name a person."""


def identifier_of(person: Person, kind: str) -> str | None:
    """Return one identifier of a person by its kind; a visitor's `external_id` is the uuid."""
    if kind == "user_id":
        return person.uuid
    if kind == "external_id" and isinstance(person, Visitor):
        return None
    value = getattr(person, kind, None)
    return str(value) if value else None


def kind_of(person: Person, value: str) -> str:
    """Return which identifier of a person a value is."""
    return next((kind for kind in IDENTIFIER_KINDS if identifier_of(person, kind) == value), "email")


def body_of(request: Request) -> JsonValue:
    """Return the body of a request, where it is JSON."""
    return _json(request.body)


def with_body(request: Request, body: JsonValue) -> Request:
    """Return the request with another JSON body."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    headers = {**request.headers, "content-length": str(len(content)), "content-type": "application/json"}
    return replace(request, body=content, headers=headers)


def _json(content: bytes) -> JsonValue:
    try:
        found: JsonValue = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found


def _same(person: Person, other: Person | None) -> bool:
    return other is not None and (person is other or (person.id is not None and person.id == other.id))


def _fields(request: Request, cast: Cast) -> Iterator[RequestField]:
    for steps, value in _leaves(body_of(request), ()):
        yield RequestField("body", steps, value)
    for name, text in _query(request):
        yield RequestField("query", (name,), text)
    for place, part in enumerate(request.target.partition("?")[0].split("/")):
        if part and cast.named(unquote(part)) is not None:
            yield RequestField("path", (place,), unquote(part))


def _leaves(value: JsonValue, steps: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], JsonValue]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*steps, name))
    elif isinstance(value, Sequence) and not isinstance(value, str) and value and len(steps) < 6:
        yield steps, value
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*steps, place))
    elif steps:
        yield steps, value


def _set(tree: JsonValue, steps: tuple[Step, ...], value: JsonValue) -> JsonValue:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(tree, Mapping) and isinstance(step, str) and step in tree:
        return {**tree, step: _set(tree[step], rest, value)}
    if isinstance(tree, Sequence) and not isinstance(tree, str) and isinstance(step, int) and step < len(tree):
        return [_set(inner, rest, value) if place == step else inner for place, inner in enumerate(tree)]
    return tree


def _drop(tree: JsonValue, steps: tuple[Step, ...]) -> JsonValue:
    step, rest = steps[0], steps[1:]
    if isinstance(tree, Mapping) and isinstance(step, str) and step in tree:
        if not rest:
            return {name: inner for name, inner in tree.items() if name != step}
        return {**tree, step: _drop(tree[step], rest)}
    if isinstance(tree, Sequence) and not isinstance(tree, str) and isinstance(step, int) and step < len(tree):
        kept = [_drop(inner, rest) if place == step and rest else inner for place, inner in enumerate(tree)]
        return kept if rest else [inner for place, inner in enumerate(kept) if place != step]
    return tree


def _query(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.target.partition("?")[2], keep_blank_values=True)


def _with_query(request: Request, pairs: Sequence[tuple[str, str]]) -> Request:
    path = request.target.partition("?")[0]
    return replace(request, target=f"{path}?{urlencode(pairs)}" if pairs else path)
