"""The receiver on its port: what is no notification neither ends it nor fills the screen."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from harness.gateway.webhooks.posting import post
from harness.gateway.webhooks.receiver import Receiver
from harness.tests.support.doors import exchange_bytes

GARBAGE = [
    b"POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n{}",
    b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    b"\x16\x03",
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_refused_and_the_next_is_taken(garbage: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """A length that is none, or no HTTP at all."""
    with Receiver() as receiver:
        port = int(receiver.url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65_536)
        assert not answer.startswith(b"HTTP/1.1 200")
        assert not answer.startswith(b"HTTP/1.0 200")
        assert post("POST", receiver.url, {}, b'{"topic": "ping"}', 5) == 200
        assert [one.topic for one in receiver.arrived] == ["ping"]
    assert capfd.readouterr().err == ""


def test_whoever_leaves_before_the_answer_is_nothing_to_tell_of(capfd: pytest.CaptureFixture[str]) -> None:
    """The notification counts as arrived; no traceback of a broken pipe."""

    def slowly(body: object) -> int:
        time.sleep(0.1)
        return 200

    with Receiver(answer=slowly) as receiver:
        port = int(receiver.url.rstrip("/").rpartition(":")[2])
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connection.sendall(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert b" 200 " in exchange_bytes(("127.0.0.1", port), b"POST / HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}")
        time.sleep(0.1)
    assert capfd.readouterr().err == ""
