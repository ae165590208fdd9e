"""What a project declares as reachable is reached in a replay too, and nothing beside it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from harness.cassette import NetworkGuard
from harness.cassette.replay.network_guard import NetworkRefused


@pytest.fixture
def database() -> Iterator[int]:
    """The port of something that listens on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def _connects(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except NetworkRefused:
        return False
    return True


@pytest.mark.parametrize("form", ["127.0.0.1:{port}", "127.0.0.1", "localhost:{port}", ".localhost:{port}"])
def test_a_declared_address_is_reached(database: int, form: str) -> None:
    """By address or by name, with or without its port."""
    host = "localhost" if "localhost" in form else "127.0.0.1"
    with NetworkGuard([form.format(port=database)]).only(()) as guard:
        assert _connects(host, database)
    assert guard.refusals == []


def test_another_port_another_host_and_intercom_are_refused(database: int) -> None:
    """Also if somebody declares Intercom's own."""
    with NetworkGuard([f"127.0.0.1:{database + 1}", "api.intercom.io:443"]).only(()):
        assert not _connects("127.0.0.1", database)
        assert not _connects("192.0.2.1", database + 1)
        assert not _connects("api.intercom.io", 443)
