"""What a server keeps is bounded: workspaces, exchanges, refused requests, deliveries, heads, time to read."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from harness.cli.webhooks import UNSEEN
from harness.core.clock import ManualClock
from harness.core.hosts import is_private
from harness.core.http import Outcome, Request, Response
from harness.gateway.exchange_log import MOST_REFUSED, ExchangeLog
from harness.gateway.server import http_protocol
from harness.gateway.webhooks.dispatcher import MOST_DELIVERIES, SLACK, Subscriber, WebhookDispatcher
from harness.sandbox import Sandbox
from harness.tests.support.sandbox_server import served

BODY = b'{"role": "user", "email": "ada@example.com"}'
JSON = {"content-type": "application/json", "intercom-version": "2.16"}


def _ask(sandbox: Sandbox, method: str, target: str, workspace: str, body: bytes = b"") -> Response:
    return sandbox.handle(Request(method, target, {**JSON, "authorization": f"Bearer sandbox-{workspace}"}, body))


def _contacts(sandbox: Sandbox, workspace: str) -> int:
    return int(_ask(sandbox, "GET", "/contacts", workspace).json()["total_count"])


@pytest.mark.parametrize("in_files", [False, True])
def test_an_idle_workspace_goes_to_disk_and_comes_back_as_it_was(tmp_path: Path, in_files: bool) -> None:
    """Its people, settings, request ids and rate limit; nothing shows that it was away."""
    state = tmp_path / "state" if in_files else None
    with (
        closing(Sandbox(ManualClock(), most_open=16, state=state)) as sandbox,
        closing(Sandbox(ManualClock())) as other,
    ):
        for one in (sandbox, other):
            one.workspace("first").update_settings({"rate_limit": 50})
            assert _ask(one, "POST", "/contacts", "first", BODY).status == 200
        for number in range(40):
            assert _ask(sandbox, "POST", "/contacts", f"w{number}", BODY).status == 200
        assert "first" not in sandbox.workspaces
        assert len(sandbox.workspaces) == 16
        assert {"first", "w0", "w39"} <= set(sandbox.names())
        there, here = (_ask(one, "GET", "/contacts", "first") for one in (sandbox, other))
        assert there == here
        assert [_ask(sandbox, "GET", "/contacts", f"w{number}").json()["total_count"] for number in range(40)] == [
            1
        ] * 40


def test_a_workspace_that_still_has_something_to_tell_stays(tmp_path: Path) -> None:
    """A notification that nobody took yet would be lost."""
    with closing(Sandbox(ManualClock(), most_open=16)) as sandbox:
        sandbox.workspace("told").update_settings({"webhook_url": "http://127.0.0.1:9/", "webhook_topics": None})
        _ask(sandbox, "POST", "/contacts", "told", BODY)
        for number in range(40):
            _ask(sandbox, "GET", "/me", f"w{number}")
        assert "told" in sandbox.workspaces
        assert sandbox.take_notifications("told")


def test_many_threads_find_their_workspaces_while_others_are_put_away() -> None:
    """Each adds contacts to workspaces of its own; none is lost, and no answer is a failure."""
    with closing(Sandbox(ManualClock(), most_open=16)) as sandbox:
        failures: list[int] = []

        def work(thread: int) -> None:
            for number in range(120):
                body = b'{"role": "lead", "name": "n%d"}' % number
                answer = _ask(sandbox, "POST", "/contacts", f"t{thread}-{number % 12}", body)
                failures.extend([answer.status] if answer.status != 200 else [])

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        counts = [
            _ask(sandbox, "GET", "/contacts", f"t{t}-{n}").json()["total_count"] for t in range(6) for n in range(12)
        ]
        assert counts == [10] * 72


def _exchange(log: ExchangeLog, size: int, refused: str | None = None) -> None:
    outcome = Outcome(Response(200, {}, b"x" * size), refused=refused)
    log.add(0.0, "", "", Request("GET", "/me"), outcome, None)


def test_the_exchanges_are_bounded_by_bytes_and_by_number() -> None:
    """The oldest go first; the newest stays whatever its size, and the count forgets nothing."""
    log = ExchangeLog(size=50, most_bytes=100_000)
    for _ in range(50):
        _exchange(log, 9_000)
    assert [one.number for one in log.since()] == list(range(42, 51))
    _exchange(log, 1_000_000)
    assert [one.number for one in log.since()] == [51]
    for _ in range(500):
        _exchange(log, 0)
    assert (len(log.since()), log.count, log.since()[-1].number) == (50, 551, 551)


def test_refused_requests_are_counted_and_the_first_are_kept() -> None:
    """What the first of them say explains the rest."""
    log = ExchangeLog()
    for _ in range(MOST_REFUSED + 500):
        _exchange(log, 10, "elsewhere")
    assert (log.refusals, len(log.refused), log.refused[0].number) == (MOST_REFUSED + 500, MOST_REFUSED, 1)


def test_the_log_of_deliveries_is_bounded() -> None:
    """What was delivered long ago is forgotten; what waits is kept."""
    dispatcher = WebhookDispatcher(ManualClock(), lambda *_: 200)
    subscriber = Subscriber("w", "http://127.0.0.1:9/", "s")
    for number in range(MOST_DELIVERIES * 2):
        dispatcher.submit(subscriber, "contact.created", {"id": str(number)})
        dispatcher.deliver()
    kept = dispatcher.log("w")
    assert len(kept) <= MOST_DELIVERIES + SLACK
    assert kept[-1].number == MOST_DELIVERIES * 2


def _raw(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as caller:
        received = b""
        try:
            caller.sendall(data)
            while piece := caller.recv(65_536):
                received += piece
        except OSError:
            pass
        return received


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("lines", [[b"X-A: " + b"a" * 200_000], [b"X-%d: 1" % number for number in range(20_000)]])
def test_too_long_a_head_is_431(lines: list[bytes], whole: bool) -> None:
    """One long header or many short ones, and also if the head never ends."""
    head = b"\r\n".join([b"GET /me HTTP/1.1", b"Host: x", b"Connection: close", *lines])
    with served() as (_, server):
        assert _raw(server.port, head + (b"\r\n\r\n" if whole else b"")).startswith(b"HTTP/1.1 431 ")
        assert requests.get(f"{server.url}/_sandbox/health", timeout=10).status_code == 200


def test_who_does_not_finish_a_request_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head without its end, a body without its rest: the connection is closed once the time is up."""
    monkeypatch.setattr(http_protocol, "READ_TIMEOUT", 0.3)
    begun = (b"GET /me HTTP/1.1\r\nHost: x\r\n", b"POST /contacts HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{}")
    with served() as (_, server):
        for data in begun:
            assert _raw(server.port, data) == b""


