"""Waits of code under test pass in a moment in a replay, in the order in which they would have ended."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import anyio
import pytest
import trio

from harness.pipeline.short_waits import UNCHANGED, short_waits, shortened


def test_order_is_kept_and_no_wait_is_long() -> None:
    """A week takes less than half a second."""
    waits = [0, 0.001, 0.01, 0.011, 0.1, 0.2, 1, 2, 6, 60, 3600, 7 * 86_400]
    short = [shortened(seconds) for seconds in waits]
    assert all(first < second for first, second in pairwise(short))
    assert shortened(UNCHANGED / 2) == UNCHANGED / 2
    assert short[-1] < 0.5


def test_every_way_to_sleep_is_short_for_code_under_test() -> None:
    """The standard library's, asyncio's, anyio's and trio's, and only in the block."""
    real = time.sleep, asyncio.sleep, anyio.sleep, trio.sleep
    with short_waits(lambda: True):
        began = time.monotonic()
        time.sleep(60)
        asyncio.run(asyncio.sleep(60))
        anyio.run(anyio.sleep, 60)
        trio.run(trio.sleep, 60)
        assert time.monotonic() - began < 50
    assert (time.sleep, asyncio.sleep, anyio.sleep, trio.sleep) == real


def test_nobody_elses_waits_are_shortened() -> None:
    """A thread of the test's own waits as long as it says."""
    with short_waits(lambda: False):
        began = time.monotonic()
        time.sleep(0.3)
        assert time.monotonic() - began >= 0.29


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_what_is_no_wait_is_handed_on(seconds: float) -> None:
    """The standard library says what is wrong with it."""
    assert shortened(seconds) is seconds
