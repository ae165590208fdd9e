"""What a request would do in a workspace, from its method, path, query and body alone.

The table knows every write that the harness and the pipelines under test have reason to make. What is not in it is no
call at all: the guard refuses it, whatever it may be. Nothing here knows whose people are named; that is `guard`'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, unquote

from harness.core.http import Request
from harness.core.json_values import Json, JsonObject

Effect: TypeAlias = Literal["reads", "makes", "changes", "ends"]
"""`ends` is what cannot be taken back: deletions, merges, conversions, archiving."""

Kind: TypeAlias = Literal["contact", "visitor", "company", "tag", "conversation"]
"""What a run makes and has to clear away again."""

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_TARGET = 2_000
_HARMLESS_TARGET = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/\[\]]*(\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?\[\]]*)?")
_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")
_JSON_TYPE = re.compile(r'application/json(\s*;\s*charset\s*=\s*"?utf-8"?)?', re.IGNORECASE)
_DATA = ("custom_attributes", "metadata")
"""Objects whose names are the user's own and identify nobody."""
_REROUTING = ("x-forwarded-host", "x-original-url", "x-rewrite-url", "forwarded", "x-host")


@dataclass(frozen=True, slots=True)
class GuardedOperation:
    """One row: what is asked for, what it does, and where it must name somebody.

    A blank of the pattern is the kind of thing named there (`{any}`: whatever). `names` lists alternatives joined by
    `|`, of which at least one must be given; a path with a dot looks into an object of the body, `?` before it into the
    query. `free` are places that may hold the id of anything, because nothing but this run's own people changes by it.
    """

    method: str
    pattern: str
    effect: Effect
    names: Sequence[str] = ()
    makes: Kind | None = None
    free: frozenset[str] = frozenset()
    harness_only: bool = False

    @property
    def label(self) -> str:
        """Method and path, as people say it."""
        return f"{self.method} {self.pattern}"


_USER = "user.id|user.user_id|user.email"
_CUSTOMER = "customer.intercom_user_id|customer.user_id|customer.email"
_ANY_ID = frozenset({"id"})
_WHO = "id|external_id|user_id|email|name"

