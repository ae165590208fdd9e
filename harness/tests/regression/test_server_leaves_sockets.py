"""A server that was stopped while somebody connected left their socket open, and another test was blamed for it."""

from __future__ import annotations

import gc
import socket
import warnings

import pytest

from harness.core.clock import ManualClock
from harness.runner.wiring import sandbox_backend, service

HEALTH = b"GET /_sandbox/health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", HEALTH[:20], HEALTH])
@pytest.mark.parametrize("leaves", [True, False])
def test_a_server_that_stops_closes_every_socket_it_let_in(sent: bytes, leaves: bool) -> None:
    """Whether the client has said nothing yet, half of it or all, and whether it is still there."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        for _ in range(5):
            _connect_and_stop(sent, leaves=leaves)
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


def _connect_and_stop(sent: bytes, *, leaves: bool) -> None:
    clock = ManualClock()
    backend = sandbox_backend(clock)
    _, server = service(backend, clock)
    with server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(sent)
        if leaves:
            client.close()
        server.stop()
    backend.close()
