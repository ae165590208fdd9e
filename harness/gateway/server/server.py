"""One loopback server for any gateway: plain HTTP, HTTPS proxy and direct TLS on one port.

It runs in a thread of its own (tests, `run`, `exec`) or as the process's main job (`sandbox`, `gateway`). It knows no
backend and is handed its control plane; what a connection is stands in `connection`, how HTTP is spoken on it in
`front`, what a request becomes in `door`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from harness.core.errors import Problem
from harness.core.http import Request
from harness.gateway.core import Gateway
from harness.gateway.server.asgi_app import ControlPlaneHandler, GatewayAsgiApp
from harness.gateway.server.egress import Certificates, Policy

WORKERS = 64
GRACE = 2.0
"""Seconds that requests under way get when the server stops."""

SETTLING = 5
"""Turns of the event loop in which a connection that was let in is made, and one that was ended is closed."""


class Server:
    """A gateway behind a port on this machine."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        control: ControlPlaneHandler | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        allowed: Collection[str] = (),
        authority: Certificates | None = None,
        watch: Callable[[Request], None] | None = None,
    ) -> None:
        self._gateway = gateway
        self._control = control
        self._host = host
        self._wanted = port
        self._allowed = allowed
        self._authority = authority
        self._watch = watch
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._socket: socket.socket | None = None
        self._listeners: dict[socket.socket, asyncio.Server] = {}
        self._protocol: Callable[[], asyncio.Protocol] | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._socket is None:
            raise RuntimeError("the server was not started")
        number: int = self._socket.getsockname()[1]
        return number

    @property
    def url(self) -> str:
        """Its base URL."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def trust(self, authority: Certificates) -> None:
        """Take the TLS door's certificates from here; without it they come from an authority of its own."""
        self._authority = authority

    def start(self) -> Self:
        """Serve on a thread of its own; returns once it accepts."""
        self._socket = _listen(self._host, self._wanted)
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready.set,), name="harness-server", daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def stop(self) -> None:
        """Finish what is under way, close everything and wait for the thread."""
        if self._loop and self._stop and self._thread:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._thread = None

    def also(self, listener: socket.socket) -> None:
        """Answer on this listening socket too, once started; it is closed with the server."""
        assert self._loop
        asyncio.run_coroutine_threadsafe(self._listen_on(listener), self._loop).result()

    async def _listen_on(self, listener: socket.socket) -> None:
        assert self._loop
        assert self._protocol
        self._listeners[listener] = await self._loop.create_server(self._protocol, sock=listener)

    def serve(self, ready: Callable[[], None]) -> None:
        """Serve on this thread until SIGTERM or SIGINT; calls `ready` once it accepts."""
        self._socket = _listen(self._host, self._wanted)
        self._run(ready, signals=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, ready: Callable[[], None], signals: bool = False) -> None:
        asyncio.run(self._main(ready, signals))

    async def _main(self, ready: Callable[[], None], signals: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        if signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self._stop.set)
        workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="harness-worker")
        policy = Policy(self._certificates, self._gateway.record_refusal, self._allowed)
        door = GatewayAsgiApp(self._gateway, self._control, workers, policy, self._watch)
        try:
            await self._accept(door, policy, ready)
        finally:
            workers.shutdown(wait=False, cancel_futures=True)

    async def _accept(self, door: GatewayAsgiApp, policy: Policy, ready: Callable[[], None]) -> None:
        # Driving uvicorn's protocol without uvicorn's own server keeps signals ours and stops without its waits.
        from harness.gateway.server.fast_path import protocol_factory
        from harness.gateway.server.http_protocol import shared_by

        assert self._loop
        assert self._stop
        assert self._socket
        shared = shared_by(door, policy)
        self._protocol = protocol_factory(shared)
        await self._listen_on(self._socket)
        ready()
        await self._stop.wait()
        # asyncio forgets the socket of whoever was let in just now if the server is closed before they are connected.
        for listener in self._listeners:
            self._loop.remove_reader(listener)
        await _settle()
        for server in self._listeners.values():
            server.close()
        await _wind_down(shared.state.connections, shared.state.tasks)

    def _certificates(self) -> Certificates:
        if self._authority is None:
            from harness.gateway.server.tls import Authority

            self._authority = Authority()
        return self._authority


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named outright, because asyncio switches Nagle's delay off only where it sees that this is TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    listener.setblocking(False)
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> Problem:
    if error.errno == errno.EADDRINUSE:
        return Problem(
            f"port {port} on {host} is in use",
            evidence=str(error),
            why="another server, perhaps another harness, listens there",
            remedy="end it, or let the system choose with --port 0",
        )
    return Problem(f"cannot listen on {host}, port {port}", evidence=str(error), remedy="use --host 127.0.0.1 --port 0")


async def _wind_down(connections: set[Any], tasks: set[asyncio.Task[None]]) -> None:
    for connection in list(connections):
        connection.shutdown()
    if tasks:
        await asyncio.wait(list(tasks), timeout=GRACE)
    for connection in list(connections):
        connection.transport.abort()
    await _settle()


async def _settle() -> None:
    for _ in range(SETTLING):
        await asyncio.sleep(0)
