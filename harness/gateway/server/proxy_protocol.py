"""What a connection at the port is, found out from its first bytes: HTTP, a proxy's `CONNECT`, or TLS.

Plain HTTP, a forward proxy's `CONNECT` and absolute-form requests, and TLS without a proxy all arrive at one port. TLS
for Intercom's hosts ends here, with a certificate of the per-run authority; other hosts are refused unless they were
allowed, and then get a plain tunnel. The HTTP that is spoken on it is left to `front`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from harness.core.hosts import host_of, is_answered
from harness.core.http import INTERCOM_HOST
from harness.gateway.door_responses import error
from harness.gateway.server.egress import Policy, refusal

HEAD_LIMIT = 16_384
"""How long a proxy's request head may be, in bytes."""

GOODBYE = 2.0
"""Seconds that a TLS client gets to answer our goodbye."""

_TLS_HANDSHAKE = 0x16
_CONNECT = b"CONNECT "
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ProxyProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with a look at the first bytes before it."""

    def __init__(self, policy: Policy, config: Config, state: ServerState) -> None:
        super().__init__(config=config, server_state=state, app_state={})
        self.access_log = False
        self._policy = policy
        self._receive: Callable[[bytes], None] = self._sniff
        self._held = b""
        self._tunnelled_to = ""
        self._requests = 0
        self._peer: asyncio.Transport | None = None

    def speak(self, data: bytes) -> None:
        """Bytes of HTTP."""
        super().data_received(data)

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
            self.serve()

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
            self.serve()

    def serve(self) -> None:
        """HTTP begins."""
        held, self._held = self._held, b""
        self._receive = self.speak
        if held:
            self.speak(held)

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
        self.serve()

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


def _feed(transport: asyncio.Transport, data: bytes) -> None:
    protocol: Any = transport.get_protocol()
    with contextlib.suppress(ConnectionError):
        while data:
            buffer = protocol.get_buffer(len(data))
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            protocol.buffer_updated(size)
            data = data[size:]
