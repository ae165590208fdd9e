"""Intercom's names for what is asked for, told from the route table alone, for whoever has no sandbox at hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from harness.core.http import Request
from harness.sandbox.messenger.paths import NAMES, name_of, owns
from harness.sandbox.not_modelled import NOT_MODELLED
from harness.sandbox.requests.router import Router
from harness.sandbox.routes import ROUTES
from harness.sandbox.rules.intercom_errors import IntercomError
from harness.sandbox.rules.versions import VERSIONS, Version


@cache
def _router() -> Router:
    return Router((*ROUTES, *NOT_MODELLED))


@cache
def operations() -> frozenset[str]:
    """All names there are."""
    return frozenset(route.operation for route in ROUTES) | NAMES


def operation_of(request: Request) -> str:
    """The name of what a request asks for, in its own version or else the newest that has it; empty if none has."""
    if owns(request.target):
        return name_of(request.path)
    asked = VERSIONS.get(request.headers.get("intercom-version", "").strip())
    return next(_names(request.method, request.path, [asked] if asked else list(reversed(VERSIONS.values()))), "")


def is_routed(method: str, path: str) -> bool:
    """Whether a method and a path lead to an operation of any version, or of the Messenger."""
    if owns(path):
        return bool(name_of(path))
    return any(True for _ in _names(method, path, list(VERSIONS.values())))


def _names(method: str, path: str, versions: list[Version]) -> Iterator[str]:
    for version in versions:
        found = _router().find(method, path, version)
        if not isinstance(found, IntercomError):
            yield found[0].operation
