"""Wrong requests to a TEST app whose body holds more than the guard once looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.core.http import Request
from harness.tests.support.guarded_session import GuardedSession

Wrong = tuple[str, str, Any, Mapping[str, str]]
OLD = {"intercom_version": "1.4"}


def _user(**more: Any) -> Callable[[GuardedSession], Wrong]:
    """A 1.x update of this run's own user, with something embedded."""
    return lambda s: ("POST", "/users", {"user_id": f"{s.mine['marker']}-1", **more}, OLD)


def _contact(headers: Mapping[str, str] | None = None, **more: Any) -> Callable[[GuardedSession], Wrong]:
    """A change of this run's own contact in the newest version."""
    return lambda s: ("PUT", f"/contacts/{s.mine['user']}", {"name": "Ada", **more}, headers or {})


def _raw(body: Callable[[GuardedSession], str], **headers: str) -> Callable[[GuardedSession], Wrong]:
    """A change of this run's own contact whose body is written by hand."""
    return lambda s: ("PUT", f"/contacts/{s.mine['user']}", body(s).encode(), headers)


def _event(version: str, name: str = "converted") -> Callable[[GuardedSession], Wrong]:
    sent = {"intercom_version": version} if version else {"intercom_version": ""}
    return lambda s: ("POST", "/events", {"id": s.mine["user"], "event_name": name, "created_at": 1}, sent)


_BODIES: dict[str, Callable[[GuardedSession], Wrong]] = {
    # companies, attributes and events that a write makes or changes beside the person
    "1.x user with a live company by name": _user(companies=[{"name": "Acme", "plan": "free"}]),
    "1.x user with a live company and no id": _user(companies=[{"company_id": "", "name": "Acme"}]),
    "1.x user with a live company in one object": _user(companies={"name": "Acme", "size": 1}),
    "1.x user taken out of a live company": _user(companies=[{"name": "Acme", "remove": True}]),
    "1.x user with a new company": _user(companies=[{"name": "Brand new"}]),
    "1.x user with a new attribute": _user(custom_attributes={"never_seen_before": 1}),
    "1.x lead with a new attribute": lambda s: (
        "POST",
        "/contacts",
        {"email": f"cy.{s.mine['marker']}@example.com", "custom_attributes": {"never_seen_before": 1}},
        OLD,
    ),
    "a new attribute without a version": lambda s: (
        "PUT",
        f"/contacts/{s.mine['user']}",
        {"custom_attributes": {"never_seen_before": 1}},
        {"intercom_version": ""},
    ),
    "1.x company with a new attribute": lambda s: (
        "POST",
        "/companies",
        {"company_id": f"{s.mine['marker']}-c", "custom_attributes": {"never_seen_before": 1}},
        OLD,
    ),
    "an attribute that holds objects": _contact(custom_attributes={"order": {"type": "Order.list", "instances": []}}),
    "attributes in a list": _contact(custom_attributes=[{"id": "1"}]),
    "1.x event of a new name": _event("1.4"),
    "an event without a version": _event(""),
    "an event of a new name": _event("2.11"),
    # fields that no rule knows
    "an unknown field": _contact(company={"name": "Acme", "plan": "free"}),
    "1.x companies in 2.x": _contact(companies=[{"name": "Acme"}]),
    "tags in a contact": _contact(tags=["vip"]),
    "a field of 1.x in 2.x": _contact(new_session=True),
    "a field of 2.x in 1.x": _user(language_override="de"),
    "a body with a deletion": lambda s: ("DELETE", f"/contacts/{s.mine['user']}", {"scope": "all"}, {}),
    "a merge with more": lambda s: (
        "POST",
        "/contacts/merge",
        {"from": s.mine["lead"], "into": s.mine["user"], "others": [s.live["lead"]]},
        {},
    ),
    "an object for a name": _contact(name={"value": "Ada"}),
    "a telephone number that somebody has": _contact(phone="+49 30 901820"),
    "a free number with an extension": _contact(phone="+12025550143,,4930901820"),
    "another owner": _contact(owner_id=1),
    "an owner in a list": _contact(owner_id=[1]),
    "a renamed company field": lambda s: (
        "POST",
        "/companies",
        {"company_id": f"{s.mine['marker']}-c", "name": "x", "users": [{"email": "real@customer.example"}]},
        {},
    ),
    # bodies that a server can read otherwise than the guard
    "a form that mentions JSON": _raw(lambda _: '{"name":"x"}', content_type="application/x-www-form-urlencoded; json"),
    "JSON by another name": _raw(lambda _: '{"name":"x"}', content_type="application/vnd.api+json"),
    "JSON in UTF-7": _raw(lambda _: '{"name":"+AHg-"}', content_type="application/json; charset=utf-7"),
    "JSON in UTF-16": _raw(lambda _: '{"name":"x"}', content_type="application/json; charset=utf-16"),
    "two media types": _raw(lambda _: '{"name":"x"}', content_type="application/json, text/xml"),
    "a media type with more": _raw(lambda _: '{"name":"x"}', content_type="application/json; charset=utf-8; x=y"),
    "newline-delimited JSON": _raw(lambda _: '{"name":"x"}', content_type="application/x-ndjson"),
    "no media type": _raw(lambda _: '{"name":"x"}', content_type=""),
    "a nested name given twice": _raw(lambda _: '{"custom_attributes":{"plan":"a","plan":"b"}}'),
    "an escaped name given twice": _raw(lambda _: '{"name":"a","n\\u0061me":"b"}'),
    "half a surrogate pair": _raw(lambda _: '{"name":"\\ud800"}'),
    "an infinite number": _raw(lambda _: '{"signed_up_at":1e999}'),
    "a search as a form": lambda _: (
        "POST",
        "/contacts/search",
        b"_method=delete",
        {"content_type": "application/x-www-form-urlencoded"},
    ),
}


def _request(guarded: GuardedSession, make: Callable[[GuardedSession], Wrong]) -> Request:
    method, target, body, headers = make(guarded)
    request = guarded.request(method, target, body, **headers)
    empty = {name: None for name, value in request.headers.items() if value == ""}
    return request.with_headers(**{name.replace("-", "_"): None for name in empty})


def _way(make: Callable[[GuardedSession], Wrong]) -> Callable[[GuardedSession], Request]:
    return lambda guarded: _request(guarded, make)


WRONG_BODIES = {name: _way(make) for name, make in _BODIES.items()}
"""Requests by the name of what is wrong with them."""
