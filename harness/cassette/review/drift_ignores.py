"""Differences that are accepted for a while: `drift.toml` beside the cassettes, each with a reason and an end.

[[ignore]]
operation = "GET /contacts/{id}"
path = "$.avatar"
kind = "value"
reason = "the TEST app shows a picture of its own"
until = 2027-01-01
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from harness.cassette.review.drift import Drift
from harness.core.errors import Problem

FILE = "drift.toml"
_LONGEST = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Ignore:
    """One accepted difference."""

    operation: str
    path: str
    kind: str
    reason: str
    until: date

    def covers(self, drift: Drift) -> bool:
        """Whether it accepts this one."""
        return (self.operation, self.path, self.kind) == (drift.operation, drift.path, drift.kind)


def line_for(drift: Drift, today: date) -> str:
    """The lines to paste for accepting a difference; the reason is left to whoever pastes them."""
    return (
        f'[[ignore]]\noperation = "{drift.operation}"\npath = "{drift.path}"\nkind = "{drift.kind}"\n'
        f'reason = ""\nuntil = {today + _LONGEST}'
    )


def read_ignores(path: Path) -> list[Ignore]:
    """The accepted differences in a file; none where there is no file."""
    if not path.exists():
        return []
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("ignore", [])
        return [_ignore(row) for row in rows]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise Problem(
            f"{path} cannot be understood.",
            evidence=f"{type(error).__name__}: {error}",
            remedy="each [[ignore]] names operation, path, kind, reason and until; diff prints them ready to paste",
        ) from None


def _ignore(row: Mapping[str, object]) -> Ignore:
    until = row["until"]
    if not isinstance(until, date):
        raise TypeError("until must be a date, as 2027-01-01")
    if not str(row["reason"]).strip():
        raise ValueError(f"the ignore of {row['path']} gives no reason")
    operation, path, kind, reason = (str(row[name]) for name in ("operation", "path", "kind", "reason"))
    return Ignore(operation, path, kind, reason, until)


def without_ignored(found: Iterable[Drift], ignores: Sequence[Ignore], today: date) -> tuple[list[Drift], list[Ignore]]:
    """What is left of the differences, and the ignores that have expired or that cover nothing any more."""
    drifts = list(found)
    valid = [ignore for ignore in ignores if ignore.until >= today]
    left = [drift for drift in drifts if not any(ignore.covers(drift) for ignore in valid)]
    useless = [i for i in ignores if i not in valid or not any(i.covers(drift) for drift in drifts)]
    return left, useless
