"""What stands behind one scenario: the backend that answers, where its people come from, and its cassette.

A backstage is built for one case and concluded once: what a recording or a replay still has to say is said then.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import requests

from harness import __version__
from harness.clock import RUN_START, ManualClock, MovingClock, SkippingClock, WallClock
from harness.exchange import Handler, Outcome, Request, Step
from harness.gateway import Layer
from harness.people import (
    DrawnTraits,
    HttpVisitorOrigin,
    People,
    RecordedTraits,
    RecordedVisitorOrigin,
    SandboxVisitorOrigin,
    Traits,
    VisitorOrigin,
)
from harness.problems import Problem
from harness.scenario import Case

if TYPE_CHECKING:
    from harness.cassette import Cassette, Header, NetworkGuard, VaryingFields
    from harness.cassette.format import RecordedFrom
    from harness.gateway.controls import Settable
    from harness.gateway.reached import Reached
    from harness.guarded import GuardedApp

RUN_TOKEN: Final = "sandbox-run"
"""The token that every pipeline sees; the gateway puts the scenario's own workspace behind it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a run wants of each backstage. `intercom_version` is `None` where the pipeline's own header counts."""

    against: str
    record: bool
    cassettes: Path
    pipeline: str
    pipeline_spec: str
    """Which pipeline of that name; empty for the reference."""
    intercom_version: str | None
    sent_version: str
    workspace: str | None
    seed: int
    ports: Container[int] = ()
    """The ports that the harness listens on: the only ones that a replay may reach."""
    test_app: Callable[[], GuardedApp] | None = None
    """Opens the TEST app when it is first needed."""
    secrets: Sequence[str] = field(repr=False, default=())
    """Values of this machine that no recording may hold."""
    varying: VaryingFields | None = None
    """What the pipeline declared to differ by nature."""
    may_replace: bool = True
    """Whether a recording may take the place of one that is there."""
    show: Callable[[Path, Cassette], None] = lambda path, new: None
    """Told of a new recording before it takes the place of the old one."""


@dataclass(frozen=True, slots=True)
class Backstage:
    """What one scenario is played with. `conclude` is told whether it passed, and may raise what speaks against it.

    clock: the backend's own where it can be moved, else the machine's. workspace: what the sandbox can be told; `None`
    where there is none.
    """

    backend: Handler
    token: str
    traits: Traits
    origin: VisitorOrigin
    clock: MovingClock
    workspace: Settable | None = None
    layers: Sequence[Layer] = ()
    operation: Callable[[Request], str] | None = None
    quick: bool = True
    base_url: str = "https://api.intercom.io"
    """Where the harness's own client and the reference pipeline send to."""
    tokens_stay: bool = False
    """Whether requests keep the tokens they bring, so that a guard can tell a wrong one."""
    recorded_from: RecordedFrom = "sandbox"
    parallel: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around what comes in no order."""
    polling: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around what is asked again and again until it is as wished."""
    tellers: Sequence[Layer] = ()
    """Around what the pipeline is told by webhook."""
    subscriber: Callable[[], str] | None = None
    """Gives an address that the backend can tell, where it does not take any."""
    conclude: Callable[[bool, People], None] = lambda passed, people: None
    before_job: Callable[[], None] = lambda: None
    """Told before a job that finds its people itself is started; may say that it cannot be here."""
    reached: Reached | None = None
    """What reached the backend, where somebody may want to compare."""


@contextmanager
def backstage_for(
    case: Case, order: Order, where: Callable[[], Step | None], guard: NetworkGuard
) -> Iterator[Backstage]:
    """The backstage of a case, closed again at the end."""
    if order.against == "cassette":
        with _from_cassette(case, order, where, guard) as played:
            yield played
        return
    with _live(case, order, where) as backstage:
        if not order.record:
            yield backstage
            return
        with _recording(case, order, backstage, where) as recorded:
            yield recorded


def workspace_name(case: Case) -> str:
    """The workspace of a case: the same in each run, so that the sandbox gives the same ids."""
    return f"case-{_number(case):08x}"


def _number(case: Case) -> int:
    return int.from_bytes(hashlib.sha256(f"{case.module}::{case.name}".encode()).digest()[:4], "big")


# --- live -----------------------------------------------------------------------------------------


def _live(case: Case, order: Order, where: Callable[[], Step | None]) -> AbstractContextManager[Backstage]:
    if order.against == "test-app":
        return _at_test_app(case, order, where)
    return _at_url(case, order) if "://" in order.against else _embedded(case, order)


@contextmanager
def _at_test_app(case: Case, order: Order, where: Callable[[], Step | None]) -> Iterator[Backstage]:
    if order.test_app is None:
        raise Problem("this run has no way to a TEST app", remedy="start it with: harness run --against test-app")
    from harness.gateway.reached import Reached
    from harness.sandbox.naming import operation_of
    from harness.test_app.unsettable import Unsettable

    way, clock = order.test_app(), WallClock()
    session, reached = way.session, Reached(where, clock.now)
    with session.scenario(f"{case.module}::{case.name}") as concluding:
        yield Backstage(
            way.handle,
            session.stand_in,
            _DeclaredTraits(session.seed + _number(case), session.marker, session.sentry.declare),
            way.visitors,
            clock,
            Unsettable(),
            layers=(reached.layer,),
            operation=operation_of,
            quick=False,
            base_url=f"https://{session.app.host}",
            tokens_stay=True,
            recorded_from="sandbox" if way.rehearsal else "test-app",
            conclude=lambda passed, people: concluding.conclude(passed=passed),
            parallel=reached.parallel,
            before_job=session.check_others,
            reached=reached,
        )


