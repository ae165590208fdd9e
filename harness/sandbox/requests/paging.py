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
CONTACTS_PAGE = 10
"""How many contacts `GET /contacts` lists unless told otherwise (facts-recorded 22)."""
LARGEST_PAGE = 150


Place = tuple[int | float | str | bool | None, str | int, int]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: its number, and the sort value (times in milliseconds) and id of the item before it."""

    page: int = 1
    value: object = None
    item: str | int | None = None


def write(cursor: Cursor) -> str:
    """Return a cursor as clients get it: base64 of `[value, id, page]`, as recorded (facts-recorded 24)."""
    return base64.urlsafe_b64encode(msgspec.json.encode([cursor.value, cursor.item, cursor.page])).decode()


def read(value: object) -> Cursor:
    """Read a cursor as clients give it back; none at all is the first page.

    Raises:
        Refused: it is not one of ours; an empty one is a server error (facts-recorded 26, 55).
    """
    if value is None:
        return Cursor()
    if value == "":
        raise Refused(no.SERVER_ERROR)
    try:
        place, item, page = msgspec.json.decode(base64.urlsafe_b64decode(str(value)), type=Place)
    except (TypeError, ValueError, binascii.Error, msgspec.DecodeError):
        raise Refused(no.CURSOR_INVALID) from None
    if not 1 <= page <= 2**31 or (isinstance(place, (int, float)) and not 0 <= place < 2**62):
        raise Refused(no.CURSOR_INVALID)
    return Cursor(page, place, item)


def listing(data: Sequence[object], total: int, per_page: int, page: int, further: Cursor | None) -> dict[str, object]:
    """A list of 2.x; `next` is left out on the last page, as recorded for contacts."""
    return {"type": "list", "data": data, "total_count": total, "pages": pages(total, per_page, page, further)}


def pages(total: int, per_page: int, page: int, further: Cursor | None) -> dict[str, object]:
    """Return the `pages` object of 2.x; `next` has a page's number and no size (facts-recorded 24)."""
    shown: dict[str, object] = {"type": "pages"}
    if further is not None:
        shown["next"] = {"page": further.page, "starting_after": write(further)}
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
