"""What a scenario says of Intercom itself: what goes wrong (`faults`), what its workspace is like (`intercom`).

Both hold for the pipeline alone: people are made, and everybody is read, with nothing in the way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from harness.core.clock import MovingClock
from harness.core.errors import Problem
from harness.core.http import RECEIVER_HOST, BrokenResponse, Handler, Outcome, Request, Response
from harness.core.people import Lead, User
from harness.gateway.control_api.sandbox_controls import Settable
from harness.gateway.middleware.fault import Fault
from harness.gateway.middleware.fault_files import fault_from
from harness.gateway.middleware.faults import ArmedFault, FaultTable
from harness.gateway.webhooks.dispatcher import Subscriber, WebhookDispatcher
from harness.gateway.webhooks.posting import USER_AGENT
from harness.pipeline import Answer
from harness.pipeline.answer import HEARS, Hears
from harness.runner.notification_bodies import NotifiedItem, SentNotification, Signature, forged, notification_of

BETWEEN_STEPS: Final = 3600.0
"""Seconds by which the clock moves when the pipeline's first call comes: what was there is older than what happens."""
INDEX_DELAY: Final = 2 * BETWEEN_STEPS
"""Seconds by which lists and searches lag where a scenario says so."""


NOWHERE: Final = "http://127.0.0.1:9/"
"""The address of a subscriber who is told in process."""

RUN_SECRET: Final = "sandbox-run-client-secret"
"""What every notification of a run is signed with, in the place of a workspace's own client secret."""

PIPELINE: Final = Subscriber("pipeline", f"https://{RECEIVER_HOST}/", RUN_SECRET)


class VersionNotSupported(Exception):
    """What a scenario needs does not exist here; it is not run."""


class Faults:
    """Arms faults for one scenario; each has to fire, or the scenario is refuted."""

    def __init__(self, table: FaultTable) -> None:
        self._table = table
        self._optional: list[Fault] = []
        self._missed: list[Fault] = []

    def arm(
        self,
        operation: str,
        kind: str,
        *,
        times: int | None = 1,
        every: int | None = None,
        start: int | None = None,
        optional: bool = False,
        **options: object,
    ) -> None:
        """Have the pipeline's requests of this operation go wrong: the first ones, each `every`th, or from `start` on.

        operation: Intercom's operationId (`convertVisitor`), a method and path (`POST /contacts/merge`), `conversion`
        for whatever the pipeline converts with (an update only where it sets a role), or `*`. kind: `status`,
        `rate_limit`, `delay`, `stall`, `lost`, `reset_before`, `reset_after`, `empty`, `truncated`, `garbled` or
        `dribble`. times: how often at most, `None` for without end. options: `status`, `retry_after` (seconds) and
        `after` (the work is done all the same) of an error, `seconds` of a delay, `at` (bytes) of a broken body.
        optional: it need not fire, because a sound pipeline may never ask for what it concerns.
        """
        when = {"times": times, "every": every, "start": start}
        fault = fault_from({"operation": operation, "kind": kind, **when, **options})
        self._table.arm(fault)
        if optional:
            self._optional.append(fault)

    def arm_again(self, fault: Fault) -> None:
        """Arm a fault that was armed in an earlier play of the same scenario."""
        self._table.arm(fault)

    def clear(self) -> None:
        """Have nothing go wrong from here on; what was armed and never fired still refutes the scenario."""
        self._missed += self._table.unfired
        self._table.clear()

    @property
    def armed(self) -> Sequence[ArmedFault]:
        """What was armed, each with how many requests it concerned and how often it fired."""
        return self._table.armed

    @property
    def unfired(self) -> Sequence[Fault]:
        """Return what never fired and had to."""
        return [fault for fault in (*self._missed, *self._table.unfired) if fault not in self._optional]


