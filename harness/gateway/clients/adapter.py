"""The door without a socket: a transport adapter that takes what `requests` would send straight to the gateway.

It acts broken answers out as `requests` itself reports them, so that a client cannot tell it from a connection.
Retries, redirects and cookies stay with the `requests.Session` that it is mounted on.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from http.client import RemoteDisconnected
from io import BytesIO
from typing import Any, Protocol

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from harness.core.hosts import meant_host
from harness.core.http import BrokenResponse, Caller, Outcome, Request, Response, WireEnd
from harness.gateway.clients.in_process import PHRASES, body_bytes


class Answering(Protocol):
    """What a door needs of the gateway."""

    def handle(self, request: Request) -> Outcome:
        """Answer one request."""
        ...


class GatewayAdapter(BaseAdapter):
    """Mount it on a `requests.Session` for every prefix, and no request leaves the process.

    `wait` is how a delay passes: by sleeping, or on a clock of the harness's.
    """

    def __init__(
        self, gateway: Answering, caller: Caller = "harness", wait: Callable[[float], object] = time.sleep
    ) -> None:
        super().__init__()
        self._gateway = gateway
        self._lane = caller
        self._wait = wait

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: object = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Hand one prepared request to the gateway and act out what came of it."""
        outcome = self._gateway.handle(to_request(request, self._lane))
        if outcome.delay:
            self._act_out(outcome, timeout, request)
        if isinstance(outcome.answer, Response):
            return _answer(self, request, outcome.answer)
        return _BROKEN[outcome.answer.end](self, request, outcome.answer)

    def _act_out(self, outcome: Outcome, timeout: Any, request: requests.PreparedRequest) -> None:
        patience, delay = timeout[1] if isinstance(timeout, tuple) else timeout, outcome.delay
        sleeps = outcome.waits or self._wait is not time.sleep
        if patience is not None and patience < delay:
            self._wait(patience if sleeps else 0)
            raise requests.ReadTimeout(f"Read timed out. (read timeout={patience})", request=request)
        self._wait(delay if sleeps else 0)

    def close(self) -> None:
        """Nothing is held open."""


class DirectSession(requests.Session):
    """A session whose requests all go to one adapter, whatever mocks of `requests` are active in the test.

    `requests_mock` replaces what `requests.Session` finds adapters with, and `responses` the adapter for HTTP. Neither
    reaches this one. Redirects are not followed: Intercom's API sends none.
    """

    def __init__(self, adapter: BaseAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self._adapter = adapter

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send one prepared request."""
        return self._adapter.send(request, timeout=options.get("timeout"))


def _answer(adapter: GatewayAdapter, request: requests.PreparedRequest, answer: Response) -> requests.Response:
    response: Any = requests.Response()
    body = b"" if request.method == "HEAD" else answer.body
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.reason = PHRASES.get(answer.status, "")
    response.url = request.url or ""
    response.request = request
    response.connection = adapter
    response.raw = BytesIO(body)
    # The body is known: setting it here saves what requests would spend on a stream.
    response._content = body  # noqa: SLF001
    response._content_consumed = True  # noqa: SLF001
    answered: requests.Response = response
    return answered


def _whole(adapter: GatewayAdapter, request: requests.PreparedRequest, broken: BrokenResponse) -> requests.Response:
    return _answer(adapter, request, broken.response or Response(200))


def _truncated(adapter: GatewayAdapter, request: requests.PreparedRequest, broken: BrokenResponse) -> requests.Response:
    answer = broken.response or Response(200)
    raw = HTTPResponse(
        body=BytesIO(answer.body[: broken.at]),
        headers={**answer.headers, "content-length": str(len(answer.body))},
        status=answer.status,
        preload_content=False,
        request_method=request.method,
    )
    return HTTPAdapter().build_response(request, raw)


def _reset(adapter: GatewayAdapter, request: requests.PreparedRequest, broken: BrokenResponse) -> requests.Response:
    raise _connection_error(request, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))


def _empty(adapter: GatewayAdapter, request: requests.PreparedRequest, broken: BrokenResponse) -> requests.Response:
    raise _connection_error(request, RemoteDisconnected("Remote end closed connection without response"))


_BROKEN: dict[WireEnd, Callable[[GatewayAdapter, requests.PreparedRequest, BrokenResponse], requests.Response]] = {
    "reset": _reset,
    "closed": _empty,
    "cut": _truncated,
    "slow": _whole,
}


def to_request(prepared: requests.PreparedRequest, caller: Caller) -> Request:
    """What `requests` prepared, as the value that travels."""
    scheme, _, rest = (prepared.url or "").partition("://")
    authority, _, _ = rest.partition("/")
    headers = {_text(name).lower(): _text(value) for name, value in prepared.headers.items()}
    return Request(
        method=prepared.method or "GET",
        target=prepared.path_url,
        headers=headers,
        body=body_bytes(prepared.body),
        host=meant_host(authority),
        caller=caller,
        origin=f"{scheme}://{authority}",
    )


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _connection_error(request: requests.PreparedRequest, cause: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=request)
