"""`Gateway.handle(Request) -> Outcome`: the only place where traffic is logged, guarded, recorded and replayed.

Plain Python without a socket. At any moment at most one `GatewaySession` is open: a backend with middleware around it.
`run` opens one for each scenario; a server keeps one open for its whole life. A request that arrives while no session
is open is refused and logged.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from harness.core.clock import Clock
from harness.core.hosts import host_of
from harness.core.http import Handler, Outcome, Request, Response, Step
from harness.gateway.exchange_log import ExchangeLog

Middleware: TypeAlias = Callable[[Request, Handler], Outcome]
"""Something around the backend: it may answer by itself, change the request, or look at the outcome."""


@dataclass(slots=True)
class GatewaySession:
    """What is in force: the backend, the layers around it (outermost first) and where the scenario stands.

    `token` replaces whatever token a request brings (with the workspace of this scenario); a request without one stays
    without, and `None` leaves all as they came.
    `intercom_version` replaces the version header of the pipeline's own requests; `None` leaves it.
    `quick` says that the backend answers without blocking, so that a server may call it on its event loop.
    """

    backend: Handler
    layers: Sequence[Middleware] = ()
    token: str | None = None
    intercom_version: str | None = None
    quick: bool = False
    step: Step | None = None
    name: str = ""
    operation: Callable[[Request], str] | None = None
    workspace: Callable[[Request], str] | None = None
    """The workspace of a request that brings no token, as a browser's do not."""
    accepts: str | None = None
    """The only token that the pipeline may bring, where set: any other is refused before anybody sees it."""
    unread: Callable[[Request, str], tuple[str, ...]] | None = None
    """Which fields of a body the operation does not read; asked of the pipeline's writing requests only."""
    blocks: Callable[[], bool] = lambda: False
    """Whether an answer may have to wait for somebody else at this moment, for all that the backend is quick."""
    receiver: Handler | None = None
    """Who is told what webhooks tell: the pipeline."""
    tellers: Sequence[Middleware] = ()
    """The layers around the receiver, outermost first."""
    _handler: Handler | None = field(default=None, repr=False)

    @property
    def handler(self) -> Handler:
        """The backend with its layers wrapped around it."""
        if self._handler is None:
            self._handler = _wrapped(self.backend, self.layers)
        return self._handler


def _wrapped(handler: Handler, layers: Sequence[Middleware]) -> Handler:
    for layer in reversed(layers):
        handler = _wrap(layer, handler)
    return handler


def _wrap(layer: Middleware, inner: Handler) -> Handler:
    return lambda request: layer(request, inner)


class Gateway:
    """The one way from anything to any backend; safe to call from several threads."""

    def __init__(self, clock: Clock, log: ExchangeLog | None = None) -> None:
        self.clock = clock
        self.log = log or ExchangeLog()
        self._stage: GatewaySession | None = None
        self._lock = threading.Lock()

    @property
    def stage(self) -> GatewaySession | None:
        """What is in force now."""
        return self._stage

    def open(self, stage: GatewaySession) -> None:
        """Put a stage in force; there is one at a time."""
        with self._lock:
            if self._stage is not None:
                raise RuntimeError(f"the stage {self._stage.name!r} is still open")
            self._stage = stage

    def close(self) -> None:
        """Nothing is in force any more; later requests are refused and reported."""
        with self._lock:
            self._stage = None

    @contextmanager
    def on(self, stage: GatewaySession) -> Iterator[GatewaySession]:
        """Open a stage for the length of a block."""
        self.open(stage)
        try:
            yield stage
        finally:
            self.close()

    @property
    def quick(self) -> bool:
        """Whether `handle` returns without blocking at this moment."""
        stage = self._stage
        return stage is None or (stage.quick and not stage.blocks())

    def handle(self, request: Request) -> Outcome:
        """Answer one request by what is in force, and log it."""
        stage, after = self._stage, self.log.count
        if stage is None:
            outcome = refuse(request, "no scenario is open", "A request arrived while no scenario was running.")
            self._note(request, outcome, None)
            return outcome
        if stage.accepts is not None and _is_foreign(request, stage):
            outcome = refuse(request, "it brought a token that is none of the sandbox's", "Access Token Invalid", 401)
            self._note(request, outcome, stage)
            return outcome
        as_it_came = stage.token is None and stage.intercom_version is None
        seen = request if as_it_came else self._dress(request, stage)
        outcome = stage.handler(seen)
        self._note(seen, outcome, stage, after)
        return outcome

    def tell(self, request: Request, topic: str) -> Outcome:
        """Have the receiver told something, and log it with what it answered: the other direction."""
        stage = self._stage
        if stage is None or stage.receiver is None:
            raise RuntimeError("nobody is there to be told")
        after, now = self.log.count, self.clock.now()
        outcome = _wrapped(stage.receiver, stage.tellers)(request)
        self.log.add(now, "", topic, request, outcome, stage.step, after=after)
        return outcome

    def turn_away(self, method: str, authority: str, reason: str) -> None:
        """Log what a door turned away before it became a request, such as a connection to another host."""
        request = Request(method, authority, host=host_of(authority))
        self._note(request, refuse(request, reason, reason, 403), self._stage)

    def _dress(self, request: Request, stage: GatewaySession) -> Request:
        changes: dict[str, str | None] = {}
        if stage.token is not None and bearer_token(request) is not None:
            changes["authorization"] = f"Bearer {stage.token}"
        if stage.intercom_version is not None and request.caller == "pipeline":
            changes["intercom-version"] = stage.intercom_version
        return request.with_headers(**changes) if changes else request

    def _note(self, request: Request, outcome: Outcome, stage: GatewaySession | None, after: int = 0) -> None:
        operation = outcome.operation or (stage.operation(request) if stage and stage.operation else "")
        step = stage.step if stage else None
        workspace = workspace_of(request) or (stage.workspace(request) if stage and stage.workspace else "")
        writes = bool(request.body) and request.caller == "pipeline"
        judge = stage.unread if stage and writes else None
        self.log.add(self.clock.now(), workspace, operation, request, outcome, step, judge=judge, after=after)


def _is_foreign(request: Request, stage: GatewaySession) -> bool:
    if request.caller != "pipeline":
        return False
    return bearer_token(request) not in (None, stage.accepts)


def bearer_token(request: Request) -> str | None:
    """The access token of a request: Bearer, or Basic with the token as user name, as old clients send it."""
    return _token(request.headers.get("authorization", ""))


@lru_cache(maxsize=256)
def _token(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def workspace_of(request: Request) -> str:
    """The name of the sandbox workspace that a request's token stands for, or an empty string."""
    return _workspace(request.headers.get("authorization", ""))


@lru_cache(maxsize=256)
def _workspace(authorization: str) -> str:
    token = _token(authorization)
    return token[8:] if token is not None and token.startswith("sandbox-") else ""


def refuse(request: Request, reason: str, message: str, status: int = 503) -> Outcome:
    """An answer of the gateway itself, in Intercom's envelope, marked as one."""
    body = {
        "type": "error.list",
        "request_id": None,
        "errors": [{"code": "harness_refused", "message": f"{message} ({request.method} {request.target})"}],
    }
    headers = {"content-type": "application/json; charset=utf-8", "x-harness-refused": reason}
    return Outcome(Response(status, headers, json.dumps(body).encode()), refused=reason)
