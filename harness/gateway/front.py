"""What stands at the port: finds out from the first bytes what a connection is, and serves HTTP on it in each case.

Plain HTTP, a forward proxy's `CONNECT` and absolute-form requests, and TLS without a proxy all arrive at one port. TLS
for Intercom's hosts ends here, with a certificate of the per-run authority; other hosts are refused unless they were
allowed, and then get a plain tunnel. What the requests mean is the server's business, not this module's.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from harness.exchange import INTERCOM_HOST, Outcome, Response
from harness.gateway.answers import error
from harness.gateway.door import Door, head_of, request_of
from harness.gateway.hosts import host_of, is_answered, split_target
from harness.gateway.policy import Policy, refusal

HEAD_LIMIT = 16_384
"""How long a proxy's request head may be, in bytes."""

GOODBYE = 2.0
"""Seconds that a TLS client gets to answer our goodbye."""

_TLS_HANDSHAKE = 0x16
_CONNECT = b"CONNECT "
_UPGRADE = b"\r\nupgrade:"
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Arrival(NamedTuple):
    """What HTTP itself does not tell the application about a request; it finds it in its scope, under `harness`."""

    target: str
    """The target exactly as it was sent, without the host of an absolute form."""
    scheme: str
    """The scheme that the caller used."""
    authority: str
    """The authority of an absolute form, or the host that a tunnel was opened to; else empty."""
    foreign: str
    """The URL of a request that is not for Intercom at all; else empty."""
    transport: asyncio.Transport
    outcome: Outcome | None = None
    """What came of it already; it is still to be acted out."""


class FrontProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with a look at the first bytes before it."""

    def __init__(self, policy: Policy, config: Config, state: ServerState) -> None:
        super().__init__(config=config, server_state=state, app_state={})
        self.access_log = False
        self._door: Door = config.loaded_app
        self._policy = policy
        self._receive: Callable[[bytes], None] = self._sniff
        self._held = b""
        self._tunnelled_to = ""
        self._requests = 0
        self._unsettled = False
        self._early = b""
        self._peer: asyncio.Transport | None = None

    # what asyncio calls

    def data_received(self, data: bytes) -> None:
        """Bytes for whatever this connection has turned out to be."""
        self._receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end; a TLS client that never asked anything has most likely not trusted us."""
        if self.scheme == "https" and not self._requests:
            self._distrusted("it closed the connection right after the handshake")
        if self._peer is not None:
            self._peer.close()
        super().connection_lost(exc)

    # what a connection is

    def _sniff(self, data: bytes) -> None:
        data = self._held = self._held + data
        if data[0] == _TLS_HANDSHAKE:
            self._take_over(self._start_tls, "")
        elif data.startswith(_CONNECT):
            self._sniff_proxy_head(data)
        elif not _CONNECT.startswith(data):
            self._serve()

    def _sniff_proxy_head(self, data: bytes) -> None:
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end and len(data) <= HEAD_LIMIT:
            return
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
        self._held = rest
        if end and len(words) == 3:
            self._connect(words[1])
        else:
            self._turn_away("CONNECT", "", "a request head that cannot be read", 400)

    def _connect(self, authority: str) -> None:
        host = host_of(authority)
        if is_answered(host):
            self.transport.write(_ESTABLISHED)
            self._receive = self._sniff_tunnel
            self._tunnelled_to = host
            if self._held:
                self._sniff_tunnel(b"")
        elif self._policy.allows(host):
            self._take_over(self._tunnel, authority)
        else:
            self._turn_away("CONNECT", authority, refusal(host))

    def _sniff_tunnel(self, data: bytes) -> None:
        self._held += data
        if self._held[0] == _TLS_HANDSHAKE:
            self._take_over(self._start_tls, self._tunnelled_to)
        else:
            self._serve()

    def _serve(self) -> None:
        held, self._held = self._held, b""
        self._receive = self._http
        self._http(held)

    def _http(self, data: bytes) -> None:
        super().data_received(_without_upgrade(data))
        if self._unsettled and not self.transport.is_closing():
            _acknowledge(self.transport)
            self._settle(self._arrival())

    # what takes over

    def _take_over(self, act: Callable[[str], Any], argument: str) -> None:
        self._receive = self._hold
        task = self.loop.create_task(act(argument))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _hold(self, data: bytes) -> None:
        self._held += data

    async def _start_tls(self, host: str) -> None:
        outer, early = self.transport, self._held
        self._held = b""
        # Bytes that the client sent ahead of our answer are handed over as soon as the TLS layer stands.
        outer.pause_reading()
        context = self._policy.certificates().context(host or INTERCOM_HOST)
        starting = self.loop.create_task(
            self.loop.start_tls(outer, self, context, server_side=True, ssl_shutdown_timeout=GOODBYE)
        )
        await asyncio.sleep(0)
        self.loop.call_soon(_feed, outer, early)
        try:
            inner = await starting
        except (OSError, ssl.SSLError) as failure:
            self._distrusted(str(failure))
            outer.abort()
            return
        if inner is None or inner.is_closing():
            outer.abort()
            return
        self.connection_made(inner)
        if self._held:
            self._serve()
        else:
            self._receive = self._http

    def _distrusted(self, evidence: str) -> None:
        self._requests = -1
        reason = f"the client broke TLS off, most likely because it does not trust the harness's CA ({evidence})"
        self._policy.refused("CONNECT", f"{self._tunnelled_to or INTERCOM_HOST}:443", reason)

    async def _tunnel(self, authority: str) -> None:
        host, _, port = authority.rpartition(":")
        try:
            far = await self.loop.create_connection(lambda: _Peer(self.transport), host.strip("[]"), int(port))
        except (OSError, ValueError) as failure:
            self._turn_away("CONNECT", authority, f"the allowed host cannot be reached ({failure})", 502)
            return
        self._peer = far[0]
        self.transport.write(_ESTABLISHED)
        self._peer.write(self._held)
        self._held = b""
        self._receive = self._peer.write

    def _turn_away(self, method: str, authority: str, reason: str, status: int = 403) -> None:
        self._policy.refused(method, authority, reason)
        body = error(status, "harness_refused", f"{reason} ({method} {authority})").body
        head = f"HTTP/1.1 {status} Refused\r\ncontent-type: application/json; charset=utf-8\r\n"
        head += f"x-harness-refused: {method}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()

    # what the parser calls

    def on_message_begin(self) -> None:
        """A request begins. What uvicorn makes of each is made of those alone that it answers."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

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
        if not self._unsettled:
            super().on_message_complete()
            return
        arrival = self._arrival()
        outcome = self._outcome(arrival)
        if outcome is None or not self._answer(outcome):
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

    def _arrival(self) -> Arrival:
        url = self.url.decode("latin-1")
        authority, target = split_target(url)
        scheme = url.partition("://")[0] if authority else self.scheme or "http"
        foreign = url if authority and not self._is_ours(authority) else ""
        return Arrival(target, scheme, authority or self._tunnelled_to, foreign, self.transport)

    def _is_ours(self, authority: str) -> bool:
        own_port = str(self.server[1]) if self.server else ""
        return is_answered(host_of(authority)) or authority.rpartition(":")[2] == own_port

    def _outcome(self, arrival: Arrival) -> Outcome | None:
        """What comes of a whole request, where that is known without waiting and the request is a usual one."""
        last: RequestResponseCycle | None = self.cycle
        before = last is None or last.response_complete
        method = self.parser.get_method().decode("ascii")
        usual = before and not self.expect_100_continue and method != "HEAD" and not arrival.foreign
        if not usual or self.flow.write_paused or self.transport.is_closing():
            return None
        if self.parser.get_http_version() == "1.0" or not self.parser.should_keep_alive():
            return None
        return self._door.at_once(request_of(method, self.headers, self._early, arrival))

    def _answer(self, outcome: Outcome) -> bool:
        """Answer without a task, and in one write; false where it takes more than that."""
        answer = outcome.answer
        head = head_of(answer) if isinstance(answer, Response) and not outcome.delay else None
        if head is None or not isinstance(answer, Response):
            return False
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[answer.status], head, answer.body))
        return True

    def _settle(self, arrival: Arrival) -> None:
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

    def send_400_response(self, msg: str) -> None:
        """Say in Intercom's envelope that this was no HTTP."""
        self._turn_away("HTTP", "", msg, 400)


class _Peer(asyncio.Protocol):
    """The far end of a plain tunnel."""

    def __init__(self, client: asyncio.Transport) -> None:
        self._client = client

    def data_received(self, data: bytes) -> None:
        self._client.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.close()


def _without_upgrade(data: bytes) -> bytes:
    # A client that offers h2c with its first request (Java's) would have its body taken for the new protocol's bytes.
    end = data.find(b"\r\n\r\n")
    start = data[:end].lower().find(_UPGRADE) if end > 0 else -1
    if start < 0 or not data[:1].isalpha():
        return data
    return data[:start] + b"\r\nX-Declined-Upgrade:" + data[start + len(_UPGRADE) :]


def _acknowledge(transport: asyncio.Transport) -> None:
    # urllib3 has Nagle's delay on towards a proxy: it sends the body once the head is acknowledged, and Linux, which
    # hopes for an answer to send that along with, lets it wait for 40 ms.
    plain = transport.get_extra_info("socket")
    if plain is not None and hasattr(socket, "TCP_QUICKACK"):
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _feed(transport: asyncio.Transport, data: bytes) -> None:
    protocol: Any = transport.get_protocol()
    with contextlib.suppress(ConnectionError):
        while data:
            buffer = protocol.get_buffer(len(data))
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            protocol.buffer_updated(size)
            data = data[size:]
