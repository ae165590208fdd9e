"""What each kind of fault makes of a request: an outcome for the doors to act out. Which requests is `faults`' matter.

A kind either leaves the work undone, or has it done and spoils the answer. What Intercom's own errors look like stands
in a table with its sources.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Final, TypeAlias

from harness.core.http import BrokenKind, BrokenResponse, Handler, Outcome, Request, Response
from harness.gateway.middleware.fault import Fault

WINDOW: Final = 10
"""Seconds of a rate-limit window; resets are multiples of it (facts §7)."""
USUAL_LIMIT: Final = 1_666
"""What `X-RateLimit-Limit` shows of 10,000 requests a minute (facts §7)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that a fault meets: how to have it answered, the time, and how many faults fired before."""

    request: Request
    inner: Handler
    now: float
    number: int


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """How Intercom words an error of this status."""

    code: str
    message: str
    source: str
    assumed: bool = False


ERRORS: Final[Mapping[int, ErrorBody]] = {
    400: ErrorBody("bad_request", "Bad Request", "facts §7: the code is listed", assumed=True),
    401: ErrorBody("unauthorized", "Access Token Invalid", "facts §7"),
    402: ErrorBody(
        "api_plan_restricted", "Active subscription needed.", "facts §7: the status is listed", assumed=True
    ),
    403: ErrorBody("api_plan_restricted", "Active subscription needed.", "facts §7"),
    404: ErrorBody("not_found", "User Not Found", "facts §5"),
    408: ErrorBody("request_timeout", "Request Timeout", "facts §7: the code is listed", assumed=True),
    409: ErrorBody(
        "conflict",
        "Multiple existing users match this email address - must be more specific using user_id",
        "facts §2",
    ),
    422: ErrorBody("unprocessable_entity", "Unprocessable Entity", "facts §7: the code is listed", assumed=True),
    429: ErrorBody(
        "rate_limit_exceeded",
        "The rate limit for the App has been exceeded",
        "facts §7: the code is known",
        assumed=True,
    ),
    500: ErrorBody("server_error", "Server Error", "facts 18: recorded"),
    502: ErrorBody("", "Bad Gateway", "facts 56: a page of the proxy"),
    503: ErrorBody(
        "service_unavailable", "Sorry, the API service is temporarily unavailable", "facts 56: intercom-ruby#104"
    ),
    504: ErrorBody("", "Gateway Time-out", "facts 56: a page of the proxy"),
}
"""The statuses that can be answered on purpose; those without a code are pages of the proxy in front of Intercom."""

PROXY_PAGE: Final = (
    "<html>\r\n<head><title>{status} {phrase}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {phrase}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
"""What nginx answers when Intercom does not (facts 56)."""
ERROR_PAGE: Final = (
    "<!DOCTYPE html>\n<html>\n<head>\n  <title>We're sorry, but something went wrong ({status})</title>\n</head>\n"
    "<body>\n  <h1>We're sorry, but something went wrong.</h1>\n</body>\n</html>\n"
)
"""What Intercom's own server answered in place of JSON (facts 56: a Rails page)."""


def _status(fault: Fault, sent: Sent) -> Outcome:
    if fault.after and (done := sent.inner(sent.request)).refused:
        return done
    return Outcome(error_answer(fault, sent))


def error_answer(fault: Fault, sent: Sent) -> Response:
    """The error as Intercom would send it, rate-limit headers included, or as the proxy in front of it does."""
    error = ERRORS[fault.status]
    if not error.code:
        return page(fault.status, PROXY_PAGE.format(status=fault.status, phrase=error.message))
    request_id = f"faulted{sent.number:013d}"
    errors = [{"code": error.code, "message": error.message}]
    body = {"type": "error.list", "request_id": request_id, "errors": errors}
    headers = {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-cache",
        "x-request-id": request_id,
    }
    if version := sent.request.headers.get("intercom-version"):
        headers["intercom-version"] = version
    headers |= _rate_limit(fault.retry_after, sent.now) if fault.status == 429 else _spent(sent.now)
    return Response(fault.status, headers, json.dumps(body).encode())


def _rate_limit(retry_after: int, now: float) -> dict[str, str]:
    reset = ceil((now + retry_after) / WINDOW) * WINDOW
    return {
        "retry-after": str(retry_after),
        "x-ratelimit-limit": str(USUAL_LIMIT),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(reset),
    }


