"""HTTP at the port: what uvicorn's protocol makes of a connection, with what a gateway needs besides.

The target of a request reaches the door exactly as it was sent, and the door is told how the request arrived. A caller
that has sent its last byte still gets its answer. What a connection is stands in `proxy_protocol`, what a request means
in the door and behind it; `fast_path` answers most requests without all this.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from harness.core.hosts import host_of, is_answered, split_target
from harness.gateway.server.asgi_app import HEADERS_LIMIT, GatewayAsgiApp
from harness.gateway.server.egress import Policy
from harness.gateway.server.proxy_protocol import ProxyProtocol
from harness.gateway.server.wire import ReceivedRequest

READ_TIMEOUT: Final = 60.0
"""Seconds in which the whole head of a request has to come, and each further piece of a body."""
_UPGRADE = b"\r\nupgrade:"


@dataclass(frozen=True, slots=True)
class ServerContext:
    """What all connections of a server share."""

    door: GatewayAsgiApp
    policy: Policy
    config: Config
    state: ServerState = field(default_factory=ServerState)


def shared_by(door: GatewayAsgiApp, policy: Policy) -> ServerContext:
    """Return what the connections to a door share: a long keep-alive, no WebSockets, and no proxy's header believed."""
    config = Config(door, log_config=None, lifespan="off", ws="none", timeout_keep_alive=600, proxy_headers=False)
    config.load()
    return ServerContext(door, policy, config)


class HttpProtocol(ProxyProtocol):
    """A connection on which HTTP is spoken."""

    def __init__(self, context: ServerContext) -> None:
        super().__init__(context.policy, context.config, context.state)
        self._door = context.door
        self._between = True
        self._in_head = False
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._left = asyncio.Event()
        self._afterwards: Callable[[], None] | None = None

    def speak(self, data: bytes) -> None:
        """Take bytes of HTTP."""
        super().speak(_without_upgrade(data) if self._between else data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > HEADERS_LIMIT:
            self._refuse_head()
        elif not self._between and not self.transport.is_closing():
            self.wait_for_body()
        self._keep_waiting()

    def _refuse_head(self) -> None:
        """Say that the head of a request is too long, and read no more of it."""
        body = b'{"type":"error.list","errors":[{"code":"headers_too_large"}]}'
        head = (
            f"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self._receive = _unheard
        self.transport.close()

    def _keep_waiting(self) -> None:
        """Give the rest of a request its time: a head all at once, a body from one piece to the next."""
        if self._deadline is not None and (self._between or not self._in_head):
            self._deadline.cancel()
            self._deadline = None
        if self._deadline is None and not self._between and not self.transport.is_closing():
            self._deadline = self.loop.call_later(READ_TIMEOUT, self._give_up)

    def _give_up(self) -> None:
        if not self._between and not self.transport.is_closing():
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def wait_for_body(self) -> None:
        """A request has come in part: have the system acknowledge it, since the client may wait for that.

        urllib3 has Nagle's delay on towards a proxy: it sends the body once the head is acknowledged, and Linux, which
        hopes for an answer to send that along with, lets it wait for 40 ms.
        """
        plain = self.transport.get_extra_info("socket")
        if plain is not None and hasattr(socket, "TCP_QUICKACK"):
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's protocols may say so, uvicorn's does not
        """The caller sends no more, but may still listen: what is being answered is answered before the end."""
        if self.scheme == "https" or not self.is_answering():
            return False
        self._left.set()
        self._end_with(self.transport.close)
        return True

    def send_400_response(self, msg: str) -> None:
        """Say that this was no HTTP, after the answer to what came before it."""
        if self.is_answering():
            self._end_with(partial(super().send_400_response, msg))
        else:
            super().send_400_response(msg)

    def is_answering(self, *, or_reading: bool = False) -> bool:
        """Return whether a request is without its answer that came whole, or, with `or_reading`, in part."""
        last: RequestResponseCycle | None = self.cycle
        return last is not None and not last.response_complete and (or_reading or not last.more_body)

    def _end_with(self, act: Callable[[], None]) -> None:
        """Listen to nothing any more, and do this when all is answered."""
        self._receive = _unheard
        self._afterwards = act

    # what the parser calls

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._between, self._in_head = False, True
        self.begin()

    def on_headers_complete(self) -> None:
        """Have uvicorn answer a request, told how it arrived."""
        self._in_head = False
        self.take(self.arrival())

    def on_message_complete(self) -> None:
        """End a request."""
        self._between = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, or end the connection if that was to come after the last answer."""
        self.resume()
        if self._afterwards is not None and not self.transport.is_closing() and not self.is_answering(or_reading=True):
            self._afterwards()

    def begin(self) -> None:
        """Begin a request that uvicorn answers."""
        super().on_message_begin()

    def take(self, arrival: ReceivedRequest) -> None:
        """Have uvicorn answer a request whose head is read: its target is passed on exactly as it was sent."""
        self._requests += 1
        scope: dict[str, object] = self.scope  # type: ignore[assignment]
        scope["harness"] = arrival
        self.url = b"/"
        super().on_headers_complete()

    def resume(self) -> None:
        """Go on after an answer."""
        super().on_response_complete()

    def arrival(self) -> ReceivedRequest:
        """Return how the request whose head was read came here."""
        url = self.url.decode("latin-1")
        authority, target = split_target(url)
        scheme = url.partition("://")[0] if authority else self.scheme or "http"
        foreign = url if authority and not self._is_ours(authority) else ""
        return ReceivedRequest(target, scheme, authority or self._tunnelled_to, foreign, self.transport, self._left)

    def _is_ours(self, authority: str) -> bool:
        own_port = str(self.server[1]) if self.server else ""
        return is_answered(host_of(authority)) or authority.rpartition(":")[2] == own_port


def _unheard(_data: bytes) -> None:
    """Take what comes after the end."""


def _without_upgrade(data: bytes) -> bytes:
    # A client that offers h2c with its first request (Java's) would have its body taken for the new protocol's bytes.
    end = data.find(b"\r\n\r\n")
    start = data[:end].lower().find(_UPGRADE) if end > 0 else -1
    if start < 0 or not data[:1].isalpha():
        return data
    return data[:start] + b"\r\nX-Declined-Upgrade:" + data[start + len(_UPGRADE) :]
