"""`urllib3` (and with it `requests`) at its pool's `urlopen`, `urllib` at its handler's `do_open`."""

from __future__ import annotations

import errno
import http.client
import sys
import time
from collections.abc import Callable
from io import BytesIO
from types import ModuleType
from typing import Any

from harness.core.hosts import host_of, is_answered
from harness.core.http import BrokenResponse, Handler, Outcome, Request, Response
from harness.gateway.clients.in_process import CONNECTION_RESET, DISCONNECTED, ClientDoor, as_sent, asked


def urllib3_replacements(module: ModuleType, door: ClientDoor) -> list[tuple[object, str, object]]:
    """A pool asks the gateway where its host, or the absolute URL it is to send, is Intercom's.

    One that says of itself that it is `beyond_gateway` carries on what the gateway was asked already.
    """
    pool_class = module.connectionpool.HTTPConnectionPool
    real = pool_class.urlopen

    def urlopen(
        pool: Any,
        method: str,
        url: str,
        body: object = None,
        headers: Any = None,
        retries: object = None,
        redirect: bool = True,
        *args: object,
        **options: object,
    ) -> object:
        whole = _whole_url(pool, url, door)
        if whole is None:
            return real(pool, method, url, body, headers, retries, redirect, *args, **options)
        given = headers if headers is not None else pool.headers
        request = asked(method, whole, [(_text(n), _text(v)) for n, v in dict(given or {}).items()], body)
        policy = retries if retries is not None else pool.retries
        if not isinstance(policy, module.Retry):
            policy = module.Retry.from_int(policy, redirect=redirect, default=pool.retries)

        def ask() -> object:
            return _asked_once(module, pool, request, door.answer, options)

        return _with_retries(module, pool, url, request, policy, ask)

    return [(pool_class, "urlopen", urlopen)]


def _whole_url(pool: Any, url: str, door: ClientDoor) -> str | None:
    if getattr(pool, "beyond_gateway", False):
        return None
    if "://" in url:
        return url if door.is_meant(_authority(url)) else None
    authority = pool.host if is_answered(host_of(str(pool.host))) else f"{pool.host}:{pool.port}"
    return f"{pool.scheme}://{authority}{url}" if door.is_meant(authority) else None


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _with_retries(
    module: ModuleType, pool: object, url: str, request: Request, retries: Any, ask: Callable[[], Any]
) -> object:
    # The pool's own loop around a connection, as far as an answer without one can need it.
    while True:
        try:
            response = ask()
        except module.exceptions.HTTPError as failure:
            retries = retries.increment(request.method, url, error=failure, _pool=pool, _stacktrace=sys.exc_info()[2])
            retries.sleep()
            continue
        if not retries.is_retry(request.method, response.status, "retry-after" in response.headers):
            response.retries = retries
            return response
        try:
            retries = retries.increment(request.method, url, response=response, _pool=pool)
        except module.exceptions.MaxRetryError:
            if retries.raise_on_status:
                raise
            return response
        retries.sleep(response)


def _asked_once(module: ModuleType, pool: Any, request: Request, answer: Handler, options: dict[str, object]) -> object:
    outcome = answer(request)
    patience = _patience(module, options.get("timeout", pool.timeout), pool.timeout) if outcome.delay else None
    if isinstance(patience, (int, float)) and patience < outcome.delay:
        time.sleep(patience if outcome.waits else 0)
        raise module.exceptions.ReadTimeoutError(pool, request.target, f"Read timed out. (read timeout={patience})")
    time.sleep(outcome.delay if outcome.waits else 0)
    lost = lost_answer(outcome)
    if lost is not None:
        raise module.exceptions.ProtocolError("Connection aborted.", lost)
    return _urllib3_response(module, request, outcome, options)


def _urllib3_response(module: ModuleType, request: Request, outcome: Outcome, options: dict[str, object]) -> object:
    received = _received(request, outcome)
    return module.HTTPResponse(
        body=received,
        headers=received.getheaders(),
        status=received.status,
        reason=received.reason,
        preload_content=options.get("preload_content", True),
        decode_content=options.get("decode_content", True),
        original_response=received,
        request_method=request.method,
    )


def _patience(module: ModuleType, given: object, default: object) -> object:
    # A pool's own limit counts where a request brings none; a limit on the whole runs from the connection's beginning.
    limit = given if given is None or isinstance(given, (int, float, module.Timeout)) else default
    if not isinstance(limit, module.Timeout):
        return limit
    running = limit.clone()
    running.start_connect()
    return running.read_timeout


def lost_answer(outcome: Outcome) -> Exception | None:
    """The error of a connection on which no answer came, where the outcome is one."""
    if not isinstance(outcome.answer, BrokenResponse) or outcome.answer.end in ("cut", "slow"):
        return None
    if outcome.answer.end == "closed":
        return http.client.RemoteDisconnected(DISCONNECTED)
    return ConnectionResetError(errno.ECONNRESET, CONNECTION_RESET)


def cut_at(outcome: Outcome) -> int | None:
    """After how many bytes the answer's body stops, where it does."""
    broken = outcome.answer
    return broken.at if isinstance(broken, BrokenResponse) and broken.end == "cut" else None


def urllib_replacements(module: ModuleType, door: ClientDoor) -> list[tuple[object, str, object]]:
    """urllib's handlers ask the gateway where the request's host, or its proxied URL, is Intercom's."""
    handler_class = module.AbstractHTTPHandler
    real = handler_class.do_open

    def do_open(handler: object, http_class: object, asking: Any, **options: object) -> object:
        if not door.is_meant(_authority(asking.full_url)):
            return real(handler, http_class, asking, **options)
        headers = {**asking.headers, **asking.unredirected_hdrs}
        request = asked(asking.get_method(), asking.full_url, headers.items(), asking.data)
        return _opened(request, asking, door.answer(request))

    return [(handler_class, "do_open", do_open)]


def _opened(request: Request, asking: Any, outcome: Outcome) -> Any:
    patience = asking.timeout if isinstance(asking.timeout, (int, float)) else None
    if patience is not None and patience < outcome.delay:
        time.sleep(patience if outcome.waits else 0)
        raise TimeoutError("The read operation timed out")
    time.sleep(outcome.delay if outcome.waits else 0)
    lost = lost_answer(outcome)
    if lost is not None:
        raise lost
    response = _received(request, outcome)
    response.url = asking.full_url
    response.msg = response.reason  # type: ignore[assignment]  # urllib sets it so, for its error handlers
    return response


def _received(request: Request, outcome: Outcome) -> http.client.HTTPResponse:
    sent = as_sent(outcome.response or Response(200), cut_at(outcome), request.method)
    response = http.client.HTTPResponse(_Sent(sent), method=request.method)  # type: ignore[arg-type]
    response.begin()
    return response


class _Sent:
    """What `http.client` reads an answer from: a socket's file and nothing else of a socket."""

    def __init__(self, sent: bytes) -> None:
        self._sent = sent

    def makefile(self, _mode: str) -> BytesIO:
        """The bytes as a file."""
        return BytesIO(self._sent)
