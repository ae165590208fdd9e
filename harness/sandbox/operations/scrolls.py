"""Scrolls: lists that a client reads part by part under a parameter, until one part is empty.

A workspace has one open scroll at a time. It is over after an empty part, or a minute after the last one was read; its
parameter is unknown then (facts-recorded 31, 53; intercom-ruby#292).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from harness.sandbox.requests.context import RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused

Item = TypeVar("Item")

PART = 100
"""How many items a part has."""
LASTS = 60
"""Seconds for which a scroll stays open after a part was read."""


@dataclass(frozen=True, slots=True)
class ScrollPart(Generic[Item]):
    """One part: the items, and the parameter under which the next one is read."""

    items: list[Item]
    scroll_param: str


def next_part(
    call: RequestContext, kind: str, read: Callable[[int | None], Sequence[tuple[int, Item]]]
) -> ScrollPart[Item]:
    """Return the part that a request asks for; `read` gives the items before a place, each with its own.

    Raises:
        Refused: the parameter is unknown or expired, or another scroll is open.
    """
    scroll = call.query.get("scroll_param")
    before = _place(call, scroll, kind) if scroll else None
    if not scroll:
        scroll = _begun(call)
    rows = read(before)
    database = call.workspace.database
    if rows:
        row = (scroll, kind, rows[-1][0], call.now)
        database.execute("INSERT OR REPLACE INTO scrolls VALUES (?, ?, ?, ?)", row)
    else:
        database.execute("DELETE FROM scrolls WHERE scroll = ?", (scroll,))
    return ScrollPart([item for _, item in rows], scroll)


def _place(call: RequestContext, scroll: str, kind: str) -> int:
    row = call.workspace.database.one("SELECT after, at FROM scrolls WHERE scroll = ? AND kind = ?", (scroll, kind))
    if row is None or call.now - row[1] > LASTS:
        raise Refused(no.SCROLL_FINISHED)
    return int(row[0])


def _begun(call: RequestContext) -> str:
    database = call.workspace.database
    if database.one("SELECT 1 FROM scrolls WHERE at >= ?", (call.now - LASTS,)) is not None:
        raise Refused(no.SCROLL_EXISTS)
    database.execute("DELETE FROM scrolls")
    return call.workspace.ids.uuid(-database.next("scrolls"))
