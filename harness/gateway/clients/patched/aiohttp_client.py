"""`aiohttp` at its connector: where it would open a connection to Intercom, it gets one that ends at the gateway.

Everything above the connection is aiohttp's own, so sessions, base URLs, credentials, cookies, streams, retries of a
connection that was reset and every error are real.
"""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import httptools

from harness.core.hosts import split_target
from harness.core.http import LONGEST_WAIT, BrokenResponse, Handler, Outcome, Request, Response
from harness.gateway.clients.in_process import ClientDoor, as_sent, asked


def replacements(module: ModuleType, door: ClientDoor) -> list[tuple[object, str, object]]:
    """The connector's connections to Intercom's hosts end in this process."""
    connector_class = module.TCPConnector
    real = connector_class._create_connection  # noqa: SLF001 - the one place through which each connection is made

    async def create(connector: Any, request: Any, traces: object, timeout: object) -> object:  # noqa: ASYNC109 - aiohttp's own
        if not door.is_meant(f"{request.url.host}:{request.url.port}"):
            return await real(connector, request, traces, timeout)
        protocol = connector._factory()  # noqa: SLF001 - as aiohttp makes one itself
        protocol.connection_made(_Connection(protocol, str(request.url.origin()), door.answer))
        return protocol

    return [(connector_class, "_create_connection", create)]


class _Connection(asyncio.Transport):
    """A connection whose far end is the gateway: it reads requests off what is written, and answers."""

    def __init__(self, protocol: Any, origin: str, answer: Handler) -> None:
        super().__init__()
        self._protocol = protocol
        self._origin = origin
        self._answer = answer
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body = b""

    # what aiohttp asks of a transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Bytes of a request."""
        self._parser.feed_data(bytes(data))

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def close(self) -> None:
        """Close it."""
        self._end(None)

    def abort(self) -> None:
        """Close it at once."""
        self._end(None)

    def get_write_buffer_size(self) -> int:
        """Nothing waits here."""
        return 0

    def pause_reading(self) -> None:
        """Answers come whole; there is nothing to hold back."""

    def resume_reading(self) -> None:
        """As `pause_reading`."""

    def _end(self, error: Exception | None) -> None:
        if not self._closed:
            self._closed = True
            self._loop.call_soon(self._protocol.connection_lost, error)

    # what the parser calls

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body += body

    def on_headers_complete(self) -> None:
        """Ask for the body if the client waits to be asked (`expect100`)."""
        if any(name.lower() == "expect" and "100-continue" in value.lower() for name, value in self._headers):
            self._protocol.data_received(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_message_complete(self) -> None:
        """A whole request."""
        target = split_target(self._url.decode("latin-1"))[1]
        method = self._parser.get_method().decode()
        request = asked(method, f"{self._origin}{target}", self._headers, self._body)
        self._begin()
        task = self._loop.create_task(self._ask(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, request: Request) -> None:
        outcome = await asyncio.to_thread(self._answer, request)
        await asyncio.sleep(outcome.delay if outcome.waits else 0)
        if not self._closed and not outcome.waits and outcome.delay >= LONGEST_WAIT:
            self._end(None)
        elif not self._closed:
            self._act_out(request, outcome)

    def _act_out(self, request: Request, outcome: Outcome) -> None:
        broken = outcome.answer if isinstance(outcome.answer, BrokenResponse) else None
        if broken and broken.end == "reset":
            self._end(ConnectionResetError("Connection reset by peer"))
        elif broken and broken.end == "closed":
            self._end(None)
        else:
            cut = broken.at if broken and broken.end == "cut" else None
            self._protocol.data_received(as_sent(outcome.response or Response(200), cut, request.method))
            if cut is not None:
                self._end(None)
