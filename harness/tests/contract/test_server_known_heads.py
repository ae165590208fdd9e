"""Requests whose heads came before are read without a parser: they get the answers that a parser would lead to."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from harness.core.clock import ManualClock
from harness.core.http import Request
from harness.gateway import Backend, Gateway, GatewaySession
from harness.gateway.server.asgi_app import GatewayAsgiApp
from harness.gateway.server.egress import Policy
from harness.gateway.server.fast_path import KEPT, LONGEST, RequestHeadCache, protocol_factory
from harness.gateway.server.http_protocol import shared_by
from harness.gateway.server.tls import Authority
from harness.tests.support.doors import echo, read_all, serving

pytestmark = pytest.mark.usefixtures("both_paths")

POST = b"POST /contacts HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n"
GET = b"GET /me HTTP/1.1\r\nhost: x\r\n\r\n"
CHUNKED = b"POST /chunked HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
EXPECTING = b"PUT /contacts/1 HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n"


def asked(number: int) -> tuple[bytes, tuple[str, str]]:
    """One of a few requests that come again and again, and the target and body it has for whoever reads it rightly."""
    body = b"%03d" % (number % 1_000)
    return [
        (POST + body, ("/contacts", body.decode())),
        (POST.replace(b"contacts", b"visitors") + body, ("/visitors", body.decode())),
        (GET, ("/me", "")),
        (CHUNKED + b"3\r\n" + body + b"\r\n0\r\n\r\n", ("/chunked", body.decode())),
        (EXPECTING + body, ("/contacts/1", body.decode())),
        (POST + b"\r\nx", ("/contacts", "\r\nx")),
    ][number % 6]


def answers_in(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    """The targets and bodies that were read, one answer after another."""
    while line := stream.readline():
        length = 0
        while (header := stream.readline()).strip():
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        if b" 100 " not in line:
            assert b" 200 " in line
            told = json.loads(stream.read(length))
            yield told["target"], told["body"]


@pytest.mark.parametrize("quick", [True, False])
def test_however_the_bytes_come_each_request_is_read_as_it_was_meant(
    quick: bool, tmp_path: Path, count: Callable[[int, int], int]
) -> None:
    """The same few heads over and over, whole, torn, and several at once."""
    chance = random.Random(5)
    with serving(tmp_path, quick=quick) as door:
        for _ in range(count(12, 600)):
            with (
                socket.create_connection(door.address, timeout=5) as connection,
                connection.makefile("rb") as stream,
            ):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                answers = answers_in(stream)
                for _ in range(12):
                    meant = [asked(chance.randrange(60)) for _ in range(chance.choice((1, 1, 1, 2, 5)))]
                    sent = b"".join(raw for raw, _ in meant)
                    cut = chance.choice((len(sent), len(sent), chance.randrange(len(sent)), len(sent) - 1))
                    connection.sendall(sent[:cut])
                    if cut < len(sent):
                        time.sleep(chance.choice((0, 0.002)))
                        connection.sendall(sent[cut:])
                    assert [next(answers) for _ in meant] == [told for _, told in meant]


def test_a_known_head_with_too_much_behind_it_is_no_request_more(tmp_path: Path) -> None:
    """What follows the body is the next request: garbage there is told to be garbage, after the answer."""
    with (
        serving(tmp_path) as door,
        socket.create_connection(door.address, timeout=5) as connection,
        connection.makefile("rb") as stream,
    ):
        connection.sendall(POST + b"abc")
        answers = answers_in(stream)
        assert next(answers) == ("/contacts", "abc")
        connection.sendall(POST + b"defg\r\n\r\n")
        assert next(answers) == ("/contacts", "def")
        assert b"HTTP/1.1 400" in stream.read()


def test_what_looks_like_a_known_request_inside_of_another_is_part_of_it(tmp_path: Path) -> None:
    """In a body, and in a header."""
    outer = b"POST /forward HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(GET)
    with (
        serving(tmp_path) as door,
        socket.create_connection(door.address, timeout=5) as connection,
        connection.makefile("rb") as stream,
    ):
        answers = answers_in(stream)
        for _ in range(3):
            connection.sendall(GET)
            assert next(answers) == ("/me", "")
            connection.sendall(outer)
            time.sleep(0.02)
            connection.sendall(GET)
            assert next(answers) == ("/forward", GET.decode())
            connection.sendall(b"GET /quoting HTTP/1.1\r\nnote: ")
            time.sleep(0.02)
            connection.sendall(GET)
            assert next(answers) == ("/quoting", "")


def test_an_answer_leaves_before_its_connection_is_shut() -> None:
    """Even where the end comes in the very turn of the event loop in which the answer was made."""

    async def told() -> list[bytes]:
        shared = shared_by(*echoing())
        with socket.create_server(("127.0.0.1", 0)) as listener:
            there = socket.create_connection(listener.getsockname())
            here, _ = listener.accept()
        loop = asyncio.get_running_loop()
        there.setblocking(False)
        _, protocol = await loop.connect_accepted_socket(protocol_factory(shared), here)
        with there:
            protocol.data_received(POST + b"one")
            answers = [await loop.sock_recv(there, 65_536)]
            protocol.data_received(POST + b"two")
            protocol.shutdown()
            return [*answers, await loop.sock_recv(there, 65_536)]

    one, two = asyncio.run(told())
    assert b'"one"' in one
    assert b'"two"' in two


def echoing() -> tuple[GatewayAsgiApp, Policy]:
    """A door behind which requests are echoed, and its policy."""
    gateway = Gateway(ManualClock())
    gateway.open(GatewaySession(Backend(echo, quick=True)))
    policy = Policy(Authority, lambda *refused: None)
    return GatewayAsgiApp(gateway, None, ThreadPoolExecutor(1), policy), policy


def test_who_asks_with_another_token_is_somebody_else(tmp_path: Path) -> None:
    """Only a head that is the same to the last byte counts as known."""
    with serving(tmp_path) as door, socket.create_connection(door.address, timeout=5) as connection:
        for token in ("one", "two", "one"):
            connection.sendall(GET.replace(b"host: x", f"host: x\r\nauthorization: Bearer {token}".encode()))
            connection.recv(65_536)
        connection.sendall(GET.replace(b"GET", b"get"))
        assert b"HTTP/1.1 400" in read_all(connection)


def known(data: bytes, request: Request, heads: RequestHeadCache | None = None) -> Request | None:
    """What is made of bytes once this request was remembered for them."""
    heads = heads or RequestHeadCache()
    heads.remember(data, request)
    return heads.request_of(data)


def test_what_is_remembered_is_one_whole_plain_request() -> None:
    """Neither a chunked one, nor one with something behind it, nor one with a huge head."""
    request = Request("POST", "/contacts", {"host": "x"}, b"abc")
    assert known(POST + b"abc", request) == request
    heads = RequestHeadCache()
    heads.remember(POST + b"abcGET", request)
    assert heads.request_of(POST + b"abc") is None
    assert known(POST[:-3], request) is None
    assert known(CHUNKED + b"abc", Request("POST", "/", {"transfer-encoding": "chunked"}, b"abc")) is None
    huge = POST.replace(b"host: x", b"host: " + b"x" * LONGEST)
    assert known(huge + b"abc", request) is None


def test_heads_are_forgotten_before_they_are_too_many() -> None:
    """A client with ever new paths does not fill the memory."""
    heads, all_there_are = (
        RequestHeadCache(),
        [b"GET /contacts/%d HTTP/1.1\r\n\r\n" % number for number in range(KEPT + 1)],
    )
    for number, head in enumerate(all_there_are):
        assert known(head, Request("GET", f"/contacts/{number}"), heads) is not None
    assert heads.request_of(all_there_are[0]) is None
    assert heads.request_of(all_there_are[-1]) is not None


def test_a_known_head_is_logged_like_any_other(tmp_path: Path) -> None:
    """The log holds each request with its own body, and no credentials."""
    with serving(tmp_path, echo) as door, socket.create_connection(door.address, timeout=5) as connection:
        for body in (b"one", b"two", b"ten"):
            connection.sendall(POST.replace(b"host: x", b"host: x\r\nauthorization: Bearer t") + body)
            connection.recv(65_536)
        # An answer may come in two pieces, and the next request is sent after the first of them.
        deadline = time.monotonic() + 5
        while door.gateway.log.count < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        kept = [one.request for one in door.gateway.log.since()]
        assert [one.body for one in kept] == [b"one", b"two", b"ten"]
        assert all(set(one.headers) == {"host", "content-length"} for one in kept)
