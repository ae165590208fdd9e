"""The door inside a Python process: clients that name Intercom's own host ask the gateway, and no socket opens."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from harness.core.clock import ManualClock
from harness.core.http import Outcome, Request, Response
from harness.gateway import Backend, Gateway, GatewaySession
from harness.gateway.clients.patched import patched_clients
from harness.tests.support.doors import broken, echo, serving
from harness.tests.support.python_clients import BODY, CLIENTS, MANY, URL, ClientAnswer

pytestmark = pytest.mark.usefixtures("both_paths")


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Callable[..., ClientAnswer]:
    """Each client in turn."""
    return CLIENTS[request.param]


@contextmanager
def gateway_for(backend: Callable[[Request], Outcome] = echo) -> Iterator[tuple[Gateway, list[str]]]:
    """A gateway to which Python clients are led, and what was refused at the resolver."""
    gateway, refused = Gateway(ManualClock()), []
    gateway.open(GatewaySession(Backend(backend)))
    with patched_clients(gateway.handle, lambda method, authority, reason: refused.append(authority)):
        yield gateway, refused


@pytest.fixture(autouse=True)
def no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever would leave this machine fails the test."""
    connect = socket.socket.connect

    def loopback_only(self: socket.socket, address: Any) -> None:
        assert address[0] in ("127.0.0.1", "::1"), f"a connection to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)


def test_a_request_reaches_the_gateway_as_it_was_meant(client: Callable[..., ClientAnswer]) -> None:
    """Method, target, host, headers and body, as through every other door."""
    with gateway_for() as (_, refused):
        seen = json.loads(client().body)
    assert (seen["method"], seen["target"], seen["host"]) == ("POST", "/contacts/merge?x=1", "api.intercom.io")
    assert (seen["body"], seen["caller"], seen["origin"]) == (BODY.decode(), "pipeline", "https://api.intercom.io")
    assert seen["headers"]["authorization"] == "Bearer any"
    assert refused == []


def test_an_error_answer_is_the_clients_own_kind_of_error(client: Callable[..., ClientAnswer]) -> None:
    """Status and body arrive, whatever the client makes of a 404."""

    def not_found(_request: Request) -> Outcome:
        return Outcome(Response(404, {"content-type": "application/json"}, b'{"type":"error.list"}'))

    with gateway_for(not_found):
        got = client()
    assert (got.status, got.body) == (404, b'{"type":"error.list"}')


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "empty", "truncated"])
def test_a_broken_answer_is_an_error_of_the_client(client: Callable[..., ClientAnswer], kind: str) -> None:
    """Nothing that broke passes for an answer, and nothing is asked twice behind the test's back."""
    with gateway_for(broken(kind, at=5)) as (gateway, _), pytest.raises(Exception) as caught:  # noqa: PT011 - six clients
        client()
    assert not isinstance(caught.value, AssertionError)
    home = type(caught.value).__module__.partition(".")[0]
    assert home in ("requests", "urllib3", "builtins", "http", "httpx", "aiohttp"), repr(caught.value)
    assert gateway.log.count == 1


def test_a_dribbled_answer_arrives_whole(client: Callable[..., ClientAnswer]) -> None:
    """Where there is no wire, there is nothing to dribble over."""
    with gateway_for(broken("dribble", at=3)):
        assert json.loads(client().body)["name"] == "Blue Rocket"


def test_patience_that_ends_is_a_timeout_of_the_client(client: Callable[..., ClientAnswer]) -> None:
    """A delay beyond the client's own limit is its own kind of timeout, after that limit."""

    def slow(_request: Request) -> Outcome:
        return Outcome(Response(200), delay=30)

    started = time.monotonic()
    with gateway_for(slow), pytest.raises(Exception, match=r"(?i)time|^$"):
        client(timeout=0.05)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("ask_many", MANY)
def test_twelve_threads_are_all_answered(
    ask_many: Callable[[list[bytes]], list[bytes]], count: Callable[[int, int], int]
) -> None:
    """12 threads with 100 requests each, every one answered with its own body, none outside."""
    rounds = count(100, 1_000)
    right: list[bool] = []

    def ask(thread: int) -> None:
        bodies = [f'"{thread}-{number}"'.encode() for number in range(rounds)]
        right.extend(
            json.loads(got)["body"].encode() == body for got, body in zip(ask_many(bodies), bodies, strict=True)
        )

    with gateway_for() as (gateway, refused):
        ask_many([])  # what is imported for the first time is imported once, and its absence is told here
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (right, refused, gateway.log.count) == ([True] * 12 * rounds, [], 12 * rounds)


