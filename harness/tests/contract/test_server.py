"""The server on its port: what HTTP allows, many callers at once, and an end without delay."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.core.http import Outcome, Request, Response
from harness.gateway import Backend, Gateway, GatewaySession
from harness.gateway.server.asgi_app import BODY_LIMIT
from harness.gateway.server.server import GRACE, Server
from harness.tests.support.doors import broken, echo, exchange_bytes, read_all, serving
from harness.tests.support.processes import wait_for

pytestmark = pytest.mark.usefixtures("both_paths")


def head_and_body(answer: bytes) -> tuple[str, bytes]:
    """The head as text and the body of one answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body


@pytest.mark.parametrize("quick", [True, False])
def test_twelve_threads_get_an_answer_to_each_request(
    quick: bool, tmp_path: Path, count: Callable[[int, int], int]
) -> None:
    """12 threads with 100 requests each: every one answered with its own body, on the loop and on workers alike."""
    rounds, failures = count(100, 2_000), []

    with serving(tmp_path, quick=quick) as door:

        def ask(thread: int) -> None:
            with door.session() as session:
                for number in range(rounds):
                    told = session.post(f"{door.url}/contacts", data=f"{thread}-{number}").json()["body"]
                    if told != f"{thread}-{number}":
                        failures.append(told)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert door.gateway.log.count == 12 * rounds


