"""A sandbox behind its server, control plane and all, as `harness sandbox` serves one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from harness import app
from harness.clock import FollowingClock, ManualClock, WallClock
from harness.gateway import Gateway
from harness.gateway.server import Server


@contextmanager
def served(clock: ManualClock | WallClock | None = None, **options: Any) -> Iterator[tuple[Gateway, Server]]:
    """A sandbox on a port for the length of a block; its clock stands at the start of all runs unless one is given."""
    followed = FollowingClock(clock or ManualClock())
    with closing(app.sandbox_backend(followed)) as backend:
        gateway, server = app.service(backend, followed, **options)
        with server:
            yield gateway, server
