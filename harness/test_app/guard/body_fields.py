"""The fields that the body of each write may have, and the values that a field may hold.

A write with a field that is not listed here is refused: Intercom could do something by it that no rule has judged, such
as changing a company that is embedded in a user. Identifiers are judged by `guard_rules`; here are shapes, telephone
numbers, owners, names of events and names of custom attributes. Sources: facts §1, §4 and §5; clients.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from harness.core.json_values import Json
from harness.test_app.guard.guard_policy import EVENTS, OwnedIds, Rules
from harness.test_app.request_effects import UnderstoodRequest

Kind: TypeAlias = Literal["plain", "texts", "attributes", "metadata", "phone", "owner", "event", "empty"]
"""What a field holds. `plain` is one text, number or truth value; `empty` may be given without a content only."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of objects of one shape; a single one may be given without the list."""

    shape: Mapping[str, Shape]


Shape: TypeAlias = "Kind | ListOf | Mapping[str, Shape]"


@dataclass(frozen=True, slots=True)
class UnreadAttributes:
    """It depends on which custom attributes of this model the workspace has, which has to be read first."""

    model: str


def _plain(names: str) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), "plain")


_ATTRIBUTES: Final[Mapping[str, Shape]] = {"custom_attributes": "attributes"}
_AVATAR: Final[Mapping[str, Shape]] = {"avatar": _plain("type image_url")}
_NEW_PERSON: Final[Mapping[str, Shape]] = {
    **_plain("role external_id email name avatar signed_up_at last_seen_at unsubscribed_from_emails email_verified"),
    **_plain("language_override referrer utm_campaign utm_content utm_medium utm_source utm_term"),
    **_ATTRIBUTES,
    "phone": "phone",
    "owner_id": "owner",
}
"""A contact in 2.x."""
_OLD_PERSON: Final[Mapping[str, Shape]] = {
    **_plain("id user_id email name signed_up_at remote_created_at created_at last_request_at last_seen_ip"),
    **_plain("last_seen_user_agent unsubscribed_from_emails update_last_request_at new_session"),
    **_plain("referrer utm_campaign utm_content utm_medium utm_source utm_term"),
    **_ATTRIBUTES,
    **_AVATAR,
    "phone": "phone",
    "owner_id": "owner",
    "companies": "empty",
}
"""A user or a lead in 1.x. A company that is embedded would be made or changed, so there may be none."""
_NAMED: Final[Mapping[str, Shape]] = _plain("id user_id email")
_CONVERTED: Final[Mapping[str, Shape]] = {
    **_plain("id user_id email name type signed_up_at"),
    **_ATTRIBUTES,
    "phone": "phone",
    "companies": "empty",
}
_VISITOR: Final[Mapping[str, Shape]] = {**_plain("id user_id email name"), **_ATTRIBUTES, "phone": "phone"}
_COMPANY: Final[Mapping[str, Shape]] = {
    **_plain("company_id name plan size website industry remote_created_at monthly_spend update_last_request_at"),
    **_ATTRIBUTES,
}
_FILES: Final[Mapping[str, Shape]] = {
    "attachment_urls": "texts",
    "attachment_files": ListOf(_plain("content_type data name")),
}
_SAID: Final[Mapping[str, Shape]] = {
    **_plain("type message_type body admin_id assignee_id intercom_user_id user_id email created_at snoozed_until"),
    **_FILES,
}
_BEGUN: Final[Mapping[str, Shape]] = {
    **_plain("message_type subject body template created_at"),
    **_FILES,
    "from": _plain("type id user_id email"),
    "to": _plain("type id user_id email"),
}
_SUMMARY: Final[Mapping[str, Shape]] = {**_plain("count first last"), "event_name": "event"}
_ENUMERATED: Final[Mapping[str, Shape]] = _plain("value")

