"""Addresses beside Intercom that a replay may reach, as when it was recorded: a database, a declared host."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from harness.core.hosts import host_of, is_owned

_PORTS: Final = range(1, 65_536)


@dataclass(frozen=True, slots=True)
class _Address:
    host: str
    port: int | None

    def covers(self, host: str, port: object) -> bool:
        """Whether a host and port are this one's; a port that is not known yet is."""
        if self.port is not None and isinstance(port, int) and port in _PORTS and port != self.port:
            return False
        return host == self.host or (self.host.startswith(".") and f".{host}".endswith(self.host))


class AllowedAddresses:
    """What may be reached. A name is found by its addresses, which are learnt when the code under test looks it up."""

    def __init__(self, allow: Iterable[str]) -> None:
        self._allowed = [_parsed(text) for text in allow if not text.startswith("unix:")]
        self._known: set[tuple[str, int | None]] = set()
        self._looking = threading.local()

    def let_out(self, host: str, port: object, *, resolving: bool) -> bool:
        """Return whether this may be reached, or looked up. Intercom's own hosts never are."""
        if not self._allowed:
            return False
        if getattr(self._looking, "now", False):
            return True
        name = host_of(f"[{host}]" if ":" in host else host)
        if is_owned(name):
            return False
        for address in self._allowed:
            if address.covers(name, port):
                if resolving:
                    self._learn(name, address.port)
                return True
        return not resolving and any((name, known) in self._known for known in (port, None))

    def _learn(self, name: str, port: int | None) -> None:
        self._looking.now = True
        try:
            found = socket.getaddrinfo(name, None)
        except OSError:
            return
        finally:
            self._looking.now = False
        self._known |= {(str(address[0]), port) for *_, address in found}


def _parsed(text: str) -> _Address:
    host = host_of(text)
    port = text.rpartition(":")[2]
    has_port = port.isdigit() and not text.endswith("]") and (text.startswith("[") or text.count(":") == 1)
    name = f".{host.lstrip('.')}" if text.startswith(".") else host
    return _Address(name, int(port) if has_port else None)
