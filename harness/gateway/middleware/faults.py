"""Faults: answers that go wrong on purpose, by operation and by count, the same each time, in front of any backend.

The table stands around the recorder and inside the log: a cassette holds what the backend did, and the fault happens
again when it is armed again at the replay. Only the pipeline's own requests meet faults; what verification reads never
does. Nothing here is random. What a kind does is `fault_kinds`' matter.
"""

from __future__ import annotations

import difflib
import json
import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import ceil
from typing import Final, TypeAlias

from harness.core.clock import Clock
from harness.core.errors import Problem
from harness.core.http import Handler, Outcome, Request
from harness.gateway.middleware.fault import Fault
from harness.gateway.middleware.fault_kinds import KINDS, Sent

ANY: Final = "*"
"""Stands for every operation."""
GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "conversion": frozenset({"convertVisitor", "convertLead", "MergeContact", "UpdateContact"}),
}
"""Names for several operations: what a pipeline converts with differs by flow and by version."""
BY_ROLE: Final = "UpdateContact"
"""The operation of a group that converts only where its body gives the contact another role; else it is an update."""

NameOf: TypeAlias = Callable[[Request], str]
"""Tells Intercom's name for what a request asks for, or an empty string."""


@dataclass(slots=True)
class ArmedFault:
    """A fault with its counters: how many requests of its operation there were, and how often it fired."""

    fault: Fault
    met: int = 0
    fired: int = 0
    until: float = 0.0
    """Until when the rate limit holds that it set when it fired."""
    pattern: re.Pattern[str] | None = field(default=None, repr=False)

    def as_data(self) -> dict[str, object]:
        """The fault and its counters as plain values."""
        told = {name: value for name, value in asdict(self.fault).items() if name in _told(self.fault)}
        return {"type": "fault", **told, "met": self.met, "fired": self.fired}


def _told(fault: Fault) -> set[str]:
    return {"operation", "kind", "times", "every", "start"} | KINDS[fault.kind].takes


class FaultTable:
    """The faults of one workspace or one scenario. `middleware` goes around a backend. Thread-safe.

    name_of: tells the operation of a request. known: all names of operations. routed: whether `METHOD /path` leads
    anywhere.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        name_of: NameOf,
        known: Callable[[], Collection[str]],
        routed: Callable[[str, str], bool],
    ) -> None:
        self.clock = clock
        self._name_of = name_of
        self._known = known
        self._routed = routed
        self._armed: list[ArmedFault] = []
        self._lock = threading.Lock()
        self._fired = 0

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """Let a request through, or have the fault happen that is due: the gateway's middleware."""
        if not self._armed or request.caller != "pipeline":
            return inner(request)
        now = self.clock.now()
        with self._lock:
            due = self._take(request, now)
            number = self._fired
        if due is None:
            return inner(request)
        outcome = KINDS[due.kind].act(due, Sent(request, inner, now, number))
        return outcome if outcome.refused else replace(outcome, fault=str(due))

    def _take(self, request: Request, now: float) -> Fault | None:
        """Count the request for each fault that it concerns, and pick the first one that is due."""
        name, taken = self._name_of(request), None
        for armed in self._armed:
            if not _concerns(armed, request, name):
                continue
            armed.met += 1
            if taken is None and (left := _left(armed, now)) is not None:
                armed.fired += 1
                self._fired += 1
                taken = left
        return taken

    def arm(self, *faults: Fault) -> Sequence[ArmedFault]:
        """Arm faults, all or none; what makes no sense is a `Problem`."""
        with self._lock:
            armed = list(self._armed)
            for fault in faults:
                self._check(fault, armed)
                armed.append(ArmedFault(fault, pattern=_pattern(fault.operation)))
            self._armed = armed
            return armed[len(armed) - len(faults) :]

    def _check(self, fault: Fault, armed: Sequence[ArmedFault]) -> None:
        if fault.operation != ANY and fault.operation not in GROUPS:
            self._check_operation(fault.operation)
        for earlier in armed:
            if _takes_all(earlier.fault, fault.first) and self._covers(earlier.fault.operation, fault.operation):
                before = f"{earlier.fault} of {earlier.fault.operation}"
                raise Problem(
                    f"the fault {fault} of {fault.operation} could never fire",
                    evidence=f"{before} was armed before it and takes every request",
                    remedy="give the earlier one a limit (times), or arm them the other way round",
                )

    def _covers(self, earlier: str, later: str) -> bool:
        """Whether each request of the later operation is one of the earlier."""
        whole = self._names(earlier) - ({BY_ROLE} if earlier in GROUPS else set())
        return earlier in (ANY, later) or (later != ANY and self._names(later) <= whole)

    def _names(self, operation: str) -> frozenset[str]:
        """The operations that a name, a group, or a method and path stand for."""
        method, space, path = operation.partition(" ")
        if not space:
            return GROUPS.get(operation, frozenset({operation}))
        asked = Request(method, re.sub(r"\{[^/]*\}", "1", path))
        return frozenset({self._name_of(asked) or operation})

    def _check_operation(self, operation: str) -> None:
        method, space, path = operation.partition(" ")
        if space and path.startswith("/"):
            if not self._routed(method, path):
                remedy = "name it as Intercom's pages do, for example POST /contacts/merge"
                raise Problem(f"nothing is answered at {operation}", remedy=remedy)
            return
        known = self._known()
        if operation not in known:
            near = difflib.get_close_matches(operation.lower(), {name.lower() for name in known}, 1)
            meant = next((name for name in known if near and name.lower() == near[0]), "convertVisitor")
            raise Problem(
                f"there is no operation {operation!r}",
                why="an operation is Intercom's operationId, METHOD /path, conversion, or * for all",
                remedy=f"did you mean {meant}?" if near else f"for example {meant}, or POST /contacts/merge",
            )

    def clear(self) -> None:
        """Disarm everything."""
        with self._lock:
            self._armed = []

    @property
    def armed(self) -> Sequence[ArmedFault]:
        """What is armed, in order, with what it came to so far."""
        with self._lock:
            return [replace(one) for one in self._armed]

    @property
    def unfired(self) -> Sequence[Fault]:
        """What was armed and never fired."""
        return [one.fault for one in self.armed if not one.fired]

    def restore(self, armed: Sequence[ArmedFault]) -> None:
        """Put back what `armed` told, counters included."""
        with self._lock:
            self._armed = [replace(one) for one in armed]


