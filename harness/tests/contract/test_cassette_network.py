"""The guard of a replay, against real sockets: only ports that the harness opened, whoever asks."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest
import requests

from harness.cassette import NetworkGuard, NetworkRefused

OUTSIDE = "https://api.intercom.io/me"


@pytest.fixture
def port() -> Iterator[int]:
    """A port on loopback where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def guard() -> NetworkGuard:
    """A guard of its own."""
    return NetworkGuard()


def test_ports_that_the_harness_opened_are_reached(guard: NetworkGuard, port: int) -> None:
    """By address and by name, and also those opened after the guard went up."""
    ports: set[int] = set()
    with guard.only(ports):
        ports.add(port)
        socket.create_connection(("127.0.0.1", port), 2).close()
        socket.create_connection(("localhost", port), 2).close()
    assert guard.refusals == []
    assert guard.problem() is None


def _send(family: int, address: tuple[str, int], kind: int = socket.SOCK_STREAM) -> None:
    with socket.socket(family, kind) as sock:
        if kind == socket.SOCK_DGRAM:
            sock.sendto(b"x", address)
        else:
            sock.connect(address)


def _send_message() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendmsg([b"x"], [], 0, ("192.0.2.1", 53))


CALLS: dict[str, Callable[[], object]] = {
    "requests": lambda: requests.get(OUTSIDE, timeout=2),
    "httpx": lambda: httpx.get(OUTSIDE, timeout=2, trust_env=False),
    "urllib": lambda: urllib.request.urlopen(OUTSIDE, timeout=2),
    "asyncio": lambda: asyncio.run(asyncio.wait_for(asyncio.open_connection("api.intercom.io", 443), 2)),
    "asyncio by address": lambda: asyncio.run(asyncio.wait_for(asyncio.open_connection("192.0.2.1", 443), 2)),
    "a bare socket": lambda: socket.create_connection(("192.0.2.1", 443), 1),
    "IPv6": lambda: _send(socket.AF_INET6, ("2001:db8::1", 443)),
    "UDP": lambda: _send(socket.AF_INET, ("192.0.2.1", 53), socket.SOCK_DGRAM),
    "a message": _send_message,
    "a name": lambda: socket.getaddrinfo("example.com", 80),
    "an old look-up": lambda: socket.gethostbyname("example.com"),
}


@pytest.mark.parametrize("how", CALLS)
def test_nothing_else_is(how: str, guard: NetworkGuard) -> None:
    """Every library and every way out ends in the same error, which names host and port."""
    with guard.only(set()), pytest.raises((OSError, httpx.HTTPError), match="reaches no network"):
        CALLS[how]()
    assert guard.refusals
    problem = guard.problem()
    assert problem is not None
    assert problem.refusal.host in str(problem)
    assert guard.problem() is None, "it is told once"


def test_a_port_on_loopback_that_somebody_else_opened_is_outside(guard: NetworkGuard, port: int) -> None:
    """A proxy on this machine leads out of it."""
    with guard.only({port + 1}), pytest.raises(NetworkRefused, match=f"127.0.0.1:{port}"):
        socket.create_connection(("127.0.0.1", port), 2)


def test_a_swallowed_refusal_in_a_thread_is_kept(guard: NetworkGuard) -> None:
    """Code that catches everything, on a thread of its own, cannot hide that it tried."""

    def work() -> None:
        with suppress(Exception):
            socket.create_connection(("192.0.2.1", 443), 1)

    with guard.only(set()):
        thread = threading.Thread(target=work, name="worker-7")
        thread.start()
        thread.join()
    (refusal,) = guard.refusals
    assert (refusal.host, refusal.port, refusal.thread) == ("192.0.2.1", 443, "worker-7")


def test_the_guard_ends_with_its_block_and_may_be_nested(guard: NetworkGuard, port: int) -> None:
    """Two replays at once allow what either opened; after both, everything is as before."""
    with guard.only({port}):
        with guard.only(set()):
            socket.create_connection(("127.0.0.1", port), 2).close()
        with pytest.raises(NetworkRefused):
            socket.create_connection(("127.0.0.1", port + 1), 2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 1), 0.2)


def test_local_sockets_are_left_alone(guard: NetworkGuard) -> None:
    """Unix sockets, pairs and listening are not the network."""
    with guard.only(set()):
        one, other = socket.socketpair()
        one.close()
        other.close()
        socket.create_server(("127.0.0.1", 0)).close()
        with socket.socket(socket.AF_UNIX) as sock, pytest.raises(FileNotFoundError):
            sock.connect("/nonexistent/socket")
    assert guard.refusals == []


def test_the_guard_costs_nothing_to_import() -> None:
    """It brings neither vcrpy nor a client library, and installs nothing before it is used."""
    heavy = "[m for m in ('vcr', 'requests', 'msgspec') if m in sys.modules]"
    code = f"import sys, harness.cassette.replay.network_guard; print({heavy})"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
