"""The ASGI application behind the server's port: reads a request, has it answered, and acts out what came of it.

Answers without blocking are taken on the event loop, all others on a worker thread.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, Protocol, TypeAlias, TypeVar

from harness.core.hosts import host_of, is_private
from harness.core.http import LONGEST_WAIT, BrokenResponse, Outcome, Request, Response, WireEnd
from harness.core.loopback import is_loopback
from harness.gateway.core import Gateway
from harness.gateway.door_responses import error
from harness.gateway.server.egress import Policy, refusal
from harness.gateway.server.wire import HOP_BY_HOP, ReceivedRequest, request_of

BODY_LIMIT = 10 * 1024 * 1024
"""How long a request's body may be, in bytes."""

HEADERS_LIMIT = 64 * 1024
"""How long the head of a request may be, in bytes."""

DRIBBLE_PAUSE = 0.01
"""Seconds between the pieces of a dribbled answer."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, object]], Awaitable[None]]

Answered = TypeVar("Answered")

_log = logging.getLogger("harness.server")


def is_from_afar(request: Request) -> bool:
    """Return whether a request names a host that somebody elsewhere may have pointed to this machine.

    A page of theirs would otherwise read what is answered here (DNS rebinding).
    """
    host = request.headers.get("host")
    return host is not None and not _is_private(host)


@lru_cache(maxsize=256)
def _is_private(authority: str) -> bool:
    return is_private(host_of(authority))


class ControlPlaneHandler(Protocol):
    """What stands in front of the gateway on the server's own paths."""

    def owns(self, path: str) -> bool:
        """Whether this path is not Intercom's."""
        ...

    def handle(self, request: Request, *, near: bool = True) -> Response:
        """Answer a request on such a path. `near`: it comes from this machine, by its loopback."""
        ...


