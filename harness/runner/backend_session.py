"""The one way to open a backend: the sandbox, one that runs elsewhere, a TEST app or a cassette; recorded if asked.

Scenarios and the commands `exec` and `gateway` open their backends here. What a session is opened with stands in its
`SessionConfig`; a session holds its parts whole, and nothing is copied out of them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from harness.core.clock import FollowingClock, ManualClock, MovingClock, SkippingClock, WallClock
from harness.core.errors import NotPossibleHere, Problem
from harness.core.http import Handler, Outcome, Request, Step
from harness.core.tokens import RUN_TOKEN, token_of
from harness.gateway import Middleware
from harness.runner.tape import RecordingOrigin, ReplayTape, Tape, TapeConfig, check_replacing, recording, replay
from harness.runner.wiring import SANDBOX, OpenBackend, no_such_backend, prefer_version, remote_backend, sandbox_backend

if TYPE_CHECKING:
    from harness.gateway.control_api.sandbox_controls import Settable
    from harness.people import People, Traits, VisitorOrigin
    from harness.runner.test_app_wiring import GuardedApp

INTERCOM: Final = "https://api.intercom.io"
CASSETTE: Final = "cassette"
TEST_APP: Final = "test-app"


@dataclass(slots=True)
class CurrentStep:
    """The step that a scenario has reached; what records, plays and logs asks it each time."""

    step: Step = "given"

    def __call__(self) -> Step:
        """Return the step."""
        return self.step

    def reach(self, step: Step) -> None:
        """Go on to a step."""
        self.step = step


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a backend session is opened with.

    against: `sandbox`, `test-app`, `cassette` or the URL of a running sandbox. name: the case or the command that it is
    opened for; its people and its workspace follow from it. intercom_version: the version that was asked for, `None`
    where each request's own header counts.
    """

    against: str
    name: str
    step: CurrentStep
    workspace: str | None = None
    """`None` gives each session a workspace of its own."""
    intercom_version: str | None = None
    sent_version: str = ""
    """The version of the pipeline's requests; empty where only the pipeline knows."""
    seed: int = 0
    fixed_time: bool = True
    """Whether the clock of an embedded sandbox stands at a fixed time, and not at the machine's."""
    clock_can_be_set: bool = False
    """Whether the clock may be set by way of the control plane."""
    tape: TapeConfig | None = None
    """The cassette that is recorded or played."""
    test_app: Callable[[], AbstractContextManager[GuardedApp]] | None = None
    """Opens the TEST app."""
    visitors: int = 0
    """How many visitors visit the TEST app before anything else happens."""

    @property
    def number(self) -> int:
        """A number that is the same for this name in every run."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], "big")

    @property
    def own_workspace(self) -> str:
        """The workspace of a session that was given none: the same in each run, so that ids are the same."""
        return f"case-{self.number:08x}"


@dataclass(frozen=True, slots=True)
class PeopleSource:
    """Where a scenario's people come from, and what can be told to their workspace."""

    traits: Traits
    visitors: VisitorOrigin
    workspace: Settable | None = None


@dataclass(frozen=True, slots=True)
class BackendSession:
    """An open backend with its clock and its tape.

    token: opens the workspace. people: makes what a scenario's people come from; commands do not call it. middleware:
    belongs to this backend, and stands next to it.
    """

    config: SessionConfig
    backend: OpenBackend
    clock: MovingClock
    token: str
    people: Callable[[], PeopleSource]
    tape: Tape
    middleware: Sequence[Middleware] = ()
    test_app: GuardedApp | None = None
    visitors: Sequence[str] = ()
    """The uuids of the visitors who visited before anything else happened."""
    subscriber: Callable[[], str] | None = None
    """Returns an address that the backend can send webhooks to, where it does not take any address."""
    clear_away: Callable[[bool], None] = lambda passed: None
    """Called once at the end, with whether all passed; raises what the backend has against it."""

    def conclude(self, *, passed: bool, people: People | None = None) -> None:
        """Clear away what a TEST app must not keep, end the tape, and raise the `Problem` that speaks against either.

        passed: whether everything else held. people: those of the scenario.
        """
        self.clear_away(passed)
        self.tape.conclude(passed=passed, people=people)

    def before_job(self) -> None:
        """Prepare for a job that finds its people itself.

        Raises: `NotPossibleHere` where it would find people on a TEST app who are not this session's.
        """
        if self.test_app is not None:
            self.test_app.session.check_others()

    @property
    def base_url(self) -> str:
        """Where the harness's own client and the reference pipeline send to."""
        return INTERCOM if self.test_app is None else f"https://{self.test_app.session.app.host}"

    @property
    def plays(self) -> bool:
        """Whether a cassette answers, and nothing else may be reached."""
        return isinstance(self.tape, ReplayTape)

    @property
    def intercom_version(self) -> str | None:
        """The version that was asked for, or else that of the cassette; `None` where each request's own counts."""
        recorded = self.tape.header.intercom_version if isinstance(self.tape, ReplayTape) else ""
        return self.config.intercom_version or recorded or None

    @property
    def marker(self) -> str:
        """The marker of this session on a TEST app, or of the one that was recorded; empty where there is none."""
        if self.test_app is not None:
            return self.test_app.session.marker
        return self.tape.marker if isinstance(self.tape, ReplayTape) else ""

    @property
    def origin(self) -> RecordingOrigin:
        """What a recording of this session says of it."""
        if self.test_app is None:
            return RecordingOrigin("sandbox", self.config.seed, self.clock.now())
        recorded_from: Final = "sandbox" if self.test_app.rehearsal else "test-app"
        return RecordingOrigin(recorded_from, self.test_app.session.seed, self.clock.now(), has_strangers=True)


