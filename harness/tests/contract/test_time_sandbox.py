"""Time in the sandbox is the clock's: rate-limit windows and the lag of search follow it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.tests.support.sandbox_client import Asker


@pytest.fixture
def asker() -> Iterator[Asker]:
    """A client of a workspace of its own."""
    client = Asker.new()
    yield client
    client.sandbox.close()


def statuses(asker: Asker, times: int) -> list[int]:
    """What so many requests are answered."""
    return [asker.send("GET", "/me").status for _ in range(times)]


def test_a_budget_of_three_is_three(asker: Asker) -> None:
    """Three pass; the fourth is a 429 that says when to come back; after the window three pass again."""
    asker.sandbox.workspace("test").update_settings({"rate_limit": 3})
    assert statuses(asker, 5) == [200, 200, 200, 429, 429]
    refused = asker.send("GET", "/me")
    assert refused.json()["errors"][0]["code"] == "rate_limit_exceeded"
    asker.clock.advance(int(refused.headers["retry-after"]))
    assert statuses(asker, 4) == [200, 200, 200, 429]


def test_each_answer_tells_what_is_left(asker: Asker) -> None:
    """The first request of a window shows the whole limit as remaining; windows begin on a digit of the workspace's."""
    asker.sandbox.workspace("test").update_settings({"rate_limit": 3})
    phase = int(asker.send("GET", "/me").headers["x-ratelimit-reset"]) % 10
    asker.clock.advance(10 - (int(asker.clock.now()) - phase) % 10 + 4)
    told = [asker.send("GET", "/me").headers for _ in range(4)]
    assert [headers["x-ratelimit-limit"] for headers in told] == ["3"] * 4
    assert [headers["x-ratelimit-remaining"] for headers in told] == ["3", "2", "1", "0"]
    assert {headers["x-ratelimit-reset"] for headers in told} == {str(int(asker.clock.now()) + 6)}
    assert told[-1]["retry-after"] == "6"


def test_a_window_that_is_over_is_over(asker: Asker) -> None:
    """Requests of the last second of one window do not count in the next."""
    asker.sandbox.workspace("test").update_settings({"rate_limit": 2})
    reset = int(asker.send("GET", "/me").headers["x-ratelimit-reset"])
    asker.clock.advance(reset + 9 - asker.clock.now())
    assert statuses(asker, 3) == [200, 200, 429]
    asker.clock.advance(1)
    assert statuses(asker, 1) == [200]


def test_budgets_belong_to_a_workspace(asker: Asker) -> None:
    """One that is spent leaves the others alone."""
    asker.sandbox.workspace("test").update_settings({"rate_limit": 1})
    assert statuses(asker, 2) == [200, 429]
    assert statuses(asker.in_workspace("other"), 2) == [200, 200]


def test_search_lags_by_the_clock(asker: Asker) -> None:
    """A new contact is read by id at once, and found by search after the delay that was set."""
    asker.sandbox.workspace("test").update_settings({"index_delay": 120})
    user = asker.user()

    def found() -> int:
        query = {"query": {"field": "email", "operator": "=", "value": user["email"]}}
        return int(asker.ask("POST", "/contacts/search", query)["total_count"])

    assert asker.ask("GET", f"/contacts/{user['id']}")["id"] == user["id"]
    asker.clock.advance(119)
    assert found() == 0
    asker.clock.advance(1)
    assert found() == 1
