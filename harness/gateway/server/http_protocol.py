"""HTTP at the port: plain requests are answered here and now, all others by uvicorn's protocol and the door.

A plain request is whole, asks for nothing but an answer, and can be answered without waiting for anybody. What a
connection is stands in `connection`, what a request means in the door and behind it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.server import ServerState

from harness.core.hosts import host_of, is_answered, split_target
from harness.core.http import Outcome, Response
from harness.gateway.server.asgi_app import GatewayAsgiApp
from harness.gateway.server.egress import Policy
from harness.gateway.server.proxy_protocol import ProxyProtocol
from harness.gateway.server.request_heads import RequestHeadCache
from harness.gateway.server.wire import ReceivedRequest, head_of, request_of
from harness.gateway.server.write_batcher import WriteBatcher

_UPGRADE = b"\r\nupgrade:"


@dataclass(frozen=True, slots=True)
class ServerContext:
    """What all connections of a server share."""

    door: GatewayAsgiApp
    policy: Policy
    config: Config
    state: ServerState = field(default_factory=ServerState)
    departures: WriteBatcher = field(default_factory=WriteBatcher)
    heads: dict[tuple[str, str], RequestHeadCache] = field(default_factory=dict)
    """The heads that are known, by the scheme and the host that a tunnel leads to."""


def shared_by(door: GatewayAsgiApp, policy: Policy) -> ServerContext:
    """What the connections to this door share. No keep-alive timer, no WebSockets, and no header is believed."""
    config = Config(door, log_config=None, lifespan="off", ws="none", timeout_keep_alive=600, proxy_headers=False)
    config.load()
    return ServerContext(door, policy, config)


class HttpProtocol(ProxyProtocol):
    """A connection on which HTTP is spoken."""

    def __init__(self, shared: ServerContext) -> None:
        super().__init__(shared.policy, shared.config, shared.state)
        self._door = shared.door
        self._shared = shared
        self._heads = RequestHeadCache()
        self._between = True
        self._piece = b""
        self._unsettled = False
        self._early = b""
        self._ready: Outcome | None = None
        self._left = asyncio.Event()
        self._afterwards: Callable[[], None] | None = None

    def serve(self) -> None:
        """HTTP begins; what its heads say depends on how the connection came about."""
        self._heads = self._shared.heads.setdefault((self.scheme or "http", self._tunnelled_to), self._heads)
        super().serve()

    def speak(self, data: bytes) -> None:
        """Bytes of HTTP: mostly one whole request, often with a head that came before."""
        if self._between:
            if self._again(data):
                return
            self._piece = data
            super().speak(_without_upgrade(data))
        else:
            self._piece = b""
            super().speak(data)
        if self._unsettled and not self.transport.is_closing():
            _acknowledge(self.transport)
            self._settle(self._arrival())

    def _again(self, data: bytes) -> bool:
        """Answer a request whose head was parsed before; false where the parser has to see it."""
        request = self._heads.request_of(data)
        if request is None or not self._is_free():
            return False
        self._requests += 1
        self._ready = self._door.again(request)
        if self._ready is None or not self._answer(self._ready, alone=False):
            return False
        self._ready = None
        return True

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's protocols may say so, uvicorn's does not
        """The caller says no more, and may be listening still: what is being answered is answered before the end."""
        if self.scheme == "https" or not self._is_answering():
            return False
        self._left.set()
        self._end_with(self.transport.close)
        return True

    def send_400_response(self, msg: str) -> None:
        """Say that this was no HTTP, after the answer to what came before it."""
        if self._is_answering():
            self._end_with(partial(super().send_400_response, msg))
        else:
            super().send_400_response(msg)

    def _is_answering(self) -> bool:
        """Whether somebody is at work on a request that came whole."""
        last: RequestResponseCycle | None = self.cycle
        return last is not None and not last.response_complete and not last.more_body

    def _end_with(self, act: Callable[[], None]) -> None:
        """Listen to nothing any more, and do this when all is answered."""
        self._receive = _unheard
        self._afterwards = act

    def shutdown(self) -> None:
        """The server stops: what is answered leaves before the connection is closed."""
        self._shared.departures.leave()
        super().shutdown()

    # what the parser calls

    def on_message_begin(self) -> None:
        """A request begins. What uvicorn makes of each is made of those alone that it answers."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._between = False

    def on_headers_complete(self) -> None:
        """The head is whole: the body of a short request comes with it, so how to answer is settled a little later."""
        self._requests += 1
        self._unsettled = True
        self._early = b""

    def on_body(self, body: bytes) -> None:
        """Part of a body."""
        if self._unsettled:
            self._early += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole; it is answered here and now where nobody has to be waited for."""
        self._between = True
        if not self._unsettled:
            super().on_message_complete()
            return
        arrival = self._arrival()
        outcome = self._outcome(arrival)
        if outcome is None or not self._answer(outcome, alone=True):
            self._settle(arrival._replace(outcome=outcome))
            super().on_message_complete()
        self._unsettled = False

    def on_response_complete(self) -> None:
        """Go on with the next request. An idle connection may stay: a timer for each answer would cost more than it."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            super()._start_asgi_task(*self.pipeline.pop())
        elif self._afterwards is not None:
            self._afterwards()

    def _arrival(self) -> ReceivedRequest:
        url = self.url.decode("latin-1")
        authority, target = split_target(url)
        scheme = url.partition("://")[0] if authority else self.scheme or "http"
        foreign = url if authority and not self._is_ours(authority) else ""
        return ReceivedRequest(target, scheme, authority or self._tunnelled_to, foreign, self.transport, self._left)

    def _is_ours(self, authority: str) -> bool:
        own_port = str(self.server[1]) if self.server else ""
        return is_answered(host_of(authority)) or authority.rpartition(":")[2] == own_port

    def _outcome(self, arrival: ReceivedRequest) -> Outcome | None:
        """What comes of a whole request, where that is known without waiting and the request is a usual one."""
        if self._ready is not None:
            ready, self._ready = self._ready, None
            return ready
        method = self.parser.get_method().decode("ascii")
        if self.expect_100_continue or method == "HEAD" or arrival.foreign or not self._is_free():
            return None
        if self.parser.get_http_version() == "1.0" or not self.parser.should_keep_alive():
            return None
        request = request_of(method, self.headers, self._early, arrival)
        outcome = self._door.at_once(request)
        if outcome is not None:
            self._heads.remember(self._piece, request)
        return outcome

    def _is_free(self) -> bool:
        """Whether the connection can take an answer now, all those before having been given."""
        last: RequestResponseCycle | None = self.cycle
        before = last is None or last.response_complete
        return before and not self.flow.write_paused and not self.transport.is_closing()

    def _answer(self, outcome: Outcome, *, alone: bool) -> bool:
        """Answer without a task, and in one write; false where it takes more than that.

        alone: whether it leaves at once, since something may follow it in the same turn.
        """
        answer = outcome.answer
        head = head_of(answer) if isinstance(answer, Response) and not outcome.delay else None
        if head is None or not isinstance(answer, Response):
            return False
        whole = b"%b%b\r\n%b" % (STATUS_LINE[answer.status], head, answer.body)
        if alone or self.scheme == "https":
            self.transport.write(whole)
        else:
            self._shared.departures.add(self.transport, whole)
        return True

    def _settle(self, arrival: ReceivedRequest) -> None:
        """Have uvicorn take the request from here on: its target is passed on exactly as it was sent."""
        self._unsettled = False
        headers, expects = self.headers, self.expect_100_continue
        super().on_message_begin()
        self.headers.extend(headers)
        self.expect_100_continue = expects
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["harness"] = arrival
        self.url = b"/"
        super().on_headers_complete()
        if self._early:
            super().on_body(self._early)


def _unheard(_data: bytes) -> None:
    """What comes after the end."""


def _acknowledge(transport: asyncio.Transport) -> None:
    # urllib3 has Nagle's delay on towards a proxy: it sends the body once the head is acknowledged, and Linux, which
    # hopes for an answer to send that along with, lets it wait for 40 ms.
    plain = transport.get_extra_info("socket")
    if plain is not None and hasattr(socket, "TCP_QUICKACK"):
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _without_upgrade(data: bytes) -> bytes:
    # A client that offers h2c with its first request (Java's) would have its body taken for the new protocol's bytes.
    end = data.find(b"\r\n\r\n")
    start = data[:end].lower().find(_UPGRADE) if end > 0 else -1
    if start < 0 or not data[:1].isalpha():
        return data
    return data[:start] + b"\r\nX-Declined-Upgrade:" + data[start + len(_UPGRADE) :]
