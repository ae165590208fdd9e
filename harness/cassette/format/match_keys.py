"""What makes two requests the same: method, host alias, path, query, canonical JSON body, `Intercom-Version`.

Nothing else counts: no other header, no order of query parameters or of JSON keys. Fields that differ by nature are
masked before a key is made, see `varying`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from harness.core.http import INTERCOM_HOST, Request
from harness.core.json_values import Json

VERSION_HEADER = "intercom-version"
ALIASES = {"api.eu.intercom.io": INTERCOM_HOST, "api.au.intercom.io": INTERCOM_HOST}
"""Hosts of the API that say the same thing: a workspace's region is a matter of settings, not of what is asked."""


class MatchKey(NamedTuple):
    """A request reduced to what must be the same."""

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...]
    version: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Parts:
    """A request taken apart for comparing and explaining."""

    key: MatchKey
    body: Json


def key_of(request: Request) -> MatchKey:
    """The key of a request."""
    path, question, query = request.target.partition("?")
    return MatchKey(
        request.method.upper(),
        host_alias(request.host),
        request.path if "%" in path else path,
        tuple(sorted(parse_qsl(query, keep_blank_values=True))) if question else (),
        request.headers.get(VERSION_HEADER, ""),
        canonical(request.body) if request.body else b"",
    )


def sort_key(request: Request) -> tuple[str, ...]:
    """The key as text to sort by."""
    key = key_of(request)
    return (key.path, key.method, repr(key.query), key.version, key.host, key.body.decode("utf-8", "replace"))


def host_alias(host: str) -> str:
    """One name for all hosts that mean the same."""
    name = host.lower().partition(":")[0]
    return ALIASES.get(name, name)


def canonical(body: bytes) -> bytes:
    """A body with the keys of its JSON in order and without white space; as it is where it is no JSON."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
