"""Waits until Intercom's index shows what reads by id tell: lists and searches lag behind writes (facts 23 and 66).

Reads by id are immediate and decide. A list or a search of the harness is answered once the list agrees, for every
contact that a write named since, with what is read by id. The index is refreshed as a whole, so it shows everything
that was written before then. Where it does not agree by the deadline, the list is refused, and what rests on it is
unknown; a search decides nothing and is answered as it is. A pipeline sees the lag as it is.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from harness.core.http import Handler, Outcome, Request, Response

DEADLINE: Final = 150.0
"""Seconds to wait at most: an archived contact was recorded to be listed for up to two minutes."""
PAUSE: Final = 2.0
_PAGE: Final = 150
_PAGES_AT_MOST: Final = 500
_ID: Final = re.compile(rb"\b[0-9a-f]{24}\b")
_SHOWN: Final = ("role", "email", "external_id", "name", "updated_at")
"""What a list and a read by id have to agree on; a change of anything else moves `updated_at`."""


class IndexWait:
    """A backend that answers the harness's lists and searches once the index has caught up."""

    def __init__(
        self,
        inner: Handler,
        *,
        deadline: float = DEADLINE,
        sleep: Callable[[float], None] = time.sleep,
        elapsed: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._inner = inner
        self._deadline, self._sleep, self._elapsed, self._tell = deadline, sleep, elapsed, tell
        self._written: set[str] = set()
        self._gave_up = False
        self.not_indexed: list[str] = []
        """The contacts that the list did not show as reads by id did, when the deadline came."""

    def handle(self, request: Request) -> Outcome:
        """Ask, and for a list or a search of the harness wait until the index has caught up."""
        if not _reads(request):
            outcome = self._inner(request)
            self._note(request, outcome)
            return outcome
        if request.caller != "harness" or not self._written or not (_lists(request) or _searches(request)):
            return self._inner(request)
        if self._wait(request) or _searches(request):
            return self._inner(request)
        return Outcome(_behind(len(self._written)))

    def _note(self, request: Request, outcome: Outcome) -> None:
        """Remember every contact that a write may have changed: those that its request and its response name."""
        answered = outcome.response.body if outcome.response is not None else b""
        texts = (request.target.encode(), request.body, answered)
        named = {found.decode() for text in texts for found in _ID.findall(text)}
        if named:
            self._written |= named
            self._gave_up = False

    def _wait(self, request: Request) -> bool:
        """Wait for the index, at most until the deadline; tell whether it has caught up."""
        end = self._elapsed() + self._deadline
        while not self._gave_up:
            behind = self._behind(request)
            if not behind:
                self._written.clear()
                return True
            if (left := end - self._elapsed()) <= 0:
                self._gave_up = True
                self.not_indexed += sorted(behind)
                break
            self._tell(f"waiting for lists and searches to show the latest changes: at most {left:.0f} s more")
            self._sleep(min(PAUSE, left))
        return False

    def _behind(self, like: Request) -> set[str]:
        """Return the contacts of which the list tells something else than a read by id."""
        listed: dict[str, Mapping[str, object]] = {}
        for page in self._pages(like):
            listed |= {str(one["id"]): one for one in page}
        return {one for one in self._written if _entry(listed.get(one)) != self._by_id(like, one)}

    def _by_id(self, like: Request, contact_id: str) -> tuple[object, ...] | None:
        body = _body(self._inner(_get(like, f"/contacts/{contact_id}")))
        return None if body is None or body.get("archived") else _entry(body)

    def _pages(self, like: Request) -> Iterator[list[Mapping[str, object]]]:
        query: dict[str, str] = {"per_page": str(_PAGE)}
        for _ in range(_PAGES_AT_MOST):
            body = _body(self._inner(_get(like, f"/contacts?{urlencode(query)}")))
            data = body.get("data") if body is not None else None
            yield data if isinstance(data, list) else []
            pages = body.get("pages") if body is not None else None
            following = pages.get("next") if isinstance(pages, Mapping) else None
            if not isinstance(following, Mapping):
                return
            query["starting_after"] = str(following["starting_after"])


def _reads(request: Request) -> bool:
    return request.method in ("GET", "HEAD") or request.path.rstrip("/").endswith("/search")


def _lists(request: Request) -> bool:
    """Whether it begins to list the contacts; further pages are read from the same index."""
    return request.method == "GET" and request.path.strip("/") == "contacts" and "starting_after" not in request.target


def _searches(request: Request) -> bool:
    return request.method == "POST" and request.path.strip("/") == "contacts/search"


def _get(like: Request, target: str) -> Request:
    return Request("GET", target, like.headers, b"", like.host, like.caller, like.origin)


def _body(outcome: Outcome) -> Mapping[str, object] | None:
    response = outcome.response
    body = response.json() if response is not None and response.status == 200 else None
    return body if isinstance(body, Mapping) else None


def _entry(body: Mapping[str, object] | None) -> tuple[object, ...] | None:
    return None if body is None else tuple(body.get(name) for name in _SHOWN)


def _behind(count: int) -> Response:
    message = f"The list of contacts does not show the latest changes of {count} contacts yet; it decides nothing"
    errors = [{"code": "harness_index_behind", "message": message}]
    content = json.dumps({"type": "error.list", "request_id": None, "errors": errors}).encode()
    return Response(503, {"content-type": "application/json; charset=utf-8"}, content)
