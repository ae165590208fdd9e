"""Moments as text: each notation that the harness writes or reads, once.

A moment is a number of seconds since 1970, UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime


def iso_seconds(moment: float) -> str:
    """Return a moment to the second, as in `2026-01-01T00:00:00Z`: the harness's own files."""
    return datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z")


def iso_milliseconds(moment: float) -> str:
    """Return a moment to the millisecond, as in `2026-01-01T00:00:00.000+00:00`: Intercom's events and webhooks."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def plain(moment: float) -> str:
    """Return a moment as a report shows it, as in `2026-01-01 00:00:00`; what is no moment is shown as it is."""
    try:
        return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return f"{moment} (no time in seconds)"


def http_date(moment: float) -> str:
    """Return a moment as the `date` header of HTTP has it."""
    return formatdate(moment, usegmt=True)


def from_iso(text: str) -> float:
    """Return the moment that an ISO 8601 text names; without a zone it is UTC. Raises ValueError for any other text."""
    return _moment(datetime.fromisoformat(text))


def from_http_date(text: str) -> float:
    """Return the moment that a `date` header names; without a zone it is UTC. Raises ValueError for any other text."""
    return _moment(parsedate_to_datetime(text))


def _moment(read: datetime) -> float:
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
