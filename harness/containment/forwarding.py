"""Lead connections from inside an enclosure to a declared address outside of it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final

PIECE: Final = 65536


class Forwarder:
    """Accept on sockets of an enclosure, and copy bytes to and from the address that each stands for."""

    def __init__(self, routes: Sequence[tuple[socket.socket, tuple[str, int]]]) -> None:
        self._routes = routes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="harness-forwarding", daemon=True)

    def start(self) -> None:
        """Begin to accept, on a thread of its own."""
        if self._routes:
            self._thread.start()
            self._started.wait()

    def stop(self) -> None:
        """Accept no more, and cut what is being copied."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._listen())
            self._loop.call_soon(self._started.set)
            self._loop.run_forever()

    async def _listen(self) -> None:
        for listener, address in self._routes:
            await asyncio.start_server(partial(_forward, address), sock=listener)


async def _forward(address: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        far_reader, far_writer = await asyncio.open_connection(*address)
    except OSError:
        writer.transport.abort()  # the caller sees a reset, as near as can be to a refused connection
        return
    await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
    far_writer.close()
    writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
        return
    writer.transport.abort()
