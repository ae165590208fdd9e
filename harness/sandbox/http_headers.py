"""What every request brings and every answer has, whatever it is about: token, version, media type, headers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Final

import msgspec

from harness.core.http import Request, Response
from harness.core.timestamps import http_date
from harness.core.tokens import WORKSPACE_NAME, token_in, workspace_of_token
from harness.sandbox.requests.context import OperationResponse
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import IntercomError, Refused
from harness.sandbox.rules.versions import FALLBACK_VERSION, VERSIONS, Version

LARGEST_BODY: Final = 5_000_000
JSON_TYPES: Final = ("json", "*/*", "application/*")
CACHE: Final = {True: "max-age=0, private, must-revalidate", False: "no-cache"}

STANDARD: Final = {
    "server": "nginx",
    "vary": "Accept-Encoding",
    "x-request-queueing": "0",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "x-xss-protection": "1; mode=block",
    "strict-transport-security": "max-age=31556952; includeSubDomains; preload",
    "content-type": "application/json; charset=utf-8",
}
"""What every recorded answer has besides (facts §7); those that tell of one machine or one moment are left out."""
STATUS_TEXT: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

PARSING: Final = "Error occurred while parsing request parameters"
SINCE: Final = {"referrer-policy": "2022-08-10", "x-request-queueing": "2022-08-10", "intercom-version": "2019-01-01"}
"""Headers that recordings lack up to a date: the day of the first recording that has them."""

_encode = msgspec.json.Encoder().encode


def workspace_named(headers: Mapping[str, str]) -> str:
    """The workspace that a request's token stands for; anything but a sandbox token is refused."""
    return _named(headers.get("authorization", ""))


@lru_cache(maxsize=256)
def _named(authorization: str) -> str:
    if not authorization.partition(" ")[0]:
        raise Refused(no.NO_AUTHORIZATION)
    name = workspace_of_token(token_in(authorization))
    if not WORKSPACE_NAME.fullmatch(name):
        raise Refused(no.BAD_TOKEN)
    return name


def version_of(headers: Mapping[str, str], default: Version | None) -> Version:
    """The version that counts for a request: the header's, or the workspace's default, or 1.0."""
    name = headers.get("intercom-version", "").strip()
    if name:
        version = VERSIONS.get(name)
        if version is None:
            raise Refused(no.VERSION_UNKNOWN)
        return version
    return default or VERSIONS[FALLBACK_VERSION]


def check_media(request: Request) -> None:
    """Refuse a body or a wish for an answer that is not JSON, and a body that is too long."""
    sent = bool(request.body) and request.method != "GET"
    refusal = _media(request.headers.get("accept", ""), request.headers.get("content-type", "") if sent else "")
    if refusal is not None:
        raise Refused(refusal)
    if len(request.body) > LARGEST_BODY:
        raise Refused(no.BODY_TOO_LARGE)


@lru_cache(maxsize=256)
def _media(accept: str, content_type: str) -> IntercomError | None:
    if accept and not any(kind in accept for kind in JSON_TYPES):
        return no.NOT_ACCEPTABLE
    return no.WRONG_CONTENT_TYPE if content_type and "json" not in content_type else None


def envelope(refusal: IntercomError, request_id: str) -> OperationResponse:
    """A refusal as an answer."""
    errors = [{"code": refusal.code, "message": refusal.message, **({"field": refusal.about} if refusal.about else {})}]
    body = {"type": "error.list", "request_id": request_id, "errors": errors}
    return OperationResponse(body, refusal.status, refusal.headers)


@lru_cache(maxsize=8)
def date_of(now: int) -> str:
    """A moment as the `date` header tells it."""
    return http_date(now)


def malformed(request_id: str, headers: dict[str, str]) -> Response:
    """The response to a body that is no JSON, which is no list of errors and comes before the version (facts 38)."""
    digest = blake2b(request_id.encode(), digest_size=16).hexdigest()
    told = f"There was a problem in the JSON you submitted [{digest}]: {PARSING}"
    kept = {"date": headers["date"], **STANDARD, "content-type": "application/json", "cache-control": CACHE[False]}
    kept |= {"status": STATUS_TEXT[400], "x-request-id": request_id}
    return Response(400, kept, _encode({"status": 400, "error": told}))


def response(answer: OperationResponse, request_id: str, headers: dict[str, str], as_of: str | None = None) -> Response:
    """An answer in bytes. `headers` are those that the request led to, and become those of the response.

    as_of: the date whose headers are wanted; `None` for today's.
    """
    headers.update(STANDARD)
    if as_of is not None:
        for name, day in SINCE.items():
            if as_of < day:
                headers.pop(name, None)
    headers["status"] = STATUS_TEXT.get(answer.status) or str(answer.status)
    headers["cache-control"] = CACHE[answer.status < 400]
    headers["x-request-id"] = request_id
    headers.update(answer.headers)
    return Response(answer.status, headers, b"" if answer.body is None else _encode(answer.body))
