"""Backstages with a cassette: live ones that are recorded, and those that a recording plays.

What a recording or a replay still has to say is said when the scenario is concluded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.core.clock import RUN_START, ManualClock
from harness.core.http import Step
from harness.core.timestamps import iso_seconds
from harness.core.tokens import RUN_TOKEN
from harness.people import People, RecordedTraits, RecordedVisitorOrigin
from harness.runner.backend_session import BackendSession, SessionConfig
from harness.runner.live_session import live_session
from harness.runner.scenario import Case

if TYPE_CHECKING:
    from harness.cassette import Header, NetworkGuard


@contextmanager
def open_backend_session(
    case: Case, order: SessionConfig, where: Callable[[], Step | None], guard: NetworkGuard
) -> Iterator[BackendSession]:
    """The backstage of a case, closed again at the end."""
    if order.against == "cassette":
        with _from_cassette(case, order, where, guard) as played:
            yield played
        return
    with live_session(case, order, where) as backstage:
        if not order.record:
            yield backstage
            return
        with _recording(case, order, backstage, where) as recorded:
            yield recorded


def path_of(case: Case, order: SessionConfig) -> Path:
    """Where the cassette of a case lies."""
    from harness.cassette import cassette_path

    return cassette_path(
        order.cassettes, case.module, case.name, pipeline=order.pipeline, intercom_version=order.intercom_version
    )


@contextmanager
def _recording(
    case: Case, order: SessionConfig, live: BackendSession, where: Callable[[], Step | None]
) -> Iterator[BackendSession]:
    from harness.cassette import Recorder, Redactor
    from harness.cassette.recording.writer import refuse_namesake, refuse_to_replace

    path = path_of(case, order)
    if not order.may_replace:
        refuse_to_replace(path)
    refuse_namesake(path, order.pipeline_spec)
    redactor = Redactor(secrets=order.secrets, strangers=order.against == "test-app")
    begun = _header(case, order, live)
    recorder = Recorder(where, path=path, redactor=redactor, header=begun)

    def conclude(passed: bool, people: People) -> None:
        live.conclude(passed, people)
        if passed:
            header = replace(begun, people=tuple(_with_ids(people)))
            recorder.redactor.know(header.people)
            recorder.save(path, header, order.show)

    try:
        yield replace(
            live,
            middleware=(*live.middleware, recorder.layer),
            notification_middleware=(recorder.layer,),
            parallel=recorder.parallel,
            polling=recorder.poll,
            conclude=conclude,
        )
    finally:
        recorder.discard()


def _header(case: Case, order: SessionConfig, live: BackendSession) -> Header:
    """What is known of a recording before its people are made."""
    from harness.cassette import Header
    from harness.cassette.review.staleness import source_of_case

    start = RUN_START if isinstance(live.clock, ManualClock) else time.time()
    return Header(
        scenario=case.node_id,
        title=case.title,
        recorded_from=live.recorded_from,
        recorded_at=iso_seconds(start),
        intercom_version=order.sent_version,
        pipeline=order.pipeline,
        pipeline_spec=order.pipeline_spec,
        harness=__version__,
        seed=order.test_app().session.seed if order.test_app else order.seed,
        clock=start,
        scenario_source=source_of_case(case.path.parent, f"{case.path.name}::{case.name}"),
    )


def _with_ids(people: People) -> Iterator[dict[str, Any]]:
    from harness.cassette.review.drift import PAST_THE_GATEWAY

    visitors = iter(people.visitors_seen)
    gone = {name for user in people.gone for name in (user.email, user.external_id) if name}
    for traits in people.drawn:
        past = {PAST_THE_GATEWAY: "merged away"} if gone & {traits.get("email"), traits.get("external_id")} else {}
        yield {**traits, **(next(visitors) if traits["kind"] == "visitor" else {}), **past}


@contextmanager
def _from_cassette(
    case: Case, order: SessionConfig, where: Callable[[], Step | None], guard: NetworkGuard
) -> Iterator[BackendSession]:
    from harness.cassette import Player, Redactor, load
    from harness.runner.wiring import OpenBackend

    path = path_of(case, order)
    cassette = load(
        path, pipeline=order.pipeline, pipeline_spec=order.pipeline_spec, intercom_version=order.sent_version
    )
    redactor = Redactor.for_header(cassette.header, order.secrets)
    player = Player(cassette, where, path=path, varying=order.varying, redactor=redactor)
    recorded: Sequence[Mapping[str, Any]] = cassette.header.people

    def conclude(passed: bool, people: People) -> None:
        refused, differs = guard.problem(), player.problem()
        if refused is not None:
            raise refused
        if differs is not None and (passed or differs.mismatches):
            raise differs

    with guard.only(order.ports):
        yield BackendSession(
            OpenBackend(player.handle, quick=True),
            RUN_TOKEN,
            RecordedTraits(recorded, _marker_in(cassette.header)),
            RecordedVisitorOrigin([entry for entry in recorded if entry.get("kind") == "visitor"]),
            ManualClock(),
            notification_middleware=(player.told,),
            conclude=conclude,
        )


def _marker_in(header: Header) -> str:
    """The marker of the run on a TEST app that a cassette was recorded in; empty for every other cassette."""
    from harness.test_app.cleanup.marker import marker_of

    marker = marker_of(header.seed)
    return marker if any(marker in str(person) for person in header.people) else ""
