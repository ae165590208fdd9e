"""The ports that a run listens on, which may grow while somebody holds them."""

from __future__ import annotations

from collections.abc import Callable, Container


class OwnPorts(Container[int]):
    """Ports that are never out of date. listens_on: tells whether a port is one of them."""

    def __init__(self, listens_on: Callable[[object], bool]) -> None:
        self._listens_on = listens_on

    def __contains__(self, port: object) -> bool:
        return self._listens_on(port)
