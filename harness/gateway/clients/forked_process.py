"""The door inside a fork of this process: it holds a copy of everything, and asks the real gateway over loopback.

A copy of the sandbox would answer as well, but what it changed would be seen by nobody.
"""

from __future__ import annotations

import http.client
import os
from typing import Final

from harness.core.http import BrokenResponse, Handler, Outcome, Request, Response

SET_BY_THE_CONNECTION: Final = frozenset({"connection", "content-length", "transfer-encoding", "expect"})


def in_forks_over_loopback(answer: Handler, port: int) -> Handler:
    """Return a handler that asks `answer` in this process, and the harness's server on `port` in forks of it."""
    process = os.getpid()

    def handle(request: Request) -> Outcome:
        return answer(request) if os.getpid() == process else ask_over_loopback(port, request)

    return handle


def ask_over_loopback(port: int, request: Request) -> Outcome:
    """Send a request to the harness's server on `port` of loopback, and return what came of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    kept = {name: value for name, value in request.headers.items() if name not in SET_BY_THE_CONNECTION}
    kept.setdefault("host", request.host)
    try:
        connection.request(request.method, request.target, request.body or None, kept)
        found = connection.getresponse()
        headers = {name.lower(): value for name, value in found.getheaders()}
        return Outcome(_read(found, headers))
    except (http.client.HTTPException, ConnectionError):
        return Outcome(BrokenResponse("reset_after"))
    finally:
        connection.close()


def _read(found: http.client.HTTPResponse, headers: dict[str, str]) -> Response | BrokenResponse:
    try:
        return Response(found.status, headers, found.read())
    except http.client.IncompleteRead as cut:
        whole = Response(found.status, headers, cut.partial + b"\0" * (cut.expected or 1))
        return BrokenResponse("truncated", whole, len(cut.partial))
