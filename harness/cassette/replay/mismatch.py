"""Why a request was not answered from a cassette: its cause as data, the nearest recorded ones, and what to do.

Everything here was redacted before it came in, and headers never come in: a mismatch may be printed anywhere.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from harness.cassette.cassette_errors import CassetteProblem
from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Interaction
from harness.cassette.format.json_diff import JsonDifference, differences
from harness.cassette.format.match_keys import MatchKey, key_of
from harness.cassette.replay.varying_fields import likely_type
from harness.core.http import Caller, Request, Step
from harness.core.json_values import Json

Cause: TypeAlias = Literal[
    "already played",
    "order",
    "step",
    "caller",
    "host",
    "method",
    "path",
    "query",
    "version",
    "body",
    "rules changed",
    "nothing recorded",
    "answer",
    "unexplained",
]
SAID: dict[Cause, str] = {
    "already played": "the cassette answers this request once, and it was answered before",
    "order": "the cassette has this request later, after others that were not asked yet",
    "step": "the cassette has this request in another step of the scenario",
    "caller": "the cassette has this request, asked by the other side",
    "host": "the host differs",
    "method": "the method differs",
    "path": "the path differs",
    "query": "the query differs",
    "version": "Intercom-Version differs",
    "body": "the body differs",
    "rules changed": "the cassette was cleaned by older redaction rules",
    "nothing recorded": "the cassette has no further request of this side in this step",
    "answer": "the pipeline answers it otherwise than when this was recorded",
    "unexplained": "not looked into, after so many others",
}
_MOST_CANDIDATES = 3
_MOST_DIFFERENCES = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recorded request that is near, and where it differs."""

    request: Request
    played: bool
    differs_in: tuple[Cause, ...]
    differences: tuple[JsonDifference, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A request that the cassette does not answer."""

    cause: Cause
    request: Request
    step: Step
    caller: Caller
    candidates: tuple[Candidate, ...] = ()
    waiting: int = 0
    """How many requests of the same step and side the cassette still has before this one."""
    overlapped: tuple[str, ...] = ()
    """Those of them that overlapped when this was recorded."""

    @property
    def proposals(self) -> list[str]:
        """Lines to paste into the pipeline's settings, for differences that look like being so by nature."""
        nearest = self.candidates[0].differences if self.candidates and self.cause == "body" else ()
        typed = [(found.path, likely_type(found.old, found.new)) for found in nearest if found.change == "changed"]
        return [
            f'[[pipeline.varying]]\npath = "{path}"\ntype = "{kind}"\nreason = "…"'
            for path, kind in typed
            if kind is not None
        ]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        yield f"{describe(self.request)} ({self.caller}, {self.step}): {SAID[self.cause]}"
        if self.cause == "order":
            yield f"    {self.waiting} recorded request(s) come before it"
            yield from _order_lines(self.overlapped)
        for candidate in self.candidates:
            state = "already played" if candidate.played else "not yet played"
            yield f"    nearest: {describe(candidate.request)} ({state})"
            for found in candidate.differences[:_MOST_DIFFERENCES]:
                yield f"        {found}"
            if (more := len(candidate.differences) - _MOST_DIFFERENCES) > 0:
                yield f"        and {more} more"
        for proposal in self.proposals:
            yield "    if it differs by nature, declare it:"
            yield from (f"        {line}" for line in proposal.splitlines())


def _order_lines(overlapped: Sequence[str]) -> Iterable[str]:
    """Tell which of the requests before it overlapped, and what to do if order means nothing."""
    if overlapped:
        told = ", ".join(overlapped[:4]) + (" …" if len(overlapped) > 4 else "")
        yield f"    overlapped when it was recorded, and may come in any order: {told}"
    yield "    the others came one after the other: each was sent after the one before it was answered"
    yield "    if order means nothing here: record it again, which finds what overlaps by itself,"
    yield "    and put calls of the scenario that run at the same time into pipeline.together(…)"


class ReplayFailed(CassetteProblem):
    """The replay asked for something else than was recorded, or for less; the reasons are on it as data."""

    refutes = True

    def __init__(
        self, path: Path | None, mismatches: Sequence[Mismatch], leftover: Sequence[Interaction], remedy: str
    ) -> None:
        self.mismatches = tuple(mismatches)
        self.leftover = tuple(leftover)
        evidence = [str(mismatches[0])] if mismatches else []
        evidence += [f"and {len(mismatches) - 1} more after it"] if len(mismatches) > 1 else []
        evidence += [f"never asked: {describe(i.request)} ({i.caller}, {i.step})" for i in self.leftover[:5]]
        evidence += [f"and {len(self.leftover) - 5} more never asked"] if len(self.leftover) > 5 else []
        super().__init__(
            _headline(path, self.mismatches, self.leftover),
            path=path,
            evidence="\n    ".join(evidence),
            why=_likely(self.mismatches),
            remedy=remedy,
        )


def _headline(path: Path | None, mismatches: Sequence[Mismatch], leftover: Sequence[Interaction]) -> str:
    name = path or "the cassette"
    if mismatches and all(one.cause == "answer" for one in mismatches):
        return f"The pipeline answers a webhook otherwise than in {name}."
    if mismatches:
        count = f"{len(mismatches)} request(s) have no answer" if len(mismatches) > 1 else "A request has no answer"
        return f"{count} in {name}: {mismatches[0].cause}."
    return f"{len(leftover)} recorded interaction(s) of {name} were never asked for."


def _likely(mismatches: Sequence[Mismatch]) -> str:
    if not mismatches:
        return "the pipeline now does less than it did when this was recorded, or stopped early"
    if mismatches[0].cause == "rules changed":
        return "the harness was updated, and its redaction rules with it"
    return "the pipeline, the scenario or the harness's own reads changed since this was recorded"


def describe(request: Request) -> str:
    """A request in one line."""
    version = request.headers.get("intercom-version")
    return f"{request.method} {request.target}" + (f" [{version}]" if version else "")


PARTS: tuple[Cause, ...] = ("host", "method", "path", "query", "version", "body")
"""In which order a difference decides the cause."""


def compare(recorded: MatchKey, live: MatchKey) -> tuple[Cause, ...]:
    """In which parts two requests differ."""
    return tuple(part for part in PARTS if getattr(recorded, str(part)) != getattr(live, str(part)))


def candidates(live: Request, recorded: Sequence[tuple[Interaction, bool]]) -> tuple[Candidate, ...]:
    """The recorded requests nearest to a live one; those not yet played first among equals."""
    key = key_of(live)
    ranked = sorted(recorded, key=lambda pair: (*_distance(key_of(pair[0].request), key), pair[1]))
    return tuple(_candidate(live, interaction, played) for interaction, played in ranked[:_MOST_CANDIDATES])


def _distance(recorded: MatchKey, live: MatchKey) -> tuple[float, int]:
    path = 0.0 if recorded.path == live.path else 1 - difflib.SequenceMatcher(None, recorded.path, live.path).ratio()
    return (path + (recorded.method != live.method), len(compare(recorded, live)))


def _candidate(live: Request, interaction: Interaction, played: bool) -> Candidate:
    recorded = interaction.request
    parts = compare(key_of(recorded), key_of(live))
    found = [
        JsonDifference(part, "changed", _part(recorded, part), _part(live, part))
        for part in parts
        if part not in ("body", "path")
    ]
    if "path" in parts:
        found.append(JsonDifference("path", "changed", recorded.path, live.path))
    if "body" in parts:
        found += differences(tree_of(recorded.body), tree_of(live.body))
    return Candidate(recorded, played, parts, tuple(found))


def _part(request: Request, part: Cause) -> Json:
    value = getattr(key_of(request), str(part))
    return dict(value) if isinstance(value, tuple) else value
