"""The fast path of the server: plain requests are answered in the event loop, without a task and in one write.

It saves most of what a request costs, and stands on details of uvicorn's protocol. `ENABLED = False` switches all of it
off: `HttpProtocol` alone answers then, with the same answers.

A plain request is whole, asks for nothing but an answer, and can be answered without waiting. Three things make it
fast. Its task is left out. Its head, if the same bytes came before, is not parsed again. Answers that are known in one
turn of the event loop leave together at the beginning of the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from harness.core.http import Outcome, Request, Response
from harness.gateway.server.http_protocol import HttpProtocol, ServerContext
from harness.gateway.server.wire import HOP_BY_HOP, ReceivedRequest, request_of

ENABLED = True
"""Whether servers use the fast path; a server reads it when it starts."""

LONGEST: Final = 4_096
"""Bytes of a head that is remembered."""

KEPT: Final = 512
"""Heads that are remembered of each way of connecting; with one more, all are forgotten."""

_END: Final = b"\r\n\r\n"


def protocol_factory(context: ServerContext) -> Callable[[], HttpProtocol]:
    """Return what makes the protocol of each connection of a server, with the fast path if it is enabled."""
    if not ENABLED:
        return lambda: HttpProtocol(context)
    state = FastPathState()
    return lambda: FastHttpProtocol(context, state)


class RequestHead(NamedTuple):
    """The meaning of a request's head."""

    method: str
    target: str
    headers: Mapping[str, str]
    host: str
    origin: str
    length: int
    """The number of bytes of the body."""

    def request(self, body: bytes) -> Request:
        """Return the request of this head with a body."""
        return Request(self.method, self.target, self.headers, body, self.host, "pipeline", self.origin)


class RequestHeadCache:
    """Heads that were parsed before, by their bytes: a client sends the same one again and again.

    Only heads of plain requests are remembered: whole in one piece, of a known length, answered at once. What a head
    means depends on how the connection came about, so each way of connecting has a cache of its own.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, RequestHead] = {}

    def request_of(self, data: bytes) -> Request | None:
        """Return the request that these bytes are, if they are exactly one and its head is known."""
        end = data.find(_END) + 4
        head = self._known.get(data[:end])
        return head.request(data[end:]) if head is not None and len(data) == end + head.length else None

    def remember(self, data: bytes, request: Request) -> None:
        """Remember the head of a request that came in one piece, if these bytes are nothing else."""
        end = data.find(_END) + 4
        if not 4 <= end <= LONGEST or data[end:] != request.body or "transfer-encoding" in request.headers:
            return
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[data[:end]] = RequestHead(
            request.method, request.target, request.headers, request.host, request.origin, len(request.body)
        )


class WriteBatcher:
    """The answers of one server that are about to leave together.

    Sending to a client that sleeps wakes it up, which costs more than making some answers. Of the answers that leave
    together the first one wakes the client, and the others find it awake.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def add(self, transport: asyncio.Transport, answer: bytes) -> None:
        """Send an answer with the others. A plain socket is read once a turn, so no later answer overtakes it."""
        if not self._waiting:
            self._loop.call_soon(self.send)
        self._waiting.append((transport, answer))

    def send(self) -> None:
        """Send all that wait, now."""
        waiting, self._waiting = self._waiting, []
        for transport, answer in waiting:
            transport.write(answer)


@dataclass(frozen=True, slots=True)
class FastPathState:
    """What the fast path of all connections of a server shares."""

    batch: WriteBatcher = field(default_factory=WriteBatcher)
    heads: dict[tuple[str, str], RequestHeadCache] = field(default_factory=dict)
    """The known heads, by the scheme and the host that a tunnel leads to."""


