"""`Sandbox.handle(Request) -> Response`: an Intercom with any number of workspaces, without a socket.

It reads the token, the version and the route, runs the operation in one transaction and puts the answer into bytes
with Intercom's headers. Whatever is refused changes nothing; whatever breaks in here is an answer of 500 and a log
line.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from harness.core.clock import Clock
from harness.core.errors import Problem
from harness.core.hosts import region_meant
from harness.core.http import Request, Response
from harness.sandbox.http_headers import (
    check_media,
    date_of,
    envelope,
    malformed,
    response,
    version_of,
    workspace_named,
)
from harness.sandbox.messenger.messenger_service import Messenger
from harness.sandbox.messenger.paths import name_of
from harness.sandbox.not_modelled import NOT_MODELLED
from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.requests.router import Route, Router
from harness.sandbox.routes import ROUTES
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import IntercomError, Refused
from harness.sandbox.rules.token_scopes import is_allowed
from harness.sandbox.rules.versions import FALLBACK_VERSION, VERSIONS
from harness.sandbox.store.ids import Ids
from harness.sandbox.workspaces.admin import WorkspaceAdmin
from harness.sandbox.workspaces.notifications import Notification
from harness.sandbox.workspaces.workspaces import MOST_OPEN, Workspaces

logger = logging.getLogger(__name__)


class Sandbox:
    """The embedded Intercom: a workspace for each token `sandbox-<name>`, made on first use.

    `state` is a folder with a file per workspace; without one everything is in memory. Several threads may use it.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        state: Path | None = None,
        intercom_version: str | None = None,
        most_open: int = MOST_OPEN,
    ) -> None:
        if intercom_version is not None and intercom_version not in VERSIONS:
            raise unknown_version(intercom_version)
        self.clock = clock
        self._workspaces = Workspaces(clock, seed, state, intercom_version, most_open)
        self._router = Router((*ROUTES, *NOT_MODELLED))
        self._messenger = Messenger(self._workspaces.with_app_id)
        self._ids = Ids(seed, "")
        self._strangers = 0
        self._lock = threading.Lock()

    def workspace(self, name: str) -> WorkspaceAdmin:
        """The workspace of that name."""
        return self._workspaces.named(name)

    @property
    def workspaces(self) -> Mapping[str, WorkspaceAdmin]:
        """The workspaces that were used so far."""
        return self._workspaces.used()

    def names(self) -> list[str]:
        """The names of the workspaces that were used so far, or lie in the state folder."""
        return self._workspaces.names()

    def forget(self, name: str) -> None:
        """Let go of one workspace: what was in memory is gone, what was in a file is opened again when asked for."""
        self._workspaces.forget(name)

    def handle(self, request: Request) -> Response:
        """Answer one request; never raises."""
        return self.answer(request)[0]

    def answer(self, request: Request) -> tuple[Response, str]:
        """Answer one request, and name the operation it was for, if that came to be known; never raises."""
        if self._messenger.owns(request.target):
            return self._messenger.handle(request), name_of(request.path)
        try:
            name = workspace_named(request.headers)
            workspace = self._workspaces.named(name)
        except Refused as refused:
            return self._turn_away(refused.refusal), ""
        except Problem as problem:
            logger.error("%s", problem)  # noqa: TRY400 - a problem says all there is to say
            return self._turn_away(no.INTERNAL.filled(reason=problem.what)), ""
        with workspace.lock:
            if workspace.is_closed:  # it was put away between the two lines above
                return self.answer(request)
            return self._serve(workspace, request)

    def _turn_away(self, refusal: IntercomError) -> Response:
        with self._lock:
            self._strangers += 1
            request_id = self._ids.request_id(0, self._strangers)
        return response(envelope(refusal, request_id), request_id, {"date": date_of(int(self.clock.now()))})

    def _serve(self, workspace: WorkspaceAdmin, request: Request) -> tuple[Response, str]:
        request_id = workspace.next_request_id()
        now = workspace.now()
        serving = _Serving({"date": date_of(now)}, now)
        try:
            answer = self._perform(workspace, request, serving)
            workspace.publish()
        except Refused as refused:
            workspace.outbox.discard()
            if refused.refusal.code == no.BROKEN_JSON.code and refused.refusal.source == no.BROKEN_JSON.source:
                return malformed(request_id, serving.headers), serving.operation
            answer = envelope(refused.refusal, request_id)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, a caller waits for an answer
            workspace.outbox.discard()
            answer = envelope(no.INTERNAL.filled(reason=_failure(workspace, request, error)), request_id)
        return response(answer, request_id, serving.headers, workspace.preferences.as_of), serving.operation

    def _perform(self, workspace: WorkspaceAdmin, request: Request, serving: _Serving) -> OperationResponse:
        version, headers = version_of(request.headers, workspace.default_version), serving.headers
        headers["intercom-version"] = version.name
        now, (path, _, asked) = serving.now, request.target.partition("?")
        limit, remaining, reset = workspace.spend(now)
        headers["x-ratelimit-limit"] = str(limit)
        headers["x-ratelimit-remaining"] = str(max(remaining, 0))
        headers["x-ratelimit-reset"] = str(reset)
        if remaining < 0:
            raise Refused(no.TOO_MANY.with_header("retry-after", str(max(reset - now, 1))))
        if region_meant(request) not in (None, workspace.preferences.region):
            raise Refused(no.BAD_TOKEN)
        check_media(request)
        method = request.method
        found = self._router.find(method, path, version)
        if isinstance(found, IntercomError):
            raise Refused(found)
        route, parameters = found
        serving.operation = route.operation
        if not is_allowed(method, route.pattern, workspace.preferences.token_scopes, reads=route.reads):
            raise Refused(no.SCOPE_MISSING)
        query: Mapping[str, str] = request.query if asked else {}
        body = {} if request.method == "GET" else parsing.body_of(request.body)
        origin = request.origin or f"https://{request.host}"
        return _run(route, RequestContext(workspace, version, parameters, query, body, now, origin, path))

    def take_notifications(self, name: str) -> list[Notification]:
        """What a workspace has to tell its subscriber, each once; nothing of one that was never used."""
        workspace = self._workspaces.if_used(name)
        return workspace.take_notifications() if workspace is not None and workspace.people.listener else []

    def ping(self, name: str) -> Notification:
        """What a workspace sends to see whether anybody listens."""
        return self.workspace(name).ping()

    def operation_of(self, request: Request) -> str:
        """Intercom's own name for what a request asks for, or an empty string."""
        if self._messenger.owns(request.target):
            return name_of(request.path)
        try:
            workspace = self._workspaces.if_used(workspace_named(request.headers))
            version = version_of(request.headers, workspace.default_version if workspace is not None else None)
        except Refused:
            version = VERSIONS[FALLBACK_VERSION]
        found = self._router.find(request.method, request.target.partition("?")[0], version)
        return "" if isinstance(found, IntercomError) else found[0].operation

    def workspace_of(self, request: Request) -> str:
        """The name of the workspace that a request without a token is for, or an empty string."""
        return self._messenger.workspace_of(request) if self._messenger.owns(request.target) else ""

    def close(self) -> None:
        """Let go of every workspace and of the folder."""
        self._workspaces.close()


class _Serving(msgspec.Struct):
    """What is known of an answer before there is one."""

    headers: dict[str, str]
    now: int
    operation: str = ""


def unknown_version(name: str) -> Problem:
    """The problem of a version that the sandbox does not know."""
    return Problem(
        f"Intercom has no API version {name!r} that the sandbox knows.",
        evidence=f"it knows {', '.join(VERSIONS)}",
        remedy="name one of these",
    )


def _failure(workspace: WorkspaceAdmin, request: Request, error: Exception) -> str:
    """What to say of something that should not have happened; the log says more."""
    problem = workspace.database.trouble(error) if isinstance(error, sqlite3.Error) else None
    if problem is not None:
        logger.error("%s", problem)
        return f"{problem.what} ({problem.evidence})"
    place = request.method, request.target.partition("?")[0]
    logger.error("the sandbox failed at %s %s", *place, exc_info=error)
    return type(error).__name__


def _run(route: Route, call: RequestContext) -> OperationResponse:
    if route.reads:
        return route.handler(call)
    with call.workspace.database.transaction():
        return route.handler(call)
