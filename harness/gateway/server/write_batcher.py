"""Answers that are known in one turn of the event loop leave together at the beginning of the next.

Sending to a client that sleeps wakes it up, which costs more than making some answers. Of those that leave together the
first one wakes it, and finds it awake for the rest.
"""

from __future__ import annotations

import asyncio


class WriteBatcher:
    """The answers of one server that are about to leave."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def add(self, transport: asyncio.Transport, answer: bytes) -> None:
        """Send this with the others. A plain socket is read once a turn, so nothing can overtake it."""
        if not self._waiting:
            self._loop.call_soon(self.leave)
        self._waiting.append((transport, answer))

    def leave(self) -> None:
        """Send all there are, now."""
        waiting, self._waiting = self._waiting, []
        for transport, answer in waiting:
            transport.write(answer)
