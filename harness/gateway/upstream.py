"""A backend behind HTTP: a sandbox that runs elsewhere on this machine.

It carries requests and answers across as they are and judges neither. Anything that is not a sandbox on loopback is
turned down before the first request: this is not a way to Intercom.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3

from harness.core.errors import Problem
from harness.core.http import Outcome, Request, Response
from harness.core.loopback import is_loopback
from harness.core.tokens import token_of
from harness.gateway.core import refuse
from harness.gateway.door_responses import error

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 60.0
_NOT_CARRIED = frozenset({"host", "connection", "proxy-connection", "content-length", "transfer-encoding", "expect"})
_NOT_RETURNED = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Upstream:
    """Hands requests to a server at a base URL; safe to use from several threads."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._pool = urllib3.HTTPConnectionPool(
            parts.hostname or "",
            parts.port or 80,
            maxsize=64,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT),
        )

    def handle(self, request: Request) -> Outcome:
        """Pass one request on and bring its answer back."""
        try:
            return Outcome(self.send(request))
        except urllib3.exceptions.HTTPError as failure:
            return refuse(request, "the backend cannot be reached", f"{self.url} did not answer: {failure}.", 502)

    def send(self, request: Request) -> Response:
        """The same, where an answer that does not come is an error of urllib3's."""
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_CARRIED}
        scheme, _, authority = request.origin.partition("://")
        if authority:
            headers |= {"host": authority, "x-forwarded-proto": scheme}
        got = self._pool.urlopen(
            request.method, request.target, request.body or None, headers, redirect=False, retries=False
        )
        kept = {name.lower(): value for name, value in got.headers.items() if name.lower() not in _NOT_RETURNED}
        return Response(got.status, kept, got.data)

    def close(self) -> None:
        """Close its connections."""
        self._pool.close()


def fetch(url: str, request: Request) -> Response:
    """What an allowed host answers to a request that came in absolute form."""
    headers = {name: value for name, value in request.headers.items() if name not in _NOT_CARRIED}
    try:
        with urllib3.PoolManager(timeout=urllib3.Timeout(CONNECT_TIMEOUT, READ_TIMEOUT)) as pool:
            got = pool.request(
                request.method, url, body=request.body or None, headers=headers, redirect=False, retries=False
            )
    except urllib3.exceptions.HTTPError as failure:
        return error(502, "harness_unreachable", f"The allowed host cannot be reached: {failure}.")
    kept = {name.lower(): value for name, value in got.headers.items() if name.lower() not in _NOT_RETURNED}
    return Response(got.status, kept, got.data)


@dataclass(frozen=True, slots=True)
class RemoteNotification:
    """One notification of a sandbox over there."""

    topic: str
    body: dict[str, object]


class RemoteSandbox:
    """The control plane of a sandbox behind an `Upstream`."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._taken: dict[str, int] = {}

    def take_notifications(self, name: str) -> Sequence[RemoteNotification]:
        """What the workspace's subscriber was told since this was last asked, from its delivery log."""
        taken = self._taken.get(name, 0)
        new = [one for one in self.workspace(name).deliveries() if one["number"] > taken]
        self._taken[name] = max([taken, *(one["number"] for one in new)])
        return [RemoteNotification(one["topic"], one["notification"]) for one in new]

    def workspace(self, name: str) -> RemoteWorkspace:
        """The workspace of that name."""
        return RemoteWorkspace(self._upstream, name)

    def names(self) -> list[str]:
        """Nothing is told of them from afar."""
        return []


class RemoteWorkspace:
    """One workspace over there."""

    def __init__(self, upstream: Upstream, name: str) -> None:
        self._upstream = upstream
        self._name = name

    def create_visitor(self, traits: Mapping[str, object]) -> dict[str, object]:
        """A new visitor."""
        visitor: dict[str, object] = self._call("POST", "visitors", traits)
        return visitor

    def create_segment(self, traits: Mapping[str, object]) -> dict[str, object]:
        """A new segment."""
        segment: dict[str, object] = self._call("POST", "segments", traits)
        return segment

    def reset(self) -> None:
        """Forget everyone and everything of this workspace."""
        self._call("POST", "reset")

    def population(self, seen: int = -1) -> dict[str, object]:
        """Everybody there."""
        people: dict[str, object] = self._call("GET", f"people?seen={seen}")
        return people

    def settings(self) -> dict[str, object]:
        """The workspace's settings."""
        settings: dict[str, object] = self._call("GET", "settings")
        return settings

    def update_settings(self, changes: Mapping[str, object]) -> dict[str, object]:
        """Change settings."""
        settings: dict[str, object] = self._call("PUT", "settings", changes)
        return settings

    def deliveries(self) -> list[dict[str, Any]]:
        """Its delivery log."""
        logged: list[dict[str, object]] = self._call("GET", "webhooks")["data"]
        return logged

    def merge_users(self, from_id: str, into_id: str) -> None:
        """Merge one user into another, as a teammate can."""
        self._call("POST", "merges", {"from": from_id, "into": into_id})

    def checkpoint(self) -> bytes:
        """Checkpoints are kept where the sandbox runs."""
        raise Problem("this sandbox runs elsewhere", remedy="name the checkpoint at its own control plane")

    def rewind(self, content: bytes) -> None:
        """Checkpoints are kept where the sandbox runs."""
        self.checkpoint()

    def changes_since(self, content: bytes) -> list[dict[str, object]]:
        """Checkpoints are kept where the sandbox runs."""
        self.checkpoint()
        return []

    def _call(self, method: str, name: str, body: Mapping[str, object] | None = None) -> Any:
        headers = {"authorization": f"Bearer {token_of(self._name)}", "content-type": "application/json"}
        content = b"" if body is None else json.dumps(dict(body)).encode()
        response = self._upstream.send(Request(method, f"/_sandbox/{name}", headers, content))
        if response.status >= 400:
            errors = (response.json() or {}).get("errors") or [{}]
            raise Problem(errors[0].get("message") or f"the sandbox answered {response.status} to {method} {name}")
        return response.json()


def running_sandbox(url: str) -> Upstream:
    """The sandbox that runs at `url`, or a `Problem`: it must be on loopback and answer for its health."""
    if not _on_loopback(url):
        raise Problem(
            f"--against {url}: that is not on this machine's loopback",
            why="--against takes the URL of a running sandbox, and nothing else is ever sent to",
            remedy="start one with: harness sandbox, and pass the URL of its ready line",
        )
    upstream = Upstream(url)
    health = _health(upstream)
    if not isinstance(health, dict) or health.get("backend") != "sandbox":
        raise _no_sandbox(url, f"/_sandbox/health answered {health!r}")
    return upstream


def _health(upstream: Upstream) -> object:
    try:
        return upstream.send(Request("GET", "/_sandbox/health")).json()
    except urllib3.exceptions.HTTPError as failure:
        raise _no_sandbox(upstream.url, str(failure)) from failure


def _no_sandbox(url: str, evidence: str) -> Problem:
    return Problem(
        f"no sandbox runs at {url}",
        evidence=evidence,
        remedy="start one with: harness sandbox, and pass the URL of its ready line",
    )


def _on_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and is_loopback(parts.hostname) and parts.port != 0
    except ValueError:
        return False
