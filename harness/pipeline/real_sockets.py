"""Sockets for the harness's own server and event loops where pytest-socket has closed them to tests."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def real_sockets() -> Iterator[None]:
    """Let sockets be made in this block whatever pytest-socket replaced; the code under test is not run in it."""
    guard = sys.modules.get("pytest_socket")
    real = getattr(guard, "_true_socket", None)
    if real is None:
        yield
        return
    guarded = socket.socket
    setattr(socket, "socket", real)  # noqa: B010  # a class of its own takes the place of the module's
    try:
        yield
    finally:
        setattr(socket, "socket", guarded)  # noqa: B010
