"""Every door shows the gateway the same request, and acts the same outcome out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from urllib3.exceptions import ProtocolError

from harness.core.clock import ManualClock
from harness.core.http import Outcome, Request, Response
from harness.gateway import Backend, Gateway, GatewaySession
from harness.gateway.clients.adapter import GatewayAdapter
from harness.gateway.server.tls import Authority
from harness.tests.support.doors import broken, echo, serving

pytestmark = pytest.mark.usefixtures("both_paths")

DOORS = ("adapter", "server", "proxy")


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for all these doors: making keys takes time."""
    return Authority()


class Door:
    """One way to the gateway."""

    def __init__(self, session: requests.Session, base: str, gateway: Gateway) -> None:
        self.session = session
        self.base = base
        self.gateway = gateway


def open_door(kind: str, folder: Path, authority: Authority, backend: object = echo) -> Iterator[Door]:
    """The door of that kind, in front of a backend."""
    if kind == "adapter":
        gateway = Gateway(ManualClock())
        gateway.open(GatewaySession(Backend(backend)))  # type: ignore[arg-type]  # the tests' backends are plain functions
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", GatewayAdapter(gateway, "pipeline"))
        yield Door(session, "https://api.intercom.io", gateway)
        return
    with serving(folder, backend, authority=authority) as door:  # type: ignore[arg-type]
        proxied = kind == "proxy"
        with door.session(proxied=proxied) as session:
            yield Door(session, "https://api.intercom.io" if proxied else door.url, door.gateway)


@pytest.fixture(params=DOORS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each door in turn."""
    return str(request.param)


@pytest.fixture
def door(kind: str, tmp_path: Path, authority: Authority) -> Iterator[Door]:
    """Each door in turn, in front of the echo."""
    yield from open_door(kind, tmp_path, authority)


def test_a_request_looks_the_same_through_every_door(door: Door) -> None:
    """Method, target, Intercom's host, lower-case headers and body arrive as they were sent."""
    sent = {"from": "a", "into": "b"}
    seen = door.session.post(f"{door.base}//contacts/a%20b/tags?per_page=5&x=", json=sent).json()
    assert (seen["method"], seen["target"]) == ("POST", "//contacts/a%20b/tags?per_page=5&x=")
    assert (seen["host"], seen["caller"]) == ("api.intercom.io", "pipeline")
    assert seen["headers"]["content-type"] == "application/json"
    assert json.loads(seen["body"]) == sent
    assert seen["origin"] == door.base


def test_delete_may_carry_a_body_and_get_a_content_type(door: Door) -> None:
    """Real clients send both, and both arrive."""
    seen = door.session.delete(f"{door.base}/contacts/1", json={}).json()
    assert (seen["method"], seen["body"]) == ("DELETE", "{}")
    seen = door.session.get(f"{door.base}/me", headers={"Content-Type": "application/json"}).json()
    assert seen["headers"]["content-type"] == "application/json"


def test_head_is_answered_without_a_body(door: Door) -> None:
    """A HEAD request gets the headers and nothing else, and the connection stays good."""
    assert door.session.head(f"{door.base}/me").content == b""
    assert door.session.get(f"{door.base}/me").json()["method"] == "GET"


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "empty"])
def test_a_lost_answer_is_a_connection_error(kind: str, fault: str, tmp_path: Path, authority: Authority) -> None:
    """Resets and empty answers reach a client as broken connections, as they do from a network."""
    for door in open_door(kind, tmp_path, authority, broken(fault)):
        with pytest.raises(requests.ConnectionError):
            door.session.get(f"{door.base}/me")
        assert door.gateway.log.count == 1, "the client asked once, and the gateway saw it once"


def test_a_truncated_answer_breaks_while_it_is_read(kind: str, tmp_path: Path, authority: Authority) -> None:
    """The body stops short of its announced length."""
    for door in open_door(kind, tmp_path, authority, broken("truncated", at=10)):
        with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
            door.session.get(f"{door.base}/me")
        assert isinstance(caught.value.args[0], ProtocolError)
        assert "IncompleteRead(10 bytes read" in str(caught.value)


def test_a_dribbled_answer_arrives_whole(kind: str, tmp_path: Path, authority: Authority) -> None:
    """A few bytes at a time, and nothing is lost."""
    for door in open_door(kind, tmp_path, authority, broken("dribble", at=7)):
        assert door.session.get(f"{door.base}/me").json()["name"] == "Blue Rocket"


def test_a_delay_is_waited_for(kind: str, tmp_path: Path, authority: Authority) -> None:
    """The answer comes no sooner than it should, and a client with less patience gives up."""

    def slow(_request: Request) -> Outcome:
        return Outcome(Response(200, {}, b"{}"), delay=0.2)

    for door in open_door(kind, tmp_path, authority, slow):
        started = time.monotonic()
        assert door.session.get(f"{door.base}/me").status_code == 200
        assert time.monotonic() - started >= 0.2
        with pytest.raises(requests.ReadTimeout):
            door.session.get(f"{door.base}/me", timeout=(5, 0.05))


def test_a_request_while_nothing_is_open_is_refused_and_kept(door: Door) -> None:
    """Between scenarios the gateway answers 503 in Intercom's envelope and remembers what was asked."""
    door.gateway.close()
    answer = door.session.post(f"{door.base}/visitors/convert", json={})
    assert answer.status_code == 503
    assert answer.json()["type"] == "error.list"
    assert [refused.request.path for refused in door.gateway.log.refused] == ["/visitors/convert"]