class _DeclaredTraits(DrawnTraits):
    """Traits of which the guard hears who never was, and may be asked for all the same."""

    def __init__(self, seed: int, marker: str, declare: Callable[[Iterable[str]], None]) -> None:
        super().__init__(seed, marker)
        self._declare = declare

    def draw(self, kind: str) -> Mapping[str, Any]:
        """The traits of the next person."""
        traits = super().draw(kind)
        if kind == "stranger":
            self._declare((traits["uuid"], traits["object_id"]))
        return traits


@contextmanager
def _embedded(case: Case, order: Order) -> Iterator[Backstage]:
    from harness.app import prefer_version, sandbox_backend

    clock = ManualClock()
    backend = sandbox_backend(clock, seed=order.seed)
    name = order.workspace or workspace_name(case)
    assert backend.controls is not None
    prefer_version(backend, name, order.intercom_version)
    workspace = backend.controls.workspace(name)
    try:
        yield Backstage(
            backend.handle,
            f"sandbox-{name}",
            DrawnTraits(order.seed + _number(case)),
            SandboxVisitorOrigin(workspace.create_visitor),
            clock,
            workspace,
            operation=backend.operation,
            quick=backend.quick,
        )
    finally:
        backend.close()


@contextmanager
def _at_url(case: Case, order: Order) -> Iterator[Backstage]:
    from harness.app import prefer_version, remote_backend
    from harness.gateway.receiver import Receiver

    backend = remote_backend(order.against)
    name = order.workspace or f"run-{secrets.token_hex(4)}-{workspace_name(case)}"
    token = f"sandbox-{name}"
    prefer_version(backend, name, order.intercom_version)
    clock = SkippingClock(WallClock())

    def owing(request: Request, inner: Handler) -> Outcome:
        outcome = inner(request)
        wait = outcome.response.headers.get("retry-after", "") if outcome.response else ""
        clock.owe(float(wait) if wait.isdigit() else 0.0)
        return outcome

    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        yield Backstage(
            backend.handle,
            token,
            DrawnTraits(order.seed + _number(case)),
            HttpVisitorOrigin(session, order.against.rstrip("/"), token),
            clock,
            backend.controls.workspace(name) if backend.controls else None,
            layers=(owing,),
            operation=backend.operation,
            quick=False,
            subscriber=lambda: stack.enter_context(Receiver()).url,
        )
    backend.close()


# --- cassettes ------------------------------------------------------------------------------------


def path_of(case: Case, order: Order) -> Path:
    """Where the cassette of a case lies."""
    from harness.cassette import cassette_path

    return cassette_path(
        order.cassettes, case.module, case.name, pipeline=order.pipeline, intercom_version=order.intercom_version
    )


@contextmanager
def _recording(case: Case, order: Order, live: Backstage, where: Callable[[], Step | None]) -> Iterator[Backstage]:
    from harness.cassette import Recorder, Redactor
    from harness.cassette.writing import refuse_namesake, refuse_to_replace

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
            layers=(*live.layers, recorder.layer),
            tellers=(recorder.layer,),
            parallel=recorder.parallel,
            polling=recorder.poll,
            conclude=conclude,
        )
    finally:
        recorder.discard()


def _header(case: Case, order: Order, live: Backstage) -> Header:
    """What is known of a recording before its people are made."""
    from harness.cassette import Header
    from harness.cassette.staleness import source_of_case

    start = RUN_START if isinstance(live.clock, ManualClock) else datetime.now(UTC).timestamp()
    return Header(
        scenario=case.node_id,
        title=case.title,
        recorded_from=live.recorded_from,
        recorded_at=datetime.fromtimestamp(start, UTC).isoformat().replace("+00:00", "Z"),
        intercom_version=order.sent_version,
        pipeline=order.pipeline,
        pipeline_spec=order.pipeline_spec,
        harness=__version__,
        seed=order.test_app().session.seed if order.test_app else order.seed,
        clock=start,
        scenario_source=source_of_case(case.path.parent, f"{case.path.name}::{case.name}"),
    )


def _with_ids(people: People) -> Iterator[dict[str, Any]]:
    from harness.cassette.drift import PAST_THE_GATEWAY

    visitors = iter(people.visitors_seen)
    gone = {name for user in people.gone for name in (user.email, user.external_id) if name}
    for traits in people.drawn:
        past = {PAST_THE_GATEWAY: "merged away"} if gone & {traits.get("email"), traits.get("external_id")} else {}
        yield {**traits, **(next(visitors) if traits["kind"] == "visitor" else {}), **past}


@contextmanager
def _from_cassette(
    case: Case, order: Order, where: Callable[[], Step | None], guard: NetworkGuard
) -> Iterator[Backstage]:
    from harness.cassette import Player, Redactor, load

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
        yield Backstage(
            player.handle,
            RUN_TOKEN,
            RecordedTraits(recorded, _marker_in(cassette.header)),
            RecordedVisitorOrigin([entry for entry in recorded if entry.get("kind") == "visitor"]),
            ManualClock(),
            tellers=(player.told,),
            conclude=conclude,
        )


def _marker_in(header: Header) -> str:
    """The marker of the run on a TEST app that a cassette was recorded in; empty for every other cassette."""
    from harness.test_app.marker import marker_of

    marker = marker_of(header.seed)
    return marker if any(marker in str(person) for person in header.people) else ""
