"""What of HTTP itself the server keeps: how a request arrived, what it says, and an answer's headers as they go out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from harness.core.hosts import host_of, is_answered, meant_host
from harness.core.http import Outcome, Request


class ReceivedRequest(NamedTuple):
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
    left: asyncio.Event
    """Set when the caller will say no more: who then waits for a late answer has most likely given up."""
    outcome: Outcome | None = None
    """What came of it already; it is still to be acted out."""


def request_of(method: str, sent: Iterable[tuple[bytes, bytes]], body: bytes, arrival: ReceivedRequest) -> Request:
    """The request as the gateway takes it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in sent:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    host = headers.get("host", "")
    scheme = headers.get("x-forwarded-proto") or arrival.scheme
    authority = arrival.authority or host
    return Request(
        method=method,
        target=arrival.target,
        headers=headers,
        body=body,
        host=_meant(authority, host),
        origin=f"{scheme}://{host or authority}",
    )


@lru_cache(maxsize=256)
def _meant(authority: str, host: str) -> str:
    return meant_host(authority if is_answered(host_of(authority)) else host)


HOP_BY_HOP = frozenset({"transfer-encoding", "content-length", "keep-alive"})
"""Headers of one connection, which no answer hands on."""