_OLD: Final[Mapping[str, Mapping[str, Shape]]] = {"POST /contacts": _OLD_PERSON, "PUT /contacts": _OLD_PERSON}
_NEW: Final[Mapping[str, Mapping[str, Shape]]] = {"POST /contacts": _NEW_PERSON, "PUT /contacts": _NEW_PERSON}
BODIES: Final[Mapping[str, Mapping[str, Shape]]] = {
    "POST /contacts/merge": _plain("from into skip_duplicate_validation"),
    "POST /contacts/convert": {"contact": _CONVERTED, "user": _CONVERTED},
    "PUT /contacts/{person}": _NEW_PERSON,
    "POST /contacts/{person}/tags": _plain("id"),
    "POST /contacts/{person}/notes": _plain("body admin_id contact_id"),
    "POST /contacts/{person}/companies": _plain("id"),
    "POST /contacts/{person}/subscriptions": _plain("id consent_type"),
    "POST /visitors/convert": {"visitor": _NAMED, "user": _NAMED, "type": "plain"},
    "PUT /visitors": _VISITOR,
    "POST /visitors": _VISITOR,
    "PUT /visitors/{person}": _VISITOR,
    "POST /users": _OLD_PERSON,
    "PUT /users/{person}": _OLD_PERSON,
    "POST /user_delete_requests": _plain("intercom_user_id"),
    "POST /notes": {**_plain("body admin_id"), "user": _NAMED},
    "POST /tags": {
        **_plain("name"),
        "users": ListOf(_plain("id user_id email untag")),
        "companies": ListOf(_plain("company_id untag")),
    },
    "POST /companies": _COMPANY,
    "PUT /companies/{company}": _COMPANY,
    "POST /conversations": _BEGUN,
    "POST /messages": _BEGUN,
    "POST /conversations/redact": _plain("type conversation_id conversation_part_id source_id"),
    "POST /conversations/{conversation}/reply": _SAID,
    "POST /conversations/{conversation}/parts": _SAID,
    "POST /conversations/{conversation}/tags": _plain("id admin_id"),
    "DELETE /conversations/{conversation}/tags/{any}": _plain("admin_id"),
    "POST /conversations/{conversation}/customers": {
        **_plain("admin_id"),
        "customer": _plain("intercom_user_id user_id email"),
    },
    "DELETE /conversations/{conversation}/customers/{person}": _plain("admin_id"),
    "PUT /conversations/{conversation}": {**_plain("read title company_id"), **_ATTRIBUTES},
    "POST /events": {**_plain("created_at user_id id email"), "event_name": "event", "metadata": "metadata"},
    "POST /events/summaries": {**_plain("user_id"), "event_summaries": ListOf(_SUMMARY)},
    "POST /data_attributes": {**_plain("name model data_type description"), "options": ListOf(_ENUMERATED)},
}
"""The fields of each write, by its label; a write that is not listed has none."""

_FICTIONAL_PHONE = re.compile(r"(\+1[2-9]\d{2}55501\d{2}|\+447700900\d{3})")
"""Numbers that nobody has: 555-0100 to 555-0199 in North America, Ofcom's for drama in the United Kingdom."""
_RICH: Final = ({"url", "value"}, {"amount", "currency"})
"""The objects that the metadata of an event may hold."""
_NAME = re.compile(r"[a-z0-9_.]{1,80}")


@dataclass(frozen=True, slots=True)
class _Body:
    call: UnderstoodRequest
    version: str
    rules: Rules
    known: OwnedIds

    @property
    def old(self) -> bool:
        """Whether this may be 1.x, which makes attributes and events by their mention; no version may mean it."""
        return not self.version or self.version.startswith(("0.", "1."))


def judge(call: UnderstoodRequest, version: str, rules: Rules, known: OwnedIds) -> str | UnreadAttributes | None:
    """Return what speaks against the body of a write, or what must be read before this can be decided.

    Args:
        version: the request's `Intercom-Version`; empty where it has none, and either dialect is then possible.
    """
    body = _Body(call, version, rules, known)
    objection = next(_object(body, "", dict(call.body), _fields(body)), None)
    return objection or _new_attributes(body)


