"""The guard's decisions, and at least 60 ways of getting it wrong: none of them reaches a write.

Each way is tried over real HTTPS against a sandbox that plays Intercom, in which a live person waits to be hurt.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.exchange import Outcome, Request, Response
from harness.problems import Problem
from harness.settings import AppSettings, Secret
from harness.test_app.backend import Line
from harness.test_app.guard import Refusal, judge
from harness.test_app.mandate import Known, Rules
from harness.test_app.session import AppSession
from harness.tests.doors import JSON
from harness.tests.intercom import Played, answer, new_token, page, playing, session


@dataclass
class Scene:
    """An open session with one lead, one user and one visitor of its own, beside a live user and a live lead."""

    played: Played
    session: AppSession
    line: Line
    live: Mapping[str, str]
    mine: Mapping[str, str]

    def request(self, method: str, target: str, body: Any = None, **headers: str) -> Request:
        """A request as the pipeline would send it, token and all."""
        sent = {"authorization": f"Bearer {self.session.stand_in}", "intercom-version": "2.16"}
        sent |= {"content-type": "application/json"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return Request(method, target, sent, content, origin="http://127.0.0.1:8080")

    def send(self, request: Request) -> Outcome:
        """Through guard and backend."""
        return self.session.sentry.layer(request, self.session.handle)


@pytest.fixture(scope="module")
def played_there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Played, Line, Path]]:
    """What plays Intercom for the tests that reset it."""
    folder = tmp_path_factory.mktemp("guard")
    played = Played()
    with playing(folder, played) as line:
        yield played, line, folder


@pytest.fixture
def scene(played_there: tuple[Played, Line, Path], tmp_path: Path) -> Iterator[Scene]:
    """A scene of its own for a test that changes something, on one server."""
    with _set_up(*played_there[:2], tmp_path) as scene:
        yield scene


@pytest.fixture(scope="module")
def untouched_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A scene that all tests share which must not change anything."""
    folder = tmp_path_factory.mktemp("untouched")
    played = Played()
    with playing(folder, played) as line, _set_up(played, line, folder) as scene:
        yield scene


@contextmanager
def _set_up(played: Played, line: Line, folder: Path) -> Iterator[Scene]:
    played.controls.reset()
    played.faults.clear()
    user = played.ask("POST", "/contacts", {"role": "user", "email": "real@customer.example", "external_id": "u-1"})
    lead = played.ask("POST", "/contacts", {"role": "lead", "email": "real-lead@customer.example"})
    visitor = played.visit({})
    with session(folder, line, played) as opened:
        scene = Scene(played, opened, line, {}, {})
        marker = opened.marker
        scene.live = {"user": user["id"], "lead": lead["id"], "visitor": visitor["id"], "uuid": visitor["user_id"]}
        made = scene.send(
            scene.request("POST", "/contacts", {"role": "user", "email": f"ada.{marker}1@example.com"})
        ).response
        again = scene.send(
            scene.request("POST", "/contacts", {"role": "lead", "email": f"bo.{marker}2@example.com"})
        ).response
        assert made is not None
        assert again is not None
        scene.mine = {"user": made.json()["id"], "lead": again.json()["id"], "marker": marker}
        played.seen.clear()
        yield scene


Way = Callable[[Scene], Request]
WAYS: dict[str, Way] = {}


def way(name: str) -> Callable[[Way], Way]:
    """List one way of getting it wrong."""

    def keep(function: Way) -> Way:
        assert name not in WAYS
        WAYS[name] = function
        return function

    return keep


def _asking(make: Callable[[Scene], tuple[str, str, Any]]) -> Way:
    return lambda scene: scene.request(*make(scene))


