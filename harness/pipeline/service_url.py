"""Where a service is asked: only on this machine, and told before anything runs where a URL names no such place."""

from __future__ import annotations

from urllib.parse import urlsplit

from harness.core.errors import Problem
from harness.core.loopback import is_loopback


def check_url(url: object, key: str, where: str) -> str:
    """A URL of a service on this machine, or a `Problem`."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Problem(
            f"{where}: {key} must be the URL of a service on this machine",
            evidence=repr(url),
            remedy=f'for example {key} = "http://127.0.0.1:9000/convert"',
        )
    try:
        parts.port  # noqa: B018  # it is read when it is asked for, and may be none
    except ValueError as error:
        raise Problem(
            f"{where}: {key} names no port that can be",
            evidence=f"{url!r}: {error}",
            remedy='"{port}" is chosen by the run, where it starts the service itself; else write the number',
        ) from error
    if not is_loopback(parts.hostname):
        raise Problem(
            f"{where}: {key} names {parts.hostname}, which is not on this machine",
            why="a service elsewhere talks to the real Intercom, and nothing here could keep it from it",
            remedy="start the service here, and name it by 127.0.0.1",
        )
    return str(url)


def place_of(url: str) -> tuple[str, int]:
    """The host and the port that a URL leads to."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
