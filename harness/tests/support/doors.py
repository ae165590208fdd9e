"""What the tests of the doors share: a gateway over a backend that tells what reached it, and servers that end.

A `requests` session of a test honours nothing of the machine's own proxies and authorities.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from harness.core.clock import ManualClock
from harness.core.http import BrokenResponse, Outcome, Request, Response
from harness.gateway import Backend, Gateway, GatewaySession
from harness.gateway.server.server import Server
from harness.gateway.server.tls import Authority

JSON = {"content-type": "application/json; charset=utf-8"}


def echo(request: Request) -> Outcome:
    """An answer that tells what reached the backend."""
    seen = {
        "method": request.method,
        "target": request.target,
        "host": request.host,
        "origin": request.origin,
        "caller": request.caller,
        "headers": dict(request.headers),
        "body": request.body.decode("latin-1"),
    }
    return Outcome(Response(200, JSON, json.dumps(seen).encode()))


def broken(kind: Any, at: int = 0) -> Callable[[Request], Outcome]:
    """A backend whose every answer breaks in one way."""
    whole = Response(200, JSON, json.dumps({"type": "contact", "name": "Blue Rocket"}).encode())
    return lambda _request: Outcome(BrokenResponse(kind, whole, at))


@dataclass(frozen=True, slots=True)
class Open:
    """A running server with its gateway and authority."""

    gateway: Gateway
    server: Server
    bundle: Path

    @property
    def url(self) -> str:
        """The server's base URL."""
        return self.server.url

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.server.port

    def session(self, *, proxied: bool = False) -> requests.Session:
        """A session that trusts this server's authority, through its proxy door or not."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.bundle)
        if proxied:
            session.proxies = {"http": self.url, "https": self.url}
        return session

    def refusals(self, at_least: int = 1) -> list[str]:
        """Why the gateway refused something, once it has refused as often as that."""
        deadline = time.monotonic() + 5
        while len(self.gateway.log.refused) < at_least and time.monotonic() < deadline:
            time.sleep(0.01)
        return [str(exchange.outcome.refused) for exchange in self.gateway.log.refused]


@contextmanager
def serving(
    folder: Path,
    backend: Callable[[Request], Outcome] = echo,
    *,
    quick: bool = True,
    authority: Authority | None = None,
    **options: Any,
) -> Iterator[Open]:
    """A gateway behind a server for the length of a block."""
    gateway, authority = Gateway(ManualClock()), authority or Authority()
    gateway.open(GatewaySession(Backend(backend, quick=quick)))
    bundle = authority.write(folder).bundle
    with Server(gateway, authority=authority, **options) as server:
        yield Open(gateway, server, bundle)


def exchange_bytes(address: tuple[str, int], sent: bytes, patience: float = 5.0) -> bytes:
    """Everything that comes back for these bytes until the other side closes; raises as the socket does."""
    with socket.create_connection(address, timeout=patience) as connection:
        connection.sendall(sent)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    parts: list[bytes] = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)
