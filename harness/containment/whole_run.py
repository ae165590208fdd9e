"""Enclose a whole command of the harness: this process goes inside, and a parent that stays outside forwards and waits.

Native code in this process (ctypes, pycurl, database drivers) is held as well, which no audit hook of Python sees.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.containment.addresses import DeclaredAddress, resolved
from harness.containment.forwarding import Forwarder
from harness.containment.namespace import Namespace, NamespaceUnavailable, open_namespace

PARENT_DEATH_SIGNAL: Final = 1
SENT_BY_KERNEL: Final = 0x80
"""`si_code` of a signal that a terminal sent: it reached every process of the group, the child among them."""
HEARD: Final = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCHLD")
"""Signals that the parent takes note of, by name: not every system has them all."""


@dataclass(frozen=True, slots=True)
class Entered:
    """This process is inside. `namespace` tells the attempts."""

    namespace: Namespace


def enclose_this_process(allowed: Sequence[DeclaredAddress]) -> Entered:
    """Fork; the child returns, inside. The parent never returns: it ends as the child ends.

    To be called while the process has a single thread.

    Raises:
        NamespaceUnavailable: The system does not let this user do it; nothing was forked.
    """
    targets = [(ip, one.port) for one in allowed if one.port is not None for ip in resolved(one)]
    space = open_namespace(targets, allowed)
    parent, mask = os.getpid(), signal.pthread_sigmask(signal.SIG_BLOCK, _heard())
    child = os.fork()
    if child:
        _stay_outside(child, space, targets)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    for listener in space.listeners:
        listener.close()
    space.enter()
    return Entered(space)


def _stay_outside(child: int, space: Namespace, targets: Sequence[tuple[str, int]]) -> None:
    """Forward connections and signals until the child ends, and end as it does."""
    forwarder = Forwarder(list(zip(space.listeners, targets, strict=True)))
    forwarder.start()
    while True:
        told = signal.sigwaitinfo(_heard())
        if told.si_signo != signal.SIGCHLD:
            if told.si_code != SENT_BY_KERNEL:
                os.kill(child, told.si_signo)
            continue
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _end_like(status)


def _heard() -> frozenset[signal.Signals]:
    return frozenset(getattr(signal, name) for name in HEARD)


def _end_like(status: int) -> None:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


__all__ = ["Entered", "NamespaceUnavailable", "enclose_this_process"]
