"""What may pass to a TEST app, decided from frozen values: no request is made here, nothing is remembered.

Rules stand in one table and are asked in order; the first that objects decides. There is no setting, flag or header
that lets anything through which the table refuses. Who asks these questions, and when, is up to
`guard_middleware`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from harness.config import Secret
from harness.core.http import INTERCOM_HOST, Request
from harness.core.json_values import Json
from harness.core.loopback import is_loopback
from harness.test_app.guard import body_fields, conversation_owner
from harness.test_app.guard.body_fields import UnreadAttributes
from harness.test_app.guard.conversation_owner import Unseen
from harness.test_app.guard.guard_policy import OwnedIds, Rules
from harness.test_app.request_effects import READING_METHODS, UnderstoodRequest, Unreadable, understand, walk

CONTACTS_AT_MOST: Final = 20
"""How many contacts a developer workspace keeps; it archives the oldest beyond that (facts §6)."""


PERSON_NAMES: Final = frozenset({"id", "user_id", "external_id", "contact_id", "intercom_user_id", "from", "into"})
"""Names under which a body says whom it means, by an identifier."""
MARKED: Final = ("email", "external_id", "user_id")
"""Fields of a person that hold the marker wherever they hold anything."""


@dataclass(frozen=True, slots=True)
class GuardRefusal:
    """Why a request may not pass: the rule's name and what it saw, never a token."""

    rule: str
    why: str
    status: int = 403
    """The status of the guard's own answer."""


@dataclass(frozen=True, slots=True)
class _Question:
    request: Request
    call: UnderstoodRequest
    rules: Rules
    known: OwnedIds


Objection = str | None


# --- where to, and as whom ------------------------------------------------------------------------


def _settings(rules: Rules) -> Objection:
    app = rules.app
    if not app.token.reveal() or not app.app_id:
        return "the settings name no TEST app"
    if app.app_id.casefold() in {name.casefold() for name in app.live_app_ids}:
        return f"{app.app_id} is listed as a live app"
    if len(rules.marker) < 8 or not rules.marker.isalnum() or rules.marker != rules.marker.lower():
        return "the run has no marker that could be told from other people's names"
    return None


def _destination(request: Request, rules: Rules) -> Objection:
    parts = urlsplit(request.origin)
    named = (parts.hostname or "").rstrip(".")
    if parts.username is not None or parts.password is not None:
        return "the address carries credentials"
    if is_loopback(named) or not request.origin:
        return None if request.host in (INTERCOM_HOST, rules.app.host) else _elsewhere(request.host, rules)
    if request.host != rules.app.host or named != rules.app.host:
        return _elsewhere(named if named != rules.app.host else request.host, rules)
    if parts.scheme != "https" or parts.port not in (None, 443):
        return f"{parts.scheme} on port {parts.port or 'default'} is not how the TEST app is reached"
    return None


def _elsewhere(host: str, rules: Rules) -> str:
    return f"the request was meant for {host or 'nowhere'}, and the TEST app is at {rules.app.host}"


def _token(request: Request, rules: Rules) -> Objection:
    brought = token_of(request)
    if brought is None:
        return "it brings no access token that can be read"
    known = (Secret(rules.stand_in), rules.app.token)
    if not any(hmac.compare_digest(brought.encode(), one.reveal().encode()) for one in known):
        return "it brings another access token than the one it was handed"
    return None


def token_of(request: Request) -> str | None:
    """The access token of a request: Bearer, or Basic with the token as user name and an empty password."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value.isascii():
        return value or None
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(value, validate=True).decode("ascii").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if name and not password else None
    return None


# --- whom it touches ------------------------------------------------------------------------------


def _named(question: _Question) -> Objection:
    for places in question.call.operation.names:
        if not any(question.call.given(place).strip() for place in places.split("|")):
            return f"it does not say whom or what it means ({places.replace('|', ' or ').replace('?', '')})"
    return None


def _path(question: _Question) -> Objection:
    for kind, value in question.call.blanks:
        if kind != "conversation" and not question.known.holds(kind, value):
            return f"{kind} {value} was not made by this run"
    return None


def _query(question: _Question) -> Objection:
    allowed = {"id", "user_id", "email", "include_merge_history", "retain_metrics"}
    for name, value in question.call.query.items():
        if name not in allowed:
            return f"a write has no query parameter {name} here"
        objection = _identifier(name, value, question)
        if objection:
            return objection
    return None


def _body(question: _Question) -> Objection:
    for place, name, value in walk(dict(question.call.body)):
        objection = _member(place, name, value, question)
        if objection:
            return f"{place}: {objection}"
    return None


def _member(place: str, name: str, value: Json, question: _Question) -> Objection:
    if name != name.strip() or not name.isascii() or name != name.lower():
        return "a name is written unusually"
    if value is None or value == "" or place in question.call.operation.free:
        return None
    if name in ("companies", "users", "contacts", "leads") and not isinstance(value, list | Mapping):
        return "a list was expected"
    if isinstance(value, list | Mapping):
        single = name in (PERSON_NAMES - {"from"}) | {"email", "company_id", "conversation_id"}
        return "one identifier was expected" if single else None
    return _identifier(name, value, question)


def _identifier(name: str, value: Json, question: _Question) -> Objection:
    rules, known = question.rules, question.known
    if name == "email":
        right = isinstance(value, str) and rules.marked_email(value)
        return None if right or value == "" else "an e-mail without this run's marker under a reserved domain"
    if name == "company_id":
        makes = question.call.operation.makes == "company" and isinstance(value, str) and rules.marked(value)
        return None if makes or value in known.companies else "a company that this run did not make"
    if name not in PERSON_NAMES | {"conversation_id"}:
        return None
    if not isinstance(value, str):
        return "an identifier that is no text"
    if name == "conversation_id":
        return None  # judged with the others, by who is in it
    return None if _is_ours(name, value, question) else f"{_plain(value)} was not made by this run"


def _plain(value: str) -> str:
    """An identifier as it may be told; whatever may be an address or more is not repeated."""
    return value if re.fullmatch(r"[A-Za-z0-9-]{1,40}", value) else "an identifier"


def _is_ours(name: str, value: str, question: _Question) -> bool:
    if value in question.known.people:
        return True
    if question.call.operation.pattern.endswith("/companies") and name == "id":
        return value in question.known.companies
    return name in ("user_id", "external_id") and question.rules.marked(value)


# --- particular operations ------------------------------------------------------------------------


def _contact(question: _Question) -> Objection:
    call, rules = question.call, question.rules
    if call.operation.pattern not in ("/contacts", "/users") or call.operation.effect != "makes":
        return None
    if any(call.given(place) for place in ("id", "email", "external_id", "user_id")):
        return None
    if not rules.marker or rules.marker not in call.given("name").lower():
        return "somebody without e-mail and external id needs a name with this run's marker, or nobody finds them again"
    return None


def _mark(question: _Question) -> Objection:
    """Object to what takes the marker off somebody: nothing could tell that they are this run's afterwards."""
    call, rules = question.call, question.rules
    if (
        call.operation.pattern.partition("/{")[0] not in ("/contacts", "/users")
        or call.operation.pattern.count("/") > 2
    ):
        return None
    named = {value for kind, value in call.blanks if kind == "person"} | {call.given("id")} - {""}
    if not named or any(call.given(name).strip() for name in MARKED):
        return None
    if any(name in call.body for name in MARKED):
        return "it would take away what carries this run's marker, and nothing tells whose they are without it"
    if named & question.known.by_name and "name" in call.body and rules.marker not in call.given("name").lower():
        return "the name is all that carries this run's marker here, and the new one has none"
    return None


