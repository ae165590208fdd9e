"""Bodies as they can be read: without their content encoding, with links to Intercom in place of links to a door."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping

from harness.cassette.cassette_errors import CannotRecord
from harness.core.http import Request

INTERCOM_URL = "https://api.intercom.io"


def plain_request(request: Request) -> bytes:
    """A request's body without its content encoding, or as it came where that cannot be looked into."""
    try:
        return plain(request.headers, request.body)
    except CannotRecord:
        return request.body  # a live request that no recording can hold: it will match none


def plain(headers: Mapping[str, str], body: bytes) -> bytes:
    """The body without its content encoding; one that cannot be looked into may not be recorded."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    try:
        if encoding in ("", "identity"):
            return body
        if encoding in ("gzip", "x-gzip"):
            return gzip.decompress(body)
        if encoding == "deflate":
            return zlib.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body
    raise CannotRecord(
        f"A body is encoded as {encoding}, and what cannot be read cannot be cleaned.",
        remedy="let the client ask for gzip or for no encoding (Accept-Encoding)",
    )


def with_intercom_host(body: bytes, origin: str) -> bytes:
    """The body with links that name the door turned into links that name Intercom, the same in every run."""
    if not origin or origin.encode() not in body:
        return body
    return body.replace(origin.encode() + b"/", INTERCOM_URL.encode() + b"/")
