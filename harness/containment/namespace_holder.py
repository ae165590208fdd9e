"""Hold the namespaces of one enclosure open, and report every attempt to get out of it.

This file is run by its path as a small process of its own, with the standard library only; the harness imports nothing
of it. It enters new user, network and mount namespaces in which

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
import selectors
import socket
import struct
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

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
TYPE_A, TYPE_AAAA = 1, 28
TRAPPED: Final = (80, 443)

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Enter the namespaces, hand the listening sockets over, then report attempts until the control socket ends."""
    control = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(_line(control))
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
        control.send(_json({"failed": f"{error.strerror or error}"}))
        return
    watcher = _Watcher(control, config, outside)
    socket.send_fds(control, [_json({"ready": True})], [each.fileno() for each in listeners])
    for each in listeners:
        each.close()
    watcher.watch()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _line(control: socket.socket) -> bytes:
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
        for row in _rows(f"/proc/net/{name}"):
            if row[3] == "0A":
                ports.add(int(row[1].rpartition(":")[2], 16))
    return ports


def _unix_sockets() -> list[str]:
    """Return the paths of all unix sockets that are bound now."""
    paths = {row[7] for row in _rows("/proc/net/unix") if len(row) > 7 and row[7].startswith("/")}
    return sorted(path for path in paths if os.path.exists(path))  # noqa: PTH110 - a path of bytes, never joined


def _rows(path: str) -> list[list[str]]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 - starting has to be cheap
            return [line.split() for line in file.readlines()[1:]]
    except OSError:
        return []


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
        control.send(_json({"maps": os.getpid()}))
        _line(control)
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


# ------------------------------------------------------------------------------------------------------------ attempts


class _Watcher:
    """See every packet of the namespace's only interface, and answer its name server's port."""

    def __init__(self, control: socket.socket, config: dict[str, Any], outside: set[int]) -> None:
        self._control = control
        self._known = {(address, port) for address, port in config["listen"]}
        self._names: dict[str, list[str]] = config["names"]
        self._outside = outside
        self._seen: set[tuple[str, str, int, int]] = set()
        self._packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
        self._packets.bind(("lo", 0x0003))
        self._traps = [trap for family in (socket.AF_INET, socket.AF_INET6) for trap in _traps(family)]
        self._names_v4 = self._name_server(socket.AF_INET, "0.0.0.0")  # noqa: S104 - nothing outside reaches it
        self._names_v6 = self._name_server(socket.AF_INET6, "::")

    @staticmethod
    def _name_server(family: int, address: str) -> socket.socket | None:
        try:
            server = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                server.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO: answers leave from the address that was asked
            server.bind((address, 53))
        except OSError:
            return None
        return server

    def watch(self) -> None:
        """Report until the control socket ends."""
        with selectors.DefaultSelector() as chosen:
            chosen.register(self._control, selectors.EVENT_READ, self._ended)
            chosen.register(self._packets, selectors.EVENT_READ, self._packet)
            for server in (self._names_v4, self._names_v6):
                if server is not None:
                    chosen.register(server, selectors.EVENT_READ, partial(self._query, server))
            for trap in self._traps:
                chosen.register(trap, selectors.EVENT_READ, partial(self._caught, chosen, trap))
            while all(not key.data() for key, _ in chosen.select()):
                pass

    def _caught(self, chosen: selectors.BaseSelector, trap: socket.socket) -> bool:
        """Take a connection to a foreign address, and wait for the first thing that the caller says."""
        with contextlib.suppress(OSError):
            caller, origin = trap.accept()
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            who = _owner("tcp", origin[1])
            chosen.register(caller, selectors.EVENT_READ, partial(self._said, chosen, caller, who))
        return False

    def _said(self, chosen: selectors.BaseSelector, caller: socket.socket, who: dict[str, Any]) -> bool:
        """Report what the caller asked for, and reset the connection."""
        with contextlib.suppress(OSError):
            data, (host, port) = caller.recv(4096), caller.getsockname()[:2]
            name, call = (_server_name(data), "") if data[:1] == b"\x16" else _http_call(data)
            self._report({"protocol": "tcp", "host": host, "port": port, "name": name, "call": call, **who})
        chosen.unregister(caller)
        caller.close()
        return False

    def _ended(self) -> bool:
        data = self._control.recv(4096)
        if data.startswith(b"flush"):  # every packet sent before this has been looked at once the answer is there
            while self._packet(wait=False) is None:
                pass
            self._report({"flushed": data[5:].strip().decode()})
        return not data

    def _report(self, value: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(_json(value))

    def _packet(self, *, wait: bool = True) -> bool | None:
        """Look at one packet. `None` says that there may be more of them, `False` that there was none."""
        try:
            data, origin = self._packets.recvfrom(2048, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        if origin[2] != 4 or not data:  # PACKET_OUTGOING: each packet of loopback is seen twice, once on its way out
            return None if not wait else False
        for protocol, host, port, local in _attempt(data):
            self._judge(protocol, host, port, local)
        return None if not wait else False

    def _judge(self, protocol: str, host: str, port: int, local: int) -> None:
        if (host, port) in self._known or (protocol == "udp" and port == 53):
            return
        inside = host.startswith("127.") or host == "::1"
        if protocol == "tcp" and port in TRAPPED and not inside and self._traps:
            return
        if inside and (protocol != "tcp" or port not in self._outside or _listens(port)):
            return
        key = (protocol, host, port, local)
        if key not in self._seen:
            self._seen.add(key)
            process = _owner(protocol, local)
            self._report({"protocol": protocol, "host": host, "port": port, **process})

    def _query(self, server: socket.socket) -> bool:
        query, ancillary, _, origin = server.recvmsg(1500, 256)
        try:
            name, kind, end = _question(query)
        except (IndexError, struct.error):
            self._report({"protocol": "udp", "host": "a name server", "port": 53, **_owner("udp", origin[1])})
            return False
        addresses = self._names.get(name.lower())
        if addresses is None and not name.lower().endswith("localhost"):
            self._report({"protocol": "dns", "host": name, "port": 53, **_owner("udp", origin[1])})
        with contextlib.suppress(OSError):
            server.sendmsg([_answer(query, end, kind, addresses)], ancillary, 0, origin)
        return False


def _attempt(data: bytes) -> Iterator[tuple[str, str, int, int]]:
    """Yield (protocol, host, port, local port) of a packet that begins something; nothing for all others."""
    version = data[0] >> 4
    if version == 4 and len(data) >= 20:
        number, host, rest = data[9], socket.inet_ntop(socket.AF_INET, data[16:20]), data[(data[0] & 15) * 4 :]
    elif version == 6 and len(data) >= 40:
        number, host, rest = data[6], socket.inet_ntop(socket.AF_INET6, data[24:40]), data[40:]
    else:
        return
    if number == socket.IPPROTO_TCP and len(rest) >= 14:
        local, port = struct.unpack_from("!HH", rest)
        if rest[13] & 0x12 == 0x02:  # SYN without ACK
            yield "tcp", host, port, local
    elif number == socket.IPPROTO_UDP and len(rest) >= 8:
        local, port = struct.unpack_from("!HH", rest)
        if local != 53:
            yield "udp", host, port, local
    elif number == socket.IPPROTO_ICMP and rest[:1] == b"\x08":
        yield "icmp", host, 0, 0


def _traps(family: int) -> Iterator[socket.socket]:
    for port in TRAPPED:
        trap = socket.socket(family, socket.SOCK_STREAM)
        with contextlib.suppress(OSError):
            if family == socket.AF_INET6:
                trap.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            trap.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trap.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))  # noqa: S104 - nothing outside reaches it
            trap.listen(128)
            yield trap