def test_other_hosts_are_left_alone(client: Callable[..., ClientAnswer], tmp_path: Path) -> None:
    """A service of the pipeline's own is reached as ever."""
    with serving(tmp_path) as neighbour, gateway_for() as (gateway, refused):
        got = client(f"{neighbour.url}/own")
        assert json.loads(got.body)["target"] == "/own"
        assert (gateway.log.count, refused) == (0, [])


def test_afterwards_everything_is_as_before() -> None:
    """Nothing stays patched."""
    places = (
        (urllib3.HTTPConnectionPool, "urlopen"),
        (urllib.request.AbstractHTTPHandler, "do_open"),
        (socket, "getaddrinfo"),
    )
    before = [getattr(*place) for place in places], list(sys.meta_path)
    with gateway_for():
        assert [getattr(*place) for place in places] != before[0]
    assert ([getattr(*place) for place in places], list(sys.meta_path)) == before


def test_what_goes_past_the_clients_is_refused_and_told() -> None:
    """A connection opened by hand never leaves, and the gateway's keeper learns of it."""
    with gateway_for() as (gateway, refused):
        connection = http.client.HTTPSConnection("api.eu.intercom.io", timeout=5)
        with pytest.raises(socket.gaierror, match=r"api\.eu\.intercom\.io is Intercom's"):
            connection.request("GET", "/me")
        assert (refused, gateway.log.count) == (["api.eu.intercom.io:443"], 0)


def test_retries_that_a_client_asked_for_are_made() -> None:
    """A mounted retry policy sees resets and 429s as it would on a network."""
    answers = iter([broken("reset_before"), lambda _: Outcome(Response(429, {"retry-after": "0"})), echo])

    def next_answer(request: Request) -> Outcome:
        return next(answers)(request)

    retry = urllib3.Retry(total=3, status_forcelist=[429], allowed_methods=None, backoff_factor=0)
    with gateway_for(next_answer) as (gateway, _), requests.Session() as session:
        session.trust_env = False
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry))
        assert session.post(URL, data=BODY).status_code == 200
        assert gateway.log.count == 3


def test_asynchronous_requests_overlap() -> None:
    """One event loop, several requests under way at once: a blocking backend does not hold up the loop."""
    httpx = pytest.importorskip("httpx", reason="needs client: httpx is not installed")
    together = threading.Barrier(3, timeout=5)

    def meet(_request: Request) -> Outcome:
        together.wait()
        return Outcome(Response(200))

    async def ask_all() -> list[int]:
        async with httpx.AsyncClient() as client:
            return [got.status_code for got in await asyncio.gather(*(client.get(URL) for _ in range(3)))]

    with gateway_for(meet):
        assert asyncio.run(ask_all()) == [200, 200, 200]


def test_a_sessions_own_base_and_credentials_count_in_aiohttp() -> None:
    """All that stands above the connection is aiohttp's own."""
    aiohttp = pytest.importorskip("aiohttp", reason="needs client: aiohttp is not installed")

    async def ask() -> Any:
        headers = {"Authorization": "Basic dG9rOg=="}
        async with aiohttp.ClientSession("https://api.intercom.io", headers=headers, raise_for_status=True) as session:
            async with session.post("/contacts", json={"role": "lead"}) as first:
                seen = await first.json()
            async with session.get("/me") as second:
                return seen, await second.json()

    with gateway_for():
        first, second = asyncio.run(ask())
    assert (first["target"], json.loads(first["body"])) == ("/contacts", {"role": "lead"})
    assert first["headers"]["authorization"].startswith("Basic ")
    assert second["target"] == "/me"


def test_the_official_python_sdk_is_led_to_the_gateway() -> None:
    """python-intercom with its own host and no setting at all."""
    intercom = pytest.importorskip("intercom", reason="needs client: python-intercom is not installed")
    body = {"type": "contact", "id": "1", "role": "user"}
    answer = Outcome(Response(200, {"content-type": "application/json"}, json.dumps(body).encode()))
    with gateway_for(lambda _request: answer) as (gateway, _):
        merged = intercom.Intercom(token="any").contacts.merge_lead_in_user(lead_id="1", contact_id="2")
        assert merged.role == "user"
        assert gateway.log.since()[0].request.target == "/contacts/merge"


def test_a_client_that_is_imported_later_is_led_as_well() -> None:
    """Most code imports its client only when its module is loaded, after the patch."""
    pytest.importorskip("httpx", reason="needs client: httpx is not installed")
    code = """
        import sys
        from harness.core.http import Outcome, Response
        from harness.gateway.clients.patched import patched_clients
        with patched_clients(lambda request: Outcome(Response(200, {}, request.path.encode())), print):
            assert "httpx" not in sys.modules
            import httpx
            print(httpx.get("https://api.intercom.io/me").text, httpx.__spec__.loader is httpx.__loader__)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "/me True\n", done.stderr
