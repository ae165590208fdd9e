"""A sandbox behind its server, control plane and all, as `harness sandbox` serves one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from harness.core.clock import FollowingClock, ManualClock, WallClock
from harness.gateway import Gateway
from harness.gateway.server.server import Server
from harness.runner import wiring


@contextmanager
def served(clock: ManualClock | WallClock | None = None, **options: Any) -> Iterator[tuple[Gateway, Server]]:
    """A sandbox on a port for the length of a block; its clock stands at the start of all runs unless one is given."""
    followed = FollowingClock(clock or ManualClock())
    with closing(wiring.sandbox_backend(followed)) as backend:
        gateway, server = wiring.service(backend, followed, **options)
        with server:
            yield gateway, server
