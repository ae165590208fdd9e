"""Waits until search shows what the list of contacts shows: Intercom's search lags behind its writes (facts §5).

Search decides nothing on a TEST app: by-id reads and the list do. What search does not show by the deadline is told as
"not indexed yet". Only the harness's own searches are waited for; a pipeline sees the lag as it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from harness.core.http import Handler, Outcome, Request

DEADLINE: Final = 90.0
PAUSE: Final = 2.0
_PAGE: Final = 150
_PAGES_AT_MOST: Final = 500


class Patient:
    """A backend that answers the harness's searches by e-mail once the index has caught up, or at the deadline."""

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
        self.not_indexed: list[str] = []
        """The e-mails that search did not show as the list did, when the deadline came."""

    def handle(self, request: Request) -> Outcome:
        """Ask, and for a search by e-mail ask until it agrees with the list."""
        outcome = self._inner(request)
        email = searched_email(request)
        found = _ids(outcome) if email is not None else None
        if email is None or found is None:
            return outcome
        listed = self._listed(request, email)
        return outcome if listed is None or found == listed else self._wait(request, email, listed, outcome)

    def _wait(self, request: Request, email: str, listed: frozenset[str], outcome: Outcome) -> Outcome:
        end = self._elapsed() + self._deadline
        while (left := end - self._elapsed()) > 0:
            self._tell(f"waiting for the search index: at most {left:.0f} s more")
            self._sleep(min(PAUSE, left))
            outcome = self._inner(request)
            if _ids(outcome) == listed:
                return outcome
        self.not_indexed.append(email)
        return outcome

    def _listed(self, request: Request, email: str) -> frozenset[str] | None:
        found: set[str] = set()
        query: dict[str, Any] = {"per_page": _PAGE}
        for _ in range(_PAGES_AT_MOST):
            body = _body(self._inner(_list_request(request, query)))
            if body is None:
                return None
            found |= {str(one["id"]) for one in _data(body) if str(one.get("email") or "").lower() == email.lower()}
            following = (body.get("pages") or {}).get("next")
            if not following:
                return frozenset(found)
            query["starting_after"] = following["starting_after"]
        return None


def searched_email(request: Request) -> str | None:
    """The e-mail that one of the harness's searches for contacts asks for; `None` for every other request."""
    if request.caller != "harness" or request.method != "POST" or request.path.strip("/") != "contacts/search":
        return None
    try:
        query = json.loads(request.body)["query"]
        if (query["field"], query["operator"]) == ("email", "="):
            return str(query["value"])
    except (ValueError, KeyError, TypeError):
        pass
    return None


def _list_request(like: Request, query: Mapping[str, Any]) -> Request:
    return Request("GET", f"/contacts?{urlencode(query)}", like.headers, b"", like.host, like.caller, like.origin)


def _body(outcome: Outcome) -> Mapping[str, Any] | None:
    response = outcome.response
    body = response.json() if response is not None and response.status == 200 else None
    return body if isinstance(body, Mapping) else None


def _data(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return body.get("data") or []


def _ids(outcome: Outcome) -> frozenset[str] | None:
    body = _body(outcome)
    return None if body is None else frozenset(str(one["id"]) for one in _data(body))
