"""Backstages that are live: the embedded sandbox, one that runs elsewhere, a TEST app."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import Any

import requests

from harness.core.clock import ManualClock, SkippingClock, WallClock
from harness.core.errors import Problem
from harness.core.http import Handler, Outcome, Request, Step
from harness.core.tokens import token_of
from harness.people import DrawnTraits, HttpVisitorOrigin, SandboxVisitorOrigin
from harness.runner.backend_session import BackendSession, SessionConfig
from harness.runner.scenario import Case


def live_session(
    case: Case, order: SessionConfig, where: Callable[[], Step | None]
) -> AbstractContextManager[BackendSession]:
    """The backstage of a case with a backend that answers by itself, closed again at the end."""
    if order.against == "test-app":
        return _at_test_app(case, order, where)
    return _at_url(case, order) if "://" in order.against else _embedded(case, order)


@contextmanager
def _at_test_app(case: Case, order: SessionConfig, where: Callable[[], Step | None]) -> Iterator[BackendSession]:
    if order.test_app is None:
        raise Problem("this run has no way to a TEST app", remedy="start it with: harness run --against test-app")
    from harness.gateway.middleware.traffic_log import BackendTrafficLog
    from harness.runner.wiring import OpenBackend
    from harness.sandbox.operation_names import operation_of
    from harness.test_app.unsupported_controls import UnsupportedControls

    way, clock = order.test_app(), WallClock()
    session, reached = way.session, BackendTrafficLog(where, clock.now)
    with session.scenario(f"{case.module}::{case.name}") as concluding:
        yield BackendSession(
            OpenBackend(way.handle, operation=operation_of),
            session.stand_in,
            _DeclaredTraits(session.seed + _number(case), session.marker, session.sentry.declare),
            way.visitors,
            clock,
            UnsupportedControls(),
            middleware=(reached.layer,),
            base_url=f"https://{session.app.host}",
            tokens_stay=True,
            recorded_from="sandbox" if way.rehearsal else "test-app",
            conclude=lambda passed, people: concluding.conclude(passed=passed),
            parallel=reached.parallel,
            before_job=session.check_others,
            reached=reached,
        )


class _DeclaredTraits(DrawnTraits):
    """Traits of which the guard hears who never was, and may be asked for all the same."""

    def __init__(self, seed: int, marker: str, declare: Callable[[Iterable[str]], None]) -> None:
        super().__init__(seed, marker)
        self._declare = declare

    def draw(self, kind: str) -> Mapping[str, Any]:
        """The traits of the next person."""
        traits = super().draw(kind)
        if kind == "stranger":
            self._declare((traits["uuid"], traits["object_id"]))
        return traits


@contextmanager
def _embedded(case: Case, order: SessionConfig) -> Iterator[BackendSession]:
    from harness.runner.wiring import prefer_version, sandbox_backend

    clock = ManualClock()
    name = order.workspace or workspace_name(case)
    with closing(sandbox_backend(clock, seed=order.seed)) as backend:
        assert backend.controls is not None
        prefer_version(backend, name, order.intercom_version)
        workspace = backend.controls.workspace(name)
        yield BackendSession(
            backend,
            token_of(name),
            DrawnTraits(order.seed + _number(case)),
            SandboxVisitorOrigin(workspace.create_visitor),
            clock,
            workspace,
        )


@contextmanager
def _at_url(case: Case, order: SessionConfig) -> Iterator[BackendSession]:
    from harness.gateway.webhooks.receiver import Receiver
    from harness.runner.wiring import prefer_version, remote_backend

    name = order.workspace or f"run-{secrets.token_hex(4)}-{workspace_name(case)}"
    token = token_of(name)
    clock = SkippingClock(WallClock())

    def owing(request: Request, inner: Handler) -> Outcome:
        outcome = inner(request)
        wait = outcome.response.headers.get("retry-after", "") if outcome.response else ""
        clock.owe(float(wait) if wait.isdigit() else 0.0)
        return outcome

    with ExitStack() as stack:
        backend = stack.enter_context(closing(remote_backend(order.against)))
        prefer_version(backend, name, order.intercom_version)
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        yield BackendSession(
            backend,
            token,
            DrawnTraits(order.seed + _number(case)),
            HttpVisitorOrigin(session, order.against.rstrip("/"), token),
            clock,
            backend.controls.workspace(name) if backend.controls else None,
            middleware=(owing,),
            subscriber=lambda: stack.enter_context(Receiver()).url,
        )


def workspace_name(case: Case) -> str:
    """The workspace of a case: the same in each run, so that the sandbox gives the same ids."""
    return f"case-{_number(case):08x}"


def _number(case: Case) -> int:
    return int.from_bytes(hashlib.sha256(f"{case.module}::{case.name}".encode()).digest()[:4], "big")
