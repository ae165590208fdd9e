"""What passed the gateway: a ring bounded in number and in bytes, oldest out first, and totals that no ring forgets.

Many exchanges pass and few are looked at, so they lie bare in the ring and are made into exchanges for whoever looks.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TypeAlias

from harness.core.http import Caller, Exchange, Outcome, Request, Step
from harness.core.tokens import PREFIX, is_sandbox_token, token_in

DEFAULT_SIZE = 10_000
DEFAULT_BYTES = 64 * 1024 * 1024
"""How much the bodies, paths and headers of all exchanges in the ring may hold."""
OVERHEAD = 1_000
"""What an exchange counts beside its bytes."""
MOST_REFUSED = 1_000
"""How many refused requests are kept; the first of them tell the most."""
MOST_CREDENTIALS = 1_000
LONGEST_CREDENTIAL = 8_192
"""How many different credentials are known for covering, and how long each may be, in characters."""

Judge: TypeAlias = Callable[[Request, str], tuple[str, ...]]
"""Tells which fields of a body an operation does not read."""

_SANDBOX = f"Bearer {PREFIX}"

_Asked: TypeAlias = tuple[str, str, Mapping[str, str], bytes, str, Caller, str]
_Kept: TypeAlias = tuple[int, float, str, str, _Asked, Outcome, Step | None, Judge | None, int]


class ExchangeLog:
    """Exchanges in the order in which their answers were known. Authorization never enters it."""

    def __init__(self, size: int = DEFAULT_SIZE, most_bytes: int = DEFAULT_BYTES) -> None:
        self._ring: deque[_Kept] = deque()
        self._size, self._most_bytes = size, most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._count = self._refusals = 0
        self._refused: list[_Kept] = []
        self._seen: set[str] = set()
        self._brought: list[str] = []

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
            self._bytes += _bytes_of(kept)
            while len(self._ring) > self._size or (self._bytes > self._most_bytes and len(self._ring) > 1):
                self._bytes -= _bytes_of(self._ring.popleft())
            if outcome.refused:
                self._refusals += 1
                if len(self._refused) < MOST_REFUSED:
                    self._refused.append(kept)

    def learn(self, authorization: str) -> None:
        """Take note of credentials that a request brought, so that they can be covered wherever they turn up later."""
        if authorization.startswith(_SANDBOX) or authorization in self._seen:
            return
        token = token_in(authorization)
        if token is None or is_sandbox_token(token) or len(authorization) > LONGEST_CREDENTIAL:
            return
        if len(self._seen) < MOST_CREDENTIALS:
            self._seen.add(authorization)
            self._brought.append(authorization)

    @property
    def credentials(self) -> Sequence[str]:
        """The `Authorization` headers that requests brought, the sandbox's own tokens left out; never to be shown."""
        return tuple(self._brought)

    @property
    def count(self) -> int:
        """How many exchanges there were in all."""
        return self._count

    @property
    def refusals(self) -> int:
        """How many the gateway itself refused or missed."""
        return self._refusals

    @property
    def refused(self) -> list[Exchange]:
        """The first of those that the gateway itself refused or missed."""
        return [_exchange(kept) for kept in self._refused]

    def counts(self, workspaces: Iterable[str]) -> Mapping[str, int]:
        """Return how many of the exchanges that are kept belong to each of some workspaces."""
        with self._lock:
            found = Counter(kept[2] for kept in self._ring)
        return {workspace: found[workspace] for workspace in workspaces}

    def since(self, number: int = 0, workspace: str | None = None) -> list[Exchange]:
        """Exchanges after `number` (0: all still held), of one workspace or of all."""
        with self._lock:
            newest_first = list(takewhile(lambda kept: kept[0] > number, reversed(self._ring)))
        return [_exchange(kept) for kept in reversed(newest_first) if workspace in (None, kept[2])]


def _bytes_of(kept: _Kept) -> int:
    (_, target, headers, body, *_), response = kept[4], kept[5].response
    size = OVERHEAD + len(target) + len(body) + sum(map(len, headers.values()))
    return size + (len(response.body) if response is not None else 0)


def _exchange(kept: _Kept) -> Exchange:
    number, at, workspace, operation, asked, outcome, step, judge, after = kept
    return Exchange(number, at, workspace, operation, Request(*asked), outcome, step, judge, after)


SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
