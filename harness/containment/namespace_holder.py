"""Hold the namespaces of one enclosure open, and report every attempt to get out of it.

It is run as a small process of its own that imports nothing but the standard library and its three siblings. It enters
new user, network and mount namespaces in which

- loopback is up, and the doors and the declared addresses are listening sockets that the harness outside accepts from;
- every other address is routed to loopback as well, so that each attempt to reach one arrives here: it is answered by a
  reset, and a packet socket sees it together with its address. The ports of HTTP and HTTPS are accepted first, until
  the caller has said which host and which request it means, and reset then;
- unix sockets that existed before and are not declared are covered by an empty file.

The control socket is the first argument (a file descriptor). It carries the configuration as one JSON line, then the
answer of this process, then one JSON line for each attempt. The process ends when the control socket is closed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import struct
import sys
from typing import Any, Final

from harness.containment.attempt_watcher import AttemptWatcher, line_of
from harness.containment.socket_owners import proc_rows

NEW_MOUNT: Final = 0x00020000
NEW_USER: Final = 0x10000000
NEW_NETWORK: Final = 0x40000000
MOUNT_BIND: Final = 4096
MOUNT_RECURSIVE_PRIVATE: Final = 16384 | (1 << 18)
SET_INTERFACE_FLAGS: Final = 0x8914
INTERFACE_UP: Final = 0x41
IP_FREEBIND: Final = 15
IPV6_FREEBIND: Final = 78
LOOPBACK_INDEX: Final = 1

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Enter the namespaces, hand the listening sockets over, then report attempts until the control socket ends."""
    control = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(read_line(control))
    outside = _listening_ports()
    hidden = [path for path in _unix_sockets() if not _is_declared(path, config["unix"])]
    try:
        _enter(control, privileged=bool(config["privileged"]))
        for path in hidden:
            with contextlib.suppress(OSError):  # it may be gone by now
                _mount("/dev/null", path, MOUNT_BIND)
        _loopback_up()
        listeners = [_listener(address, port) for address, port in config["listen"]]
    except OSError as error:
        control.send(line_of({"failed": f"{error.strerror or error}"}))
        return
    watcher = AttemptWatcher(control, config, outside)
    socket.send_fds(control, [line_of({"ready": True})], [each.fileno() for each in listeners])
    for each in listeners:
        each.close()
    watcher.watch()


def read_line(control: socket.socket) -> bytes:
    """Read one line; end this process where the control socket ends first."""
    data = b""
    while not data.endswith(b"\n"):
        piece = control.recv(65536)
        if not piece:
            raise SystemExit
        data += piece
    return data


# ------------------------------------------------------------------------------------------------ what there is outside


def _listening_ports() -> set[int]:
    """Return the TCP ports of loopback on which something listens outside."""
    ports: set[int] = set()
    for name in ("tcp", "tcp6"):
        for row in proc_rows(f"/proc/net/{name}"):
            if row[3] == "0A":
                ports.add(int(row[1].rpartition(":")[2], 16))
    return ports


def _unix_sockets() -> list[str]:
    """Return the paths of all unix sockets that are bound now."""
    paths = {row[7] for row in proc_rows("/proc/net/unix") if len(row) > 7 and row[7].startswith("/")}
    return sorted(path for path in paths if os.path.exists(path))  # noqa: PTH110 - a path of bytes, never joined


def _is_declared(path: str, declared: list[str]) -> bool:
    return any(path == one or path.startswith(one.rstrip("/") + "/") for one in declared)


# ------------------------------------------------------------------------------------------------------ the namespaces


def _call(name: str, *arguments: Any) -> None:
    if getattr(_libc, name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def _mount(source: str, target: str, flags: int) -> None:
    _call("mount", os.fsencode(source), os.fsencode(target), None, ctypes.c_ulong(flags), None)


def _enter(control: socket.socket, *, privileged: bool) -> None:
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", NEW_USER | NEW_NETWORK | NEW_MOUNT)
    if privileged:  # only a process outside may map all users, and it does so when it hears of this
        control.send(line_of({"maps": os.getpid()}))
        read_line(control)
    else:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - starting has to be cheap
                file.write(text)
    _mount("none", "/", MOUNT_RECURSIVE_PRIVATE)


def _loopback_up() -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, SET_INTERFACE_FLAGS, struct.pack("16sH14x", b"lo", INTERFACE_UP))
    for family, size in ((socket.AF_INET, 4), (socket.AF_INET6, 16)):
        with contextlib.suppress(OSError):  # a kernel without IPv6 has no such route, and nothing to catch
            _route_everything_here(family, size)


def _route_everything_here(family: int, size: int) -> None:
    """Add `local default dev lo`, by netlink: each address becomes one of this namespace's own."""
    new_route, create, local, table, universe = 24, 0x405, 2, 255, 254
    message = struct.pack("=BBBBBBBBI", family, 0, 0, 0, table, 3, universe, local, 0)
    message += struct.pack("=HHI", 8, 4, LOOPBACK_INDEX)
    request = struct.pack("=IHHII", 16 + len(message), new_route, create, 1, 0) + message
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.send(request)
        answer = link.recv(4096)
        code = struct.unpack_from("=i", answer, 16)[0]
        if code:
            raise OSError(-code, os.strerror(-code))


def _listener(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    else:
        listener.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    listener.bind((address, port))
    listener.listen(2048)
    return listener


if __name__ == "__main__":
    main()
