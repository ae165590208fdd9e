"""Loaded before a command's own code wherever that is Python: Intercom's hosts are found at the harness's door.

It changes what `socket` and `ssl` do once they are imported, and imports nothing that Python has not imported itself:
names of Intercom's hosts resolve to the door, and our authority is trusted beside whichever a client brings. What looks
names up past `socket` (uvloop, and aiohttp by aiodns) is led there as well. It serves clients that honour no proxy
(aiohttp) or ignore the environment. Then it runs the `sitecustomize` that it hides, where there is one.
"""

# ruff: noqa: INP001, PTH100, PTH110, PTH120 - found by its name in a folder of its own; pathlib would cost every start
from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_HOST, _, _PORT = os.environ.get("HARNESS_DOOR", "").rpartition(":")
_DOMAINS = tuple(name for name in os.environ.get("HARNESS_INTERCOM_DOMAINS", "").split(",") if name)
_CA = os.environ.get("HARNESS_CA_FILE", "")


def _is_intercoms(host: object) -> bool:
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith("." + domain) for domain in _DOMAINS)


def _patch_socket(module: Any) -> None:
    look_up = module.getaddrinfo
    connect = module.socket.connect

    def getaddrinfo(host: object, port: object, *args: object, **kwargs: object) -> object:
        if _is_intercoms(host):
            return look_up(_HOST, int(_PORT), *args, **kwargs)
        return look_up(host, port, *args, **kwargs)

    def connect_to(self: object, address: object) -> object:
        if isinstance(address, tuple) and address and _is_intercoms(address[0]):
            address = (_HOST, int(_PORT))
        return connect(self, address)

    module.getaddrinfo = getaddrinfo
    module.socket.connect = connect_to


def _patch_ssl(module: Any) -> None:
    load = module.SSLContext.load_verify_locations

    def load_verify_locations(
        self: object, cafile: object = None, capath: object = None, cadata: object = None
    ) -> None:
        load(self, cafile, capath, cadata)
        if os.path.exists(_CA):
            load(self, _CA)

    module.SSLContext.load_verify_locations = load_verify_locations


def _patch_uvloop(module: Any) -> None:
    look_up, connect = module.Loop.getaddrinfo, module.Loop.create_connection

    async def getaddrinfo(self: object, host: object, port: object, *args: object, **kwargs: object) -> object:
        if _is_intercoms(host):
            host, port = _HOST, int(_PORT)
        return await look_up(self, host, port, *args, **kwargs)

    async def create_connection(
        self: object, protocol: object, host: object = None, port: object = None, **kwargs: object
    ) -> object:
        if _is_intercoms(host):
            if kwargs.get("ssl"):
                kwargs.setdefault("server_hostname", host)
            host, port = _HOST, int(_PORT)
        return await connect(self, protocol, host, port, **kwargs)

    module.Loop.getaddrinfo, module.Loop.create_connection = getaddrinfo, create_connection


def _patch_aiohttp(module: Any) -> None:
    resolve = module.AsyncResolver.resolve

    async def resolved(self: object, host: object, *args: object, **kwargs: object) -> object:
        if not _is_intercoms(host):
            return await resolve(self, host, *args, **kwargs)
        door = {"host": _HOST, "port": int(_PORT), "family": module.socket.AF_INET, "proto": 0}
        return [{"hostname": host, "flags": module.socket.AI_NUMERICHOST, **door}]

    module.AsyncResolver.resolve = resolved


_PATCHES: dict[str, Callable[[object], None]] = {
    "socket": _patch_socket,
    "ssl": _patch_ssl,
    "uvloop": _patch_uvloop,
    "aiohttp.resolver": _patch_aiohttp,
}


def _patch_time(module: Any) -> None:
    sleep = module.sleep
    module.sleep = lambda seconds: sleep(_short(seconds))


def _patch_asyncio(module: Any) -> None:
    sleep = module.sleep

    async def short_sleep(delay: object, result: object = None) -> object:
        return await sleep(_short(delay), result)

    module.sleep = short_sleep


def _short(seconds: Any) -> object:
    """How long a wait takes in a replay: a hundredth of a second more for each doubling, so that order is kept."""
    short, left = 0.01, seconds
    while left > 0.01 and short < 1:
        left /= 2
        short += 0.01
    return short if seconds > 0.01 else seconds


def _tell(seconds: float, sleeper: int = 0) -> None:
    """Tell the harness that this process waits: the sandbox's clock moves by as much (a rehearsal)."""
    import _socket  # noqa: PLC0415 - costs nothing where no wait is told
    import _thread  # noqa: PLC0415

    told = max(0.0, min(seconds, 1e9)), os.getpid(), _thread.get_ident(), sleeper
    body = b'{"seconds": %f, "sleeper": "%d-%d-%d"}' % told
    head = f"POST /_sandbox/clock/waits HTTP/1.1\r\nHost: {_HOST}:{_PORT}\r\nConnection: close\r\n"
    head += (
        f"Authorization: Bearer {os.environ.get('INTERCOM_ACCESS_TOKEN', '')}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    door = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        door.settimeout(5.0)
        door.connect((_HOST, int(_PORT)))
        door.send(head.encode() + body)
        while door.recv(4096):
            pass
    except OSError:
        pass
    finally:
        door.close()


def _told(seconds: Any, sleeper: int = 0) -> Any:
    if not seconds > 0.001:
        return seconds
    _tell(seconds, sleeper)
    return 0.001


def _patch_time_told(module: Any) -> None:
    sleep = module.sleep
    module.sleep = lambda seconds: sleep(_told(seconds))


def _patch_asyncio_told(module: Any) -> None:
    sleep = module.sleep

    async def told_sleep(delay: Any, result: Any = None) -> Any:
        return await sleep(_told(delay, id(module.current_task())), result)

    module.sleep = told_sleep


if os.environ.get("HARNESS_TOLD_WAITS"):
    _PATCHES |= {"time": _patch_time_told, "asyncio.tasks": _patch_asyncio_told, "asyncio": _patch_asyncio_told}
    _tell(0.0)
elif os.environ.get("HARNESS_SHORT_WAITS"):
    _PATCHES |= {"time": _patch_time, "asyncio.tasks": _patch_asyncio, "asyncio": _patch_asyncio}


class _Loader:
    """A module's own loader, and then a change to the module."""

    def __init__(self, loader: Any, patch: Callable[[object], None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: object) -> object:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._patch(module)


class _Finder:
    """Waits for the modules to be imported."""

    def __init__(self, patches: dict[str, Callable[[object], None]]) -> None:
        self._patches = patches

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        patch = self._patches.pop(name, None)
        if patch is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _Loader(spec.loader, patch)  # type: ignore[assignment]  # all that import asks of one
                return spec
        return None


def _install() -> None:
    patches = dict(_PATCHES)
    for name in list(patches):
        if name in sys.modules:
            patches.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _Finder(patches))


def _run_the_next() -> None:
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _FOLDER]
    for finder in sys.meta_path:
        spec = finder.find_spec("sitecustomize", None)
        if spec is not None and spec.loader is not None:
            module = type(sys)("sitecustomize")
            module.__spec__, module.__file__, module.__loader__ = spec, spec.origin, spec.loader
            sys.modules["sitecustomize"] = module
            spec.loader.exec_module(module)
            return


if os.environ.get("HARNESS_READ_FILES"):
    __import__("harness_read_files")  # it stands beside this file, in no package
if _PORT and _DOMAINS:
    _install()
_run_the_next()
