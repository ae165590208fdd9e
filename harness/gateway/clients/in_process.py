"""What the doors inside a Python process share: a request from what a client has in its hands, an answer's bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from harness.core.hosts import host_of, is_answered, meant_host
from harness.core.http import Handler, Request, Response
from harness.core.loopback import is_loopback

PHRASES = {status.value: status.phrase for status in HTTPStatus}
CONNECTION_RESET = "Connection reset by peer"
DISCONNECTED = "Remote end closed connection without response"


@dataclass(frozen=True, slots=True)
class ClientDoor:
    """Where patched clients lead: who answers, and which requests are led there.

    own_port: the port of the harness's server on loopback, whose requests are answered without a socket; 0 for none.
    takes: tells whether a request of the current thread is led at this moment.
    """

    answer: Handler
    own_port: int = 0
    takes: Callable[[], bool] = lambda: True

    def is_meant(self, authority: object) -> bool:
        """Return whether a client that names this authority (`host`, `host:port`) is to be led to the gateway."""
        if not isinstance(authority, str):
            return False
        host = host_of(authority)
        if not is_answered(host) and not (self.own_port and self._is_own(host, authority)):
            return False
        return self.takes()

    def _is_own(self, host: str, authority: str) -> bool:
        return authority.endswith(f":{self.own_port}") and is_loopback(host)


def asked(method: str, url: str, headers: Iterable[tuple[str, str]], body: object) -> Request:
    """A request for a whole URL of Intercom's."""
    parts = urlsplit(url)
    target = parts.path or "/"
    return Request(
        method=method.upper(),
        target=f"{target}?{parts.query}" if parts.query else target,
        headers={name.lower(): value for name, value in headers},
        body=body_bytes(body),
        host=meant_host(parts.netloc),
        origin=f"{parts.scheme}://{parts.netloc}",
    )


def body_bytes(body: Any) -> bytes:
    """A request's body, whatever a client may give for one: text, bytes, a file, or pieces of these."""
    if body is None:
        return b""
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return body_bytes(body.read())
    return b"".join(body_bytes(part) for part in body)


def as_sent(answer: Response, at: int | None = None, method: str = "GET") -> bytes:
    """An answer as it goes over the wire; its body stops after `at` bytes where that is given."""
    phrase = PHRASES.get(answer.status, "")
    lines = [f"HTTP/1.1 {answer.status} {phrase}"]
    kept = (pair for pair in answer.headers.items() if pair[0] not in ("transfer-encoding", "content-length"))
    lines += [f"{name}: {value}" for name, value in kept]
    lines.append(f"content-length: {len(answer.body)}")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if method == "HEAD" else head + answer.body[:at]
