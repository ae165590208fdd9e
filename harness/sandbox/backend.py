"""`Sandbox.handle(Request) -> Response`: an Intercom with any number of workspaces, without a socket.

It reads the token, the version and the route, runs the operation in one transaction and puts the answer into bytes
with Intercom's headers. Whatever is refused changes nothing; whatever breaks in here is an answer of 500 and a log
line.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import threading
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from harness.clock import Clock
from harness.exchange import Request, Response
from harness.problems import Problem
from harness.sandbox import reading
from harness.sandbox import refusals as no
from harness.sandbox.call import Answer, Call
from harness.sandbox.controlled import ControlledWorkspace
from harness.sandbox.database import Database
from harness.sandbox.ids import Ids
from harness.sandbox.messenger.paths import name_of
from harness.sandbox.messenger.service import Messenger
from harness.sandbox.notifications import Notification
from harness.sandbox.refusals import Refusal, Refused
from harness.sandbox.routes import ROUTES
from harness.sandbox.routing import Route, Router
from harness.sandbox.versions import FALLBACK_VERSION, VERSIONS, Version
from harness.sandbox.workspace import Workspace

logger = logging.getLogger(__name__)

WORKSPACE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
DEFAULT_WORKSPACE = "default"
LARGEST_BODY = 5_000_000
JSON_TYPES = ("json", "*/*", "application/*")
CACHE = {True: "max-age=0, private, must-revalidate", False: "no-cache"}

STANDARD = {
    "server": "nginx",
    "vary": "Accept-Encoding",
    "x-request-queueing": "0",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "x-xss-protection": "1; mode=block",
}
"""What every recorded answer has besides (facts §7); those that tell of one machine or one moment are left out."""
STATUS_TEXT = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

_encode = msgspec.json.Encoder().encode


class Sandbox:
    """The embedded Intercom: a workspace for each token `sandbox-<name>`, made on first use.

    `state` is a folder with a file per workspace; without one everything is in memory. Several threads may use it.
    """

    def __init__(
        self, clock: Clock, *, seed: int = 0, state: Path | None = None, intercom_version: str | None = None
    ) -> None:
        if intercom_version is not None and intercom_version not in VERSIONS:
            raise unknown_version(intercom_version)
        self.clock = clock
        self._seed = seed
        self._state = state
        self._intercom_version = intercom_version
        self._workspaces: dict[str, ControlledWorkspace] = {}
        self._app_ids: dict[str, str] = {}
        self._lock = threading.Lock()
        self._router = Router(ROUTES)
        self._messenger = Messenger(self.workspace_with)
        self._ids = Ids(seed, "")
        self._strangers = 0
        self._folder = _claim(state) if state is not None else None
        self._check_files()

    def _check_files(self) -> None:
        """Refuse to begin with a folder in which a file cannot be used; each is left as it is."""
        try:
            for path in sorted(self._state.glob("*.sqlite")) if self._state is not None else ():
                Database(path).close()
        except Problem:
            self.close()
            raise

    def workspace(self, name: str) -> ControlledWorkspace:
        """The workspace of that name."""
        workspace = self._workspaces.get(name)
        return workspace if workspace is not None else self._open(name)

    def _open(self, name: str) -> ControlledWorkspace:
        if not WORKSPACE_NAME.fullmatch(name):
            raise Problem(
                f"{name!r} cannot be the name of a workspace.",
                evidence="a name has up to 64 small letters, digits, dots, hyphens and underscores",
                remedy="choose another name, such as default",
            )
        with self._lock:
            if name not in self._workspaces:
                path = self._state / f"{name}.sqlite" if self._state is not None else None
                self._workspaces[name] = ControlledWorkspace(
                    name, self.clock, seed=self._seed, path=path, intercom_version=self._intercom_version
                )
                self._app_ids[self._workspaces[name].app_id] = name
            return self._workspaces[name]

    @property
    def workspaces(self) -> Mapping[str, ControlledWorkspace]:
        """The workspaces that were used so far."""
        return dict(self._workspaces)

    def names(self) -> list[str]:
        """The names of the workspaces that were used so far, or lie in the state folder."""
        kept = {path.stem for path in self._state.glob("*.sqlite")} if self._state is not None else set()
        return sorted(kept | set(self._workspaces))

    def workspace_with(self, app_id: str) -> ControlledWorkspace | None:
        """The workspace with this app id, of those that are known: used before, on disk, or the usual one."""
        found = self._app_ids.get(app_id)
        if found is None:
            kept = [path.stem for path in self._state.glob("*.sqlite")] if self._state is not None else []
            found = next((n for n in (DEFAULT_WORKSPACE, *kept) if Ids(self._seed, n).app_id() == app_id), None)
        return self.workspace(found) if found is not None else None

    def forget(self, name: str) -> None:
        """Let go of one workspace: what was in memory is gone, what was in a file is opened again when asked for."""
        with self._lock:
            workspace = self._workspaces.pop(name, None)
        if workspace is not None:
            workspace.close()

    def handle(self, request: Request) -> Response:
        """Answer one request; never raises."""
        return self.answer(request)[0]

    def answer(self, request: Request) -> tuple[Response, str]:
        """Answer one request, and name the operation it was for, if that came to be known; never raises."""
        if self._messenger.owns(request.target):
            return self._messenger.handle(request), name_of(request.path)
        try:
            name = workspace_named(request.headers)
            workspace = self.workspace(name)
        except Refused as refused:
            return self._turn_away(refused.refusal), ""
        except Problem as problem:
            logger.error("%s", problem)  # noqa: TRY400 - a problem says all there is to say
            return self._turn_away(no.INTERNAL.filled(reason=problem.what)), ""
        with workspace.lock:
            return self._serve(workspace, request)

    def _turn_away(self, refusal: Refusal) -> Response:
        with self._lock:
            self._strangers += 1
            request_id = self._ids.request_id(0, self._strangers)
        return _response(_envelope(refusal, request_id), request_id, {"date": _date(int(self.clock.now()))})

    def _serve(self, workspace: ControlledWorkspace, request: Request) -> tuple[Response, str]:
        request_id = workspace.next_request_id()
        serving = _Serving({"date": _date(workspace.now())})
        try:
            answer = self._perform(workspace, request, serving)
            workspace.publish()
        except Refused as refused:
            workspace.outbox.hush()
            answer = _envelope(refused.refusal, request_id)
        except Exception as error:
            workspace.outbox.hush()
            logger.exception("the sandbox failed at %s %s", request.method, request.target.partition("?")[0])
            answer = _envelope(no.INTERNAL.filled(reason=type(error).__name__), request_id)
        return _response(answer, request_id, serving.headers), serving.operation

    def _perform(self, workspace: Workspace, request: Request, serving: _Serving) -> Answer:
        version, headers = version_of(request.headers, workspace), serving.headers
        headers["intercom-version"] = version.name
        now, (path, _, asked) = workspace.now(), request.target.partition("?")
        limit, remaining, reset = workspace.spend(now)
        headers["x-ratelimit-limit"] = str(limit)
        headers["x-ratelimit-remaining"] = str(max(remaining, 0))
        headers["x-ratelimit-reset"] = str(reset)
        if remaining < 0:
            raise Refused(no.TOO_MANY.with_header("retry-after", str(max(reset - now, 1))))
        _check_media(request)
        found = self._router.find(request.method, path, version)
        if isinstance(found, Refusal):
            raise Refused(found)
        route, parameters = found
        serving.operation = route.operation
        query: dict[str, Any] = request.query if asked else {}
        body = {} if request.method == "GET" else reading.body_of(request.body)
        origin = request.origin or f"https://{request.host}"
        return _run(route, Call(workspace, version, parameters, query, body, now, origin, path))

    def take_notifications(self, name: str) -> list[Notification]:
        """What a workspace has to tell its subscriber, each once; nothing of one that was never used."""
        workspace = self._workspaces.get(name)
        return workspace.take_notifications() if workspace is not None and workspace.people.listener else []

    def ping(self, name: str) -> Notification:
        """What a workspace sends to see whether anybody listens."""
        return self.workspace(name).ping()

    def operation_of(self, request: Request) -> str:
        """Intercom's own name for what a request asks for, or an empty string."""
        if self._messenger.owns(request.target):
            return name_of(request.path)
        try:
            workspace = self._workspaces.get(workspace_named(request.headers))
            version = version_of(request.headers, workspace)
        except Refused:
            version = VERSIONS[FALLBACK_VERSION]
        found = self._router.find(request.method, request.target.partition("?")[0], version)
        return "" if isinstance(found, Refusal) else found[0].operation

    def workspace_of(self, request: Request) -> str:
        """The name of the workspace that a request without a token is for, or an empty string."""
        return self._messenger.workspace_of(request) if self._messenger.owns(request.target) else ""

    def close(self) -> None:
        """Let go of every workspace and of the folder."""
        with self._lock:
            for workspace in self._workspaces.values():
                workspace.close()
            self._workspaces.clear()
            if self._folder is not None:
                self._folder.release()
                self._folder = None