class FastHttpProtocol(HttpProtocol):
    """A connection on which plain requests take the fast path, and all others uvicorn's."""

    def __init__(self, context: ServerContext, state: FastPathState) -> None:
        super().__init__(context)
        self._state = state
        self._heads = RequestHeadCache()
        self._piece = b""
        self._undecided = False
        self._early = b""
        self._ready: Outcome | None = None

    def serve(self) -> None:
        """Begin with HTTP; the meaning of a head depends on how the connection came about."""
        self._heads = self._state.heads.setdefault((self.scheme or "http", self._tunnelled_to), self._heads)
        super().serve()

    def speak(self, data: bytes) -> None:
        """Take bytes of HTTP: mostly one whole request, often with a head that came before."""
        self._piece = data if self._between else b""
        if self._between and self._answer_known(data):
            return
        super().speak(data)

    def wait_for_body(self) -> None:
        """A head has come without its whole body: uvicorn's protocol takes the request."""
        super().wait_for_body()
        if self._undecided:
            self._pass_on(self.arrival())

    def _answer_known(self, data: bytes) -> bool:
        """Answer a request whose head was parsed before. Return False if the parser has to see it."""
        request = self._heads.request_of(data)
        if request is None or not self._is_free():
            return False
        self._requests += 1
        self._ready = self._door.again(request)
        if self._ready is None or not self._answer(self._ready, alone=False):
            return False
        self._ready = None
        return True

    def shutdown(self) -> None:
        """Stop: the answers that wait leave before the connection is closed."""
        self._state.batch.send()
        super().shutdown()

    # what the parser calls

    def on_message_begin(self) -> None:
        """Begin a request. What uvicorn makes of each is made only of those that it answers."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._between, self._in_head = False, True

    def on_headers_complete(self) -> None:
        """Note that the head is whole. The body of a short request comes with it, so the way is decided a bit later."""
        self._in_head = False
        self._undecided = True
        self._early = b""

    def on_body(self, body: bytes) -> None:
        """Take part of a body."""
        if self._undecided:
            self._early += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer a whole request at once where that needs no waiting; else uvicorn's protocol does."""
        if not self._undecided:
            super().on_message_complete()
            return
        self._between = True
        arrival = self.arrival()
        outcome = self._outcome(arrival)
        if outcome is not None and self._answer(outcome, alone=True):
            self._requests += 1
            self._undecided = False
            return
        self._pass_on(arrival._replace(outcome=outcome))
        super().on_message_complete()

    def resume(self) -> None:
        """Go on after an answer of uvicorn's, without its keep-alive timer: one for each answer costs more than it."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def _outcome(self, arrival: ReceivedRequest) -> Outcome | None:
        """Return the outcome of a plain, whole request, where it is known without waiting."""
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
        """Return whether the connection can take an answer now, because all requests before have theirs."""
        return not self.is_answering(or_reading=True) and not self.flow.write_paused and not self.transport.is_closing()

    def _answer(self, outcome: Outcome, *, alone: bool) -> bool:
        """Answer in one write. Return False if the outcome takes more than that.

        alone: whether the answer leaves at once, since another may follow it in the same turn.
        """
        answer = outcome.answer
        head = _head_of(answer) if isinstance(answer, Response) and not outcome.delay else None
        if head is None or not isinstance(answer, Response):
            return False
        whole = b"%b%b\r\n%b" % (STATUS_LINE[answer.status], head, answer.body)
        if alone or self.scheme == "https":
            self.transport.write(whole)
        else:
            self._state.batch.add(self.transport, whole)
        return True

    def _pass_on(self, arrival: ReceivedRequest) -> None:
        """Have uvicorn's protocol take the request from here on."""
        self._undecided = False
        headers, expects = self.headers, self.expect_100_continue
        self.begin()
        self.headers.extend(headers)
        self.expect_100_continue = expects
        self.take(arrival)
        if self._early:
            super().on_body(self._early)


def _head_of(answer: Response) -> bytes | None:
    """Return the headers of an answer as they go over the wire; `None` if they are more than plain headers."""
    lines = [f"{name}: {value}\r\n" for name, value in answer.headers.items() if name not in HOP_BY_HOP]
    if answer.status not in (204, 304):
        lines.append(f"content-length: {len(answer.body)}\r\n")
    head = "".join(lines)
    plain = head.count("\n") == head.count("\r") == len(lines) and "connection" not in answer.headers
    return head.encode("latin-1") if plain else None
