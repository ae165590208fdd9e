"""The harness's clock follows a pipeline that waits by its own, and only one that really waits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest

from harness.core.clock import RUN_START, FollowingClock, ManualClock, SkippingClock, WallClock
from harness.core.http import Outcome, Request, Response
from harness.gateway.middleware.time_scale import TimeScale


@dataclass
class StopWatch:
    """The machine's time, moved by hand."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@dataclass
class Track:
    """A pipeline's requests through a pace, answered with 429 until somebody says otherwise."""

    scale: float = 1.0
    clock: ManualClock = field(default_factory=ManualClock)
    watch: StopWatch = field(default_factory=StopWatch)
    outcome: Outcome = field(
        default_factory=lambda: Outcome(Response(429, {"retry-after": "10", "x-ratelimit-reset": "1767225610"}))
    )

    def __post_init__(self) -> None:
        self.pace = TimeScale(self.clock, self.scale, elapsed=self.watch, today=lambda: 2_000_000.0)

    def ask(self, after: float) -> Response:
        """Ask after so many seconds of the machine's."""
        self.watch.now += after
        response = self.pace.middleware(Request("GET", "/me"), lambda _: self.outcome).response
        assert response is not None
        return response

    @property
    def moved(self) -> float:
        """How far the harness's clock has come."""
        return self.clock.now() - RUN_START


def test_who_waits_as_told_has_waited() -> None:
    """The clock moves by what was told, not by what the machine measured."""
    track = Track()
    track.ask(0)
    track.ask(10.4)
    assert track.moved == 10


def test_who_does_not_wait_has_not() -> None:
    """Asking again too early moves nothing; a rate limit goes on holding."""
    track = Track()
    track.ask(0)
    track.ask(9)
    assert track.moved == 0


def test_time_can_be_scaled_down() -> None:
    """A tenth is told and waited, the whole goes by; the reset is told by the machine's own clock."""
    track = Track(scale=0.1)
    told = track.ask(0)
    assert (told.headers["retry-after"], told.headers["x-ratelimit-reset"]) == ("1", "2000001")
    track.ask(1)
    assert track.moved == 10


def test_at_scale_nought_nobody_has_to_wait() -> None:
    """The next request counts as one after the wait."""
    track = Track(scale=0)
    assert track.ask(0).headers["retry-after"] == "0"
    track.ask(0)
    assert track.moved == 10


def test_a_delay_goes_by_on_the_clock_and_is_acted_out_scaled() -> None:
    """An answer that comes after a minute comes after a scaled minute."""
    track = Track(scale=0.01, outcome=Outcome(Response(200), delay=60))
    outcome = track.pace.middleware(Request("GET", "/me"), lambda _: track.outcome)
    assert outcome.delay == pytest.approx(0.6)
    assert track.moved == 60


def test_the_harness_own_requests_are_left_alone() -> None:
    """What the harness asks is not paced."""
    track = Track()
    answer = track.pace.middleware(Request("GET", "/me", caller="harness"), lambda _: track.outcome).response
    assert answer is track.outcome.answer


def test_no_clock_goes_backwards() -> None:
    """Advancing by less than nothing and telling an earlier moment are refused, and change nothing."""
    manual, told = ManualClock(), FollowingClock(ManualClock())
    told.tell(RUN_START + 5)
    with pytest.raises(ValueError, match="forward only"):
        manual.advance(-1)
    with pytest.raises(ValueError, match="forward only"):
        WallClock().advance(-1)
    with pytest.raises(ValueError, match="forward only"):
        told.tell(RUN_START)
    assert (manual.now(), told.now()) == (RUN_START, RUN_START + 5)


def test_a_clock_that_skips_is_ahead_of_the_one_it_follows() -> None:
    """What is waited for has gone by at once; backwards it does not go."""
    clock, watch = SkippingClock(followed := ManualClock()), time.monotonic()
    clock.advance(3_600)
    assert time.monotonic() - watch < 1
    followed.advance(5)
    assert clock.now() == RUN_START + 3_605
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)


def test_what_is_owed_to_somebody_elsewhere_really_passes() -> None:
    """A sandbox with a clock of its own said when to come back: as much of a wait as that takes is waited."""
    clock, began = SkippingClock(WallClock()), time.monotonic()
    clock.owe(0.05)
    clock.advance(10)
    assert 0.04 < time.monotonic() - began < 5
    assert 9.9 < clock.now() - time.time() < 10.1


def test_a_following_clock_is_moved_ahead_and_follows_on() -> None:
    """And one that was told a time is moved on from there."""
    clock = FollowingClock(followed := ManualClock())
    clock.advance(60)
    followed.advance(1)
    assert (clock.now(), clock.follows) == (RUN_START + 61, True)
    clock.tell(RUN_START + 100)
    clock.advance(5)
    assert (clock.now(), clock.follows) == (RUN_START + 105, False)
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)