class _Serving(msgspec.Struct):
    """What is known of an answer before there is one."""

    headers: dict[str, str]
    operation: str = ""


def workspace_named(headers: Mapping[str, str]) -> str:
    """The workspace that a request's token stands for; anything but a sandbox token is refused."""
    return _named(headers.get("authorization", ""))


@lru_cache(maxsize=256)
def _named(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if not scheme:
        raise Refused(no.NO_AUTHORIZATION)
    token = value.strip()
    if scheme.lower() == "basic":
        token = _user_name(token)
    elif scheme.lower() != "bearer":
        raise Refused(no.BAD_TOKEN)
    name = token.removeprefix("sandbox-")
    if name == token or not WORKSPACE_NAME.fullmatch(name):
        raise Refused(no.BAD_TOKEN)
    return name


def _user_name(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        raise Refused(no.BAD_TOKEN) from None


def version_of(headers: Mapping[str, str], workspace: Workspace | None) -> Version:
    """The version that counts for a request: the header's, or the workspace's, or 1.0."""
    name = headers.get("intercom-version", "").strip()
    if name:
        version = VERSIONS.get(name)
        if version is None:
            raise Refused(no.VERSION_UNKNOWN)
        return version
    default = workspace.default_version if workspace is not None else None
    return default or VERSIONS[FALLBACK_VERSION]


def unknown_version(name: str) -> Problem:
    """The problem of a version that the sandbox does not know."""
    return Problem(
        f"Intercom has no API version {name!r} that the sandbox knows.",
        evidence=f"it knows {', '.join(VERSIONS)}",
        remedy="name one of these",
    )


def _check_media(request: Request) -> None:
    sent = bool(request.body) and request.method != "GET"
    refusal = _media(request.headers.get("accept", ""), request.headers.get("content-type", "") if sent else "")
    if refusal is not None:
        raise Refused(refusal)
    if len(request.body) > LARGEST_BODY:
        raise Refused(no.BODY_TOO_LARGE)


@lru_cache(maxsize=256)
def _media(accept: str, content_type: str) -> Refusal | None:
    if accept and not any(kind in accept for kind in JSON_TYPES):
        return no.NOT_ACCEPTABLE
    return no.WRONG_CONTENT_TYPE if content_type and "json" not in content_type else None


def _run(route: Route, call: Call) -> Answer:
    if route.reads:
        return route.handler(call)
    with call.workspace.database.transaction():
        return route.handler(call)


def _envelope(refusal: Refusal, request_id: str) -> Answer:
    errors = [{"code": refusal.code, "message": refusal.message}]
    body = {"type": "error.list", "request_id": request_id, "errors": errors}
    return Answer(body, refusal.status, refusal.headers)


@lru_cache(maxsize=8)
def _date(now: int) -> str:
    return formatdate(now, usegmt=True)


def _response(answer: Answer, request_id: str, headers: dict[str, str]) -> Response:
    headers.update(STANDARD)
    headers["status"] = STATUS_TEXT.get(answer.status) or str(answer.status)
    headers["content-type"] = "application/json; charset=utf-8"
    headers["cache-control"] = CACHE[answer.status < 400]
    headers["x-request-id"] = request_id
    headers.update(answer.headers)
    return Response(answer.status, headers, b"" if answer.body is None else _encode(answer.body))


def _claim(state: Path) -> Any:
    """Take a state folder for this process alone."""
    from filelock import FileLock, Timeout

    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(state / "sandbox.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise Problem(
            f"Another sandbox uses the state folder {state}.",
            why="a folder belongs to one process at a time",
            remedy="stop the other one, or give another folder with --state",
        ) from None
    except OSError as error:
        raise Problem(
            f"The sandbox cannot use the state folder {state}.",
            evidence=str(error),
            remedy="give a folder that can be written with --state",
        ) from None
    return lock