TABLE: Sequence[GuardedOperation] = (
    GuardedOperation("POST", "/contacts/search", "reads"),
    GuardedOperation("POST", "/conversations/search", "reads"),
    GuardedOperation("POST", "/admins/activity_logs/search", "reads"),
    GuardedOperation("POST", "/contacts/merge/preview", "reads"),
    GuardedOperation("POST", "/companies/list", "reads"),
    GuardedOperation("POST", "/contacts", "makes", (_WHO,), "contact"),
    GuardedOperation("PUT", "/contacts", "makes", (_WHO,), "contact"),
    GuardedOperation("DELETE", "/contacts", "ends", ("?id|?user_id|?email",)),
    GuardedOperation("POST", "/contacts/merge", "ends", ("from", "into")),
    GuardedOperation("POST", "/contacts/convert", "ends", ("contact.id|contact.user_id", _USER), "contact"),
    GuardedOperation("PUT", "/contacts/{person}", "changes"),
    GuardedOperation("DELETE", "/contacts/{person}", "ends"),
    GuardedOperation("POST", "/contacts/{person}/archive", "ends"),
    GuardedOperation("POST", "/contacts/{person}/unarchive", "changes"),
    GuardedOperation("POST", "/contacts/{person}/block", "ends"),
    GuardedOperation("POST", "/contacts/{person}/tags", "changes", free=_ANY_ID),
    GuardedOperation("DELETE", "/contacts/{person}/tags/{any}", "changes"),
    GuardedOperation("POST", "/contacts/{person}/notes", "changes"),
    GuardedOperation("POST", "/contacts/{person}/companies", "changes", ("id",)),
    GuardedOperation("DELETE", "/contacts/{person}/companies/{company}", "changes"),
    GuardedOperation("POST", "/contacts/{person}/subscriptions", "changes", free=_ANY_ID),
    GuardedOperation("DELETE", "/contacts/{person}/subscriptions/{any}", "changes"),
    GuardedOperation("POST", "/visitors/convert", "ends", ("visitor.id|visitor.user_id",), "contact"),
    GuardedOperation("PUT", "/visitors", "changes", ("id|user_id",)),
    GuardedOperation("POST", "/visitors", "changes", ("id|user_id",)),
    GuardedOperation("PUT", "/visitors/{person}", "changes"),
    GuardedOperation("DELETE", "/visitors/{person}", "ends"),
    GuardedOperation("POST", "/users", "makes", ("id|user_id|email",), "contact"),
    GuardedOperation("PUT", "/users/{person}", "changes"),
    GuardedOperation("DELETE", "/users/{person}", "ends"),
    GuardedOperation("DELETE", "/users", "ends", ("?id|?user_id|?email",)),
    GuardedOperation("POST", "/user_delete_requests", "ends", ("intercom_user_id",)),
    GuardedOperation("POST", "/notes", "changes", (_USER,)),
    GuardedOperation("POST", "/tags", "makes", ("name",), "tag"),
    GuardedOperation("DELETE", "/tags/{tag}", "ends"),
    GuardedOperation("POST", "/companies", "makes", ("company_id",), "company"),
    GuardedOperation("PUT", "/companies/{company}", "changes"),
    GuardedOperation("DELETE", "/companies/{company}", "ends"),
    GuardedOperation("POST", "/conversations", "makes", ("from.id|from.user_id|from.email",), "conversation"),
    GuardedOperation("POST", "/messages", "makes", ("from.id|from.user_id|from.email",), "conversation"),
    GuardedOperation("POST", "/conversations/redact", "ends", ("conversation_id",)),
    GuardedOperation("POST", "/conversations/{conversation}/reply", "changes"),
    GuardedOperation("POST", "/conversations/{conversation}/parts", "changes"),
    GuardedOperation("POST", "/conversations/{conversation}/run_assignment_rules", "changes"),
    GuardedOperation("POST", "/conversations/{conversation}/tags", "changes", free=_ANY_ID),
    GuardedOperation("DELETE", "/conversations/{conversation}/tags/{any}", "changes"),
    GuardedOperation("POST", "/conversations/{conversation}/customers", "changes", (_CUSTOMER,), "contact"),
    GuardedOperation("DELETE", "/conversations/{conversation}/customers/{person}", "changes"),
    GuardedOperation("PUT", "/conversations/{conversation}", "changes"),
    GuardedOperation("POST", "/conversations/{conversation}", "changes"),
    GuardedOperation("DELETE", "/conversations/{conversation}", "ends"),
    GuardedOperation("POST", "/events", "changes", ("id|user_id|email",)),
    GuardedOperation("POST", "/events/summaries", "changes", ("user_id",)),
    GuardedOperation("POST", "/data_attributes", "makes", ("name",), harness_only=True),
)
"""Every write that may pass at all, and the POSTs that only read."""

