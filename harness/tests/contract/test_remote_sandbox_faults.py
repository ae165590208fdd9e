"""Faults, waits and webhooks where the sandbox runs elsewhere on this machine, and time that a service scales."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import requests

from harness.cli.main import main
from harness.core.clock import FollowingClock, WallClock
from harness.runner import wiring
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support import stock_scenarios
from harness.verification import Verdict

Serving = Callable[[float], AbstractContextManager[str]]


@pytest.fixture
def serving() -> Serving:
    """Opens a sandbox on a port of its own, and tells its URL."""

    @contextmanager
    def opened(time_scale: float = 1.0) -> Iterator[str]:
        clock = FollowingClock(WallClock())
        backend = wiring.sandbox_backend(clock)
        session = wiring.service_session(backend, wiring.paced(clock, time_scale))
        _, server = wiring.service(backend, clock, session=session)
        with server:
            yield server.url
        backend.close()

    return opened


ELSEWHERE = {
    "resilience": ("test_an_answer_is_lost_in_another_way[lead_joins_user-silence]",
                   "test_the_rate_limit_is_spent[lead_joins_user]",
                   "test_search_does_not_show_the_user_yet_when_a_lead_joins"),
    "webhooks": ("test_a_webhook_tells_of_a_lead[twice]", "test_a_webhook_comes_before_the_answer"),
}  # fmt: skip


def test_adversity_is_staged_in_front_of_a_running_sandbox(serving: Serving, tmp_path: Path) -> None:
    """An answer that never comes, a rate limit, an index that lags, a webhook twice and early; and nobody waits."""
    cases = [
        case for module, names in ELSEWHERE.items() for case in stock_scenarios.cases_in(module) if case.name in names
    ]
    assert len(cases) == 5
    with serving(1.0) as url:
        began = time.monotonic()
        run = Run(RunOptions(against=url, record=True, cassettes=tmp_path))
        assert [stock_scenarios.play(run, case).verdict for case in cases] == [Verdict.PROVED] * 5
        run.close()
        assert time.monotonic() - began < 15
    replay = Run(RunOptions(against="cassette", cassettes=tmp_path))
    assert [stock_scenarios.play(replay, case).verdict for case in cases] == [Verdict.PROVED] * 5
    replay.close()


def test_a_service_scales_what_its_callers_have_to_wait(serving: Serving) -> None:
    """Half a minute is told as one second, and is over after it; a delay of a minute is less than one."""
    with serving(0.01) as url, requests.Session() as session:
        session.trust_env, session.auth = False, ("sandbox-one", "")
        for fault in ({"kind": "rate_limit", "retry_after": 30}, {"kind": "delay", "seconds": 60}):
            session.post(f"{url}/_sandbox/faults", json={"operation": "identifyAdmin", **fault}).raise_for_status()
        began = time.monotonic()
        refused = session.get(f"{url}/me")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        time.sleep(1)
        assert [session.get(f"{url}/me").status_code for _ in range(2)] == [200, 200]
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("against", ["test-app", "http://127.0.0.1:9"])
def test_time_that_is_not_ours_is_not_scaled(against: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A backend with a clock of its own refuses a request that comes too early, so its waits are not shortened."""
    assert main(["gateway", "--against", against, "--time-scale", "0.1"]) == 2
    assert "cannot scale the time" in capsys.readouterr().err
