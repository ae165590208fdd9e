"""How notifications are delivered: patience, one retry, throttling, silence, and what can be ordered to go wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.gateway.webhooks.dispatcher import (
    RETRY_AFTER,
    SILENCE,
    TOO_MANY,
    Disruption,
    How,
    Subscriber,
    WebhookDispatcher,
)
from harness.gateway.webhooks.posting import is_signed, signature

SECRET = "a secret made for this test"
HERE = Subscriber("one", "http://127.0.0.1:9/", SECRET)


@dataclass
class Far:
    """A receiver that answers as it was told to, the last answer again and again."""

    answers: list[int | str] = field(default_factory=lambda: [200])
    heard: list[dict[str, Any]] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int:
        """Take one."""
        assert timeout == 5.0
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if method == "POST":
            self.heard.append(json.loads(body))
            self.signed.append(is_signed(body, SECRET, headers["x-hub-signature"]))
        if isinstance(answer, str):
            raise OSError(answer)
        return answer


class DispatcherBench:
    """A dispatcher with a clock and a receiver."""

    def __init__(self, *answers: int | str) -> None:
        self.clock, self.far, self.disabled = ManualClock(), Far(list(answers) or [200]), list[str]()
        self.dispatcher = WebhookDispatcher(self.clock, self.far, self.disabled.append)

    def tell(self, *names: str, topic: str = "contact.merged") -> None:
        """Notifications by these names, and whatever is due."""
        for name in names:
            self.dispatcher.submit(HERE, topic, {"id": name, "delivery_attempts": 1})
        self.dispatcher.deliver()

    def order(self, how: How, **given: Any) -> None:
        """Have something happen to the next one."""
        self.dispatcher.disrupt("one", Disruption("*", how, **given))

    @property
    def names(self) -> list[str]:
        """What arrived, by name, in order."""
        return [body["id"] for body in self.far.heard]

    @property
    def states(self) -> list[str]:
        """What became of each delivery."""
        return [one.state for one in self.dispatcher.log("one")]


def test_a_notification_is_delivered_once_and_signed() -> None:
    """The signature is HMAC-SHA1 of exactly the bytes that were sent."""
    bench = DispatcherBench()
    bench.tell("a")
    bench.dispatcher.deliver()
    assert (bench.names, bench.far.signed, bench.states) == (["a"], [True], ["delivered"])


def test_the_signature_is_the_one_that_is_known() -> None:
    """Checked against the published test vector of HMAC-SHA1 (RFC 2202, case 2)."""
    assert signature(b"what do ya want for nothing?", "Jefe") == "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    assert not is_signed(b"what do you want for nothing?", "Jefe", signature(b"what do ya want for nothing?", "Jefe"))


@pytest.mark.parametrize("trouble", ["no answer within 5 s", 500, 404, 302])
def test_a_failure_is_tried_once_more_after_a_minute(trouble: int | str) -> None:
    """Not earlier, and not a third time; a redirect counts as a failure."""
    bench = DispatcherBench(trouble)
    bench.tell("a")
    bench.clock.advance(RETRY_AFTER - 1)
    bench.dispatcher.deliver()
    assert len(bench.far.heard) == 1
    bench.clock.advance(1)
    bench.dispatcher.deliver()
    assert [body["delivery_attempts"] for body in bench.far.heard] == [1, 2]
    bench.clock.advance(10_000)
    bench.dispatcher.deliver()
    assert (len(bench.far.heard), bench.states) == (2, ["failed"])


def test_a_retry_that_succeeds_is_a_delivery() -> None:
    """The log tells both tries."""
    bench = DispatcherBench("the connection was refused", 200)
    bench.tell("a")
    bench.clock.advance(RETRY_AFTER)
    bench.dispatcher.deliver()
    (delivery,) = bench.dispatcher.log("one")
    assert [attempt.result for attempt in delivery.attempts] == ["the connection was refused", "200"]
    assert delivery.state == "delivered"


def test_410_ends_the_subscription() -> None:
    """Whoever says that it is gone is told nothing more."""
    bench = DispatcherBench(410)
    bench.tell("a")
    assert (bench.disabled, bench.states) == (["one"], ["failed"])


def test_429_is_waited_out_longer_and_longer_and_then_given_up() -> None:
    """From a minute to two hours, doubled each time."""
    bench = DispatcherBench(429)
    bench.tell("a")
    waits = []
    while bench.dispatcher.waiting:
        (delivery,) = bench.dispatcher.log("one")
        waits.append(delivery.due - bench.clock.now())
        bench.clock.advance(waits[-1])
        bench.dispatcher.deliver()
    assert waits == [60, 120, 240, 480, 960, 1920, 3840]
    assert bench.states == ["dropped"]


def test_too_many_failures_silence_a_receiver_for_a_while() -> None:
    """What comes in between is dropped; afterwards it is told again."""
    bench = DispatcherBench(500)
    bench.tell(*(str(number) for number in range(TOO_MANY)))
    bench.tell("dropped")
    assert bench.states[-1] == "dropped"
    bench.far.answers = [200]
    bench.clock.advance(SILENCE)
    bench.tell("heard")
    assert "dropped" not in bench.names
    assert "heard" in bench.names


@pytest.mark.parametrize(
    ("how", "names"),
    [
        ("drop", ["b", "c"]),
        ("double", ["a", "a", "b", "c"]),
        ("delay", ["b", "c"]),
        ("reorder", ["b", "a", "c"]),
        ("early", ["a", "b", "c"]),
    ],
)
def test_what_was_ordered_happens_to_the_next_one(how: How, names: list[str]) -> None:
    """Once, and the others come as they should."""
    bench = DispatcherBench()
    bench.order(how, seconds=30)
    bench.tell("a", "b", "c")
    assert bench.names == names
    assert bench.dispatcher.disruptions("one")[0].fired == 1
    bench.clock.advance(30)
    bench.dispatcher.deliver()
    assert sorted({*bench.names}) == (["b", "c"] if how == "drop" else ["a", "b", "c"])


def test_an_early_one_is_sent_when_it_is_submitted() -> None:
    """Before anybody delivers, so before the answer of the request goes out."""
    bench = DispatcherBench()
    bench.order("early")
    assert bench.dispatcher.may_block
    bench.dispatcher.submit(HERE, "contact.merged", {"id": "a", "delivery_attempts": 1})
    assert bench.names == ["a"]


def test_what_is_held_back_can_be_let_go() -> None:
    """The last one of a run has no next one to wait for."""
    bench = DispatcherBench()
    bench.order("reorder")
    bench.tell("a")
    assert bench.names == []
    bench.dispatcher.release()
    bench.dispatcher.deliver()
    assert bench.names == ["a"]


def test_a_delivery_can_be_sent_again() -> None:
    """Whatever became of it, with the same id."""
    bench = DispatcherBench()
    bench.order("drop")
    bench.tell("a")
    (dropped,) = bench.dispatcher.log("one")
    assert bench.dispatcher.redeliver("one", dropped.number).state == "delivered"
    assert bench.names == ["a"]
    with pytest.raises(Problem, match="no delivery 99"):
        bench.dispatcher.redeliver("one", 99)
    with pytest.raises(Problem, match="no delivery"):
        bench.dispatcher.redeliver("two", dropped.number)


def test_orders_that_make_no_sense_are_refused() -> None:
    """Unknown ways, and numbers below what can be."""
    bench = DispatcherBench()
    for wrong in (Disruption("*", "lose"), Disruption("*", "drop", times=0), Disruption("*", "delay", seconds=-1)):  # type: ignore[arg-type]
        with pytest.raises(Problem):
            bench.dispatcher.disrupt("one", wrong)


def test_a_receiver_is_asked_with_head_before_it_is_subscribed() -> None:
    """One that is not there, or not at that path, is refused with the reason."""
    DispatcherBench(200).dispatcher.validate(HERE.url)
    for answer in ("the connection was refused", 404, 500):
        with pytest.raises(Problem):
            DispatcherBench(answer).dispatcher.validate(HERE.url)


def test_who_is_told_something_else_before_they_answer_hears_nothing_twice() -> None:
    """A receiver writes before it answers, and what comes of that is sent at once: the first is on its way already."""
    bench = DispatcherBench()

    def nested(method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int:
        told = bench.far(method, url, headers, body, timeout)
        if len(bench.names) == 1:
            bench.tell("b")
        return told

    bench.dispatcher = WebhookDispatcher(bench.clock, nested)
    bench.tell("a")
    assert bench.names == ["a", "b"]
    assert bench.states == ["delivered", "delivered"]