def _server_name(data: bytes) -> str:
    """Return the host that a TLS client names in its first message; nothing where it names none."""
    with contextlib.suppress(IndexError, struct.error):
        at = 43 + 1 + data[43]
        at += 2 + int(struct.unpack_from("!H", data, at)[0])
        at += 1 + data[at]
        end = at + 2 + int(struct.unpack_from("!H", data, at)[0])
        at += 2
        while at < end:
            kind, size = struct.unpack_from("!HH", data, at)
            if kind == 0:
                length = int(struct.unpack_from("!H", data, at + 7)[0])
                return data[at + 9 : at + 9 + length].decode("ascii", "replace")
            at += 4 + size
    return ""


def _http_call(data: bytes) -> tuple[str, str]:
    """Return the host and the method with the path that a plain HTTP request names. A query is left out."""
    head = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = head[0].split(" ")
    hosts = [line.partition(":")[2].strip() for line in head[1:] if line.lower().startswith("host:")]
    call = f"{words[0]} {words[1].partition('?')[0]}" if len(words) == 3 else ""
    return (hosts[0] if hosts else ""), call


def _listens(port: int) -> bool:
    tables = [row for name in ("tcp", "tcp6") for row in _rows(f"/proc/net/{name}")]
    return any(row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port for row in tables)


def _owner(protocol: str, local: int) -> dict[str, Any]:
    """Find the process that holds a socket, by its local port. A process that has ended is not found."""
    inodes = {
        row[9]
        for name in (protocol, f"{protocol}6")
        for row in _rows(f"/proc/net/{name}")
        if len(row) > 9 and int(row[1].rpartition(":")[2], 16) == local
    }
    wanted = {f"socket:[{inode}]" for inode in inodes if inode != "0"}
    for pid in filter(str.isdigit, os.listdir("/proc")) if wanted else ():  # noqa: PTH208 - starting has to be cheap
        try:
            if any(os.readlink(f"/proc/{pid}/fd/{name}") in wanted for name in os.listdir(f"/proc/{pid}/fd")):  # noqa: PTH115, PTH208
                with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                    return {"pid": int(pid), "process": file.read().strip()}
        except OSError:
            continue
    return {}


# --------------------------------------------------------------------------------------------------------------- names


def _question(query: bytes) -> tuple[str, int, int]:
    """Return name, type and end of the first question."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    (kind,) = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels), kind, at + 5


def _answer(query: bytes, end: int, kind: int, addresses: list[str] | None) -> bytes:
    """Answer with the addresses of a declared name, else that there is no such name."""
    family, size = (socket.AF_INET6, 16) if kind == TYPE_AAAA else (socket.AF_INET, 4)
    fit = [one for one in addresses or [] if (":" in one) == (kind == TYPE_AAAA)] if kind in (TYPE_A, TYPE_AAAA) else []
    records = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, 0, size) + socket.inet_pton(family, one) for one in fit)
    flags = 0x8180 if addresses is not None else 0x8183
    return query[:2] + struct.pack("!HHHHH", flags, 1, len(fit), 0, 0) + query[12:end] + records


if __name__ == "__main__":
    main()
