"""The guard of this process: while it is on, only the loopback ports that the harness opened are reached.

A replay is guarded as a whole; in a live run the guard listens to the threads of the code under test alone. It listens
to the interpreter's own audit events, below every client library and in every thread, so no patch can be forgotten. A
proxy on loopback is outside, like everything else that the harness did not open. Unix sockets are left alone: they lead
to this machine only. Other processes are enclosed by other means (`containment`).
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cassette.replay.allowed_addresses import AllowedAddresses
from harness.core.errors import Problem
from harness.core.loopback import is_loopback

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_RESOLVING = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_EVENTS = _CONNECTING | _RESOLVING
_LOCAL_FAMILIES = frozenset(getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK") if hasattr(socket, name))

_ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - connecting, not listening


@dataclass(frozen=True, slots=True)
class NetworkRefusal:
    """A call that was not let out."""

    event: str
    host: str
    port: int | str | None
    thread: str


class NetworkRefused(Problem, ConnectionError):
    """Something tried to leave this process during a replay, or code under test did in a live run.

    It is a ConnectionError too, so that clients close their sockets and report it as they report a dead network.
    """

    refutes = True

    def __init__(self, refusal: NetworkRefusal, *, replay: bool = True) -> None:
        self.refusal = refusal
        place = refusal.host if refusal.port is None else f"{refusal.host}:{refusal.port}"
        rule = "A replay reaches no network, and something" if replay else "Code under test is contained, and it"
        super().__init__(
            f"{rule} tried to reach {place}.",
            evidence=f"{refusal.event} on thread {refusal.thread}",
            why=_likely(refusal.host),
            remedy="send it to INTERCOM_BASE_URL, or keep it out of the scenario",
        )


def _likely(host: str) -> str:
    if host.endswith("intercom.io"):
        return "Intercom's host is written into the code under test, and no door leads it here"
    return "a proxy variable is set, or the code under test needs another service" if leads_here(host) else ""


class NetworkGuard:
    """Switches the guard on for a block; refused calls are kept, so that a swallowed one can be raised afterwards.

    allow: addresses that may be reached all the same, as a project declares them (`127.0.0.1:5432`, `.example.com`).
    watches: tells whether the current thread is guarded. replay: whether nothing at all is asked for beside a cassette.
    """

    def __init__(
        self, allow: Iterable[str] = (), watches: Callable[[], bool] = lambda: True, *, replay: bool = True
    ) -> None:
        self._reachable = AllowedAddresses(allow)
        self._watches, self._replay = watches, replay
        self._passing = threading.local()
        self._lock = threading.Lock()
        self._allowed: list[Container[int]] = []
        self._refusals: list[NetworkRefusal] = []
        self._installed = False

    @contextmanager
    def only(self, ports: Container[int]) -> Iterator[NetworkGuard]:
        """Within the block, only loopback and only these ports; `ports` may grow meanwhile."""
        self._install()
        with self._lock:
            self._allowed.append(ports)
        try:
            yield self
        finally:
            with self._lock:
                self._allowed = [held for held in self._allowed if held is not ports]

    @contextmanager
    def letting_pass(self) -> Iterator[None]:
        """Let this thread reach anything within the block: the harness itself carries a request on there."""
        before = getattr(self._passing, "now", False)
        self._passing.now = True
        try:
            yield
        finally:
            self._passing.now = before

    def _install(self) -> None:
        with self._lock:
            if not self._installed:
                sys.addaudithook(self._hear)
                self._installed = True

    @property
    def refusals(self) -> list[NetworkRefusal]:
        """What was not let out, in order."""
        with self._lock:
            return list(self._refusals)

    def take_refusals(self) -> list[NetworkRefusal]:
        """What was not let out since the last time this was asked."""
        with self._lock:
            taken, self._refusals = self._refusals, []
            return taken

    def problem(self) -> NetworkRefused | None:
        """The error to raise for what was not let out since this was last asked; `None` where nothing was."""
        taken = self.take_refusals()
        return NetworkRefused(taken[0], replay=self._replay) if taken else None

    def _hear(self, event: str, args: tuple[object, ...]) -> None:
        if not self._allowed or event not in _EVENTS:  # the list first: at the very end a module has no names left
            return
        host, port = _resolved(args) if event in _RESOLVING else _addressed(args)
        if host is None or self._lets_out(host, port, resolving=event in _RESOLVING):
            return
        if getattr(self._passing, "now", False) or not self._watches():
            return
        refusal = NetworkRefusal(event, host, port, threading.current_thread().name)
        with self._lock:
            self._refusals.append(refusal)
        raise NetworkRefused(refusal, replay=self._replay)

    def _lets_out(self, host: str, port: int | str | None, *, resolving: bool) -> bool:
        if self._reachable.let_out(host, port, resolving=resolving):
            return True
        if not leads_here(host):
            return False
        return resolving or any(port in ports for ports in self._allowed if isinstance(port, int))


def _resolved(args: tuple[object, ...]) -> tuple[str | None, int | str | None]:
    host = args[0]
    if host is None:
        return None, None
    name = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)
    port = args[1] if len(args) > 1 else None
    return name or None, port if isinstance(port, int | str) else None


def _addressed(args: tuple[object, ...]) -> tuple[str | None, int | str | None]:
    sock, address = args[0], args[1]
    if getattr(sock, "family", None) in _LOCAL_FAMILIES or address is None:
        return None, None
    if isinstance(address, tuple) and len(address) >= 2:
        return str(address[0]), address[1]
    return str(address), None


def leads_here(host: str) -> bool:
    """Return whether a connection to this host stays on this machine: loopback, or an address that means any of it."""
    name = host.strip("[]").partition("%")[0].rstrip(".").lower()
    return is_loopback(name) or name in _ANY_ADDRESS or name.endswith(".localhost")