def _left(armed: ArmedFault, now: float) -> Fault | None:
    """The fault as it fires now, or `None` where it does not; a rate limit holds until its time is over."""
    fault = armed.fault
    if now < armed.until:
        return replace(fault, retry_after=ceil(armed.until - now))
    if not fault.due(armed.met, armed.fired):
        return None
    if fault.kind == "rate_limit":
        armed.until = now + fault.retry_after
    return fault


def _concerns(armed: ArmedFault, request: Request, name: str) -> bool:
    if armed.pattern is not None:
        return armed.pattern.fullmatch(f"{request.method} {request.path.rstrip('/')}") is not None
    operation = armed.fault.operation
    if operation in (ANY, name):
        return True
    return name in GROUPS.get(operation, ()) and (name != BY_ROLE or _gives_role(request))


def _gives_role(request: Request) -> bool:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, Mapping) and "role" in body


def _pattern(operation: str) -> re.Pattern[str] | None:
    if " " not in operation:
        return None
    parts = re.split(r"\{[^/]*\}", operation.rstrip("/"))
    return re.compile("[^/]+".join(map(re.escape, parts)))


def _takes_all(earlier: Fault, first: int) -> bool:
    """Whether a fault fires at each request of its operation, from this one on at the latest."""
    return earlier.times is None and earlier.first <= first and earlier.every in (None, 1)


@dataclass(slots=True)
class WorkspaceFaults:
    """A fault table for each workspace that a service answers for."""

    make: Callable[[], FaultTable]
    workspace_of: Callable[[Request], str]
    _tables: dict[str, FaultTable] = field(default_factory=dict)

    def table(self, workspace: str) -> FaultTable:
        """The table of one workspace, made on first use."""
        return self._tables.setdefault(workspace, self.make())

    def middleware(self, request: Request, inner: Handler) -> Outcome:
        """The workspace's own table around the backend."""
        if not self._tables:
            return inner(request)
        table = self._tables.get(self.workspace_of(request))
        return inner(request) if table is None else table.middleware(request, inner)
