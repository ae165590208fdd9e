"""Finds the requests of one call that overlap, and has them answered in an order that does not depend on timing.

Two requests overlap if the second was sent before the first was answered. So each waits for a moment whether another
one comes; those that came together are a group. A group is answered in the order of its sorted requests, and written
so. The moment is shorter the more requests came alone, and long again as soon as some did not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from harness.cassette.format.match_keys import sort_key
from harness.core.http import Outcome, Request

LONGEST: Final = 0.15
"""Seconds to wait for another request at first; processes take so long to start one after the other."""

SHORTEST: Final = 0.01
"""Seconds to wait after many requests that came alone."""

SHORTER: Final = 0.6
"""By what the wait is multiplied after each request that came alone."""

MOST: Final = 3.0
"""Seconds after which a group is answered although requests still come."""


@dataclass(slots=True, eq=False)
class _Waiting:
    request: Request
    answer: Callable[[int], Outcome]
    outcome: Outcome | None = None
    error: BaseException | None = None


class OverlapGate:
    """Stands before the recorder. alone: tells whether nothing else can be sent while this request is answered."""

    def __init__(self, alone: Callable[[], bool] = lambda: False) -> None:
        self._alone = alone
        self._changed = threading.Condition()
        self._turn = threading.Lock()
        self._group: list[_Waiting] = []
        self._wait = LONGEST

    def pass_through(self, request: Request, answer: Callable[[int], Outcome]) -> Outcome:
        """Return what `answer` comes to, called when it is this request's turn.

        All of a group are answered one after the other, with nothing in between. answer: given the request's place in
        its group, from 1; 0 if it came alone.
        """
        if self._alone():
            return answer(0)
        waiting = _Waiting(request, answer)
        with self._changed:
            self._group.append(waiting)
            self._changed.notify_all()
            group = self._gather() if len(self._group) == 1 else []
            if not group:
                self._changed.wait_for(lambda: waiting.outcome is not None or waiting.error is not None)
        if group:
            self._answer(group)
        if waiting.error is not None:
            raise waiting.error
        assert waiting.outcome is not None
        return waiting.outcome

    def _gather(self) -> list[_Waiting]:
        """Wait until no further request comes, and return those that came."""
        begun = time.monotonic()
        while True:
            known = len(self._group)
            self._changed.wait_for(lambda: len(self._group) > known, self._wait)  # noqa: B023  # called before it changes
            if len(self._group) == known or time.monotonic() - begun > MOST:
                break
            self._wait = LONGEST
        group, self._group = self._group, []
        self._wait = LONGEST if len(group) > 1 else max(SHORTEST, self._wait * SHORTER)
        return sorted(group, key=lambda each: sort_key(each.request))

    def _answer(self, group: Sequence[_Waiting]) -> None:
        with self._turn:
            for place, each in enumerate(group, 1 if len(group) > 1 else 0):
                try:
                    each.outcome = each.answer(place)
                except BaseException as error:  # noqa: BLE001  # it belongs to whoever asked
                    each.error = error
        with self._changed:
            self._changed.notify_all()
