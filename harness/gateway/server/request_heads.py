"""Request heads that were parsed before: a client sends the same one again and again, and need not be read anew.

Only heads of plain requests are remembered: whole in one piece, of a known length, answered at once. What a head says
depends on how the connection came about, so each way has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from harness.core.http import Request

LONGEST: Final = 4_096
"""Bytes of a head that is remembered."""
KEPT: Final = 512
"""Heads that are remembered of each way; with one more, all are forgotten."""
END: Final = b"\r\n\r\n"


class RequestHead(NamedTuple):
    """What a head says."""

    method: str
    target: str
    headers: Mapping[str, str]
    host: str
    origin: str
    length: int
    """How many bytes of body follow."""

    def request(self, body: bytes) -> Request:
        """The request of this head with a body."""
        return Request(self.method, self.target, self.headers, body, self.host, "pipeline", self.origin)


class RequestHeadCache:
    """The heads that one way of connecting has brought."""

    def __init__(self) -> None:
        self._known: dict[bytes, RequestHead] = {}

    def request_of(self, data: bytes) -> Request | None:
        """The request that these bytes are, if they are exactly one and its head is known."""
        end = data.find(END) + 4
        head = self._known.get(data[:end])
        return head.request(data[end:]) if head is not None and len(data) == end + head.length else None

    def remember(self, data: bytes, request: Request) -> None:
        """Note the head of a request that came in one piece, if these bytes are nothing else."""
        end = data.find(END) + 4
        if not 4 <= end <= LONGEST or data[end:] != request.body or "transfer-encoding" in request.headers:
            return
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[data[:end]] = RequestHead(
            request.method, request.target, request.headers, request.host, request.origin, len(request.body)
        )
