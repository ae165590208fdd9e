"""A webhook's receiver on this machine: keeps what arrives, says whether it was signed, passes it on if asked to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from harness.gateway.webhooks.posting import is_signed, post

PATIENCE = 4.5
"""Seconds that a service gets to which something is passed on: less than Intercom's own five."""


PASSED_ON = frozenset({"content-type", "x-hub-signature", "user-agent"})


@dataclass(frozen=True, slots=True)
class ReceivedNotification:
    """One notification as it arrived. `signed`: true or false by the secret, `None` where no secret is known."""

    topic: str
    body: Any
    raw: bytes
    signed: bool | None
    answered: int


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever leaves in the middle is not answered; that is nothing to tell of."""


class Receiver:
    """Listens on loopback. hear: told of each notification; answer: the status for one, or what the service said."""

    def __init__(
        self,
        hear: Callable[[ReceivedNotification], object] = lambda arrived: None,
        *,
        port: int = 0,
        secret: str | None = None,
        forward: str | None = None,
        answer: Callable[[object], int] = lambda body: 200,
    ) -> None:
        self._hear = hear
        self._secret = secret
        self._forward = forward
        self._answer = answer
        self.arrived: list[ReceivedNotification] = []
        self._server = _Listener(("127.0.0.1", port), self._handler())

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def take(self, headers: dict[str, str], raw: bytes) -> int:
        """Take one notification and tell the status to answer."""
        body = _parsed(raw)
        given = headers.get("x-hub-signature", "")
        signed = None if self._secret is None else is_signed(raw, self._secret, given)
        status = self._pass_on(headers, raw) if self._forward else self._answer(body)
        topic = str(body.get("topic")) if isinstance(body, dict) else ""
        arrived = ReceivedNotification(topic, body, raw, signed, status)
        self.arrived.append(arrived)
        self._hear(arrived)
        return status

    def _pass_on(self, headers: dict[str, str], raw: bytes) -> int:
        kept = {name: value for name, value in headers.items() if name in PASSED_ON}
        try:
            return post("POST", self._forward or "", kept, raw, PATIENCE)
        except OSError:
            return 502

    def serve(self) -> None:
        """Listen until the process is told to end."""
        self._server.serve_forever(0.1)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, name="harness-receiver", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class NotificationHandler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._end(200)

            def do_POST(self) -> None:
                length = self.headers.get("content-length") or "0"
                if not (length.isascii() and length.isdigit()):
                    self._end(400)
                    self.close_connection = True
                    return
                raw = self.rfile.read(int(length))
                self._end(receiver.take({name.lower(): value for name, value in self.headers.items()}, raw))

            def _end(self, status: int) -> None:
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *words: object) -> None:
                """Say nothing: `hear` does."""

        return NotificationHandler


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return None
