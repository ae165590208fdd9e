"""What a job asked for in a rehearsal: the bill by operation, and each conversion with whether it was refused.

Middleware between the job and the sandbox. Reads are only counted; of conversions the sources' ids are kept.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from harness.core.http import BrokenResponse, Handler, Outcome, Request, Response

CONVERSIONS: Final = frozenset({"convertVisitor", "MergeContact", "convertLead"})
UPDATES: Final = frozenset({"UpdateContact", "createOrUpdateUser"})
READS: Final = frozenset({"GET", "HEAD"})
SEARCHES: Final = re.compile(r"/(search|preview)$")
COMMON: Final = 0.95
"""Share of conversions among the writes of a job that writes little else."""
KEPT_FAILED: Final = 50_000
"""Requests that failed and are remembered, so that a repetition is known."""


@dataclass(slots=True)
class OperationBill:
    """How often an operation was asked for, and what came of it."""

    requests: int = 0
    retries: int = 0
    limited: int = 0
    refused: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A conversion that Intercom refused. source: the id or uuid that the request named."""

    source: str
    operation: str
    status: int
    code: str
    message: str


@dataclass(slots=True)
class JobJournal:
    """Counts requests. `stop` is asked after each write whether the job is cut off there; see `cut`."""

    stop: Callable[[JobJournal], bool] = lambda journal: False
    bills: dict[str, OperationBill] = field(default_factory=dict)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    """By source, the last refusal; one that was converted after all is taken out."""
    refused_then_done: int = 0
    requests: int = 0
    writes: int = 0
    conversions: int = 0
    idle: int = 0
    """Requests since something was last changed."""
    cut: bool = False
    """Whether no request is let through any more."""
    name_of: Callable[[Request], str] = lambda request: ""
    """Tells the operation of a request that a fault answered in the sandbox's place."""
    _converted_last: bool = False
    _failed: dict[int, None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request through and count it; once the job is cut off, its connection breaks."""
        if self.cut:
            return Outcome(BrokenResponse("reset_before"))
        outcome = inner(request)
        with self._lock:
            self._count(request, outcome)
            if self._changed(request, outcome):
                self.writes += 1
                self.idle = 0
                self.cut |= self.stop(self)
            return Outcome(BrokenResponse("reset_after", outcome.response)) if self.cut else outcome

    @property
    def is_half_way(self) -> bool:
        """Whether the last write left somebody half done: it was no conversion, or the job writes little else."""
        return not self._converted_last or self.conversions > COMMON * self.writes

    def _changed(self, request: Request, outcome: Outcome) -> bool:
        done = isinstance(outcome.answer, Response) and outcome.answer.status < 400
        return done and request.method not in READS and SEARCHES.search(request.path) is None

    def _count(self, request: Request, outcome: Outcome) -> None:
        self.requests += 1
        self.idle += 1
        operation = outcome.operation or self.name_of(request) or f"{request.method} on an unknown path"
        bill = self.bills.setdefault(operation, OperationBill())
        bill.requests += 1
        key = hash((request.method, request.target, request.body))
        if key in self._failed:
            bill.retries += 1
            del self._failed[key]
        response = outcome.answer
        if not isinstance(response, Response):
            bill.failed += 1
            self._remember(key)
            return
        status = response.status
        if status == 429:
            bill.limited += 1
        elif status >= 500:
            bill.failed += 1
        elif status >= 400:
            bill.refused += 1
        if status == 429 or status >= 500:
            self._remember(key)
        source = self._source(request, operation)
        self._converted_last = source is not None and status < 400
        if source is not None:
            self._conversion(source, operation, response)

    def _remember(self, key: int) -> None:
        if len(self._failed) >= KEPT_FAILED:
            self._failed.pop(next(iter(self._failed)))
        self._failed[key] = None

    def _conversion(self, source: str, operation: str, response: Response) -> None:
        if response.status < 400:
            self.conversions += 1
            self.refused_then_done += self.refusals.pop(source, None) is not None
        elif response.status < 500 and response.status != 429:
            code, message = _error(response)
            self.refusals[source] = Refusal(source, operation, response.status, code, message)

    def _source(self, request: Request, operation: str) -> str | None:
        """Return the id or uuid of the person whom a request converts; `None` for any other request."""
        if operation in UPDATES and b'"role"' not in request.body:
            return None
        if operation not in CONVERSIONS and operation not in UPDATES:
            return None
        body = _object(request.body)
        if operation == "MergeContact":
            return _text(body.get("from"))
        if operation in UPDATES:
            wanted = body.get("role") == "user"
            return unquote(request.path.rpartition("/")[2]) if wanted and request.method == "PUT" else None
        named = body.get("visitor" if operation == "convertVisitor" else "contact")
        reference = named if isinstance(named, Mapping) else {}
        return _text(reference.get("id") or reference.get("user_id"))


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return str(value) if value is not None else ""


def _error(response: Response) -> tuple[str, str]:
    body = response.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return str(first.get("code", "")), str(first.get("message", ""))
