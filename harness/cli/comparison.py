"""Where the sandbox, a cassette and the TEST app say different things of the same scenario, and who is wrong.

What the TEST app answered is asked of a fresh sandbox, request by request, and held against the committed cassette. No
difference decides the run: it is evidence, and can be kept as a dated file.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from harness.cassette.format.document import Cassette, Header, Interaction
from harness.cassette.format.id_names import LONG_ID
from harness.cassette.review.drift import Drift, drifts, operation_of
from harness.cassette.review.drift import Kind as DriftKind
from harness.cli.comparison_rows import AGAINST, Against, Blame, Comparison, ComparisonDifference
from harness.client import NEWEST_VERSION
from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.core.http import Exchange, Outcome, Request, Response
from harness.core.tokens import token_of
from harness.runner.case import ScenarioResult
from harness.runner.wiring import sandbox_backend
from harness.sandbox.operation_names import operation_of as name_of

_TOKEN: Final = token_of("compare")
PASSING: Final = frozenset({401, 403, 408, 429, 500, 502, 503, 504})
"""Statuses that tell of the day and not of Intercom's rules."""
OF_THE_LIST: Final = ("length", "total_count", "total_pages")
"""Places that count people, strangers of the TEST app among them."""
DECIDING_LISTS: Final = ("GET /contacts",)
"""Lists whose length counts all the same, without the strangers: no index stands between them and the store."""
OF_THE_WORKSPACE: Final = ("GET /data_attributes", "GET /subscription_types", "GET /tags")
"""Lists of what a workspace has: which entries those are says nothing of Intercom's rules."""


def parse_against(text: str) -> tuple[Against, ...]:
    """What `--compare` names: `sandbox`, `cassette`, or both with a comma."""
    wanted = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    known: tuple[Against, ...] = tuple(name for name in AGAINST if name in wanted)
    if not known or len(known) != len(wanted):
        raise Problem(
            f"--compare {text}: only sandbox and cassette can be compared", remedy="--compare sandbox,cassette"
        )
    return known


def compare(
    results: Iterable[ScenarioResult],
    against: Sequence[Against],
    cassette_of: Callable[[ScenarioResult], Cassette | None],
) -> Comparison:
    """Hold what the TEST app answered in each scenario against the others."""
    comparison = Comparison(against)
    for result in results:
        run = recording(result)
        if not run.interactions:
            continue
        name = f"{result.case.module}::{result.case.name}"
        if result.reached is not None and result.reached.unordered:
            comparison.without[name] = "several workers asked at once, and in which order is not known"
            continue
        comparison.compared.append(name)
        comparison.operations.update(_answered(run))
        sandbox = _with_sandbox(run) if "sandbox" in against else {}
        committed = cassette_of(result) if "cassette" in against else None
        if committed is None and "cassette" in against:
            comparison.without[name] = "there is no cassette to compare with"
        cassette = _with_cassette(run, committed) if committed is not None else {}
        recorded_from = committed.header.recorded_from if committed is not None else "sandbox"
        lanes = [interaction.caller for interaction in run.interactions]
        for one in joined(name, sandbox, cassette, recorded_from):
            drift = sandbox.get((one.operation, one.path))
            comparison.differences.append(replace(one, asked_by=lanes[drift.place - 1]) if drift else one)
    return comparison


def _answered(run: Cassette) -> Iterator[tuple[str, str, str]]:
    for interaction in run.interactions:
        response = interaction.outcome.response
        if response is not None and response.status < 300:
            version = response.headers.get("intercom-version") or interaction.request.headers.get("intercom-version")
            yield name_of(interaction.request), version or "", _operation(operation_of(interaction.request))


def joined(
    scenario: str,
    sandbox: Mapping[tuple[str, str], Drift],
    cassette: Mapping[tuple[str, str], Drift],
    recorded_from: str,
) -> Iterator[ComparisonDifference]:
    """One difference for each place, with who is wrong. Drifts are told from each side: TEST app first."""
    for place in dict.fromkeys((*sandbox, *cassette)):
        one, other = sandbox.get(place), cassette.get(place)
        seen = one or other
        assert seen is not None
        names = tuple(name for name, drift in zip(AGAINST, (one, other), strict=True) if drift is not None)
        yield ComparisonDifference(
            scenario,
            *place,
            seen.tier,
            blame(one, other, recorded_from),
            seen.recorded,
            one.live if one else None,
            other.live if other else None,
            names,
        )


def blame(sandbox: Drift | None, cassette: Drift | None, recorded_from: str) -> Blame:
    """Who is wrong at one place. A cassette of the sandbox says what the sandbox said, one of Intercom what it said."""
    if any(drift is not None and _passing(drift) for drift in (sandbox, cassette)):
        return "environment"
    if cassette is None:
        return "sandbox wrong"
    if recorded_from == "test-app":
        return "Intercom moved"
    return "sandbox wrong" if sandbox is not None else "recording stale"


def _passing(drift: Drift) -> bool:
    return drift.kind == "status" and bool({drift.recorded, drift.live} & (PASSING | {None}))


# --- what is compared -----------------------------------------------------------------------------


def recording(result: ScenarioResult) -> Cassette:
    """A scenario's exchanges as a recording of the TEST app, without the people whom it did not make."""
    reached = result.reached.exchanges if result.reached is not None else ()
    own = _own_ids(reached)
    kept = [_interaction(exchange, own) for exchange in reached]
    return Cassette(Header(scenario=result.case.node_id), tuple(kept))


