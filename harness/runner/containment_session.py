"""What encloses the code under test of one run, which attempts to get out it stopped, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING

from harness.cassette import NetworkGuard
from harness.containment.addresses import DeclaredAddress, declared_address
from harness.containment.attempts import Attempt
from harness.containment.enclosure import FULL, OFF, Enclosure, Level, Wish, enclosure, not_full
from harness.core.errors import Problem
from harness.core.hosts import is_owned

if TYPE_CHECKING:
    from harness.cassette.replay.network_guard import NetworkRefusal
    from harness.containment.child_processes import ChildProcesses
    from harness.containment.whole_run import Entered
    from harness.gateway.server.server import Server

AUDITED = "code in this process is watched by Python's audit hook, which native code passes by"
NO_CHILD = "it started no other process"
CHILDREN = "the processes that it starts are enclosed by {}"
FREE_CHILDREN = "the processes that it starts are not enclosed: {}"
FREE_FORKS = "; forks of this process are not held"

STARTED = "the pipeline's service has the proxy, certificates and preloads alone"
FOUND = "the pipeline's own service stands outside, and nothing here keeps it from the network"


class GotOut(Problem):
    """Code under test tried to reach what it may not; it was blocked, and its scenario is refuted."""

    refutes = True

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self.attempts = attempts
        first = attempts[0]
        super().__init__(
            f"The code under test tried to reach {first.name or first.address}, past the harness; it was blocked.",
            evidence="; ".join(dict.fromkeys(map(str, attempts))),
            why="a host is written into it, or it ignores the proxy and the base URL"
            if first.protocol != "tcp" or not first.host.startswith("127.")
            else "it needs another service of this machine",
            remedy=_remedy(first),
        )


def _remedy(attempt: Attempt) -> str:
    host = attempt.name or attempt.host
    if is_owned(host):
        return "send it to INTERCOM_BASE_URL; Intercom's own hosts are never reached"
    port = 443 if attempt.protocol == "dns" else attempt.port
    return f'send it to INTERCOM_BASE_URL, or declare it: allow = ["{host}:{port}"]'


class ContainmentSession:
    """The containment of one run.

    wish: `require`, `prefer` or `off`. allow: addresses as they are declared. entered: this whole process is enclosed
    already. stack: ends what is started.

    Raises:
        Problem: An address cannot be declared.
    """

    def __init__(self, wish: Wish, allow: Sequence[str], stack: ExitStack, entered: Entered | None = None) -> None:
        self.wish = wish
        self.allowed: Sequence[DeclaredAddress] = [declared_address(text) for text in allow]
        self._stack = stack
        self._entered = entered
        self._enclosure: Enclosure | None = None
        self._audited = False
        self._guard: NetworkGuard | None = None
        self._children: ChildProcesses | None = None
        self._outside = ""
        self._told = 0
        self.late: list[Attempt] = []
        """Attempts that came after the scenario that began them had ended."""

    def commands(self, server: Server) -> Enclosure:
        """Return what commands are started with; it is made when it is first needed.

        Raises:
            Problem: Full containment is required and cannot be had.
        """
        if self._entered is not None:
            return Enclosure("full", FULL)
        if self._enclosure is None:
            self._enclosure = self._stack.enter_context(enclosure(server.port, self.allowed, wish=self.wish))
            if self._enclosure.door is not None:
                server.also(self._enclosure.door.dup())
        return self._enclosure

    def holds_python(
        self,
        server: Callable[[], Server],
        is_theirs: Callable[[], bool],
        led: Callable[[Mapping[str, str]], Mapping[str, str]],
        ports: Container[int] | None,
    ) -> None:
        """Hold code under test that runs in this process, as far as the process can: its threads and its children.

        server: starts the server that is its way to the gateway. is_theirs: tells whether the current thread runs it.
        led: adds the way to an environment. ports: what its threads may reach; `None` where a replay is guarded anyway.
        """
        from harness.containment.child_processes import ChildProcesses

        held = self._entered is None and self.wish != "off"
        self._children = ChildProcesses(is_theirs, (lambda: self.commands(server())) if held else None, led)
        self._stack.enter_context(self._children.installed())
        if held and ports is not None:
            self._guard = NetworkGuard(map(str, self.allowed), lambda: self.watches and is_theirs(), replay=False)
            self._stack.enter_context(self._guard.only(ports))

    @property
    def watches(self) -> bool:
        """Return whether Python has to see an attempt in this process: in an enclosed fork the kernel does."""
        if self._children is None or not self._children.is_child:
            return True
        return self._entered is None and not self._children.is_enclosed

    def carrying_on(self) -> AbstractContextManager[None]:
        """Return a block in which the harness may ask a backend elsewhere, on a thread of the code under test."""
        return nullcontext() if self._guard is None else self._guard.letting_pass()

    def stands_outside(self, *, served: bool) -> None:
        """Note that the code under test is a service, which the run started itself (`served`) or found running.

        Raises:
            Problem: Full containment is required, and the service is not enclosed.
        """
        if self._entered is None:
            self._outside = STARTED if served else FOUND
            if self.wish == "require":
                raise not_full(self._outside)

    def audit(self) -> None:
        """Note that code under test runs in this process, which is not enclosed.

        Raises:
            Problem: Full containment is required.
        """
        if self._entered is None:
            self._audited = True
            if self.wish == "require":
                raise not_full(AUDITED)

    @property
    def level(self) -> Level:
        """Return how much is held: everything, a part of it, or nothing."""
        if self._entered is not None:
            return "full"
        if self._audited:
            return "none" if self.wish == "off" else "partial"
        if self._outside:
            return "none"
        return self._enclosure.level if self._enclosure is not None else "none"

    @property
    def told(self) -> str:
        """Return what is held, in words."""
        if self._entered is not None:
            return FULL
        if self._audited:
            return OFF if self.wish == "off" else f"{AUDITED}; {self._told_of_children()}"
        if self._outside:
            return self._outside
        return self._enclosure.told if self._enclosure is not None else OFF

    def _told_of_children(self) -> str:
        made = self._children.enclosure if self._children is not None else None
        if made is None:
            return NO_CHILD
        unheld = FREE_FORKS if self._children is not None and self._children.forks_unheld else ""
        return (FREE_CHILDREN if made.level == "none" else CHILDREN).format(made.told) + unheld

    def new_attempts(self) -> Sequence[Attempt]:
        """Return the attempts to get out since this was last asked."""
        source = self._entered.namespace if self._entered is not None else self._enclosure
        found = source.attempts() if source is not None else ()
        new, self._told = found[self._told :], len(found)
        refused = self._guard.take_refusals() if self._guard is not None else ()
        return [*map(_attempt, refused), *new]

    def begin(self) -> None:
        """Begin a scenario: attempts that came since the last one ended are kept apart."""
        self.late += self.new_attempts()


def _attempt(refusal: NetworkRefusal) -> Attempt:
    port = refusal.port if isinstance(refusal.port, int) else 0
    protocol = "udp" if refusal.event.startswith("socket.send") else "tcp"
    if refusal.event.startswith("socket.get") and not _is_address(refusal.host):
        protocol = "dns"
    return Attempt(protocol, refusal.host, port, f"Python's thread {refusal.thread}", os.getpid())


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(host))
    return False
