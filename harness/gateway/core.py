"""`Gateway.handle(Request) -> Outcome`: the only place where traffic is logged, guarded, recorded and replayed.

Plain Python without a socket. At any moment at most one `GatewaySession` is open: a backend with middleware around it.
`run` opens one for each scenario; a server keeps one open for its whole life. A request that arrives while no session
is open is refused and logged.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.core.clock import Clock
from harness.core.hosts import host_of
from harness.core.http import Handler, Outcome, Request, Response, Step
from harness.core.tokens import token_in, workspace_of_token
from harness.gateway.exchange_log import ExchangeLog

Middleware: TypeAlias = Callable[[Request, Handler], Outcome]
"""A function around the backend: it may answer by itself, change the request, or look at the outcome."""


def _no_step() -> Step | None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Backend:
    """What answers as Intercom.

    handle: answers a request. quick: whether it does so without blocking, so that a server may call it on its event
    loop. operation: returns Intercom's name for what a request asks for. workspace: returns the workspace of a request
    that brings no token, as a browser's do not.
    """

    handle: Handler
    quick: bool = False
    operation: Callable[[Request], str] | None = None
    workspace: Callable[[Request], str] | None = None


@dataclass(frozen=True, slots=True)
class GatewaySession:
    """A backend with everything that stands around it while the gateway uses it. It cannot be changed.

    middleware: outermost first.
    token: replaces the token of each request that brings one; `None` leaves all as they came.
    intercom_version: replaces the version header of the pipeline's own requests; `None` leaves it.
    accepts: the only token that the pipeline may bring; any other is refused before the middleware sees it. `None`
    accepts all.
    step: returns the step that the scenario has reached.
    unread: returns the fields of a body that an operation does not read; called for the pipeline's writing requests.
    blocks: returns whether a request may have to wait at this moment, even though the backend is quick.
    receiver: the pipeline's receiver of webhooks; notification_middleware stands around it, outermost first.
    outside_of_log: middleware that changes what is asked, outermost first; what it passes on is logged as what the
    pipeline asked.
    """

    backend: Backend
    middleware: Sequence[Middleware] = ()
    token: str | None = None
    intercom_version: str | None = None
    name: str = ""
    accepts: str | None = None
    step: Callable[[], Step | None] = _no_step
    unread: Callable[[Request, str], tuple[str, ...]] | None = None
    blocks: Callable[[], bool] = _never
    receiver: Handler | None = None
    notification_middleware: Sequence[Middleware] = ()
    outside_of_log: Sequence[Middleware] = ()
    handler: Handler = field(init=False, repr=False)
    """The backend with the middleware wrapped around it."""
    notify: Handler | None = field(init=False, repr=False)
    """The receiver with its middleware wrapped around it."""

    def __post_init__(self) -> None:
        receiver = None if self.receiver is None else _wrapped(self.receiver, self.notification_middleware)
        # A frozen dataclass sets what it derives from its fields in this way.
        object.__setattr__(self, "middleware", tuple(self.middleware))
        object.__setattr__(self, "handler", _wrapped(self.backend.handle, self.middleware))
        object.__setattr__(self, "notify", receiver)


def _wrapped(handler: Handler, middleware: Sequence[Middleware]) -> Handler:
    for one in reversed(middleware):
        handler = _wrap(one, handler)
    return handler


def _wrap(middleware: Middleware, inner: Handler) -> Handler:
    return lambda request: middleware(request, inner)


class Gateway:
    """The one way from anything to any backend; safe to call from several threads."""

    def __init__(self, clock: Clock, log: ExchangeLog | None = None) -> None:
        self.clock = clock
        self.log = log or ExchangeLog()
        self._session: GatewaySession | None = None
        self._lock = threading.Lock()

    @property
    def session(self) -> GatewaySession | None:
        """The open session, if there is one."""
        return self._session

    def open(self, session: GatewaySession) -> None:
        """Open a session.

        Raises: `RuntimeError` where one is open; there is one at a time.
        """
        with self._lock:
            if self._session is not None:
                raise RuntimeError(f"the session {self._session.name!r} is still open")
            self._session = session

    def close(self) -> None:
        """Close the open session; later requests are refused and reported."""
        with self._lock:
            self._session = None

    @contextmanager
    def on(self, session: GatewaySession) -> Iterator[GatewaySession]:
        """Open a session for the length of a block."""
        self.open(session)
        try:
            yield session
        finally:
            self.close()

    @property
    def quick(self) -> bool:
        """Whether `handle` returns without blocking at this moment."""
        session = self._session
        return session is None or (session.backend.quick and not session.blocks())

    def handle(self, request: Request) -> Outcome:
        """Answer one request with the open session, and log it."""
        session = self._session
        if (brought := request.headers.get("authorization")) is not None:
            self.log.learn(brought)
        if session is None:
            outcome = refuse(request, "no scenario is open", "A request arrived while no scenario was running.")
            self._note(request, outcome, None)
            return outcome
        if session.accepts is not None and _is_foreign(request, session):
            outcome = refuse(request, "it brought a token that is none of the sandbox's", "Access Token Invalid", 401)
            self._note(request, outcome, session)
            return outcome
        as_it_came = session.token is None and session.intercom_version is None
        seen = request if as_it_came else self._dress(request, session)
        if session.outside_of_log:
            return _wrapped(lambda asked: self._answer(asked, session), session.outside_of_log)(seen)
        return self._answer(seen, session)

    def _answer(self, request: Request, session: GatewaySession) -> Outcome:
        after = self.log.count
        outcome = session.handler(request)
        self._note(request, outcome, session, after)
        return outcome

    def tell(self, request: Request, topic: str) -> Outcome:
        """Send a notification to the open session's receiver, and log it with the answer: the other direction.

        Raises: `RuntimeError` where no receiver is there.
        """
        session = self._session
        if session is None or session.notify is None:
            raise RuntimeError("the open session has no receiver of notifications")
        after, now = self.log.count, self.clock.now()
        outcome = session.notify(request)
        self.log.add(now, "", topic, request, outcome, session.step(), after=after)
        return outcome

    def record_refusal(self, method: str, authority: str, reason: str) -> None:
        """Log what a door turned away before it became a request, such as a connection to another host."""
        request = Request(method, authority, host=host_of(authority))
        self._note(request, refuse(request, reason, reason, 403), self._session)

    def _dress(self, request: Request, session: GatewaySession) -> Request:
        changes: dict[str, str | None] = {}
        if session.token is not None and bearer_token(request) is not None:
            changes["authorization"] = f"Bearer {session.token}"
        if session.intercom_version is not None and request.caller == "pipeline":
            changes["intercom-version"] = session.intercom_version
        return request.with_headers(**changes) if changes else request

    def _note(self, request: Request, outcome: Outcome, session: GatewaySession | None, after: int = 0) -> None:
        backend = session.backend if session else None
        operation = outcome.operation or (backend.operation(request) if backend and backend.operation else "")
        step = session.step() if session else None
        workspace = workspace_of(request) or (backend.workspace(request) if backend and backend.workspace else "")
        tells = (bool(request.body) or "?" in request.target) and request.caller == "pipeline"
        judge = session.unread if session and tells else None
        self.log.add(self.clock.now(), workspace, operation, request, outcome, step, judge=judge, after=after)


def _is_foreign(request: Request, session: GatewaySession) -> bool:
    if request.caller != "pipeline":
        return False
    return bearer_token(request) not in (None, session.accepts)


def bearer_token(request: Request) -> str | None:
    """The access token of a request: Bearer, or Basic with the token as user name, as old clients send it."""
    return token_in(request.headers.get("authorization", ""))


def workspace_of(request: Request) -> str:
    """The name of the sandbox workspace that a request's token stands for, or an empty string."""
    return workspace_of_token(bearer_token(request))


def refuse(request: Request, reason: str, message: str, status: int = 503) -> Outcome:
    """An answer of the gateway itself, in Intercom's envelope, marked as one."""
    body = {
        "type": "error.list",
        "request_id": None,
        "errors": [{"code": "harness_refused", "message": f"{message} ({request.method} {request.target})"}],
    }
    headers = {"content-type": "application/json; charset=utf-8", "x-harness-refused": reason}
    return Outcome(Response(status, headers, json.dumps(body).encode()), refused=reason)