def _interaction(exchange: Exchange, own: frozenset[str]) -> Interaction:
    outcome = _without_strangers(exchange.outcome, own)
    return Interaction(exchange.request, outcome, exchange.step or "when", exchange.request.caller)


def _own_ids(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Ids that this scenario asked for or was given one by one; in lists others turn up as well."""
    found: set[str] = set()
    for exchange in exchanges:
        body = exchange.outcome.response.json() if exchange.outcome.response else None
        found |= set(LONG_ID.findall(exchange.request.target + exchange.request.body.decode("utf-8", "replace")))
        if isinstance(body, dict) and isinstance(body.get("id"), str):
            found.add(body["id"])
    return frozenset(found)


def _without_strangers(outcome: Outcome, own: frozenset[str]) -> Outcome:
    response = outcome.response
    body = response.json() if response is not None else None
    if response is None or not isinstance(body, dict) or not isinstance(body.get("data"), list):
        return outcome
    kept = [one for one in body["data"] if not (isinstance(one, dict) and _is_stranger(one, own))]
    if len(kept) == len(body["data"]):
        return outcome
    counted = {**body, "data": kept, "total_count": len(kept)}
    return replace(outcome, answer=Response(response.status, response.headers, json.dumps(counted).encode()))


def _is_stranger(one: Mapping[str, object], own: frozenset[str]) -> bool:
    return one.get("type") == "contact" and one.get("id") not in own


def _with_sandbox(run: Cassette) -> dict[tuple[str, str], Drift]:
    backend = sandbox_backend(ManualClock())
    assert backend.controls is not None
    try:
        for attribute in _attributes_there(run):
            body = json.dumps({"model": "contact", **attribute}).encode()
            headers = {"authorization": f"Bearer {_TOKEN}", "content-type": "application/json"}
            backend.handle(Request("POST", "/data_attributes", {**headers, "intercom-version": NEWEST_VERSION}, body))
        found = drifts(run, backend.handle, _TOKEN, backend.controls.workspace("compare").create_visitor)
        return _by_place(found)
    finally:
        backend.close()


def _attributes_there(run: Cassette) -> Iterator[dict[str, str]]:
    """The custom attributes that the TEST app had before the scenario began: a fresh sandbox has none."""
    asked = (i for i in run.interactions if (i.request.method, i.request.path) == ("GET", "/data_attributes"))
    first = next(asked, None)
    body = first.outcome.response.json() if first is not None and first.outcome.response is not None else None
    for entry in body.get("data") or [] if isinstance(body, dict) else ():
        if entry.get("custom"):
            yield {"name": str(entry.get("name")), "data_type": str(entry.get("data_type"))}


def _with_cassette(run: Cassette, committed: Cassette) -> dict[tuple[str, str], Drift]:
    """What the cassette says in the place of what the TEST app said, told from the TEST app's side."""
    replies = _Replies(run.interactions)
    found = drifts(committed, replies.ask, "none", replies.visit)
    return _by_place(_from_the_other_side(drift) for drift in found if not _of_other_people(drift))


def _from_the_other_side(drift: Drift) -> Drift:
    kinds: dict[DriftKind, DriftKind] = {"added": "removed", "removed": "added"}
    kind = kinds.get(drift.kind, drift.kind)
    return replace(drift, kind=kind, operation=_operation(drift.operation), recorded=drift.live, live=drift.recorded)


def _of_other_people(drift: Drift) -> bool:
    """The cassette's people are others than the run's: what they are called and carry differs by nature."""
    return drift.kind == "value" and None not in (drift.recorded, drift.live)


def _by_place(found: Iterable[Drift]) -> dict[tuple[str, str], Drift]:
    drifted = list(found)
    of_the_day = {drift.place for drift in drifted if _passing(drift)}
    # What a refusal or an outage says in its body is no answer to compare.
    places = {
        (_operation(drift.operation), drift.path): drift
        for drift in drifted
        if drift.kind == "status" or drift.place not in of_the_day
    }
    return {place: drift for place, drift in places.items() if not _of_the_workspace(*place)}


def _of_the_workspace(operation: str, path: str) -> bool:
    if operation in DECIDING_LISTS and path == "$.data.length":
        return False
    return path.rpartition(".")[2] in OF_THE_LIST or (operation in OF_THE_WORKSPACE and "[*]" in path)


class _Replies:
    """Answers the requests of one recording from another, operation by operation in order."""

    def __init__(self, interactions: Sequence[Interaction]) -> None:
        self._waiting: dict[tuple[str, str], deque[Outcome]] = defaultdict(deque)
        self._visitors: dict[str, Mapping[str, object]] = {}
        for interaction in interactions:
            self._waiting[_kind_of(interaction.request)].append(interaction.outcome)
            body = interaction.outcome.response.json() if interaction.outcome.response else None
            if isinstance(body, dict) and body.get("type") == "visitor":
                self._visitors.setdefault(str(body.get("user_id")), body)
        self._unseen = iter(self._visitors.values())

    def ask(self, request: Request) -> Outcome:
        """The next answer to this operation."""
        waiting = self._waiting[_kind_of(request)]
        return waiting.popleft() if waiting else Outcome(Response(404, {}, b""))

    def visit(self, traits: Mapping[str, object]) -> Mapping[str, object]:
        """The next visitor."""
        return next(self._unseen, {"id": "", "user_id": ""})


def _kind_of(request: Request) -> tuple[str, str]:
    return request.caller, _operation(operation_of(request))


def _operation(name: str) -> str:
    """An operation without the external id that stands in its path."""
    start, found, _ = name.partition("/find_by_external_id/")
    return f"{start}{found}{{id}}" if found else name
