"""Replay: a backend that answers from a cassette, in strict order, each interaction once.

Each side (the harness's own reads, the pipeline's calls) has its own order in each step of a scenario, so what is
expected next is known without searching, whatever the size of the cassette. A miss is answered with a refusal and kept:
whoever swallowed it, `problem()` tells of it afterwards. Nothing here can reach a network.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from harness.cassette.cassette_errors import record_command
from harness.cassette.format.blocks import OVERLAP
from harness.cassette.format.document import Cassette, Interaction
from harness.cassette.format.json_diff import JsonDifference
from harness.cassette.format.match_keys import MatchKey, key_of
from harness.cassette.format.plain_body import INTERCOM_URL
from harness.cassette.redaction.redactor import Redactor
from harness.cassette.replay import mismatch
from harness.cassette.replay.expected import Expected
from harness.cassette.replay.mismatch import Candidate, Mismatch, ReplayFailed
from harness.cassette.replay.varying_fields import VaryingFields
from harness.core.http import BrokenResponse, Caller, Handler, Outcome, Request, Response, Step

MISSED = 421
"""Misdirected Request: no client retries it, and Intercom never sends it."""


EXPLAINED = 20
"""How many misses are explained: after the first few, the others follow from them, and looking costs time."""


PATIENCE: Final = 0.5
"""Seconds for which an answer is held back until the requests that overlapped with it are asked as well."""


class Player:
    """Answers from a cassette; `handle` is a backend for the gateway, safe to call from several threads.

    where: the step of the scenario at this moment. varying: the fields that the pipeline declared to differ by nature.
    redactor: cleans live requests as the recording was cleaned. keep_delays: let a recorded delay really
    pass; without it nobody waits, and who had less patience gives up at once.
    """

    def __init__(
        self,
        cassette: Cassette,
        where: Callable[[], Step | None],
        *,
        path: Path | None = None,
        varying: VaryingFields | None = None,
        redactor: Redactor | None = None,
        keep_delays: bool = False,
    ) -> None:
        self.cassette = cassette
        self._where = where
        self._path = path
        self._varying = varying or VaryingFields()
        self._redactor = redactor or Redactor.for_header(cassette.header)
        self._keep_delays = keep_delays
        self._lock = threading.Lock()
        self._asked = threading.Condition(self._lock)
        self._misses: list[Mismatch] = []
        self._expected = self._by_step_and_caller(cassette.interactions)

    def _by_step_and_caller(self, interactions: Sequence[Interaction]) -> dict[tuple[Step, Caller], Expected]:
        sorted_out: dict[tuple[Step, Caller], list[Interaction]] = {}
        for interaction in interactions:
            sorted_out.setdefault((interaction.step, interaction.caller), []).append(interaction)
        return {place: Expected(found, self._key) for place, found in sorted_out.items()}

    def _key(self, request: Request) -> MatchKey:
        return key_of(self._varying.mask(request))

    def handle(self, request: Request) -> Outcome:
        """The recorded outcome of a request, or a refusal that says why there is none."""
        clean = self._redactor.request(request)
        key = self._key(clean)
        with self._lock:
            step = self._where() or "when"
            expected = self._expected.get((step, request.caller))
            found = expected.take(key) if expected else None
            if found is None:
                miss = self._explain(clean, key, step)
                self._misses.append(miss)
                return _missed(miss)
            interaction, group = found
            if group.overlaps and expected is not None:
                self._asked.notify_all()
                self._asked.wait_for(lambda: not expected.is_open(group), PATIENCE)
        return self._outcome(interaction, request)

    def told(self, request: Request, inner: Handler) -> Outcome:
        """Let the pipeline be told what it was told, and hold its answer against the recorded one: middleware."""
        recorded = self.handle(request)
        if recorded.refused:
            return recorded
        outcome = inner(request)
        old, new = _result(recorded), _result(outcome)
        if old != new:
            clean, step = self._redactor.request(request), self._where() or "when"
            near = Candidate(clean, True, ("answer",), (JsonDifference("status", "changed", old, new),))
            with self._lock:
                self._misses.append(Mismatch("answer", clean, step, request.caller, (near,)))
        return outcome

    def _outcome(self, found: Interaction, request: Request) -> Outcome:
        outcome = replace(found.outcome, waits=self._keep_delays) if found.outcome.delay else found.outcome
        if not request.origin or request.origin == INTERCOM_URL:
            return outcome
        return _with_links_to(request.origin, outcome)

    def _explain(self, request: Request, key: MatchKey, step: Step) -> Mismatch:
        caller = request.caller
        if len(self._misses) >= EXPLAINED:
            return Mismatch("unexplained", request, step, caller)
        own = self._expected.get((step, caller))
        played, waiting = (own.played, own.waiting) if own else ([], [])
        places = [index for index, interaction in enumerate(waiting) if self._key(interaction.request) == key]
        if places:
            first = waiting[0]
            near = mismatch.candidates(request, [(first, False)])
            overlapped = tuple(
                mismatch.describe(each.request) for each in waiting[: places[0]] if each.block.startswith(OVERLAP)
            )
            return Mismatch("order", request, step, caller, near, places[0], overlapped)
        if any(self._key(interaction.request) == key for interaction in played):
            return Mismatch("already played", request, step, caller)
        for (other_step, other_lane), other in self._expected.items():
            if any(self._key(interaction.request) == key for interaction in (*other.waiting, *other.played)):
                return Mismatch(
                    "caller" if other_step == step and other_lane != caller else "step", request, step, caller
                )
        return self._nearest(request, step, [*((i, False) for i in waiting), *((i, True) for i in played)])

    def _nearest(self, request: Request, step: Step, recorded: list[tuple[Interaction, bool]]) -> Mismatch:
        near = mismatch.candidates(request, recorded)
        if self.cassette.header.redaction not in (0, self._redactor.rules_version):
            return Mismatch("rules changed", request, step, request.caller, near)
        if not near or all(played for _, played in recorded):
            return Mismatch("nothing recorded", request, step, request.caller, near)
        return Mismatch(near[0].differs_in[0], request, step, request.caller, near)

    @property
    def holds_back(self) -> bool:
        """Whether an answer may wait for other requests: some overlapped when this was recorded."""
        return any(interaction.block.startswith(OVERLAP) for interaction in self.cassette.interactions)

    @property
    def misses(self) -> list[Mismatch]:
        """What was asked and had no answer, in order."""
        with self._lock:
            return list(self._misses)

    def leftover(self) -> list[Interaction]:
        """What was recorded and never asked for."""
        with self._lock:
            played = Counter(id(i) for expected in self._expected.values() for i in expected.played)
            return [interaction for interaction in self.cassette.interactions if not played[id(interaction)]]

    def problem(self) -> ReplayFailed | None:
        """What went wrong in this replay, to be raised when the scenario is over; `None` where all fitted."""
        misses, leftover = self.misses, self.leftover()
        if not misses and not leftover:
            return None
        return ReplayFailed(self._path, misses, leftover, self._remedy(misses))

    def _remedy(self, misses: Sequence[Mismatch]) -> str:
        record = record_command(self._path) if self._path else "record it anew with --record"
        if misses and misses[0].proposals:
            return f"declare the field as varying (see above), or, if the change is meant: {record}"
        return f"if the change is meant: {record}"


def _result(outcome: Outcome) -> int | str:
    """What counts of a receiver's answer: its status, or that there was none."""
    return outcome.answer.status if isinstance(outcome.answer, Response) else "no answer"


def _missed(miss: Mismatch) -> Outcome:
    message = f"The cassette does not answer {mismatch.describe(miss.request)}: {mismatch.SAID[miss.cause]}."
    body = {"type": "error.list", "request_id": None, "errors": [{"code": "harness_refused", "message": message}]}
    headers = {"content-type": "application/json; charset=utf-8", "x-harness-refused": miss.cause}
    return Outcome(Response(MISSED, headers, json.dumps(body).encode()), refused=f"{miss.cause}: {message}")


def _with_links_to(origin: str, outcome: Outcome) -> Outcome:
    """The outcome with links that name Intercom turned into links to the door that the caller came by."""
    response = outcome.response
    link = f"{INTERCOM_URL}/".encode()
    if response is None or link not in response.body:
        return outcome
    changed = replace(response, body=response.body.replace(link, f"{origin}/".encode()))
    if isinstance(outcome.answer, BrokenResponse):
        return replace(outcome, answer=replace(outcome.answer, response=changed))
    return replace(outcome, answer=changed)
