"""What encloses the code under test of one run, which attempts to get out it stopped, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.containment.addresses import DeclaredAddress, declared_address
from harness.containment.attempts import Attempt
from harness.containment.enclosure import FULL, OFF, Enclosure, Level, Wish, enclosure, not_full
from harness.core.errors import Problem
from harness.core.hosts import is_owned

if TYPE_CHECKING:
    from harness.containment.whole_run import Entered
    from harness.gateway.server.server import Server

AUDITED = "code in this process is watched by Python's audit hook, which native code passes by; no process is enclosed"


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
            return OFF if self.wish == "off" else AUDITED
        if self._outside:
            return self._outside
        return self._enclosure.told if self._enclosure is not None else OFF

    def new_attempts(self) -> Sequence[Attempt]:
        """Return the attempts to get out since this was last asked."""
        source = self._entered.namespace if self._entered is not None else self._enclosure
        found = source.attempts() if source is not None else ()
        new, self._told = found[self._told :], len(found)
        return new

    def begin(self) -> None:
        """Begin a scenario: attempts that came since the last one ended are kept apart."""
        self.late += self.new_attempts()