def _fields(body: _Body) -> Mapping[str, Shape]:
    label = body.call.operation.label
    if label not in _OLD:
        return BODIES.get(label, {})
    if not body.version:
        return {**_OLD[label], **_NEW[label]}
    return _OLD[label] if body.old else _NEW[label]


def _object(body: _Body, place: str, value: Json, fields: Mapping[str, Shape]) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield f"{place}: an object was expected"
        return
    for name, inner in value.items():
        here = f"{place}.{name}" if place else name
        if name in fields:
            yield from _value(body, here, inner, fields[name])
        else:
            told = here if _NAME.fullmatch(here) else "a field of its body"
            yield f"{told}: not known to the guard for {body.call.operation.label} in this version"


def _value(body: _Body, place: str, value: Json, shape: Shape) -> Iterator[str]:
    if isinstance(shape, ListOf):
        for one in value if isinstance(value, list) else [value]:
            yield from _object(body, place, one, shape.shape)
    elif isinstance(shape, Mapping):
        # The avatar is an object in 1.x, and clients write the address alone as well.
        if not (place == "avatar" and isinstance(value, str)):
            yield from _object(body, place, value, shape)
    elif value is not None and value != "" and (objection := _of_kind(body, value, shape)):
        yield f"{place}: {objection}"


def _of_kind(body: _Body, value: Json, kind: Kind) -> str | None:
    if kind == "empty":
        return None if value in ([], {}) else "what is embedded here would be made or changed as well"
    if kind == "texts":
        right = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return None if right else "a list of texts was expected"
    if kind in ("attributes", "metadata"):
        right = isinstance(value, Mapping) and all(_datum(one, kind) for one in value.values())
        return None if right else "names with one plain value each were expected"
    if isinstance(value, list | Mapping):
        return "one plain value was expected"
    return _particular(body, value, kind)


def _particular(body: _Body, value: str | float | bool | None, kind: Kind) -> str | None:
    if kind == "phone":
        number = re.sub(r"[ ().-]", "", value) if isinstance(value, str) else ""
        return None if _FICTIONAL_PHONE.fullmatch(number) else "a telephone number that is not kept free for fiction"
    if kind == "owner":
        return None if str(value) in body.known.teammates else "a teammate other than the token's own"
    if kind == "event":
        return _event(body, value)
    return None


def _event(body: _Body, name: object) -> str | None:
    if body.old:
        return "an event is defined by its first mention in 1.x, and cannot be removed again"
    marked = isinstance(name, str) and (name in EVENTS or body.rules.marker in name.lower())
    return None if marked else "a name of an event without this run's marker"


def _datum(value: Json, kind: Kind) -> bool:
    if kind == "metadata" and isinstance(value, Mapping):
        return any(set(value) <= names for names in _RICH) and all(_datum(one, "attributes") for one in value.values())
    return not isinstance(value, list | Mapping)


def _new_attributes(body: _Body) -> str | UnreadAttributes | None:
    """Return what speaks against the custom attributes: in 1.x, those that the workspace has not would be made."""
    pattern = body.call.operation.pattern
    made = body.old or not pattern.startswith(("/contacts", "/conversations"))
    names = {name for value in _attributes_in(body.call.body) for name in value}
    model = "company" if pattern.startswith("/companies") else "contact"
    new = names - (body.rules.attributes if model == "contact" else frozenset())
    if not made or not new:
        return None
    there = body.known.attributes.get(model)
    if there is None:
        return UnreadAttributes(model)
    return None if new <= there else "custom_attributes: one that the workspace does not have would be made and stay"


def _attributes_in(body: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    for name, value in body.items():
        if isinstance(value, Mapping):
            if name == "custom_attributes":
                yield value
            else:
                yield from _attributes_in(value)
