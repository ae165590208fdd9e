"""What passed the gateway: a bounded ring, oldest out first, and totals that no ring forgets.

Many exchanges pass and few are looked at, so they lie bare in the ring and are made into exchanges for whoever looks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import TypeAlias

from harness.core.http import Caller, Exchange, Outcome, Request, Step

DEFAULT_SIZE = 10_000

Judge: TypeAlias = Callable[[Request, str], tuple[str, ...]]
"""Tells which fields of a body an operation does not read."""

_Asked: TypeAlias = tuple[str, str, Mapping[str, str], bytes, str, Caller, str]
_Kept: TypeAlias = tuple[int, float, str, str, _Asked, Outcome, Step | None, Judge | None, int]


class ExchangeLog:
    """Exchanges in the order in which their answers were known. Authorization never enters it."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._ring: deque[_Kept] = deque(maxlen=size)
        self._lock = threading.Lock()
        self._count = 0
        self._refused: list[_Kept] = []

    def add(
        self,
        at: float,
        workspace: str,
        operation: str,
        request: Request,
        outcome: Outcome,
        step: Step | None,
        *,
        judge: Judge | None = None,
        after: int = 0,
    ) -> None:
        """Keep one exchange, its credentials removed."""
        headers = {name: value for name, value in request.headers.items() if name not in SECRET_HEADERS}
        asked = (request.method, request.target, headers, request.body, request.host, request.caller, request.origin)
        with self._lock:
            self._count += 1
            kept = (self._count, at, workspace, operation, asked, outcome, step, judge, after)
            self._ring.append(kept)
            if outcome.refused:
                self._refused.append(kept)

    @property
    def count(self) -> int:
        """How many exchanges there were in all."""
        return self._count

    @property
    def refused(self) -> list[Exchange]:
        """Those that the gateway itself refused or missed."""
        return [_exchange(kept) for kept in self._refused]

    def since(self, number: int = 0, workspace: str | None = None) -> list[Exchange]:
        """Exchanges after `number` (0: all still held), of one workspace or of all."""
        with self._lock:
            newest_first = list(takewhile(lambda kept: kept[0] > number, reversed(self._ring)))
        return [_exchange(kept) for kept in reversed(newest_first) if workspace in (None, kept[2])]


def _exchange(kept: _Kept) -> Exchange:
    number, at, workspace, operation, asked, outcome, step, judge, after = kept
    return Exchange(number, at, workspace, operation, Request(*asked), outcome, step, judge, after)


SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