def test_blocking_backends_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """A backend that is not quick runs on worker threads, several at once."""
    together = threading.Barrier(4, timeout=5)

    def meet(_request: Request) -> Outcome:
        together.wait()
        return Outcome(Response(200))

    with serving(tmp_path, meet, quick=False) as door:
        threads = [threading.Thread(target=door.session().get, args=(door.url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not together.broken
        assert door.gateway.log.count == 4


def test_a_chunked_body_arrives_in_one_piece(tmp_path: Path) -> None:
    """Transfer-Encoding: chunked, as streaming clients send it."""
    with serving(tmp_path) as door, door.session() as session:
        parts = iter([b'{"from": "a",', b' "into": "b"}'])
        told = session.post(f"{door.url}/contacts/merge", data=parts).json()
        assert told["headers"]["transfer-encoding"] == "chunked"
        assert json.loads(told["body"]) == {"from": "a", "into": "b"}


def test_expect_100_continue_is_told_to_go_on(tmp_path: Path) -> None:
    """A client that asks first is told to go on before it sends its body."""
    with serving(tmp_path) as door, socket.create_connection(door.address, timeout=5) as connection:
        connection.sendall(
            b"POST /contacts HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n"
            b"expect: 100-continue\r\nconnection: close\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"{}")
        head, body = head_and_body(read_all(connection))
        assert head.startswith("HTTP/1.1 200")
        assert json.loads(body)["body"] == "{}"


def test_an_absolute_form_request_line_names_its_host(tmp_path: Path) -> None:
    """Old clients send the whole URL to a proxy, even of https; host and links are those of that URL."""
    with serving(tmp_path) as door:
        sent = (
            b"GET https://api.eu.intercom.io/me?a=1 HTTP/1.1\r\nhost: api.eu.intercom.io\r\nconnection: close\r\n\r\n"
        )
        told = json.loads(head_and_body(exchange_bytes(door.address, sent))[1])
        assert (told["target"], told["host"]) == ("/me?a=1", "api.eu.intercom.io")
        assert told["origin"] == "https://api.eu.intercom.io"


def test_an_offer_of_http2_does_not_swallow_the_body(tmp_path: Path) -> None:
    """Java's client offers h2c with its first request; the offer is declined and the body read."""
    with serving(tmp_path) as door:
        sent = (
            b"POST /contacts HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 2\r\nHost: x\r\n"
            b"HTTP2-Settings: AAEAAEAAAAIAAAAA\r\nUpgrade: h2c\r\n\r\n{}"
        )
        bye = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        assert b'"body": "{}"' in exchange_bytes(door.address, sent + bye)


def test_a_body_that_speaks_of_upgrades_is_left_as_it_is(tmp_path: Path) -> None:
    """Declining an offer concerns the head; what looks like one in a body that comes later is the caller's text."""
    body = b"Dear all\r\nUpgrade: today\r\n\r\nYours"
    head = b"POST /contacts HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    with serving(tmp_path) as door, socket.create_connection(door.address, timeout=5) as connection:
        connection.sendall(head)
        time.sleep(0.02)
        connection.sendall(body)
        assert json.loads(head_and_body(read_all(connection))[1])["body"] == body.decode()


def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    """Two requests in one packet get two answers, the first one's first."""
    with serving(tmp_path) as door:
        first = b"GET /one HTTP/1.1\r\nhost: x\r\n\r\n"
        answer = exchange_bytes(door.address, first + b"GET /two HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert answer.index(b'"/one"') < answer.index(b'"/two"')


@pytest.mark.parametrize("quick", [True, False])
def test_a_body_that_comes_in_pieces_is_read_whole(quick: bool, tmp_path: Path) -> None:
    """Head and body torn apart anywhere: nothing is answered before all is there."""
    sent = (
        b"POST /contacts HTTP/1.1\r\nhost: x\r\ncontent-length: 16\r\nconnection: close\r\n\r\n" + b'{"email":"a@b."}'
    )
    with serving(tmp_path, quick=quick) as door:
        for cut in (1, 20, len(sent) - 16, len(sent) - 15, len(sent) - 1):
            with socket.create_connection(door.address, timeout=5) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(sent[:cut])
                connection.setblocking(False)
                with pytest.raises(BlockingIOError):
                    connection.recv(1)
                connection.settimeout(5)
                connection.sendall(sent[cut:])
                told, body = head_and_body(read_all(connection))
            assert told.startswith("HTTP/1.1 200")
            assert json.loads(body)["body"] == sent[-16:].decode()
        assert door.gateway.log.count == 5


@pytest.mark.parametrize("quick", [True, False])
def test_head_is_answered_without_a_body(quick: bool, tmp_path: Path) -> None:
    """The length is told and the body kept back, so that the next answer on the connection is where it belongs."""
    with serving(tmp_path, quick=quick) as door:
        sent = b"HEAD /me HTTP/1.1\r\nhost: x\r\n\r\nGET /two HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        first, _, rest = exchange_bytes(door.address, sent).partition(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 200")
        assert rest.startswith(b"HTTP/1.1 200")
        assert json.loads(head_and_body(rest)[1])["target"] == "/two"


@pytest.mark.parametrize("quick", [True, False])
def test_a_half_closed_connection_holds_nobody_up(quick: bool, tmp_path: Path) -> None:
    """What was asked whole is answered before the end, what was not is no request; the next caller notices nothing."""
    with serving(tmp_path, quick=quick) as door:
        asked = b"POST /contacts HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
        for sent, answers in ((asked, 1), (asked * 3, 3), (asked[:-1], 0)):
            with socket.create_connection(door.address, timeout=5) as connection:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                assert read_all(connection).count(b"HTTP/1.1 200 OK") == answers
        assert door.gateway.log.count == 4
        with door.session() as session:
            assert session.get(f"{door.url}/me").status_code == 200


@pytest.mark.parametrize("quick", [True, False])
def test_who_says_no_more_while_an_answer_is_late_has_given_up(
    quick: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Half closed or closed, they get nothing instead of an answer of the server's own; it is noted once."""
    given_up: list[str] = []

    def late(request: Request) -> Outcome:
        if request.path == "/soon":
            return echo(request)
        return replace(echo(request), delay=5.0, waits=True, on_given_up=lambda: given_up.append(request.path))

    with serving(tmp_path, late, quick=quick) as door:
        for path, half in (("/half", True), ("/whole", False)):
            with socket.create_connection(door.address, timeout=5) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
                if half:
                    connection.shutdown(socket.SHUT_WR)
                    assert read_all(connection) == b""
        assert wait_for(lambda: len(given_up) == 2)
        with door.session() as session:
            assert session.get(f"{door.url}/soon").status_code == 200
    assert given_up == ["/half", "/whole"]
    assert "ASGI" not in capfd.readouterr().err


@pytest.mark.parametrize("quick", [True, False])
def test_garbage_behind_a_request_does_not_swallow_its_answer(quick: bool, tmp_path: Path) -> None:
    """The request was done, so it is answered as such; what follows it is no HTTP, and ends the connection."""
    with serving(tmp_path, quick=quick) as door:
        answers = exchange_bytes(
            door.address, b"POST /contacts HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}garbage"
        )
        assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]


@pytest.mark.parametrize("quick", [True, False])
def test_a_row_of_pipelined_requests_is_answered_in_order(quick: bool, tmp_path: Path) -> None:
    """With bodies and without, in one packet: as many answers, each with its own body, in their order."""
    asked = b"".join(
        b"POST /%d HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n%03d" % (number, number)
        if number % 2
        else b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % number
        for number in range(40)
    )
    with serving(tmp_path, quick=quick) as door:
        answers = exchange_bytes(door.address, asked + b"GET /40 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        told = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in answers.split(b"HTTP/1.1 200 OK")[1:]]
        assert [answer["target"] for answer in told] == [f"/{number}" for number in range(41)]
        assert [answer["body"] for answer in told[:40]] == [f"{n:03}" if n % 2 else "" for n in range(40)]


def test_a_body_beyond_the_limit_is_turned_down(tmp_path: Path) -> None:
    """More than 10 MB gets a 413 in the envelope and never reaches the gateway."""
    with serving(tmp_path) as door, door.session() as session:
        answer = session.post(f"{door.url}/contacts", data=b"x" * (BODY_LIMIT + 1))
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["code"] == "payload_too_large"
        assert door.gateway.log.count == 0


def test_garbage_is_answered_in_the_envelope_and_kept(tmp_path: Path) -> None:
    """What is no HTTP gets a 400, and the gateway's log says so."""
    with serving(tmp_path) as door:
        head, body = head_and_body(exchange_bytes(door.address, b"\x00\x01\x02 what is this\r\n\r\n"))
        assert head.startswith("HTTP/1.1 400")
        assert json.loads(body)["type"] == "error.list"
        assert "Invalid HTTP" in door.refusals()[0]


def test_a_backend_that_raises_is_a_500_and_a_logged_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A defect of ours is an answer for the caller and a traceback for us."""

    def fail(_request: Request) -> Outcome:
        raise ZeroDivisionError("a defect")

    with caplog.at_level(logging.ERROR, "harness.server"), serving(tmp_path, fail) as door, door.session() as session:
        answer = session.get(f"{door.url}/me")
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["code"] == "server_error"
    assert "a defect" in caplog.text


def test_links_can_be_built_from_what_the_caller_used(tmp_path: Path) -> None:
    """The origin is Host with X-Forwarded-Proto's scheme."""
    with serving(tmp_path) as door, door.session() as session:
        headers = {"Host": "sandbox.example.test", "X-Forwarded-Proto": "https"}
        told = session.get(f"{door.url}/users", headers=headers).json()
        assert told["origin"] == "https://sandbox.example.test"
        assert told["host"] == "api.intercom.io"


def test_answers_keep_their_headers(tmp_path: Path) -> None:
    """A backend's headers arrive; length and framing are the server's own."""

    def answer(_request: Request) -> Outcome:
        return Outcome(Response(410, {"link": '</contacts/1>; rel="canonical"', "transfer-encoding": "chunked"}, b"{}"))

    with serving(tmp_path, answer) as door, door.session() as session:
        got = session.get(f"{door.url}/contacts/2")
        assert got.headers["link"] == '</contacts/1>; rel="canonical"'
        assert (got.headers["content-length"], "transfer-encoding" in got.headers) == ("2", False)


def test_keep_alive_requests_do_not_stall(tmp_path: Path) -> None:
    """Small answers on one connection are not held back by the system, which would cost 40 ms each."""
    with serving(tmp_path) as door, door.session() as session:
        session.get(door.url)
        started = time.monotonic()
        for _ in range(100):
            session.get(door.url)
        assert time.monotonic() - started < 100 * 0.04


def test_a_port_in_use_is_a_problem_that_names_it(tmp_path: Path) -> None:
    """Nobody has to guess which port, or what to do."""
    with serving(tmp_path) as door:
        second = Server(Gateway(ManualClock()), port=door.server.port)
        with pytest.raises(Problem, match=f"port {door.server.port} on 127.0.0.1 is in use") as caught:
            second.start()
        assert "--port 0" in caught.value.remedy


def test_stopping_ends_connections_and_frees_the_port(tmp_path: Path) -> None:
    """An idle keep-alive connection does not hold the server up, and its port can be taken at once."""
    with serving(tmp_path) as door:
        session = door.session()
        session.get(door.url)
        port, started = door.server.port, time.monotonic()
    assert time.monotonic() - started < 0.9 * GRACE
    session.close()
    gateway = Gateway(ManualClock())
    gateway.open(GatewaySession(Backend(echo)))
    with Server(gateway, port=port) as again:
        assert again.port == port


def test_a_request_under_way_is_finished_before_the_end(tmp_path: Path) -> None:
    """Stopping waits for the answer that is being made."""
    begun, got = threading.Event(), []

    def slow(_request: Request) -> Outcome:
        begun.set()
        time.sleep(0.3)
        return Outcome(Response(200, {}, b"done"))

    with serving(tmp_path, slow, quick=False) as door:
        caller = threading.Thread(target=lambda: got.append(door.session().get(door.url, timeout=5).text))
        caller.start()
        begun.wait(5)
    caller.join()
    assert got == ["done"]


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_a_reset_is_a_reset_on_the_wire(kind: str, tmp_path: Path) -> None:
    """The system's own word for it arrives, not a polite goodbye."""
    with serving(tmp_path, broken(kind)) as door, pytest.raises(ConnectionResetError):
        exchange_bytes(door.address, b"GET /me HTTP/1.1\r\nhost: x\r\n\r\n")


def test_an_empty_answer_is_a_goodbye_without_a_byte(tmp_path: Path) -> None:
    """The connection closes in good order, and nothing came."""
    with serving(tmp_path, broken("empty")) as door:
        assert exchange_bytes(door.address, b"GET /me HTTP/1.1\r\nhost: x\r\n\r\n") == b""


def test_a_dribbled_answer_comes_in_small_pieces(tmp_path: Path) -> None:
    """A client that reads once has not read all."""
    with (
        serving(tmp_path, broken("dribble", at=4)) as door,
        socket.create_connection(door.address, timeout=5) as connection,
    ):
        connection.sendall(b"GET /me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        pieces = list(iter(lambda: connection.recv(65_536), b""))
        assert len(pieces) > 5
        assert b"".join(pieces).endswith(b'"Blue Rocket"}')