class GatewayAsgiApp:
    """The ASGI application: a request in, its outcome acted out."""

    def __init__(
        self,
        gateway: Gateway,
        control: ControlPlaneHandler | None,
        workers: Executor,
        policy: Policy,
        watch: Callable[[Request], None] | None = None,
    ) -> None:
        self._gateway = gateway
        self._control = control
        self._workers = workers
        self._policy = policy
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI calls it."""
        try:
            body = await _read(receive)
        except ConnectionError:
            return
        if body is None:
            await _respond(error(413, "payload_too_large", f"The body is longer than {BODY_LIMIT} bytes."), send)
            return
        arrival: ReceivedRequest = scope["harness"]
        if arrival.outcome is not None:
            await self.act_out(arrival.outcome, scope, receive, send)
            return
        request = request_of(scope["method"], scope["headers"], body, arrival)
        near = _is_near(arrival.transport)
        if (objection := self._objection(request, arrival, near)) is not None:
            await _respond(objection, send)
            return
        outcome = await (self._abroad(request, arrival.foreign) if arrival.foreign else self._outcome(request, near))
        await self.act_out(outcome, scope, receive, send)

    def _objection(self, request: Request, arrival: ReceivedRequest, near: bool) -> Response | None:
        """Return what is said instead of an answer: to a host that is none of the harness's, or to too long a head."""
        ours = arrival.foreign or (self._control is not None and self._control.owns(request.path))
        if near and not ours and is_from_afar(request):
            host = request.headers["host"]
            self._policy.refused(request.method, host, "a public name that points to this machine is no host of ours")
            told = f"This is no host of the harness: {host}. Use an address, or a name without a public domain."
            return error(421, "misdirected_request", told)
        if sum(len(name) + len(value) for name, value in request.headers.items()) > HEADERS_LIMIT:
            return error(431, "headers_too_large", f"The headers are longer than {HEADERS_LIMIT} bytes.")
        return None

    async def act_out(self, outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
        """Have an outcome happen to the caller."""
        if outcome.delay and outcome.waits:
            if not await _still_there(outcome.delay, receive, scope["harness"].left):
                if outcome.on_given_up is not None:
                    outcome.on_given_up()
                scope["harness"].transport.close()
                await _gone(receive)
                return
        elif outcome.delay and (outcome.given_up or outcome.delay >= LONGEST_WAIT):
            outcome = replace(outcome, answer=BrokenResponse("empty", outcome.response))
        if isinstance(outcome.answer, Response):
            await _respond(outcome.answer, send)
        else:
            await _BROKEN[outcome.answer.end](outcome.answer, scope, receive, send)

    def at_once(self, request: Request) -> Outcome | None:
        """What comes of a whole request that can be answered without blocking; `None` for any other."""
        if self._control is not None and self._control.owns(request.path):
            return None
        return self.again(request)

    def again(self, request: Request) -> Outcome | None:
        """The same for a request like one that `at_once` answered: it is not for the control plane."""
        if not self._gateway.quick or len(request.body) > BODY_LIMIT or is_from_afar(request):
            return None
        try:
            return self._answered(request)
        except Exception:  # noqa: BLE001 - whatever went wrong, a caller waits for an answer
            return _failed(request)

    def _answered(self, request: Request) -> Outcome:
        if self._watch is not None:
            self._watch(request)
        return self._gateway.handle(request)

    async def _outcome(self, request: Request, near: bool) -> Outcome:
        try:
            if self._control is not None and self._control.owns(request.path):
                return Outcome(await self._in_worker(partial(self._control.handle, near=near), request))
            if self._gateway.quick:
                return self._answered(request)
            return await self._in_worker(self._answered, request)
        except Exception:  # noqa: BLE001 - whatever went wrong, a caller waits for an answer
            return _failed(request)

    async def _abroad(self, request: Request, url: str) -> Outcome:
        from harness.gateway.upstream import fetch

        authority = url.partition("://")[2].partition("/")[0]
        if self._policy.allows(host_of(authority)):
            return Outcome(await self._in_worker(lambda sent: fetch(url, sent), request))
        reason = refusal(host_of(authority))
        self._policy.refused(request.method, authority, reason)
        return Outcome(error(403, "harness_refused", reason))

    async def _in_worker(self, function: Callable[[Request], Answered], request: Request) -> Answered:
        return await asyncio.get_running_loop().run_in_executor(self._workers, function, request)


def _is_near(transport: asyncio.Transport) -> bool:
    peer = transport.get_extra_info("peername")
    return bool(peer) and is_loopback(peer[0])


def _failed(request: Request) -> Outcome:
    _log.exception("%s %s could not be answered", request.method, request.path)
    return Outcome(error(500, "server_error", "The harness failed to answer this request."))


async def _still_there(seconds: float, receive: Receive, left: asyncio.Event) -> bool:
    """Let time pass; tells whether the caller is there at the end of it."""
    leaving = {asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(left.wait())}
    try:
        done, _ = await asyncio.wait(leaving, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        return False  # the server stops, and nobody is answered any more
    finally:
        for each in leaving:
            each.cancel()
    return not done


async def _read(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the caller left in the middle of a body: there is no request to answer")
        parts.append(message["body"])
        size += len(parts[-1])
        if size > BODY_LIMIT:
            return None
        if not message["more_body"]:
            return b"".join(parts)


def _start(answer: Response) -> MutableMapping[str, object]:
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in answer.headers.items() if n not in HOP_BY_HOP]
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _respond(answer: Response, send: Send) -> None:
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body})


async def _gone(receive: Receive) -> None:
    """Wait until the connection is closed; what was left of the request comes first."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _reset(broken: BrokenResponse, scope: Scope, receive: Receive, send: Send) -> None:
    transport = scope["harness"].transport
    plain = transport.get_extra_info("socket")
    if plain is not None:
        # Lingering for no time makes the system send a reset where it would otherwise say a polite goodbye.
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _gone(receive)


async def _empty(broken: BrokenResponse, scope: Scope, receive: Receive, send: Send) -> None:
    scope["harness"].transport.close()
    await _gone(receive)


async def _truncated(broken: BrokenResponse, scope: Scope, receive: Receive, send: Send) -> None:
    answer = broken.response or Response(200)
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body[: broken.at], "more_body": True})
    scope["harness"].transport.close()
    await _gone(receive)


async def _dribble(broken: BrokenResponse, scope: Scope, receive: Receive, send: Send) -> None:
    answer = broken.response or Response(200)
    step = max(broken.at, 1)
    await send(_start(answer))
    for offset in range(0, len(answer.body), step):
        await send({"type": "http.response.body", "body": answer.body[offset : offset + step], "more_body": True})
        await asyncio.sleep(DRIBBLE_PAUSE)
    await send({"type": "http.response.body", "body": b""})


_BROKEN: dict[WireEnd, Callable[[BrokenResponse, Scope, Receive, Send], Awaitable[None]]] = {
    "reset": _reset,
    "closed": _empty,
    "cut": _truncated,
    "slow": _dribble,
}