def _room(question: _Question) -> Objection:
    call = question.call
    makes = call.operation.effect == "makes" and call.operation.makes == "contact"
    if (makes or call.invited) and question.known.contacts_alive >= CONTACTS_AT_MOST:
        return f"{CONTACTS_AT_MOST} contacts of this run are alive, and a developer workspace keeps no more"
    return None


def _tag(question: _Question) -> Objection:
    call, rules = question.call, question.rules
    if call.operation.makes != "tag":
        return None
    name = call.given("name")
    if name in rules.tags_there or rules.marker in name.lower():
        return None
    return f"it would make a tag {name!r} and leave it behind; make it in the TEST app once, by hand"


def _message(question: _Question) -> Objection:
    call = question.call
    if call.operation.pattern not in ("/messages", "/conversations") or call.operation.effect != "makes":
        return None
    if call.given("from.type") not in ("user", "lead", "contact"):
        return "it would send a message to real addresses"
    return None


def _attribute(question: _Question) -> Objection:
    call = question.call
    if not call.operation.harness_only:
        return None
    if question.request.caller != "harness":
        return "custom attributes cannot be removed again; make them in the TEST app once, by hand"
    if call.given("name") not in question.rules.attributes or call.given("model") != "contact":
        return f"{call.given('name')!r} is no attribute of the harness's people"
    return None


_WRITES: Sequence[tuple[str, Callable[[_Question], Objection]]] = (
    ("whom", _named),
    ("own entities", _path),
    ("own entities", _query),
    ("own entities", _body),
    ("own entities", _contact),
    ("marker kept", _mark),
    ("nothing left behind", _tag),
    ("nothing left behind", _attribute),
    ("no real messages", _message),
    ("contacts alive", _room),
)

RULES: Sequence[str] = (
    "settings", "destination", "token", "plain request", *dict.fromkeys(n for n, _ in _WRITES), "known fields",
)  # fmt: skip
"""The names of all rules, in the order in which they are asked."""


Judgement: TypeAlias = UnderstoodRequest | GuardRefusal | Unseen | UnreadAttributes
"""What is decided of a request, or what must be read before it can be decided."""


def judge(request: Request, rules: Rules, known: OwnedIds) -> Judgement:
    """The call that a request is, if it may pass; otherwise the first rule's objection, or what must be read first."""
    for name, objection in _before_the_call(request, rules):
        if objection:
            return GuardRefusal(name, objection)
    call = understand(request)
    if isinstance(call, Unreadable):
        return GuardRefusal("plain request", call.why, call.status)
    if not call.writes:
        return call
    question = _Question(request, call, rules, known)
    for name, ask in _WRITES:
        if objection := ask(question):
            return GuardRefusal(name, objection)
    fields = body_fields.judge(call, request.headers.get("intercom-version", "").strip(), rules, known)
    if fields is not None:
        return GuardRefusal("known fields", fields) if isinstance(fields, str) else fields
    room = conversation_owner.judge(call, known)
    return GuardRefusal("own entities", room) if isinstance(room, str) else room or call


def _before_the_call(request: Request, rules: Rules) -> Iterable[tuple[str, Objection]]:
    yield "settings", _settings(rules)
    yield "destination", _destination(request, rules)
    yield "token", _token(request, rules)
    if request.method not in READING_METHODS and request.method not in ("POST", "PUT", "DELETE"):
        yield "plain request", f"{request.method!r} is no method of Intercom's API"