READ = GuardedOperation("GET", "/{any}", "reads")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a request cannot be understood well enough to be let through."""

    why: str
    status: int = 403
    """The status of the guard's own answer; 415 where the media type is not JSON's."""


@dataclass(frozen=True, slots=True)
class UnderstoodRequest:
    """A request understood: its operation, what its path names, and what query and body say."""

    operation: GuardedOperation
    blanks: Sequence[tuple[str, str]] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Json] = field(default_factory=dict)
    sent: bool = False
    """Whether there was a body at all."""

    @property
    def writes(self) -> bool:
        """Whether anything may be different afterwards."""
        return self.operation.effect != "reads"

    @property
    def content(self) -> bytes:
        """The body as it is sent: written anew from what was read, so that what was judged is what arrives."""
        return _encode(dict(self.body)) if self.sent else b""

    @property
    def rooms(self) -> Sequence[str]:
        """The ids of the conversations that path and body name."""
        named = [
            value for _, name, value in walk(dict(self.body)) if name == "conversation_id" and isinstance(value, str)
        ]
        return tuple(value for value in (*(v for kind, v in self.blanks if kind == "conversation"), *named) if value)

    @property
    def invited(self) -> str:
        """The e-mail by which alone somebody is let into a conversation; Intercom makes a lead of one nobody has."""
        others = self.given("customer.intercom_user_id") or self.given("customer.user_id")
        return "" if others or not self.operation.pattern.endswith("/customers") else self.given("customer.email")

    @property
    def ending(self) -> Sequence[str]:
        """The identifiers of the person that is archived, blocked, deleted or merged by it; none of any other request.

        Of a merge that is the source alone.
        """
        if self.operation.effect != "ends":
            return ()
        first = self.operation.names[0] if self.operation.names else ""
        named = [self.given(place) for place in first.split("|")]
        return [value for value in (*(value for kind, value in self.blanks if kind == "person"), *named) if value]

    def given(self, place: str) -> str:
        """The text at a place of the body (`a.b`) or the query (`?a`); empty where there is none."""
        if place.startswith("?"):
            return self.query.get(place[1:], "")
        value: object = self.body
        for step in place.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value if isinstance(value, str) else ""


def understand(request: Request) -> UnderstoodRequest | Unreadable:
    """What a request would do; `Unreadable` for whatever is not plain and in the table."""
    strange = _strange(request)
    if strange:
        return Unreadable(strange)
    path, _, query = request.target.partition("?")
    segments = [unquote(part) for part in path.split("/") if part]
    if any(not part.isascii() or not part.isprintable() or set(part) & set("/\\?#%") for part in segments):
        return Unreadable("its path holds encoded separators or signs that servers read differently")
    if any(part in (".", "..") for part in segments):
        return Unreadable("its path climbs with dots")
    return _call(request, segments, query)


def _strange(request: Request) -> str:
    if not _HARMLESS_TARGET.fullmatch(request.target) or len(request.target) > LONGEST_TARGET:
        return "its target is not a plain path with a query"
    if found := next((name for name in _OVERRIDES if name in request.headers), None):
        return f"its header {found} would change what it does"
    if found := next((name for name in _REROUTING if name in request.headers), None):
        return f"its header {found} would change where it goes"
    return ""


def _call(request: Request, segments: list[str], query: str) -> UnderstoodRequest | Unreadable:
    found = _find(request.method, segments)
    if found is None:
        if request.method in READING_METHODS:
            return UnderstoodRequest(READ)
        return Unreadable("no write of this kind is in the guard's table")
    operation, blanks = found
    sent = bool(request.body.strip())
    if operation.effect == "reads":
        return (_wrong_type(request) if sent else None) or UnderstoodRequest(operation, blanks)
    pairs = parse_qsl(query, keep_blank_values=True)
    if len({name for name, _ in pairs}) < len(pairs) or any("[" in name for name, _ in pairs):
        return Unreadable("its query names one thing twice, or nests")
    body = _body(request)
    return body if isinstance(body, Unreadable) else UnderstoodRequest(operation, blanks, dict(pairs), body, sent)


def _find(method: str, segments: list[str]) -> tuple[GuardedOperation, Sequence[tuple[str, str]]] | None:
    for operation in TABLE:
        wanted = operation.pattern.strip("/").split("/")
        if operation.method != method or len(wanted) != len(segments):
            continue
        pairs = list(zip(wanted, segments, strict=True))
        if all(word.startswith("{") or word == part for word, part in pairs):
            return operation, tuple((word.strip("{}"), part) for word, part in pairs if word.startswith("{"))
    return None


def _body(request: Request) -> Mapping[str, Json] | Unreadable:
    if not request.body.strip():
        return {}
    if wrong := _wrong_type(request):
        return wrong
    try:
        value = _decode(request.body.decode("utf-8"))
        _encode(value)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"its body cannot be read in one way only ({type(error).__name__})")
    return value if isinstance(value, dict) else Unreadable("its body is no JSON object")


def _wrong_type(request: Request) -> Unreadable | None:
    kind, encoding = (request.headers.get(name, "") for name in ("content-type", "content-encoding"))
    if _JSON_TYPE.fullmatch(kind) and encoding.lower() in ("", "identity"):
        return None
    return Unreadable("its body is not of the media type application/json in UTF-8, uncompressed", 415)


def _decode(text: str) -> Json:
    value: Json = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    return value


def _encode(value: Json) -> bytes:
    """Return a value as UTF-8 JSON; half a surrogate pair or an infinite number raises `ValueError`."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name is given twice")
    return value


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def walk(value: Json, place: str = "") -> Iterator[tuple[str, str, Json]]:
    """Every named value of a body: its place, its name, the value. What is only data is left out."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _DATA:
                here = f"{place}.{name}" if place else name
                yield here, name, inner
                yield from walk(inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, place)
