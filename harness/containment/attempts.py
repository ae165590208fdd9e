"""Attempts of code under test to reach what is neither a door nor a declared address."""

from __future__ import annotations

from dataclasses import dataclass

CALLS = {"tcp": "connected to", "udp": "sent a datagram to", "dns": "asked a name server for", "icmp": "sent a ping to"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to get out, as the mechanism saw it. `process` and `pid` are absent where it could not tell."""

    protocol: str
    host: str
    port: int
    process: str = ""
    pid: int = 0
    name: str = ""
    """The host that the caller named itself (TLS server name, `Host` header)."""
    call: str = ""
    """Method and path, where the request could be read."""

    @property
    def address(self) -> str:
        """Return host and port, or the host alone where the port says nothing."""
        if self.protocol in ("dns", "icmp"):
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        """Describe the attempt in one line."""
        name = f"{self.process} (process {self.pid})" if self.process else "a process that has ended"
        meant = f" ({self.call} at {self.name})" if self.call else f" ({self.name})" if self.name else ""
        return f"{name} {CALLS.get(self.protocol, 'reached for')} {self.address}{meant}; it was blocked"
