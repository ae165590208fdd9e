"""vcrpy's patches of urllib3 (and with it requests), urllib and http.client, made safe for threads.

vcrpy replaces connection classes, and puts the real ones back for a moment whenever it makes a connection: a request
of another thread goes out through that gap. These replace one method each, and nothing is put back before the end.
"""

from __future__ import annotations

import http.client
import threading
import urllib.request
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Protocol

import urllib3
from urllib3.connectionpool import HTTPConnectionPool

SKIPPED = ("httplib", "requests", "urllib3", "boto3")
"""vcrpy's own patches of what is patched here."""


class CallTape(Protocol):
    """What answers a request: from a recording, or by really sending it."""

    def pass_through(
        self, method: str, url: str, body: object, headers: Mapping[str, str], send: Callable[[], Mapping[str, object]]
    ) -> Mapping[str, Any]:
        """Return the answer as vcrpy's dictionary has it. send: sends the request and returns its answer so."""
        ...


def thread_safe_patches(tape: Callable[[], CallTape]) -> list[tuple[object, str, Callable[..., object]]]:
    """Return what to replace: owner, name, replacement; in the form of vcrpy's `custom_patches`."""
    return [
        (HTTPConnectionPool, "_make_request", _urllib3_replacement(tape)),
        (urllib.request.AbstractHTTPHandler, "do_open", _urllib_replacement(tape)),
        *_http_client_replacements(tape),
    ]


_SENDING = threading.local()
"""Whether the current thread really sends a request at this moment: what it does below is not answered again."""


def _really(send: Callable[[], Mapping[str, object]]) -> Callable[[], Mapping[str, object]]:
    def sending() -> Mapping[str, object]:
        _SENDING.now = True
        try:
            return send()
        finally:
            _SENDING.now = False

    return sending


def _http_client_replacements(tape: Callable[[], CallTape]) -> list[tuple[object, str, Callable[..., object]]]:
    kind = http.client.HTTPConnection
    real_request, real_response = kind.request, kind.getresponse

    def request(connection: Any, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        if getattr(_SENDING, "now", False):
            real_request(connection, method, url, body, headers or {}, **options)
        else:
            connection.asked_of_the_tape = (method, url, body, dict(headers or {}), options)

    def getresponse(connection: Any) -> object:
        asked = connection.__dict__.pop("asked_of_the_tape", None)
        if asked is None:
            return real_response(connection)
        method, url, body, headers, options = asked

        def send() -> Mapping[str, object]:
            real_request(connection, method, url, body, headers, **options)
            response = real_response(connection)
            return _dictionary(response.status, response.reason, response.headers, response.read())

        scheme = "https" if isinstance(connection, http.client.HTTPSConnection) else "http"
        port = "" if connection.port == connection.default_port else f":{connection.port}"
        whole = f"{scheme}://{connection.host}{port}{url}"
        return _received(tape().pass_through(method, whole, body, headers, _really(send)), method)

    return [(kind, "request", request), (kind, "getresponse", getresponse)]


def _received(answer: Mapping[str, Any], method: str) -> http.client.HTTPResponse:
    head = "".join(f"{name}: {value}\r\n" for name, value in _pairs(answer) if name.lower() != "transfer-encoding")
    status = f"HTTP/1.1 {answer['status']['code']} {answer['status']['message']}\r\n"
    sent = f"{status}{head}\r\n".encode("latin-1") + _body(answer)
    response = http.client.HTTPResponse(_SentResponse(sent), method=method)  # type: ignore[arg-type]  # all that it asks of one
    response.begin()
    return response


def _urllib3_replacement(tape: Callable[[], CallTape]) -> Callable[..., object]:
    real = HTTPConnectionPool._make_request  # noqa: SLF001  # below retries and redirects, above the connection

    def make_request(
        pool: HTTPConnectionPool,
        connection: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *args: Any,
        **options: Any,
    ) -> urllib3.HTTPResponse:
        whole = url if "://" in url else f"{pool.scheme}://{pool.host}{_port(pool)}{url}"

        def send() -> Mapping[str, object]:
            unread = {**options, "preload_content": False}
            response = real(pool, connection, method, url, body, headers, *args, **unread)
            return _dictionary(response.status, response.reason, response.headers, response.read(decode_content=False))

        answer = tape().pass_through(method, whole, body, dict(headers or {}), _really(send))
        return urllib3.HTTPResponse(
            body=BytesIO(_body(answer)),
            headers=urllib3.HTTPHeaderDict(_pairs(answer)),
            status=answer["status"]["code"],
            reason=answer["status"]["message"],
            request_method=method,
            preload_content=options.get("preload_content", True),
            decode_content=options.get("decode_content", True),
        )

    return make_request


def _urllib_replacement(tape: Callable[[], CallTape]) -> Callable[..., object]:
    real = urllib.request.AbstractHTTPHandler.do_open

    def do_open(handler: Any, http_class: Any, asking: urllib.request.Request, **options: object) -> object:
        headers = {**asking.headers, **asking.unredirected_hdrs}

        def send() -> Mapping[str, object]:
            response = real(handler, http_class, asking, **options)
            return _dictionary(response.status, response.reason, response.headers, response.read())

        answer = tape().pass_through(asking.get_method(), asking.full_url, asking.data, headers, _really(send))
        response: Any = _received(answer, asking.get_method())
        response.url, response.msg = asking.full_url, response.reason
        return response

    return do_open


class _SentResponse:
    """What `http.client` reads an answer from: a socket's file and nothing else of a socket."""

    def __init__(self, sent: bytes) -> None:
        self._sent = sent

    def makefile(self, _mode: str) -> BytesIO:
        """Return the bytes as a file."""
        return BytesIO(self._sent)


def _port(pool: HTTPConnectionPool) -> str:
    usual = {"http": 80, "https": 443}.get(str(pool.scheme))
    return "" if pool.port in (None, usual) else f":{pool.port}"


def _dictionary(status: int, reason: str | None, headers: Any, body: bytes) -> Mapping[str, object]:
    kept = [(name, value) for name, value in headers.items() if name.lower() != "transfer-encoding"]
    return {
        "status": {"code": status, "message": reason or ""},
        "headers": {name: [each for known, each in kept if known == name] for name, _ in kept},
        "body": {"string": body},
    }


def _pairs(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in answer["headers"].items()
        for value in (values if isinstance(values, list) else [values])
    ]


def _body(answer: Mapping[str, Any]) -> bytes:
    body = answer["body"]["string"]
    return body.encode() if isinstance(body, str) else bytes(body or b"")