@contextmanager
def open_backend_session(config: SessionConfig) -> Iterator[BackendSession]:
    """Open the backend that `config` names, recorded or played as it says, and close it at the end of the block.

    Raises: the `Problem` that says why it cannot be opened, recorded or played.
    """
    if config.against == CASSETTE:
        assert config.tape is not None
        with replay(config.tape, config.step) as tape:
            yield _played(config, tape)
        return
    if config.tape is not None:
        check_replacing(config.tape)
    with _live(config) as session:
        if config.tape is None:
            yield session
            return
        with recording(config.tape, config.step, session.origin) as recorded:
            # An answer waits for the requests that overlap with it.
            yield replace(session, tape=recorded, backend=replace(session.backend, quick=False))


def _live(config: SessionConfig) -> AbstractContextManager[BackendSession]:
    if config.against == TEST_APP:
        return _at_test_app(config)
    if "://" in config.against:
        return _at_url(config)
    if config.against == SANDBOX:
        return _embedded(config)
    raise no_such_backend(config.against)


def _played(config: SessionConfig, tape: ReplayTape) -> BackendSession:
    def people() -> PeopleSource:
        from harness.people import RecordedTraits, RecordedVisitorOrigin

        recorded = tape.header.people
        marker = tape.marker if any(tape.marker in str(person) for person in recorded) else ""
        visitors = [entry for entry in recorded if entry.get("kind") == "visitor"]
        return PeopleSource(RecordedTraits(recorded, marker), RecordedVisitorOrigin(visitors))

    clock: MovingClock = ManualClock()
    if config.clock_can_be_set:
        clock = FollowingClock(ManualClock(tape.header.clock) if tape.header.clock else WallClock())
    token = token_of(config.workspace) if config.workspace else RUN_TOKEN
    return BackendSession(config, OpenBackend(tape.handle, quick=not tape.holds_back), clock, token, people, tape)


@contextmanager
def _embedded(config: SessionConfig) -> Iterator[BackendSession]:
    clock = _settable(config, ManualClock() if config.fixed_time else WallClock())
    name = config.workspace or config.own_workspace
    with closing(sandbox_backend(clock, seed=config.seed)) as backend:
        prefer_version(backend, name, config.intercom_version)

        def people() -> PeopleSource:
            from harness.people import DrawnTraits, SandboxVisitorOrigin

            workspace = backend.workspace_named(name)
            traits = DrawnTraits(config.seed + config.number)
            return PeopleSource(traits, SandboxVisitorOrigin(workspace.create_visitor), workspace)

        yield BackendSession(config, backend, clock, token_of(name), people, Tape())


@contextmanager
def _at_url(config: SessionConfig) -> Iterator[BackendSession]:
    name = config.workspace or f"run-{secrets.token_hex(4)}-{config.own_workspace}"
    token = token_of(name)
    elsewhere = SkippingClock(WallClock())

    def owing(request: Request, inner: Handler) -> Outcome:
        outcome = inner(request)
        wait = outcome.response.headers.get("retry-after", "") if outcome.response else ""
        elsewhere.owe(float(wait) if wait.isdigit() else 0.0)
        return outcome

    with ExitStack() as stack:
        backend = stack.enter_context(closing(remote_backend(config.against)))
        prefer_version(backend, name, config.intercom_version)

        def people() -> PeopleSource:
            import requests

            from harness.people import DrawnTraits, HttpVisitorOrigin

            session = stack.enter_context(requests.Session())
            session.trust_env = False
            visitors = HttpVisitorOrigin(session, config.against.rstrip("/"), token)
            return PeopleSource(DrawnTraits(config.seed + config.number), visitors, backend.workspace_named(name))

        def subscriber() -> str:
            from harness.gateway.webhooks.receiver import Receiver

            return stack.enter_context(Receiver()).url

        clock = _settable(config, elsewhere)
        yield BackendSession(config, backend, clock, token, people, Tape(), (owing,), subscriber=subscriber)


@contextmanager
def _at_test_app(config: SessionConfig) -> Iterator[BackendSession]:
    if config.test_app is None:
        raise Problem("this run has no way to a TEST app", remedy="start it with: harness run --against test-app")
    from harness.sandbox.operation_names import operation_of

    with config.test_app() as app, app.session.scenario(config.name) as concluding:

        def people() -> PeopleSource:
            from harness.people import DeclaredTraits
            from harness.test_app.unsupported_controls import UnsupportedControls

            session = app.session
            traits = DeclaredTraits(
                session.seed + config.number,
                session.marker,
                session.guard.declare,
                variety=config.seed + config.number,
                session=session.scenarios,
            )
            return PeopleSource(traits, app.visitors, UnsupportedControls())

        yield BackendSession(
            config,
            OpenBackend(app.handle, operation=operation_of),
            _settable(config, WallClock()),
            app.session.stand_in,
            people,
            Tape(),
            test_app=app,
            visitors=_visits(app, config.visitors),
            clear_away=lambda passed: concluding.conclude(passed=passed),
        )


def _settable(config: SessionConfig, clock: MovingClock) -> MovingClock:
    return FollowingClock(clock) if config.clock_can_be_set else clock


def _visits(app: GuardedApp, count: int) -> Sequence[str]:
    if not count:
        return ()
    try:
        visitors = [str(app.visitors.visit({})["user_id"]) for _ in range(count)]
    except NotPossibleHere as why:
        raise Problem(
            "Nobody can visit.", evidence=str(why), remedy="harness live-visitor, in another terminal"
        ) from None
    app.rest()  # a process that is left running when a command ends is taken for the command's own
    return visitors
