"""What passed the gateway: a bounded ring, oldest out first, and totals that no ring forgets."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from harness.exchange import Exchange, Request

DEFAULT_SIZE = 10_000


class ExchangeLog:
    """Exchanges in the order in which their answers were known. Authorization never enters it."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._ring: deque[Exchange] = deque(maxlen=size)
        self._lock = threading.Lock()
        self._count = 0
        self._refused: list[Exchange] = []
        self._listeners: list[Callable[[Exchange], None]] = []

    def add(self, make: Callable[[int, Request], Exchange], request: Request) -> Exchange:
        """Keep one exchange, made of its number and of the request without its credentials, and tell the listeners."""
        headers = {name: value for name, value in request.headers.items() if name not in SECRET_HEADERS}
        bare = Request(
            request.method, request.target, headers, request.body, request.host, request.lane, request.origin
        )
        with self._lock:
            self._count += 1
            exchange = make(self._count, bare)
            self._ring.append(exchange)
            if exchange.outcome.refused:
                self._refused.append(exchange)
        for listener in self._listeners:
            listener(exchange)
        return exchange

    def listen(self, listener: Callable[[Exchange], None]) -> None:
        """Call `listener` with each exchange from now on, on the thread that handled it."""
        self._listeners.append(listener)

    @property
    def count(self) -> int:
        """How many exchanges there were in all."""
        return self._count

    @property
    def refused(self) -> list[Exchange]:
        """Those that the gateway itself refused or missed."""
        return list(self._refused)

    def since(self, number: int = 0, workspace: str | None = None) -> list[Exchange]:
        """Exchanges after `number` (0: all still held), of one workspace or of all."""
        with self._lock:
            held = list(self._ring)
        return [e for e in held if e.number > number and workspace in (None, e.workspace)]


SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
