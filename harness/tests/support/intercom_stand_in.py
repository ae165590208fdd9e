"""A sandbox that plays Intercom: real host names behind TLS, one real-looking token, and things that go wrong.

It stands where Intercom would: a server with the proxy door in front of a sandbox of its own, reached by the TEST-app
backend over real HTTPS. What reached it is kept, so that a test can say that no write did.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.config import HOSTS, AppSettings, Secret
from harness.core.clock import Clock, WallClock
from harness.core.http import Outcome, Request, Response
from harness.gateway.core import bearer_token
from harness.people.carried import ATTRIBUTES
from harness.sandbox import Sandbox
from harness.test_app.test_app_backend import ProxyRoute
from harness.test_app.test_app_session import AppSession, SessionEnvironment
from harness.tests.support.doors import JSON, serving

Fault = Callable[[Request], Outcome | None]
WRITES = ("POST", "PUT", "DELETE", "PATCH")
READING_POSTS = ("/contacts/search", "/conversations/search")


def new_token() -> str:
    """A token that looks like a real one, made for this test."""
    return f"dG9rOmJ1aWx0X2F0{uuid.uuid4().hex}"


@dataclass
class StandIn:
    """One TEST app as Intercom would keep it. `faults` are asked in turn before the sandbox is."""

    region: str = "us"
    workspace: str = "test-app"
    clock: Clock = field(default_factory=WallClock)
    token: str = field(default_factory=new_token)
    faults: list[Fault] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(self.clock, seed=7)
        self.controls = self.sandbox.workspace(self.workspace)
        self.controls.update_settings({"region": self.region.upper()})
        self._lock = threading.Lock()

    @property
    def app_id(self) -> str:
        """The app's id, as `/me` shows it."""
        return self.controls.app_id

    @property
    def settings(self) -> AppSettings:
        """What a right `.env` would say."""
        return AppSettings(Secret(self.token), self.app_id, self.region, frozenset({"zz99live"}))

    @property
    def writes(self) -> list[Request]:
        """Every write that reached it."""
        return [r for r in self.seen if r.method in WRITES and r.path.rstrip("/") not in READING_POSTS]

    def handle(self, request: Request) -> Outcome:
        """Answer as Intercom would in this region, to this token."""
        with self._lock:
            self.seen.append(request)
        for fault in list(self.faults):
            outcome = fault(request)
            if outcome is not None:
                return outcome
        if request.host != HOSTS[self.region] or bearer_token(request) != self.token:
            return answer(401, "unauthorized", "Access Token Invalid")
        return Outcome(self.sandbox.handle(request.with_headers(authorization=f"Bearer sandbox-{self.workspace}")))

    def people(self) -> list[str]:
        """The ids of everybody there, archived ones and visitors included."""
        rows = self.controls.database.all("SELECT person_id FROM people ORDER BY seq")
        return [str(row[0]) for row in rows]

    def visit(self, traits: Any) -> dict[str, Any]:
        """A visitor, as the Messenger would make one."""
        return self.controls.create_visitor(dict(traits))

    def ask(self, method: str, target: str, body: Any = None, version: str = "2.16") -> Any:
        """Ask the sandbox behind it directly, past every door."""
        headers = {"authorization": f"Bearer sandbox-{self.workspace}", "intercom-version": version}
        headers["content-type"] = "application/json"
        content = b"" if body is None else json.dumps(body).encode()
        return self.sandbox.handle(Request(method, target, headers, content)).json()


def answer(status: int, code: str, message: str = "no", **headers: str) -> Outcome:
    """An error in Intercom's envelope."""
    body = {"type": "error.list", "request_id": None, "errors": [{"code": code, "message": message}]}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Outcome(Response(status, {**JSON, **named}, json.dumps(body).encode()))


def page(status: int = 200, text: str = "<!doctype html><title>Sign in to the network</title>") -> Outcome:
    """A web page where JSON was wanted."""
    return Outcome(Response(status, {"content-type": "text/html; charset=utf-8"}, text.encode()))


@contextmanager
def playing(folder: Path, played: StandIn) -> Iterator[ProxyRoute]:
    """Serve it for the length of a block; tells the line by which it is reached."""
    with serving(folder, played.handle) as door:
        yield ProxyRoute(proxy=door.url, ca_bundle=str(door.bundle))


def surroundings(folder: Path, line: ProxyRoute, **changes: Any) -> SessionEnvironment:
    """A machine's surroundings with clocks that cost no time."""
    quick: dict[str, Any] = {"sleep": lambda _seconds: None, "settled_after": 0.0, "index_deadline": 0.2}
    return SessionEnvironment(folder / "state", line, **{**quick, **changes})


def session(
    folder: Path, line: ProxyRoute, played: StandIn, app: AppSettings | None = None, **changes: Any
) -> AppSession:
    """A session with this TEST app, not opened yet."""
    attributes = frozenset(ATTRIBUTES)
    return AppSession(app or played.settings, surroundings(folder, line, **changes), attributes=attributes)