@pytest.mark.parametrize("host", ["evil.example.org", "shop.com:80", "127.0.0.1.nip.io"])
def test_a_name_that_others_point_here_reads_nothing(host: str) -> None:
    """A page under such a name would be at home here, and read what the sandbox answers."""
    with served() as (gateway, server):
        headers = {"Host": host, "Authorization": "Bearer sandbox-default"}
        for _ in range(3):
            answer = requests.get(f"{server.url}/contacts", headers=headers, timeout=10)
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (421, "misdirected_request")
        assert gateway.log.refusals == 3


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]:80",
        "sandbox",
        "host.docker.internal",
        "a.b.svc.cluster.local",
        "api.intercom.io",
    ],
)
def test_names_of_this_machine_and_of_private_networks_are_answered(host: str) -> None:
    """Containers and clusters find the sandbox by names of their own."""
    assert is_private(host.partition(":80")[0].strip("[]"))
    with served() as (_, server):
        headers = {"Host": host, "Authorization": "Bearer sandbox-default"}
        assert requests.get(f"{server.url}/contacts", headers=headers, timeout=10).status_code == 200


def test_a_notification_cannot_write_to_the_terminal() -> None:
    """Control characters in it are shown as signs."""
    assert "\x1b[2J\r\nx\x9b".translate(UNSEEN).isprintable()


@pytest.mark.soak
def test_a_server_stays_below_300_megabytes(count: Callable[[int, int], int]) -> None:
    """200,000 requests, 20,000 workspaces, 100,000 refused requests."""
    process, most = psutil.Process(), 300 * 1024 * 1024
    before = process.memory_info().rss
    with served() as (gateway, server):
        session = requests.Session()

        def ask(path: str, workspace: str = "default", **more: Any) -> int:
            headers = {"Authorization": f"Bearer sandbox-{workspace}", **more}
            return session.get(f"{server.url}{path}", headers=headers, timeout=30).status_code

        for number in range(count(500, 200_000)):
            gateway.handle(Request("GET", "/contacts", {"authorization": f"Bearer sandbox-r{number % 50}"}))
        for number in range(count(300, 20_000)):
            assert ask("/contacts", f"w{number}") == 200
        for _ in range(count(300, 100_000)):
            gateway.record_refusal("CONNECT", "elsewhere.test:443", "not allowed")
        assert process.memory_info().rss - before < most
        assert ask("/contacts", "w0") == 200
