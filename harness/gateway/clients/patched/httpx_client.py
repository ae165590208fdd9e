"""`httpx` at its transports, where a request leaves the client for a connection."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

import anyio  # httpx stands on it, for asyncio and for trio
import anyio.to_thread

from harness.core.http import BrokenResponse, Outcome, Response
from harness.gateway.clients.in_process import CONNECTION_RESET, ClientDoor, asked


def replacements(module: ModuleType, door: ClientDoor) -> list[tuple[object, str, object]]:
    """Both kinds of transport ask the gateway for Intercom's hosts, the asynchronous one without blocking its loop."""
    plain, asynchronous = module.HTTPTransport, module.AsyncHTTPTransport
    real, real_asynchronous = plain.handle_request, asynchronous.handle_async_request

    def handle_request(transport: object, request: Any) -> object:
        if not door.is_meant(request.url.netloc.decode()):
            return real(transport, request)
        outcome = door.answer(_asked(request, b"".join(request.stream)))
        patience = _patience(request)
        time.sleep(min(outcome.delay, patience) if outcome.waits else 0)
        return _acted_out(module, request, outcome, patience)

    async def handle_async_request(transport: object, request: Any) -> object:
        if not door.is_meant(request.url.netloc.decode()):
            return await real_asynchronous(transport, request)
        asking = _asked(request, b"".join([part async for part in request.stream]))
        outcome = await anyio.to_thread.run_sync(door.answer, asking)
        patience = _patience(request)
        await anyio.sleep(min(outcome.delay, patience) if outcome.waits else 0)
        return _acted_out(module, request, outcome, patience)

    return [(plain, "handle_request", handle_request), (asynchronous, "handle_async_request", handle_async_request)]


def _asked(request: Any, body: bytes) -> Any:
    return asked(request.method, str(request.url), request.headers.items(), body)


def _patience(request: Any) -> float:
    limit = request.extensions.get("timeout", {}).get("read")
    return float("inf") if limit is None else float(limit)


def _acted_out(module: ModuleType, request: Any, outcome: Outcome, patience: float) -> object:
    if patience < outcome.delay:
        raise module.ReadTimeout("The read operation timed out", request=request)
    broken = outcome.answer if isinstance(outcome.answer, BrokenResponse) else None
    if broken and broken.end == "reset":
        raise module.ReadError(CONNECTION_RESET, request=request)
    if broken and broken.end == "closed":
        raise module.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    whole = outcome.response or Response(200)
    body = b"" if request.method == "HEAD" else whole.body
    headers = {**whole.headers, "content-length": str(len(whole.body))}
    if broken and broken.end == "cut":
        return module.Response(whole.status, headers=headers, stream=_cut(module, body[: broken.at], len(body)))
    return module.Response(whole.status, headers=headers, stream=module.ByteStream(body))


def _cut(module: ModuleType, body: bytes, announced: int) -> object:
    message = "peer closed connection without sending complete message body "
    message += f"(received {len(body)} bytes, expected {announced})"

    class Cut(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc, name-defined]
        """A body that ends before it should."""

        def __iter__(self) -> Iterator[bytes]:
            yield body
            raise module.RemoteProtocolError(message)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield body
            raise module.RemoteProtocolError(message)

    return Cut()
