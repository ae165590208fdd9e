"""Delivers notifications as Intercom does: signed, with five seconds' patience, tried again once after a minute.

A receiver that answers 410 is told nothing more, one that answers 429 less and later; too many failures silence it for
a while (facts §8). On demand a notification is dropped, doubled, delayed, held back behind the next one, or sent before
the answer of the request that caused it. What notifications say is the backend's business; time is the clock's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from harness.core.clock import Clock
from harness.core.errors import Problem
from harness.gateway.webhooks.posting import USER_AGENT, Post, body_signature, signature

TIMEOUT: Final = 5.0
RETRY_AFTER: Final = 60.0
THROTTLED: Final = (60.0, 7_200.0)
"""The first wait after a 429, doubled each time, and the wait after which a notification is given up (facts §8)."""
TOO_MANY: Final = 10
"""Failures in a row that silence a receiver (assumed: facts §8 speak of "too many")."""
SILENCE: Final = 900.0

MOST_DELIVERIES: Final = 2_000
"""How many deliveries the log of a server keeps."""
SLACK: Final = 200
"""By how many it may be exceeded before the oldest are forgotten together."""

State: TypeAlias = Literal["pending", "delivered", "failed", "dropped"]
How: TypeAlias = Literal["drop", "double", "delay", "reorder", "early"]
HOWS: Final[Mapping[str, str]] = {
    "drop": "is never sent",
    "double": "is sent twice",
    "delay": "is sent `seconds` later",
    "reorder": "is sent after the next one",
    "early": "is sent before the answer of the request that caused it",
}


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is told."""

    workspace: str
    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One try: when, and the status or what went wrong."""

    at: float
    result: str


@dataclass(slots=True)
class Delivery:
    """One notification on its way."""

    number: int
    subscriber: Subscriber
    topic: str
    body: dict[str, object]
    due: float
    state: State = "pending"
    how: str | None = None
    attempts: list[DeliveryAttempt] = field(default_factory=list)
    wait: float = 0.0
    under_way: bool = False
    """Whether it is being sent: whoever is told may be told something else before they answer."""

    def as_data(self) -> dict[str, object]:
        """What the delivery log shows."""
        return {
            "type": "delivery",
            "number": self.number,
            "notification_id": self.body["id"],
            "topic": self.topic,
            "url": self.subscriber.url,
            "state": self.state,
            "how": self.how,
            "due": self.due,
            "attempts": [{"at": one.at, "result": one.result} for one in self.attempts],
            "notification": self.body,
        }


@dataclass(slots=True)
class Disruption:
    """What is to become of the next `times` notifications of a topic (`*`: of any)."""

    topic: str
    how: How
    times: int = 1
    seconds: float = RETRY_AFTER
    fired: int = 0


@dataclass(slots=True)
class _DeliveryQueue:
    """How it stands with one receiver."""

    failures: int = 0
    silent_until: float = 0.0
    held: list[Delivery] = field(default_factory=list)


class WebhookDispatcher:
    """The deliveries of a server; safe to use from several threads, and it sends one thing at a time."""

    def __init__(self, clock: Clock, post: Post, disable: Callable[[str], object] = lambda workspace: None) -> None:
        self._clock = clock
        self._post = post
        self._disable = disable
        self._deliveries: list[Delivery] = []
        self._disruptions: dict[str, list[Disruption]] = {}
        self._lines: dict[str, _DeliveryQueue] = {}
        self._lock = threading.Lock()
        self._count = 0

    def disrupt(self, workspace: str, disruption: Disruption) -> None:
        """Have something happen to the next notifications."""
        if disruption.how not in HOWS:
            raise Problem(f"nothing known of {disruption.how!r}", remedy=f"known: {', '.join(HOWS)}")
        if disruption.times < 1 or disruption.seconds < 0:
            raise Problem("times must be above 0 and seconds not below")
        with self._lock:
            self._disruptions.setdefault(workspace, []).append(disruption)

    def disruptions(self, workspace: str) -> Sequence[Disruption]:
        """What was ordered for a workspace."""
        return tuple(self._disruptions.get(workspace, ()))

    def submit(self, subscriber: Subscriber, topic: str, body: dict[str, object]) -> None:
        """Take a notification; one that must go before the answer is sent at once, the others by `deliver`."""
        with self._lock:
            disruption = self._disruption(subscriber.workspace, topic)
            how = disruption.how if disruption else None
            made = [self._enter(subscriber, topic, body, how) for _ in range(2 if how == "double" else 1)]
            if how == "drop":
                made[0].state = "dropped"
            elif how == "delay" and disruption:
                made[0].due += disruption.seconds
            line = self._line(subscriber.workspace)
            held, line.held = line.held, made if how == "reorder" else []
            self._deliveries += [*(made if how != "reorder" else []), *held]
            self._forget_the_oldest()
        if how == "early":
            self._send(made[0])

    def _forget_the_oldest(self) -> None:
        """Keep the log bounded: what has ended goes first, and then what waits longest."""
        if len(self._deliveries) <= MOST_DELIVERIES + SLACK:
            return
        kept = [one for one in self._deliveries if one.state == "pending" or one.under_way][-MOST_DELIVERIES:]
        ended = [one for one in self._deliveries if one.state != "pending" and not one.under_way]
        room = MOST_DELIVERIES - len(kept)
        wanted = {id(one) for one in (*kept, *(ended[-room:] if room else ()))}
        self._deliveries = [one for one in self._deliveries if id(one) in wanted]

    def _disruption(self, workspace: str, topic: str) -> Disruption | None:
        for one in self._disruptions.get(workspace, ()):
            if one.topic in ("*", topic) and one.fired < one.times:
                one.fired += 1
                return one
        return None

    def _enter(self, subscriber: Subscriber, topic: str, body: dict[str, object], how: str | None) -> Delivery:
        self._count += 1
        return Delivery(self._count, subscriber, topic, body, self._clock.now(), how=how)

    def _line(self, workspace: str) -> _DeliveryQueue:
        return self._lines.setdefault(workspace, _DeliveryQueue())

    def deliver(self) -> int:
        """Send whatever is due by the clock, in order; tell how many tries were made."""
        tried = 0
        for delivery in list(self._deliveries):
            if delivery.state == "pending" and not delivery.under_way and delivery.due <= self._clock.now():
                self._send(delivery)
                tried += 1
        return tried

    def release(self) -> None:
        """Let go what was held back for a next notification that did not come."""
        with self._lock:
            for line in self._lines.values():
                self._deliveries += line.held
                line.held = []

    @property
    def may_block(self) -> bool:
        """Whether a notification may have to be sent before an answer is given."""
        return bool(self._disruptions) and any(
            one.how == "early" for several in self._disruptions.values() for one in several
        )

    @property
    def waiting(self) -> bool:
        """Whether anything is still to be sent, now or later."""
        return any(delivery.state == "pending" for delivery in list(self._deliveries))

    @property
    def due(self) -> float | None:
        """When the next try is to be made; `None` where nothing waits."""
        return min((one.due for one in list(self._deliveries) if one.state == "pending"), default=None)

    def log(self, workspace: str) -> Sequence[Delivery]:
        """Every delivery of a workspace, oldest first."""
        with self._lock:
            return sorted(
                (one for one in self._deliveries if one.subscriber.workspace == workspace), key=lambda one: one.number
            )

    def redeliver(self, workspace: str, number: int) -> Delivery:
        """Send a notification once more, whatever became of it."""
        for delivery in self.log(workspace):
            if delivery.number == number:
                delivery.state, delivery.due = "pending", self._clock.now()
                self._send(delivery)
                return delivery
        raise Problem(f"there is no delivery {number}", remedy="GET /_sandbox/webhooks lists them")

    def _send(self, delivery: Delivery) -> None:
        """One try. No lock is held meanwhile: a receiver may ask the backend back before it answers."""
        line, now = self._line(delivery.subscriber.workspace), self._clock.now()
        if now < line.silent_until:
            delivery.state = "dropped"
            delivery.attempts.append(DeliveryAttempt(now, "not tried: too many failures before"))
            return
        tried = len(delivery.attempts)
        again = {"delivery_status": "retry"} if tried else {}  # recorded (facts 46)
        delivery.body = {**delivery.body, **again, "delivery_attempts": tried + 1}
        content = json.dumps(delivery.body, separators=(",", ":"), ensure_ascii=False).encode()
        delivery.under_way = True
        result = self._try(delivery.subscriber, content)
        with self._lock:
            delivery.under_way = False
            delivery.attempts.append(DeliveryAttempt(now, str(result)))
            disabled = self._conclude(delivery, line, result)
        if disabled:
            self._disable(delivery.subscriber.workspace)

    def _try(self, subscriber: Subscriber, content: bytes) -> int | str:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": USER_AGENT,
            "x-hub-signature": signature(content, subscriber.secret),
        }
        try:
            return self._post("POST", subscriber.url, headers, content, TIMEOUT)
        except OSError as error:
            return str(error) or type(error).__name__

    def _conclude(self, delivery: Delivery, line: _DeliveryQueue, result: int | str) -> bool:
        """What a result means for this notification and for those to come; true ends the subscription."""
        if isinstance(result, int) and 200 <= result < 300:
            delivery.state, line.failures = "delivered", 0
        elif result == 410:
            delivery.state = "failed"
        elif result == 429:
            self._throttle(delivery)
        else:
            line.failures += 1
            if line.failures >= TOO_MANY:
                line.silent_until = self._clock.now() + SILENCE
            if len(delivery.attempts) > 1:
                delivery.state = "failed"
            else:
                delivery.due = self._clock.now() + RETRY_AFTER
        return result == 410

    def _throttle(self, delivery: Delivery) -> None:
        first, last = THROTTLED
        delivery.wait = delivery.wait * 2 or first
        if delivery.wait > last:
            delivery.state = "dropped"
        else:
            delivery.due = self._clock.now() + delivery.wait

    def tell_app(self, subscriber: Subscriber, body: Mapping[str, str]) -> int:
        """Send an uninstall or a health check once, at once, and return the receiver's status.

        Raises:
            Problem: the receiver does not answer in time.
        """
        content = json.dumps(body, separators=(",", ":")).encode()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": USER_AGENT,
            "x-body-signature": body_signature(content, subscriber.secret),
        }
        try:
            return self._post("POST", subscriber.url, headers, content, TIMEOUT)
        except OSError as error:
            raise Problem(f"nobody answers at {subscriber.url}", evidence=str(error)) from error

    def validate(self, url: str) -> None:
        """Ask a receiver with HEAD whether it is there, as Intercom does before it subscribes one."""
        try:
            status = self._post("HEAD", url, {"user-agent": USER_AGENT}, b"", TIMEOUT)
        except OSError as error:
            raise Problem(
                f"nobody answers at {url}",
                evidence=str(error),
                remedy="start the receiver first: harness webhooks listen",
            ) from error
        if status in (404, 410) or status >= 500:
            raise Problem(f"{url} does not take notifications", evidence=f"HEAD was answered {status}")
