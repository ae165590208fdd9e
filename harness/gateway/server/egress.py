"""Which hosts a door may let out to, and how it says no.

Intercom's own hosts are never let out to, whatever was allowed: that is what makes the doors safe.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from harness.core.hosts import is_owned


class Certificates(Protocol):
    """Where the TLS door gets its certificates from."""

    def context(self, host: str) -> ssl.SSLContext:
        """A server context with a certificate for `host`."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may pass, and who is told of the rest."""

    certificates: Callable[[], Certificates]
    refused: Callable[[str, str, str], None]
    """Called with method, authority and reason for whatever was turned away."""
    allowed: Collection[str] = field(default=())

    def allows(self, host: str) -> bool:
        """Whether `host` was named, itself or by a domain with a leading dot; Intercom's own hosts never are."""
        if is_owned(host):
            return False
        return any(host == name or (name.startswith(".") and host.endswith(name)) for name in self.allowed)


def refusal(host: str) -> str:
    """Why nothing goes out to `host`, with the remedy."""
    if is_owned(host):
        return f"{host} belongs to Intercom and is never reached from here"
    return f"{host} is not Intercom's and was not allowed; name it with --allow-host {host}"
