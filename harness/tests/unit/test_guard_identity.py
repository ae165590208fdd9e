"""The guard and who answers: whatever `/me` shows instead of the TEST app, nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import Problem
from harness.core.http import Outcome, Request, Response
from harness.test_app.test_app_backend import ProxyRoute
from harness.tests.support.doors import JSON
from harness.tests.support.guarded_session import GuardedSession, delete, open_guarded
from harness.tests.support.intercom_stand_in import StandIn, answer, page, playing, session


@pytest.fixture(scope="module")
def played_there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, ProxyRoute, Path]]:
    """What plays Intercom for the tests that reset it."""
    folder = tmp_path_factory.mktemp("guard")
    played = StandIn()
    with playing(folder, played) as line:
        yield played, line, folder


@pytest.fixture
def guarded(played_there: tuple[StandIn, ProxyRoute, Path], tmp_path: Path) -> Iterator[GuardedSession]:
    """A guarded of its own for a test that changes something, on one server."""
    with open_guarded(*played_there[:2], tmp_path) as guarded:
        yield guarded


def _me(played: StandIn, **app: Any) -> Callable[[Request], Outcome | None]:
    body = played.ask("GET", "/me")
    body["app"] = {**body["app"], **app}
    told = Outcome(Response(200, JSON, json.dumps(body).encode()))
    return lambda request: told if request.path == "/me" else None


def _only_me(outcome: Outcome) -> Callable[[Request], Outcome | None]:
    return lambda request: outcome if request.path == "/me" else None


IDENTITIES: dict[str, Callable[[StandIn], Callable[[Request], Outcome | None]]] = {
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
    tmp_path: Path, played_there: tuple[StandIn, ProxyRoute, Path], name: str
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
def test_a_change_in_mid_run_stops_the_run(guarded: GuardedSession, name: str) -> None:
    """`/me` was right at first and is not any more: the next destructive call does not pass, and none after it."""
    guarded.played.faults.append(IDENTITIES[name](guarded.played))
    assert guarded.send(delete(guarded)).refused
    guarded.played.faults.clear()
    assert guarded.send(delete(guarded)).refused
    assert guarded.send(guarded.request("GET", "/contacts")).refused
    assert guarded.played.writes == []


def test_an_answer_of_another_workspace_stops_the_run(guarded: GuardedSession) -> None:
    """A contact that says it belongs to another app is the last thing that is heard."""
    foreign = Outcome(Response(200, JSON, b'{"type":"contact","id":"x","workspace_id":"zz99live"}'))
    guarded.played.faults.append(lambda request: foreign if request.path.startswith("/contacts/") else None)
    guarded.send(guarded.request("GET", f"/contacts/{guarded.mine['user']}"))
    assert guarded.session.guard.stop is not None
    assert guarded.send(delete(guarded)).refused
