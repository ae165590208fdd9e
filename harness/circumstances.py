"""What a scenario says of Intercom itself: what goes wrong (`faults`), what its workspace is like (`intercom`).

Both hold for the pipeline alone: people are made, and everybody is read, with nothing in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from harness.gateway.fault_files import fault_from
from harness.gateway.faults import Armed, Fault, FaultTable
from harness.persons import Lead, User
from harness.problems import Problem

BETWEEN_STEPS: Final = 3600.0
"""Seconds by which the clock moves when the pipeline's first call comes: what was there is older than what happens."""


NOWHERE: Final = "http://127.0.0.1:9/"
"""The address of a subscriber who is told in process."""


class NotHere(Exception):
    """What a scenario needs does not exist here; it is not run."""


class Faults:
    """Arms faults for one scenario; each has to fire, or the scenario is refuted."""

    def __init__(self, table: FaultTable) -> None:
        self._table = table

    def arm(
        self,
        operation: str,
        kind: str,
        *,
        times: int | None = 1,
        every: int | None = None,
        start: int | None = None,
        **options: Any,
    ) -> None:
        """Have the pipeline's requests of this operation go wrong: the first ones, each `every`th, or from `start` on.

        operation: Intercom's operationId (`convertVisitor`), a method and path (`POST /contacts/merge`), `conversion`
        for whatever the pipeline converts with, or `*`. kind: `status`, `rate_limit`, `delay`, `stall`, `lost`,
        `reset_before`, `reset_after`, `empty`, `truncated`, `garbled` or `dribble`. times: how often at most, `None`
        for without end. options: `status`, `retry_after` (seconds) and `after` (the work is done all the same) of an
        error, `seconds` of a delay, `at` (bytes) of a broken body.
        """
        when = {"times": times, "every": every, "start": start}
        self._table.arm(fault_from({"operation": operation, "kind": kind, **when, **options}))

    @property
    def armed(self) -> Sequence[Armed]:
        """What was armed, each with how many requests it concerned and how often it fired."""
        return self._table.armed

    @property
    def unfired(self) -> Sequence[Fault]:
        """What never fired."""
        return self._table.unfired


class Webhooks:
    """Tells the pipeline what Intercom's webhooks would, as often, as late and in the order that a scenario wants.

    read: asks the backend for what there is to tell; hear: hands a notification to the pipeline.
    """

    def __init__(
        self, read: Callable[[], Sequence[Mapping[str, Any]]], hear: Callable[[Mapping[str, Any]], object]
    ) -> None:
        self._read = read
        self._hear = hear
        self._known: list[Mapping[str, Any]] = []

    def tell(self, person: Lead | User, topic: str, *, times: int = 1) -> None:
        """Tell what happened to this person: the last notification of this topic (`contact.lead.created`)."""
        self._known += self._read()
        about = [one for one in self._known if one["topic"] == topic and one["data"]["item"].get("id") == person.id]
        if not about:
            there = ", ".join(sorted({str(one["topic"]) for one in self._known})) or "nothing"
            raise Problem(f"there is no {topic} about this person to tell", evidence=f"there is {there}")
        for _ in range(times):
            self._hear(about[-1])


class Intercom:
    """What Intercom is like while the pipeline works.

    version: the API version of the pipeline's requests, empty where only the pipeline knows. settings and change: how
    the workspace's settings are read and changed; `None` where the backend plays what was recorded.
    """

    def __init__(
        self,
        version: str,
        settings: Callable[[], Mapping[str, Any]] | None = None,
        change: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> None:
        self.version = version
        self._settings = settings
        self._change = change
        self._wanted: dict[str, Any] = {}
        self._before: dict[str, Any] = {}

    def set(self, **settings: Any) -> None:
        """Settings of the sandbox's workspace from the pipeline's first call until verification, as `rate_limit=3`."""
        self._wanted |= settings

    def needs(self, version: str) -> None:
        """Skip the scenario where the pipeline's version is older: Intercom does not tell there what it takes."""
        if self.version and _number(self.version) < _number(version):
            raise NotHere(f"needs Intercom {version}; this is {self.version}")

    def search_lags(self) -> None:
        """Search does not show anybody made in this scenario; reads by id do (facts §11.1)."""
        self.set(index_delay=2 * BETWEEN_STEPS)

    def subscribe(self) -> None:
        """Have the workspace keep what it would tell a webhook, from now on."""
        if self._change is not None:
            self._change({"webhook_url": NOWHERE})

    def begin(self) -> None:
        """The pipeline comes: settings take effect."""
        if self._wanted and self._settings is not None and self._change is not None:
            now = self._settings()
            self._before = {name: now[name] for name in self._wanted if name in now}
            self._change(self._wanted)

    def end(self) -> None:
        """The pipeline is done: settings are what they were."""
        if self._before and self._change is not None:
            self._change(self._before)
            self._before = {}


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
