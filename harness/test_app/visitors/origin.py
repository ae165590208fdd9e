"""Where the visitors of a TEST app come from, with the ledger's line before each: a browser, or a person with one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlencode

from harness.core.errors import NotPossibleHere, NotPossibleReason, Problem
from harness.core.json_values import Json, object_in
from harness.test_app.cleanup.marks import shows_mark
from harness.test_app.test_app_session import AppSession

SHOWN_WITHIN: Final = 30.0
"""Seconds after which Intercom's API must show a visitor whom the Messenger told of."""


class VisitorSource(Protocol):
    """Lets somebody visit; `can_visit` says whether that is possible now."""

    @property
    def can_visit(self) -> bool:
        """Whether somebody can visit."""
        ...

    def visit(self, traits: Mapping[str, Json]) -> Mapping[str, Json]:
        """One new visitor, with `user_id` at least."""
        ...


class LedgeredOrigin:
    """The first of several origins that can do it; the visitor stands in the ledger before they exist."""

    def __init__(
        self, origins: Sequence[VisitorSource], session: AppSession, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._origins, self._session, self._elapsed = origins, session, elapsed

    @property
    def can_visit(self) -> bool:
        """Whether any of them can."""
        return any(origin.can_visit for origin in self._origins)

    def visit(self, traits: Mapping[str, Json]) -> Mapping[str, Json]:
        """One new visitor, as Intercom's API shows them."""
        origin = next((origin for origin in self._origins if origin.can_visit), None)
        if origin is None:
            raise NotPossibleHere(NotPossibleReason.VISITORS)
        session, wanted = self._session, str(uuid.uuid4())
        number = session.ledger.intend(session.marker, session.guard.scenario, "visitor", {"uuid": wanted})
        told = str(origin.visit({**traits, "user_id": wanted})["user_id"])
        if told != wanted:
            # The Messenger chose another id: the entry that says so is the one that counts.
            session.ledger.not_made(number, f"the Messenger made {told} instead")
            number = session.ledger.intend(session.marker, session.guard.scenario, "visitor", {"uuid": told})
        shown = self._shown(told)
        session.ledger.made(number, str(shown["id"]), told)
        return shown

    def _shown(self, user_id: str) -> Mapping[str, Json]:
        end = self._elapsed() + SHOWN_WITHIN
        while True:
            answer = self._session.guard.ask("GET", f"/visitors?{urlencode({'user_id': user_id})}")
            body = answer.json() if answer is not None and answer.status == 200 else None
            if isinstance(body, Mapping) and body.get("id") and shows_mark("visitor", object_in(body), "", (user_id,)):
                return body
            if self._elapsed() >= end or self._session.guard.stop is not None:
                raise _unseen(user_id, answer.status if answer is not None else None)
            self._session.around.sleep(0.5)


def _unseen(user_id: str, status: int | None) -> Problem:
    return Problem(
        "The Messenger told of a visitor whom Intercom's API does not show.",
        evidence=f"GET /visitors?user_id={user_id} answered {status or 'nothing'}",
        why="the Messenger belongs to another app, visitors are not kept there, or the token may not read them",
        remedy="harness doctor",
    )
