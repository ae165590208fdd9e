"""Watch the only interface of an enclosure, and report every attempt to reach something through it."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import struct
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from harness.containment.packets import attempt_in, dns_answer, dns_question, http_call, tls_server_name
from harness.containment.socket_owners import listens, owner_of

TRAPPED: Final = (80, 443)
"""Ports on which a caller is let say which host and which request it means, before its connection is reset."""


def line_of(value: Any) -> bytes:
    """Return a value as one line of JSON."""
    return json.dumps(value).encode() + b"\n"


class AttemptWatcher:
    """See every packet of the namespace's only interface, and answer its name server's port."""

    def __init__(self, control: socket.socket, config: dict[str, Any], outside: set[int]) -> None:
        self._control = control
        self._known = {(address, port) for address, port in config["listen"]}
        self._names: dict[str, list[str]] = config["names"]
        self._outside = outside
        self._seen: set[tuple[str, str, int, int]] = set()
        self._silent: dict[socket.socket, dict[str, Any]] = {}
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
            host, port = caller.getsockname()[:2]
            about = {"protocol": "tcp", "host": host, "port": port, **owner_of("tcp", origin[1])}
            self._silent[caller] = about
            chosen.register(caller, selectors.EVENT_READ, partial(self._said, chosen, caller, about))
        return False

    def _said(self, chosen: selectors.BaseSelector, caller: socket.socket, about: dict[str, Any]) -> bool:
        """Report what the caller asked for, and reset the connection."""
        data = b""
        with contextlib.suppress(OSError):
            data = caller.recv(4096)
        name, call = (tls_server_name(data), "") if data[:1] == b"\x16" else http_call(data)
        if self._silent.pop(caller, None) is not None:
            self._report({**about, "name": name, "call": call})
        chosen.unregister(caller)
        caller.close()
        return False

    def _ended(self) -> bool:
        try:
            data = self._control.recv(4096)
        except ConnectionResetError:
            return True
        if data.startswith(b"flush"):  # every packet sent before this has been looked at once the answer is there
            while self._packet(wait=False) is None:
                pass
            for about in self._silent.values():  # who connected and said nothing yet
                self._report(about)
            self._silent.clear()
            self._report({"flushed": data[5:].strip().decode()})
        return not data

    def _report(self, value: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(line_of(value))

    def _packet(self, *, wait: bool = True) -> bool | None:
        """Look at one packet. `None` says that there may be more of them, `False` that there was none."""
        try:
            data, origin = self._packets.recvfrom(2048, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        if origin[2] != 4 or not data:  # PACKET_OUTGOING: each packet of loopback is seen twice, once on its way out
            return None if not wait else False
        for protocol, host, port, local in attempt_in(data):
            self._judge(protocol, host, port, local)
        return None if not wait else False

    def _judge(self, protocol: str, host: str, port: int, local: int) -> None:
        if (host, port) in self._known or (protocol == "udp" and port == 53):
            return
        inside = host.startswith("127.") or host == "::1"
        if protocol == "tcp" and port in TRAPPED and not inside and self._traps:
            return
        if inside and (protocol != "tcp" or port not in self._outside or listens(port)):
            return
        key = (protocol, host, port, local)
        if key not in self._seen:
            self._seen.add(key)
            process = owner_of(protocol, local)
            self._report({"protocol": protocol, "host": host, "port": port, **process})

    def _query(self, server: socket.socket) -> bool:
        query, ancillary, _, origin = server.recvmsg(1500, 256)
        try:
            name, kind, end = dns_question(query)
        except (IndexError, struct.error):
            self._report({"protocol": "udp", "host": "a name server", "port": 53, **owner_of("udp", origin[1])})
            return False
        addresses = self._names.get(name.lower())
        if addresses is None and not name.lower().endswith("localhost"):
            self._report({"protocol": "dns", "host": name, "port": 53, **owner_of("udp", origin[1])})
        with contextlib.suppress(OSError):
            server.sendmsg([dns_answer(query, end, kind, addresses)], ancillary, 0, origin)
        return False


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
