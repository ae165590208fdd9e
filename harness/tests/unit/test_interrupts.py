"""A Ctrl-C while a browser works is heard when that is over, and never lost."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest

from harness.test_app.visitors.interrupts import interrupts_kept


def test_an_interrupt_is_heard_at_the_end_whatever_went_wrong() -> None:
    """What the block made of it does not count; the handler is the one before."""
    before = signal.getsignal(signal.SIGINT)
    steps: list[str] = []

    def work(fails: bool) -> None:
        with interrupts_kept():
            signal.raise_signal(signal.SIGINT)
            steps.append("went on")
            if fails:
                raise RuntimeError("the browser is gone")

    for fails in (False, True):
        with pytest.raises(KeyboardInterrupt):
            work(fails)
    assert steps == ["went on"] * 2
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interrupt_is_heard_at_once() -> None:
    """Who cannot wait need not."""
    steps: list[str] = []
    with suppress(KeyboardInterrupt), interrupts_kept():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        steps.append("never")
    assert steps == []


def test_other_errors_pass() -> None:
    """Without an interrupt nothing is different."""
    with pytest.raises(ZeroDivisionError), interrupts_kept():
        _ = 1 / 0
