"""Lists in pages: the cursors of 2.x and the page numbers of 1.x.

A cursor is opaque to clients. It says which page comes next and which place in the order it begins after.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused

Item = TypeVar("Item")

USUAL_PAGE = 50
LARGEST_PAGE = 150


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins."""

    page: int = 1
    after: int | None = None


def write(cursor: Cursor) -> str:
    """A cursor as clients get it."""
    return base64.urlsafe_b64encode(msgspec.json.encode([cursor.page, cursor.after])).decode()


def read(value: object) -> Cursor:
    """A cursor as clients give it back; nothing is the first page."""
    if value in (None, ""):
        return Cursor()
    try:
        page, after = msgspec.json.decode(base64.urlsafe_b64decode(str(value)), type=tuple[int, int])
    except (TypeError, ValueError, binascii.Error, msgspec.DecodeError):
        raise Refused(no.CURSOR_INVALID) from None
    if not 1 <= page <= 2**31 or not 0 <= after < 2**62:
        raise Refused(no.CURSOR_INVALID)
    return Cursor(page, after)


def listing(data: Sequence[object], total: int, per_page: int, page: int, further: Cursor | None) -> dict[str, object]:
    """A list of 2.x; `next` is left out on the last page, as recorded for contacts."""
    return {"type": "list", "data": data, "total_count": total, "pages": pages(total, per_page, page, further)}


def pages(total: int, per_page: int, page: int, further: Cursor | None) -> dict[str, object]:
    """The `pages` object of 2.x."""
    shown: dict[str, object] = {"type": "pages"}
    if further is not None:
        shown["next"] = {"per_page": per_page, "starting_after": write(further)}
    return shown | {"page": page, "per_page": per_page, "total_pages": -(-total // per_page)}


def by_number(call: RequestContext, items: Sequence[Item], show: Callable[[Item], object]) -> dict[str, object]:
    """A list of 2.x in numbered pages; `next` is null on the last, as recorded for notes and companies.

    Past the last page it is empty: some clients ask on until it is.
    """
    per_page = parsing.number_from(call.query, "per_page", USUAL_PAGE, LARGEST_PAGE)
    page = parsing.number_from(call.query, "page", 1, 10**6)
    shown = [show(item) for item in items[(page - 1) * per_page : page * per_page]]
    pages = numbered(call.origin, call.path, dict(call.query), len(items), per_page, page)
    return {"type": "list", "data": shown, "total_count": len(items), "pages": pages}


def numbered(origin: str, path: str, query: dict[str, str], total: int, per_page: int, page: int) -> dict[str, object]:
    """The `pages` object of 1.x: `next` is an address that the client will get, or null."""
    total_pages = -(-total // per_page)
    further = None
    if page < total_pages:
        further = f"{origin}{path}?{urlencode(query | {'per_page': str(per_page), 'page': str(page + 1)})}"
    return {"type": "pages", "next": further, "page": page, "per_page": per_page, "total_pages": total_pages}
