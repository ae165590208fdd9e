"""The door inside a Python process: clients that name Intercom's own host, led to the gateway without a socket.

`requests`, `urllib3`, `urllib`, `httpx` and `aiohttp` are changed where each hands a request to a connection, so that
all that stands above (sessions, retries, redirects, timeouts, errors) stays the client's own. Other hosts are left
alone. What tries to reach Intercom in some other way is refused at the resolver, and told.

vcrpy is not used for it: its stub for aiohttp reads neither a session's own credentials nor its base URL, its stubs of
http.client lose requests under threads, and importing it costs more than the rest of a run.
"""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeAlias

from harness.core.hosts import host_of, is_owned
from harness.core.http import Handler
from harness.gateway.clients.in_process import ClientDoor
from harness.gateway.clients.patched import urllib_clients

Patch: TypeAlias = Callable[..., list[tuple[object, str, object]]]
"""Tells what to replace in a module: owner, name and replacement."""


def _httpx(module: ModuleType, door: ClientDoor) -> list[tuple[object, str, object]]:
    from harness.gateway.clients.patched import httpx_client

    return httpx_client.replacements(module, door)


def _aiohttp(module: ModuleType, door: ClientDoor) -> list[tuple[object, str, object]]:
    from harness.gateway.clients.patched import aiohttp_client

    return aiohttp_client.replacements(module, door)


_PATCHES: dict[str, Patch] = {
    "urllib3": urllib_clients.urllib3_replacements,
    "urllib.request": urllib_clients.urllib_replacements,
    "httpx": _httpx,
    "aiohttp": _aiohttp,
}


@contextmanager
def patched_clients(
    answer: Handler,
    refused: Callable[[str, str, str], None],
    *,
    own_port: int = 0,
    takes: Callable[[], bool] = lambda: True,
    guards: Callable[[], bool] | None = None,
) -> Iterator[None]:
    """Lead Python clients to `answer` for the length of a block; a module imported within it is led there as well.

    refused: told method, authority and reason of whatever tried to reach Intercom past these clients. own_port and
    takes: see `ClientDoor`. guards: tells whether such an attempt of the current thread is refused; default: `takes`.
    """
    guards = guards or takes
    door = ClientDoor(answer, own_port, takes)
    with ExitStack() as stack:
        patches = {name: partial(make, door=door) for name, make in _PATCHES.items()}
        patches["uvloop"] = partial(_guard_uvloop, refused=refused, takes=guards)

        def patch(name: str, module: ModuleType) -> None:
            for owner, attribute, replacement in patches[name](module):
                _replace(stack, owner, attribute, replacement)

        for name in patches:
            if name in sys.modules:
                patch(name, sys.modules[name])
        waiting = _OnImport({name for name in patches if name not in sys.modules}, patch)
        sys.meta_path.insert(0, waiting)
        stack.callback(sys.meta_path.remove, waiting)
        _replace(stack, socket, "getaddrinfo", _guarded(socket.getaddrinfo, refused, guards))
        yield


def _replace(stack: ExitStack, owner: object, attribute: str, replacement: object) -> None:
    before = getattr(owner, attribute)
    setattr(owner, attribute, replacement)
    stack.callback(setattr, owner, attribute, before)


def _guarded(
    look_up: Callable[..., object], refused: Callable[[str, str, str], None], takes: Callable[[], bool]
) -> Callable[..., object]:
    def getaddrinfo(host: object, port: object, *args: object, **kwargs: object) -> object:
        _refuse_owned(host, port, refused, takes)
        return look_up(host, port, *args, **kwargs)

    return getaddrinfo


def _refuse_owned(
    host: object, port: object, refused: Callable[[str, str, str], None], takes: Callable[[], bool]
) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if isinstance(name, str) and is_owned(host_of(name)) and takes():
        reason = "the code opened a connection to Intercom past the clients that are led to the gateway"
        refused("CONNECT", f"{name}:{port}", f"{reason}; give it the base URL in INTERCOM_BASE_URL")
        raise socket.gaierror(socket.EAI_NONAME, f"{name} is Intercom's, and is not reached from a harness run")


def _guard_uvloop(
    module: ModuleType, refused: Callable[[str, str, str], None], takes: Callable[[], bool]
) -> list[tuple[object, str, object]]:
    """Guard the resolver of uvloop, which does not use the `socket` module's."""
    look_up, connect = module.Loop.getaddrinfo, module.Loop.create_connection

    async def getaddrinfo(loop: object, host: object, port: object, *args: object, **kwargs: object) -> object:
        _refuse_owned(host, port, refused, takes)
        return await look_up(loop, host, port, *args, **kwargs)

    async def create_connection(
        loop: object,
        protocol_factory: object,
        host: object = None,
        port: object = None,
        *args: object,
        **kwargs: object,
    ) -> object:
        _refuse_owned(host, port, refused, takes)
        return await connect(loop, protocol_factory, host, port, *args, **kwargs)

    return [(module.Loop, "getaddrinfo", getaddrinfo), (module.Loop, "create_connection", create_connection)]


class _OnImport:
    """A finder that finds nothing by itself: it lets a module be found and loaded, and then patches it."""

    def __init__(self, names: set[str], patch: Callable[[str, ModuleType], None]) -> None:
        self._names = names
        self._patch = patch

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The module's own spec with a loader that patches afterwards."""
        if name not in self._names:
            return None
        self._names.discard(name)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _PatchingLoader(spec.loader, lambda module: self._patch(name, module))  # type: ignore[assignment]
        return spec


class _PatchingLoader:
    """A module's own loader, and then a change to the module."""

    def __init__(self, loader: Any, patch: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the module's own loader does."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """As the module's own loader does, and then the change."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._patch(module)
