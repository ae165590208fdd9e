"""Reads recordings of the real API: one exchange a line, grouped by the recording that it comes from.

A line that is truncated, out of order or of a version that the sandbox does not know is an error that names file and
line. A recording that says no version and was echoed none is of 1.x, which is what Intercom answers to such a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from harness.core.errors import Problem
from harness.sandbox.rules.versions import FALLBACK_VERSION, VERSIONS

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
FIELDS = (
    ("source", str),
    ("date", str),
    ("version", dict),
    ("sequence", int),
    ("method", str),
    ("path", str),
    ("status", int),
    ("response_headers", dict),
)
"""What each line must have, and of which type."""


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One request to the real API and its response; `at` is the time of its `Date` header in seconds since 1970."""

    place: str
    at: float
    requested_version: str | None
    version: str
    method: str
    target: str
    request_body: Any
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """The exchanges of one recording in their order."""

    source: str
    exchanges: tuple[RecordedExchange, ...]

    @property
    def day(self) -> str:
        """The date of its first exchange, such as `2021-01-24`."""
        return datetime.fromtimestamp(self.exchanges[0].at, UTC).date().isoformat()


def sessions(path: Path) -> list[RecordedSession]:
    """Return the recordings of a file.

    Raises: Problem for a line that cannot be replayed.
    """
    found: dict[str, list[tuple[int, RecordedExchange]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        place = f"{path.name}:{number}"
        row = _row(place, line)
        exchange, earlier = _exchange(place, row), found.setdefault(row["source"], [])
        _check_order(exchange, row["sequence"], earlier[-1] if earlier else None)
        earlier.append((row["sequence"], exchange))
    if not found:
        raise Problem(f"{path.name} holds no recording.", remedy="restore the file")
    return [RecordedSession(source, tuple(one for _, one in exchanges)) for source, exchanges in found.items()]


def _row(place: str, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise _unusable(place, "it is not JSON", str(error)) from error
    if not isinstance(row, dict):
        raise _unusable(place, "it is not a JSON object", line[:60])
    for name, kind in FIELDS:
        if not isinstance(row.get(name), kind):
            raise _unusable(place, f"its {name} is missing or of the wrong type", repr(row.get(name))[:60])
    if "response_body" not in row:
        raise _unusable(place, "it has no response_body", ", ".join(row))
    return row


def _exchange(place: str, row: Mapping[str, Any]) -> RecordedExchange:
    requested, echoed = row["version"].get("requested"), row["version"].get("echoed")
    for version in (requested, echoed):
        if version is not None and version not in VERSIONS:
            raise _unusable(place, "the sandbox does not know its version", repr(version))
    return RecordedExchange(
        place=place,
        at=_moment(place, row["date"]),
        requested_version=requested,
        version=requested or echoed or FALLBACK_VERSION,
        method=row["method"],
        target=row["path"],
        request_body=row.get("request_body"),
        status=row["status"],
        headers={name.lower(): str(value) for name, value in row["response_headers"].items()},
        body=row["response_body"],
    )


def _moment(place: str, date: str) -> float:
    day = ISO_DATE.match(date)
    try:
        told = datetime.fromisoformat(day[0]).replace(tzinfo=UTC) if day else parsedate_to_datetime(date)
    except ValueError as error:
        raise _unusable(place, "its date cannot be read", date) from error
    return told.timestamp()


def _check_order(exchange: RecordedExchange, sequence: int, earlier: tuple[int, RecordedExchange] | None) -> None:
    wanted = earlier[0] + 1 if earlier else 1
    if sequence != wanted:
        raise _unusable(exchange.place, "it is out of order", f"sequence {sequence} where {wanted} was expected")
    if earlier and exchange.at < earlier[1].at:
        raise _unusable(exchange.place, "it is out of order", f"its date lies before that of {earlier[1].place}")


def _unusable(place: str, what: str, evidence: str) -> Problem:
    return Problem(
        f"{place}: this recorded exchange cannot be replayed: {what}.",
        evidence=evidence,
        why="the file was cut off or its lines were moved",
        remedy="restore the file, or correct the line",
    )


def steps(session: RecordedSession) -> Iterator[tuple[int, RecordedExchange]]:
    """Number the exchanges of a recording from 0."""
    return enumerate(session.exchanges)