def _spent(now: float) -> dict[str, str]:
    """The headers of a request that is not one too many; errors have them as well (facts 43)."""
    reset = ceil((now + 1) / WINDOW) * WINDOW
    return {
        "x-ratelimit-limit": str(USUAL_LIMIT),
        "x-ratelimit-remaining": str(USUAL_LIMIT - 1),
        "x-ratelimit-reset": str(reset),
    }


def page(status: int, content: str) -> Response:
    """Return a page of HTML where JSON was expected."""
    return Response(status, {"content-type": "text/html; charset=utf-8", "server": "nginx"}, content.encode())


def _html(fault: Fault, sent: Sent) -> Outcome:
    if fault.after and (done := sent.inner(sent.request)).refused:
        return done
    error = ERRORS[fault.status]
    of_the_proxy = PROXY_PAGE.format(status=fault.status, phrase=error.message)
    return Outcome(page(fault.status, ERROR_PAGE.format(status=fault.status) if error.code else of_the_proxy))


def _rate_limited(fault: Fault, sent: Sent) -> Outcome:
    return Outcome(error_answer(replace(fault, status=429), sent))


def _late(fault: Fault, sent: Sent) -> Outcome:
    done = sent.inner(sent.request)
    return replace(done, delay=done.delay + fault.seconds)


def _reset_before(fault: Fault, sent: Sent) -> Outcome:
    return Outcome(BrokenResponse("reset_before"))


def _lost(fault: Fault, sent: Sent) -> Outcome:
    done = sent.inner(sent.request)
    return (
        done
        if done.refused
        else replace(done, answer=BrokenResponse("reset_after", done.response), delay=fault.seconds)
    )


def _broken(kind: BrokenKind) -> Act:
    def act(fault: Fault, sent: Sent) -> Outcome:
        done = sent.inner(sent.request)
        return done if done.refused else replace(done, answer=BrokenResponse(kind, done.response, fault.at))

    return act


def _truncated(fault: Fault, sent: Sent) -> Outcome:
    done = sent.inner(sent.request)
    if done.refused or done.response is None:
        return done
    half = len(done.response.body) // 2
    return replace(
        done, answer=BrokenResponse("truncated", done.response, min(fault.at or half, len(done.response.body)))
    )


def _garbled(fault: Fault, sent: Sent) -> Outcome:
    done = sent.inner(sent.request)
    if done.refused or done.response is None:
        return done
    return replace(done, answer=replace(done.response, body=garble(done.response.body)))


def garble(body: bytes) -> bytes:
    """The body with its second half turned into bytes that are no JSON and no UTF-8; the length stays."""
    half = len(body) // 2
    return body[:half] + bytes(byte ^ 0xAA for byte in body[half:])


Act: TypeAlias = Callable[["Fault", Sent], Outcome]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault: what it does, in words and in deed, and what it can be told beside when to fire."""

    act: Act
    says: str
    takes: frozenset[str] = frozenset()
    seconds: float = 0.0
    """How long it takes where nothing is said."""


KINDS: Final[Mapping[str, FaultKind]] = {
    "status": FaultKind(_status, "answers with an error of Intercom's; `after` does the work all the same", frozenset(
        {"status", "retry_after", "after"})),
    "html": FaultKind(_html, "answers with a page of HTML where JSON is expected; `after` does the work all the same",
        frozenset({"status", "after"})),
    "rate_limit": FaultKind(_rate_limited, "answers 429 until `retry_after` seconds have gone by", frozenset({
        "retry_after"})),
    "delay": FaultKind(_late, "answers late", frozenset({"seconds"}), 1.0),
    "stall": FaultKind(_late, "answers after longer than any client waits", frozenset({"seconds"}), 75.0),
    "lost": FaultKind(_lost, "does the work, stays silent and closes the connection", frozenset({"seconds"}), 75.0),
    "reset_before": FaultKind(_reset_before, "resets the connection before the work is done"),
    "reset_after": FaultKind(_broken("reset_after"), "does the work and resets the connection"),
    "empty": FaultKind(_broken("empty"), "does the work and closes the connection without a byte"),
    "truncated": FaultKind(_truncated, "does the work and breaks off after `at` bytes or half", frozenset({"at"})),
    "garbled": FaultKind(_garbled, "does the work and spoils the second half of the body"),
    "dribble": FaultKind(_broken("dribble"), "answers `at` bytes at a time", frozenset({"at"})),
}  # fmt: skip
"""Every kind of fault there is."""
