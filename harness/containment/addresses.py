"""Declared addresses: what code under test may reach beside the harness's own doors."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import Problem
from harness.core.hosts import is_owned

SOFT = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Characters that a browser or resolver drops from a name: soft hyphen, zero-width characters."""


@dataclass(frozen=True, slots=True)
class DeclaredAddress:
    """A host with a port (`None`: any port that the proxy may be asked for), or the path of a unix socket."""

    host: str
    port: int | None = None
    unix: str = ""

    def __str__(self) -> str:
        """Return the address as it is declared."""
        if self.unix:
            return f"unix:{self.unix}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def normalised_host(name: str) -> str:
    """Return a host name as a resolver compares it: no soft characters, no trailing dot, IDN as ASCII, lower case.

    Raises:
        UnicodeError: The name cannot be written in ASCII.
    """
    plain = unicodedata.normalize("NFKC", name.translate(SOFT)).strip().strip("[]").rstrip(".").lower()
    leading, plain = ("." if plain.startswith(".") else ""), plain.lstrip(".")
    return leading + (plain if plain.isascii() else plain.encode("idna").decode("ascii"))


def declared_address(text: str) -> DeclaredAddress:
    """Parse `host:port`, `host`, `[::1]:port` or `unix:/path`.

    Raises:
        Problem: The text is no address, has a wildcard for a whole top-level domain, or names a host of Intercom.
    """
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/"):
            raise _refused(text, "the path of a unix socket has to be absolute")
        return DeclaredAddress("", unix=str(Path(path)))
    host, port = _split(text)
    try:
        name = normalised_host(host)
    except UnicodeError as error:
        raise _refused(text, f"the name is no host name ({error})") from error
    if not name or "*" in name or "/" in name or name.startswith("."):
        _check_wildcard(text, name)
    if is_owned(name.lstrip(".")):
        raise _refused(text, "it belongs to Intercom, and no setting ever lets anything out to Intercom")
    return DeclaredAddress(name, port)


def _split(text: str) -> tuple[str, int | None]:
    host, colon, port = text.rpartition(":")
    if not colon or "]" in port or (":" in host and not host.startswith("[")):
        return text, None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise _refused(text, f"{port!r} is no port")
    return host, int(port)


def _check_wildcard(text: str, name: str) -> None:
    domain = name.lstrip(".")
    if not domain or "*" in domain or "/" in domain or "." not in domain:
        raise _refused(text, "it would allow a whole top-level domain, or is no host name")


def _refused(text: str, why: str) -> Problem:
    return Problem(
        f"{text!r} cannot be declared as an address that code under test may reach.",
        evidence=why,
        remedy='declare a host with its port, for example allow = ["127.0.0.1:5432", "payments.test:443"]',
    )


def resolved(address: DeclaredAddress) -> Sequence[str]:
    """Return the IP addresses of a declared host, as this machine resolves it; none where it is not known."""
    try:
        return [str(ipaddress.ip_address(address.host))]
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(row[4][0]) for row in found))
