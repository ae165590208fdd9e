"""Choose what encloses code under test on this system, and say in words what is held.

Two mechanisms are known, the strongest first: Linux namespaces (`namespace`), and Landlock with a seccomp supervisor
(`sandlock`, from the extra `containment`). Where neither is there, commands have the proxy, the certificates and the
preloads alone, and that is said.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from harness.containment.addresses import DeclaredAddress, resolved
from harness.containment.attempts import Attempt
from harness.containment.forwarding import Forwarder
from harness.containment.namespace import Namespace, NamespaceUnavailable, open_namespace
from harness.core.errors import Problem

Level: TypeAlias = Literal["full", "partial", "none"]
Mechanism: TypeAlias = Literal["namespace", "sandlock"]
Wish: TypeAlias = Literal["require", "prefer", "off"]

LAUNCHER: Final = Path(__file__).with_name("sandlock_launcher.py")
FULL: Final = (
    "Linux namespaces: only the harness and declared addresses are reached, unix sockets from outside are hidden"
)
SANDLOCK: Final = (
    "Landlock and seccomp: only the harness and declared addresses are reached; unix sockets are not held, and an "
    "attempt is blocked, not named"
)
OFF: Final = "switched off"
EXTRA: Final = "the extra intercom-conversion-harness[containment]"
"""What brings the second mechanism; a run that has none says it."""


@dataclass(slots=True)
class Enclosure:
    """What holds commands, at which level, and in words.

    door: the socket on which the gateway is asked from inside; `None` where it is asked as from outside.
    """

    level: Level
    told: str
    door: socket.socket | None = None
    _namespace: Namespace | None = field(default=None, repr=False)
    _words: Sequence[str] = ()

    def prefix(self, folder: Path) -> Sequence[str]:
        """Return the words to put before a command that works in `folder`; none where nothing holds it."""
        return self._namespace.prefix(folder) if self._namespace is not None else self._words

    @property
    def can_be_entered(self) -> bool:
        """Return whether a process that runs already can go inside, as a forked child does."""
        return self._namespace is not None

    def enter(self) -> None:
        """Move this process inside, for good; it must have a single thread.

        Raises:
            NamespaceUnavailable: The system refused, or this mechanism cannot do it.
        """
        if self._namespace is None:
            raise NamespaceUnavailable("only namespaces can be entered by a process that runs already")
        self._namespace.enter()

    def attempts(self) -> Sequence[Attempt]:
        """Return what code inside tried to reach and could not, in order; none where the mechanism cannot tell."""
        return self._namespace.attempts() if self._namespace is not None else ()


@contextmanager
def enclosure(
    port: int,
    allowed: Sequence[DeclaredAddress] = (),
    *,
    wish: Wish = "prefer",
    mechanism: Mechanism | None = None,
) -> Iterator[Enclosure]:
    """Enclose commands for the length of a block: they reach the gateway's `port` of loopback and `allowed` only.

    wish: what happens where full containment cannot be had. mechanism: use this one and no other.

    Raises:
        Problem: `wish` is `require`, and this system gives no full containment.
    """
    if wish == "off":
        yield Enclosure("none", OFF)
        return
    with ExitStack() as stack:
        found = _found(port, allowed, mechanism, stack)
        if wish == "require" and found.level != "full":
            raise not_full(found.told)
        yield found


def _found(port: int, allowed: Sequence[DeclaredAddress], mechanism: Mechanism | None, stack: ExitStack) -> Enclosure:
    reasons = []
    if mechanism in (None, "namespace"):
        try:
            return _in_namespace(port, allowed, stack)
        except NamespaceUnavailable as error:
            reasons.append(f"no namespaces ({error})")
    if mechanism in (None, "sandlock"):
        missing = _sandlock_missing()
        if missing is None:
            return Enclosure("partial", SANDLOCK, None, None, _launched(port, allowed))
        reasons.append(missing)
    return Enclosure("none", f"proxy, certificates and preloads only: {'; '.join(reasons)}")


def _in_namespace(port: int, allowed: Sequence[DeclaredAddress], stack: ExitStack) -> Enclosure:
    if shutil.which("nsenter") is None:
        raise NamespaceUnavailable("nsenter is not installed; it is part of util-linux")
    targets = [("127.0.0.1", port), *endpoints(allowed)]
    space = open_namespace(targets, allowed)
    stack.callback(space.close)
    door, *others = space.listeners
    door.setblocking(False)
    forwarder = Forwarder(list(zip(others, targets[1:], strict=True)))
    forwarder.start()
    stack.callback(forwarder.stop)
    return Enclosure("full", FULL, door, space)


def endpoints(allowed: Sequence[DeclaredAddress]) -> list[tuple[str, int]]:
    """Return (IP address, port) of every declared address with a port, as this machine resolves its name."""
    return [(ip, one.port) for one in allowed if one.port is not None for ip in resolved(one)]


def _launched(port: int, allowed: Sequence[DeclaredAddress]) -> Sequence[str]:
    rules = [f"tcp://{_bracketed(ip)}:{number}" for ip, number in [("127.0.0.1", port), *endpoints(allowed)]]
    return [sys.executable, str(LAUNCHER), json.dumps({"allow": rules})]


def _bracketed(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def _sandlock_missing() -> str | None:
    """Return why sandlock cannot be used here; `None` where it can."""
    if sys.platform == "darwin":
        return "nothing here encloses a process on macOS; run in a Linux container for that"
    if not sys.platform.startswith("linux"):
        return "no Landlock (this system is not Linux)"
    if importlib.util.find_spec("sandlock") is None:
        return f"no Landlock supervisor ({EXTRA} brings one)"
    from sandlock import landlock_abi_version, min_landlock_abi

    found, needed = landlock_abi_version(), min_landlock_abi()
    return None if found >= needed else f"Landlock of this kernel is too old (ABI {found}, {needed} is needed)"


def not_full(told: str) -> Problem:
    """Return the problem of a run that demands full containment and cannot have it."""
    return Problem(
        "Full containment was required, and this system does not give it.",
        evidence=told,
        remedy="run on Linux with unprivileged user namespaces, or without --containment require",
    )