def _listed() -> None:
    """Ways that are one request each: who is named, how, and by which path."""
    one: dict[str, Callable[[Scene], tuple[str, str, Any]]] = {
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
    for name, make in one.items():
        WAYS[name] = _asking(make)


_listed()


def _delete(scene: Scene, **headers: str) -> Request:
    return scene.request("DELETE", f"/contacts/{scene.mine['user']}", **headers)


def _with_headers(headers: Callable[[Scene], dict[str, str]]) -> Way:
    return lambda scene: _delete(scene, **headers(scene))


def _at(host: str, origin: str) -> Way:
    return lambda scene: replace(_delete(scene), host=host, origin=origin)


_HEADERS: dict[str, Callable[[Scene], dict[str, str]]] = {
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
def _form(scene: Scene) -> Request:
    body = f"_method=delete&id={scene.live['user']}".encode()
    return scene.request("POST", "/contacts", body, content_type="application/x-www-form-urlencoded")


@way("a compressed body")
def _compressed(scene: Scene) -> Request:
    return scene.request("POST", "/contacts", b"\x1f\x8b", content_encoding="gzip")


def test_there_are_more_than_sixty_ways() -> None:
    """The list is as long as it was promised to be."""
    assert len(WAYS) >= 60


@pytest.mark.parametrize("name", WAYS)
def test_no_wrong_way_reaches_a_write(untouched_scene: Scene, name: str) -> None:
    """The request is refused in the guard's name, and what plays Intercom sees no write of any kind."""
    scene = untouched_scene
    before = scene.played.people()
    outcome = scene.send(WAYS[name](scene))
    assert outcome.refused
    assert outcome.refused.startswith("guard")
    assert scene.played.writes == []
    assert scene.played.people() == before
    told = outcome.response.body.decode() if outcome.response else ""
    assert scene.played.token not in told
    assert scene.session.stand_in not in told


def test_the_right_way_passes(scene: Scene) -> None:
    """What the list refuses in variants goes through as it should be: merge and delete of this run's own people."""
    merged = scene.send(
        scene.request(
            "POST",
            "/contacts/merge",
            {"from": scene.mine["lead"], "into": scene.mine["user"], "skip_duplicate_validation": True},
        )
    )
    assert merged.response is not None
    assert merged.response.status == 200
    deleted = scene.send(_delete(scene))
    assert deleted.response is not None
    assert deleted.response.status == 200
    assert len(scene.played.writes) == 2


# --- what `/me` shows -----------------------------------------------------------------------------


def _me(played: Played, **app: Any) -> Callable[[Request], Outcome | None]:
    body = played.ask("GET", "/me")
    body["app"] = {**body["app"], **app}
    told = Outcome(Response(200, JSON, json.dumps(body).encode()))
    return lambda request: told if request.path == "/me" else None


def _only_me(outcome: Outcome) -> Callable[[Request], Outcome | None]:
    return lambda request: outcome if request.path == "/me" else None


IDENTITIES: dict[str, Callable[[Played], Callable[[Request], Outcome | None]]] = {
    "a live app": lambda played: _me(played, id_code="zz99live"),
    "another app": lambda played: _me(played, id_code="other123"),
    "the id in capitals": lambda played: _me(played, id_code=played.app_id.upper()),
    "the id with a blank": lambda played: _me(played, id_code=played.app_id + " "),
    "an empty id": lambda played: _me(played, id_code=""),
    "an id that is no text": lambda played: _me(played, id_code=17),
    "another region": lambda played: _me(played, region="EU"),
    "no app": lambda played: _only_me(Outcome(Response(200, JSON, b'{"type":"admin","app":null}'))),
    "a list": lambda played: _only_me(Outcome(Response(200, JSON, b"[]"))),
    "nothing": lambda played: _only_me(Outcome(Response(200, JSON, b""))),
    "an unaccepted token": lambda played: _only_me(answer(401, "unauthorized")),
    "a revoked token": lambda played: _only_me(answer(401, "token_revoked")),
    "a missing scope": lambda played: _only_me(answer(401, "token_unauthorized")),
    "a redirect": lambda played: _only_me(Outcome(Response(302, {"location": "https://elsewhere.example/me"}))),
    "a sign-in page": lambda played: _only_me(page()),
    "a failure": lambda played: _only_me(answer(500, "server_error")),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_run_does_not_begin_at_the_wrong_workspace(
    tmp_path: Path, played_there: tuple[Played, Line, Path], name: str
) -> None:
    """Whatever `/me` shows instead of the TEST app, the session does not open and nothing is written."""
    played, line, _ = played_there
    played.faults[:] = [IDENTITIES[name](played)]
    played.seen.clear()
    with pytest.raises(Problem) as caught:
        session(tmp_path, line, played).open()
    assert played.writes == []
    assert caught.value.remedy
    assert played.token not in str(caught.value)


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_change_in_mid_run_stops_the_run(scene: Scene, name: str) -> None:
    """`/me` was right at first and is not any more: the next destructive call does not pass, and none after it."""
    scene.played.faults.append(IDENTITIES[name](scene.played))
    assert scene.send(_delete(scene)).refused
    scene.played.faults.clear()
    assert scene.send(_delete(scene)).refused
    assert scene.send(scene.request("GET", "/contacts")).refused
    assert scene.played.writes == []


def test_an_answer_of_another_workspace_stops_the_run(scene: Scene) -> None:
    """A contact that says it belongs to another app is the last thing that is heard."""
    foreign = Outcome(Response(200, JSON, b'{"type":"contact","id":"x","workspace_id":"zz99live"}'))
    scene.played.faults.append(lambda request: foreign if request.path.startswith("/contacts/") else None)
    scene.send(scene.request("GET", f"/contacts/{scene.mine['user']}"))
    assert scene.session.sentry.stop is not None
    assert scene.send(_delete(scene)).refused


# --- settings and their traps ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"token": Secret("")},
        {"app_id": ""},
        {"live_app_ids": "own"},
        {"live_app_ids": "OWN"},
    ],
)
def test_half_filled_settings_let_nothing_pass(change: dict[str, Any]) -> None:
    """Settings that got here without being checked are refused here once more."""
    if change.get("live_app_ids") == "own":
        change = {"live_app_ids": frozenset({"ab12cd34"})}
    elif change.get("live_app_ids") == "OWN":
        change = {"live_app_ids": frozenset({"AB12CD34"})}
    app = replace(AppSettings(Secret(new_token()), "ab12cd34", "us", frozenset()), **change)
    found = judge(Request("GET", "/me"), Rules(app, "stand-in", "hx0123456789"), Known())
    assert isinstance(found, Refusal)
    assert found.rule == "settings"


@pytest.mark.parametrize("marker", ["", "hx", "HX0123456789", "hx 12345678", "%"])
def test_a_marker_that_marks_nothing_lets_nothing_pass(marker: str) -> None:
    """A run without a marker of its own could take anybody for its own."""
    app = AppSettings(Secret(new_token()), "ab12cd34", "us", frozenset())
    found = judge(Request("GET", "/me"), Rules(app, "stand-in", marker), Known())
    assert isinstance(found, Refusal)


def test_the_guard_knows_no_way_around_itself() -> None:
    """There is no flag: nothing in the guard's parts reads an environment, or is called force, skip or unsafe."""
    folder = Path(judge.__code__.co_filename).parent
    text = "\n".join((folder / name).read_text() for name in ("guard.py", "sentry.py", "calls.py", "session.py"))
    assert not [word for word in ("environ", "getenv", "force", "unsafe", "bypass", "override=") if word in text]
