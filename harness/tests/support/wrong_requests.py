"""More than 100 ways of asking a TEST app for what must not happen to it, each one request."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.core.http import Request
from harness.tests.support.guarded_session import GuardedSession, delete
from harness.tests.support.intercom_stand_in import new_token
from harness.tests.support.wrong_bodies import WRONG_BODIES
from harness.tests.support.wrong_conversation_requests import WRONG_ROOMS

Way = Callable[[GuardedSession], Request]
WAYS: dict[str, Way] = {}


def way(name: str) -> Callable[[Way], Way]:
    """List one way of getting it wrong."""

    def keep(function: Way) -> Way:
        assert name not in WAYS
        WAYS[name] = function
        return function

    return keep


def _asking(make: Callable[[GuardedSession], tuple[str, str, Any]]) -> Way:
    return lambda guarded: guarded.request(*make(guarded))


def _listed() -> None:
    """Ways that are one request each: who is named, how, and by which path."""
    one: dict[str, Callable[[GuardedSession], tuple[str, str, Any]]] = {
        # entities that are not this run's
        "merge from a live lead": lambda s: (
            "POST",
            "/contacts/merge",
            {"from": s.live["lead"], "into": s.mine["user"]},
        ),
        "merge into a live user": lambda s: (
            "POST",
            "/contacts/merge",
            {"from": s.mine["lead"], "into": s.live["user"]},
        ),
        "merge two live people": lambda s: (
            "POST",
            "/contacts/merge",
            {"from": s.live["lead"], "into": s.live["user"]},
        ),
        "merge from nobody": lambda s: ("POST", "/contacts/merge", {"into": s.mine["user"]}),
        "merge into nobody": lambda s: ("POST", "/contacts/merge", {"from": s.mine["lead"], "into": ""}),
        "merge into blanks": lambda s: ("POST", "/contacts/merge", {"from": s.mine["lead"], "into": "   "}),
        "merge into null": lambda s: ("POST", "/contacts/merge", {"from": s.mine["lead"], "into": None}),
        "merge a list of people": lambda s: (
            "POST",
            "/contacts/merge",
            {"from": [s.live["lead"]], "into": s.mine["user"]},
        ),
        "merge by objects": lambda s: (
            "POST",
            "/contacts/merge",
            {"from": {"id": s.live["lead"]}, "into": s.mine["user"]},
        ),
        "merge by number": lambda s: ("POST", "/contacts/merge", {"from": 12345, "into": s.mine["user"]}),
        "delete a live user": lambda s: ("DELETE", f"/contacts/{s.live['user']}", None),
        "archive a live user": lambda s: ("POST", f"/contacts/{s.live['user']}/archive", {}),
        "block a live user": lambda s: ("POST", f"/contacts/{s.live['user']}/block", {}),
        "change a live user": lambda s: ("PUT", f"/contacts/{s.live['user']}", {"name": "Changed"}),
        "promote a live lead": lambda s: ("PUT", f"/contacts/{s.live['lead']}", {"role": "user"}),
        "tag a live user": lambda s: ("POST", f"/contacts/{s.live['user']}/tags", {"id": "1"}),
        "note on a live user": lambda s: ("POST", f"/contacts/{s.live['user']}/notes", {"body": "x"}),
        "convert a live visitor": lambda s: (
            "POST",
            "/visitors/convert",
            {"visitor": {"user_id": s.live["uuid"]}, "type": "lead"},
        ),
        "convert a live visitor by id": lambda s: (
            "POST",
            "/visitors/convert",
            {"visitor": {"id": s.live["visitor"]}, "type": "lead"},
        ),
        "convert by e-mail only": lambda s: (
            "POST",
            "/visitors/convert",
            {"visitor": {"email": "real@customer.example"}, "type": "lead"},
        ),
        "convert nobody": lambda s: ("POST", "/visitors/convert", {"visitor": {}, "type": "lead"}),
        "convert an undefined visitor": lambda s: (
            "POST",
            "/visitors/convert",
            {"visitor": {"user_id": "undefined"}, "type": "lead"},
        ),
        "change a live visitor": lambda s: ("PUT", "/visitors", {"user_id": s.live["uuid"], "name": "x"}),
        "delete a live visitor": lambda s: ("DELETE", f"/visitors/{s.live['visitor']}", None),
        "1.x convert of a live lead": lambda s: (
            "POST",
            "/contacts/convert",
            {"contact": {"id": s.live["lead"]}, "user": {"id": s.mine["user"]}},
        ),
        "1.x convert into a live user": lambda s: (
            "POST",
            "/contacts/convert",
            {"contact": {"id": s.mine["lead"]}, "user": {"user_id": "u-1"}},
        ),
        "1.x convert into a live e-mail": lambda s: (
            "POST",
            "/contacts/convert",
            {"contact": {"id": s.mine["lead"]}, "user": {"email": "real@customer.example"}},
        ),
        "1.x update of a live user": lambda s: ("POST", "/users", {"user_id": "u-1", "name": "x"}),
        "1.x delete by e-mail": lambda s: ("DELETE", "/users?email=real@customer.example", None),
        "1.x delete by user id": lambda s: ("DELETE", "/users?user_id=u-1", None),
        "1.x delete of everybody": lambda s: ("DELETE", "/users", None),
        "1.x deletion request": lambda s: ("POST", "/user_delete_requests", {"intercom_user_id": s.live["user"]}),
        "1.x delete named twice": lambda s: ("DELETE", f"/users?id={s.mine['user']}&id={s.live['user']}", None),
        "1.x lead by a live id": lambda s: ("POST", "/contacts", {"id": s.live["lead"], "name": "x"}),
        "bulk tag on live people": lambda s: (
            "POST",
            "/tags",
            {"name": "x" + s.mine["marker"], "users": [{"id": s.live["user"]}]},
        ),
        "event on a live user": lambda s: (
            "POST",
            "/events",
            {"event_name": "x", "created_at": 1, "email": "real@customer.example"},
        ),
        "conversation of a live user": lambda s: (
            "POST",
            "/conversations",
            {"from": {"type": "user", "id": s.live["user"]}, "body": "x"},
        ),
        "reply to anybody's conversation": lambda s: ("POST", "/conversations/1/reply", {"type": "admin", "body": "x"}),
        "our person, and a live one in the query": lambda s: (
            "PUT",
            f"/contacts/{s.mine['user']}?id={s.live['user']}",
            {"name": "x"},
        ),
        "our person, nested query": lambda s: (
            "PUT",
            f"/visitors?visitor[id]={s.live['visitor']}",
            {"id": s.mine["user"]},
        ),
        # names outside the marker
        "new user with a real e-mail": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": "new@customer.example"},
        ),
        "new user under a real domain": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": f"{s.mine['marker']}@gmail.com"},
        ),
        "marker in the domain only": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": f"ada@{s.mine['marker']}.example"},
        ),
        "two addresses in one": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": f"a@b.com,{s.mine['marker']}@example.com"},
        ),
        "address with a display name": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": f"{s.mine['marker']} <a@b.com>@example.com"},
        ),
        "full-width letters": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": f"{s.mine['marker']}@ｅxample.com"},
        ),
        "Cyrillic look-alikes": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "external_id": s.mine["marker"].replace("x", "х")},
        ),
        "invisible sign in the e-mail": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": f"{s.mine['marker']}\u200b@example.com"},
        ),
        "line break in the e-mail": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": f"{s.mine['marker']}@example.com\n"},
        ),
        "reserved domain as a prefix": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "email": f"{s.mine['marker']}@example.com.evil.io"},
        ),
        "external id without a marker": lambda s: ("POST", "/contacts", {"role": "user", "external_id": "u-1"}),
        "external id of another run": lambda s: (
            "POST",
            "/contacts",
            {"role": "user", "external_id": "hx0000000001-1"},
        ),
        "external id as a number": lambda s: ("POST", "/contacts", {"role": "user", "external_id": 17}),
        "our person gets a live e-mail": lambda s: (
            "PUT",
            f"/contacts/{s.mine['user']}",
            {"email": "real@customer.example"},
        ),
        "user without any name": lambda s: ("POST", "/contacts", {"role": "lead"}),
        "lead that nobody finds again": lambda s: ("POST", "/contacts", {"role": "lead", "name": "Ada"}),
        "somebody else's company": lambda s: ("POST", "/companies", {"company_id": "acme", "name": "Acme"}),
        "our person into a live company": lambda s: ("POST", f"/contacts/{s.mine['user']}/companies", {"id": "acme"}),
        "a tag left behind": lambda s: ("POST", "/tags", {"name": "converted"}),
        "an attribute left behind": lambda s: (
            "POST",
            "/data_attributes",
            {"name": "x", "model": "contact", "data_type": "string"},
        ),
        "a real e-mail sent": lambda s: (
            "POST",
            "/messages",
            {
                "message_type": "email",
                "from": {"type": "admin", "id": "1"},
                "to": {"type": "user", "id": s.mine["user"]},
                "body": "x",
            },
        ),
        "a message from a teammate": lambda s: (
            "POST",
            "/messages",
            {"from": {"type": "admin", "id": s.mine["user"]}, "body": "x"},
        ),
        # paths that servers read differently
        "dots in the path": lambda s: ("DELETE", f"/contacts/{s.mine['user']}/../{s.live['user']}", None),
        "encoded dots": lambda s: ("DELETE", f"/contacts/{s.mine['user']}/%2e%2e/{s.live['user']}", None),
        "encoded slash": lambda s: ("DELETE", f"/contacts/{s.mine['user']}%2F..%2F{s.live['user']}", None),
        "encoded twice": lambda s: ("DELETE", f"/contacts/%25{s.live['user']}", None),
        "encoded merge": lambda s: ("POST", "/contacts/%6derge", {"from": s.live["lead"], "into": s.mine["user"]}),
        "doubled slashes": lambda s: ("DELETE", f"//contacts//{s.live['user']}/", None),
        "upper-case path": lambda s: ("POST", "/CONTACTS/merge", {"from": s.live["lead"], "into": s.mine["user"]}),
        "absolute target": lambda s: ("DELETE", f"https://api.intercom.io/contacts/{s.live['user']}", None),
        "host in the target": lambda s: ("DELETE", f"@evil.example/contacts/{s.live['user']}", None),
        "a fragment": lambda s: ("DELETE", f"/contacts/{s.mine['user']}#/{s.live['user']}", None),
        "a line break in the target": lambda s: ("DELETE", f"/contacts/{s.live['user']}\r\nX: y", None),
        "an unknown write": lambda s: ("POST", "/bulk/users", {"items": []}),
        "an unknown deletion": lambda s: ("DELETE", "/help_center/collections/1", None),
        "a write by PATCH": lambda s: ("PATCH", f"/contacts/{s.live['user']}", {"name": "x"}),
        "a method in small letters": lambda s: ("delete", f"/contacts/{s.live['user']}", None),
        # bodies that can be read in two ways
        "a name given twice": lambda s: (
            "POST",
            "/contacts/merge",
            f'{{"from":"{s.mine["lead"]}","from":"{s.live["lead"]}","into":"{s.mine["user"]}"}}'.encode(),
        ),
        "a body that is no object": lambda s: ("POST", "/contacts/merge", [s.live["lead"], s.mine["user"]]),
        "a body in UTF-16": lambda s: (
            "POST",
            "/contacts",
            json.dumps({"role": "user", "email": "a@b.com"}).encode("utf-16"),
        ),
        "a broken body": lambda s: ("POST", "/contacts", b'{"role": "user", '),
        "names in capitals": lambda s: (
            "POST",
            "/contacts/merge",
            {"from": s.mine["lead"], "into": s.mine["user"], "From": s.live["lead"]},
        ),
    }
    for name, make in (one | WRONG_ROOMS).items():
        WAYS[name] = _asking(make)


_listed()
WAYS.update(WRONG_BODIES)


def _with_headers(headers: Callable[[GuardedSession], dict[str, str]]) -> Way:
    return lambda guarded: delete(guarded, **headers(guarded))


def _at(host: str, origin: str) -> Way:
    return lambda guarded: replace(delete(guarded), host=host, origin=origin)


_HEADERS: dict[str, Callable[[GuardedSession], dict[str, str]]] = {
    "another token": lambda _: {"authorization": f"Bearer {new_token()}"},
    "the live token by Basic": lambda _: {
        "authorization": "Basic " + base64.b64encode(f"{new_token()}:".encode()).decode()
    },
    "no token": lambda _: {"authorization": ""},
    "an empty token": lambda _: {"authorization": "Bearer "},
    "two tokens": lambda s: {"authorization": f"Bearer {s.session.stand_in}, Bearer {new_token()}"},
    "a token with a password": lambda s: {
        "authorization": "Basic " + base64.b64encode(f"{s.session.stand_in}:{new_token()}".encode()).decode()
    },
    "a sandbox's token": lambda _: {"authorization": "Bearer sandbox-default"},
    "a token in other letters": lambda s: {"authorization": f"Bearer {s.session.stand_in.upper()}"},
    "another scheme": lambda s: {"authorization": f"Token {s.session.stand_in}"},
    "a method in a header": lambda _: {"x_http_method_override": "DELETE"},
    "a host in a header": lambda _: {"x_forwarded_host": "api.eu.intercom.io"},
    "a path in a header": lambda _: {"x_original_url": "/users"},
}
for _name, _headers in _HEADERS.items():
    WAYS[_name] = _with_headers(_headers)

_PLACES = {
    "another region": ("api.eu.intercom.io", "https://api.eu.intercom.io"),
    "the Messenger's host": ("api-iam.intercom.io", "https://api-iam.intercom.io"),
    "a swapped host": ("api.intercom.io", "https://api.intercom.io.evil.example"),
    "a host in capitals elsewhere": ("API.EU.INTERCOM.IO", "https://API.EU.INTERCOM.IO"),
    "a user before the host": ("api.intercom.io", "https://api.intercom.io@evil.example"),
    "plain HTTP": ("api.intercom.io", "http://api.intercom.io"),
    "another port": ("api.intercom.io", "https://api.intercom.io:8443"),
    "a look-alike host": ("api.intercorn.io", "https://api.intercorn.io"),
}
for _name, (_host, _origin) in _PLACES.items():
    WAYS[_name] = _at(_host, _origin)


@way("a form instead of JSON")
def _form(guarded: GuardedSession) -> Request:
    body = f"_method=delete&id={guarded.live['user']}".encode()
    return guarded.request("POST", "/contacts", body, content_type="application/x-www-form-urlencoded")


@way("a compressed body")
def _compressed(guarded: GuardedSession) -> Request:
    return guarded.request("POST", "/contacts", b"\x1f\x8b", content_encoding="gzip")
