"""A gateway session does not change while it is open, and a backend is closed whatever happens in its scenario."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.core.http import Handler, Outcome, Request, Response
from harness.gateway import Backend, Gateway, GatewaySession
from harness.gateway.server.server import Server
from harness.runner.case import Case
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support.sandbox_server import served

ASKED = Request("GET", "/me", {"authorization": "Bearer sandbox-one"})


def answers(_request: Request) -> Outcome:
    """A backend that always has an answer."""
    return Outcome(Response(200))


def refuses(_request: Request, _inner: Handler) -> Outcome:
    """Middleware that always answers by itself."""
    return Outcome(Response(418))


def test_middleware_cannot_be_added_to_an_open_session_and_then_be_ignored() -> None:
    """Middleware set after the first request raises; it never looks as if it were in force without being so."""
    gateway, session = Gateway(ManualClock()), GatewaySession(Backend(answers))
    with gateway.on(session):
        gateway.handle(ASKED)
        with suppress(FrozenInstanceError):
            session.middleware = (refuses,)  # type: ignore[misc]  # that it is refused is the point
            response = gateway.handle(ASKED).response
            assert response is not None
            assert response.status == 418, "the middleware was accepted and then ignored"


@pytest.fixture
def sandbox() -> Iterator[Server]:
    """A sandbox behind a port, as one that runs elsewhere."""
    with served() as (_, server):
        yield server


def connections_to(port: int) -> int:
    """How many connections this process holds to a port of this machine."""
    remote = f"0100007F:{port:04X}"
    mine = {str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()}
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2] == remote and f"socket:[{row[9]}]" in mine for row in rows)


def play_and_raise(run: Run, port: int, raised: BaseException) -> None:
    """Open a scenario, use its backend, and raise."""
    with run.scenario(Case("lead_to_user", "test_it", "It raises")) as scenario:
        scenario.people.user()
        assert connections_to(port)
        raise raised


@pytest.mark.parametrize("raised", [RuntimeError("the scenario failed"), KeyboardInterrupt()], ids=["error", "ctrl-c"])
def test_a_backend_elsewhere_is_closed_when_its_scenario_raises(sandbox: Server, raised: BaseException) -> None:
    """No connection to the running sandbox is left after a scenario that raised."""
    run = Run(RunOptions(against=sandbox.url))
    with pytest.raises(type(raised)) as held:
        play_and_raise(run, sandbox.port, raised)
    assert held.value is raised, "the error holds the frames, and with them what they left open"
    assert connections_to(sandbox.port) == 0
    run.close()


def test_a_backend_elsewhere_is_closed_when_it_refuses_the_version(sandbox: Server) -> None:
    """No connection to the running sandbox is left after it refused the scenario's version."""
    run = Run(RunOptions(against=sandbox.url, intercom_version="0.9"))
    with pytest.raises(Problem, match="version") as held:
        play_and_raise(run, sandbox.port, AssertionError("the scenario was opened"))
    assert "0.9" in str(held.value)
    assert connections_to(sandbox.port) == 0
    run.close()