class Webhooks:
    """Tells the pipeline what Intercom's webhooks would, as often, as late and in the order that a scenario wants.

    read: asks the backend for what there is to tell. send: hands one notification of a topic to the pipeline, and tells
    what its receiver answered. What is not taken is sent once more a minute later, as Intercom does.
    """

    def __init__(
        self,
        clock: MovingClock,
        read: Callable[[], Sequence[SentNotification]],
        send: Callable[[Request, str], Outcome],
    ) -> None:
        self._clock = clock
        self.read = read
        """Asks the backend for what there is to tell."""
        self.begin: Callable[[], None] = lambda: None
        """To be called before the first one is sent: the given is over."""
        self.reads: Callable[[], Hears] = lambda: "notification"
        """Tells what the pipeline is handed of what is sent to it."""
        self._breaks = 0
        self._send = send
        self._courier = WebhookDispatcher(clock, self._post, self._leave)
        self._known: list[SentNotification] = []
        self._early: list[str] = []
        self._gone = False

    def tell(self, person: Lead | User, topic: str, *, times: int = 1) -> None:
        """Tell what happened to this person: the last notification of this topic (`contact.lead.created`).

        A topic is named as 2.x names it; an app of an older version is told by the name that its version has.
        """
        told = self._last(person, topic)
        self.begin()
        for _ in range(times):
            self._submit(told)

    def _last(self, person: Lead | User, topic: str) -> SentNotification:
        self._known += self.read()
        names = _in_either_dialect(topic)
        about = [one for one in self._known if one["topic"] in names and one["data"]["item"].get("id") == person.id]
        if not about:
            there = ", ".join(sorted({str(one["topic"]) for one in self._known})) or "nothing"
            raise Problem(f"there is no {topic} about this person to tell", evidence=f"there is {there}")
        return about[-1]

    def tell_other(self, topic: str, item: NotifiedItem) -> None:
        """Tell something of any topic, `ping` included, with this item: what nobody subscribed to comes as well."""
        self.begin()
        self._submit(notification_of(topic, item, self._clock.now()))

    def forge(self, person: Lead | User, topic: str, signature: Signature) -> None:
        """Send what was told of this person without a signature, or with one that another secret gives.

        A pipeline that is handed notifications already parsed never sees a signature: the scenario is not run with it.
        """
        self._need("body")
        told = self._last(person, topic)
        self.begin()
        self._send(forged(told, signature), topic)

    def look_at_address(self) -> None:
        """Ask the receiver with HEAD, as Intercom does before it tells anything; only a service has an address."""
        self._need("request")
        self.begin()
        self._send(Request("HEAD", "/", {"user-agent": USER_AGENT}, b"", RECEIVER_HOST, "webhook"), "HEAD")

    def lose_answers(self, times: int = 1) -> None:
        """Lose the receiver's next answers on the way: Intercom takes them for failures and tells again."""
        self._breaks += times

    def _need(self, wanted: Hears) -> None:
        if HEARS.index(self.reads()) < HEARS.index(wanted):
            raise VersionNotSupported(f"needs a receiver that is handed the {wanted}; this one gets the {self.reads()}")

    def early(self, topic: str) -> None:
        """Tell the next notification of this topic before the answer of the request that caused it."""
        self._early.append(topic)

    @property
    def unfired(self) -> Sequence[str]:
        """The topics of which nothing came that was to be told early."""
        return tuple(self._early)

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request through, and tell early what it gave rise to: the gateway's middleware."""
        outcome = inner(request)
        if self._early and request.caller == "pipeline" and request.method != "GET" and not outcome.refused:
            for one in self._new():
                topic = next((early for early in self._early if one["topic"] in _in_either_dialect(early)), None)
                if topic is not None:
                    self._early.remove(topic)
                    self._submit(one)
        return outcome

    def settle(self) -> None:
        """Let the time go by after which Intercom sends again what was not taken."""
        while (due := self._courier.due) is not None:
            self._clock.advance(max(0.0, due - self._clock.now()))
            self._courier.deliver()

    def _new(self) -> Sequence[SentNotification]:
        new = self.read()
        self._known += new
        return new

    def _submit(self, notification: SentNotification) -> None:
        if not self._gone:
            self._courier.submit(PIPELINE, str(notification["topic"]), dict(notification))
            self._courier.deliver()

    def _leave(self, _workspace: str) -> None:
        """The receiver said that it is gone: it is told nothing more."""
        self._gone = True

    def _post(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int:
        told, since = Request(method, "/", headers, body, RECEIVER_HOST, "webhook"), self._clock.now()
        answer = self._send(told, str(json.loads(body)["topic"])).answer
        late, self._breaks, lost = self._clock.now() - since > timeout, max(self._breaks - 1, 0), self._breaks > 0
        if lost or late or isinstance(answer, BrokenResponse):
            raise OSError("no answer")
        return answer.status


def _in_either_dialect(topic: str) -> frozenset[str]:
    from harness.sandbox.store.topics import TOPICS

    return frozenset({topic}) | {row.old for row in TOPICS.values() if row.new == topic and row.old}


def received(answer: Answer) -> Outcome:
    """What the receiver of a notification answered, given what the pipeline made of it."""
    if answer.status == 0:
        return Outcome(BrokenResponse("empty"))
    return Outcome(Response(answer.status or (500 if answer.trouble else 200)))


class Intercom:
    """What Intercom is like while the pipeline works.

    version: the API version of the pipeline's requests, empty where only the pipeline knows. workspace: its settings
    are read and changed; `None` where the backend plays what was recorded. subscriber: returns the address that the
    workspace sends webhooks to; `None` where it takes any.
    """

    def __init__(
        self, version: str, workspace: Settable | None = None, subscriber: Callable[[], str] | None = None
    ) -> None:
        self.version = version
        self._workspace = workspace
        self._subscriber = subscriber
        self._wanted: dict[str, object] = {}
        self._before: dict[str, object] = {}
        self._off: dict[str, object] = {}
        self._needed = ""

    def set(self, **settings: object) -> None:
        """Settings of the sandbox's workspace from the pipeline's first call until verification, as `rate_limit=3`."""
        self._wanted |= settings

    def needs(self, version: str) -> None:
        """Skip the scenario where the pipeline's version is older: Intercom does not tell there what it takes.

        A version that only the pipeline's own header names is known once it has asked; the scenario is skipped then.
        """
        self._needed = version
        self.heard([self.version])

    def heard(self, versions: Iterable[str]) -> None:
        """Take the versions that requests of the pipeline named.

        Raises:
            VersionNotSupported: where one is older than what the scenario needs.
        """
        for version in versions:
            if self._needed and _is_number(version) and _number(version) < _number(self._needed):
                raise VersionNotSupported(f"needs Intercom {self._needed}; this is {version}")

    def search_lags(self) -> None:
        """Lists and searches show everybody as they were `INDEX_DELAY` seconds ago; reads by id do not (facts 23, 66).

        They do not show somebody who was made in this scenario, unless the scenario's clock was moved on since.
        """
        if self._workspace is not None:
            self._off = {"index_history": False}
            self._workspace.update_settings({"index_history": True})
        self.set(index_delay=INDEX_DELAY)

    def subscribe(self) -> None:
        """Have the workspace keep what it would tell a webhook, from now on."""
        if self._workspace is not None:
            self._workspace.update_settings({"webhook_url": self._subscriber() if self._subscriber else NOWHERE})

    def begin(self) -> None:
        """The pipeline comes: settings take effect."""
        if self._wanted and self._workspace is not None:
            now = self._workspace.settings()
            self._before = {name: now[name] for name in self._wanted if name in now} | self._off
            self._workspace.update_settings(self._wanted)

    def end(self) -> None:
        """The pipeline is done: settings are what they were."""
        if self._before and self._workspace is not None:
            self._workspace.update_settings(self._before)
            self._before = {}


def _is_number(version: str) -> bool:
    return bool(_number(version))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
