"""The pipeline of one run: found once, and given what it needs to reach the gateway, wherever it runs.

A pipeline in this process finds its base URL and token in the environment before it is imported; one outside gets them
with the server's address and certificates. What it is asked to do, and when, is the scenario's business.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.config import PipelineChoice
from harness.core.clock import MovingClock, WallClock
from harness.core.http import Outcome, Request
from harness.core.tokens import RUN_TOKEN
from harness.gateway import Gateway, Middleware
from harness.gateway.core import refuse
from harness.gateway.middleware.idle import IdleDetector
from harness.gateway.middleware.time_scale import TimeScale, without_waiting
from harness.pipeline import PipelineSpec, Runner, load_pipeline
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, Answer
from harness.pipeline.commands import CommandPipeline
from harness.pipeline.declared import Declared
from harness.pipeline.environment import LentEnvironment, placeholders, production_credentials
from harness.pipeline.fixture import why_lacking
from harness.pipeline.load import NotImportable
from harness.pipeline.pipeline_file import environment_of, is_python
from harness.pipeline.python_object import PythonPipeline
from harness.pipeline.real_sockets import real_sockets
from harness.pipeline.reference_worker import ReferenceWorker
from harness.pipeline.short_waits import short_waits
from harness.pipeline.thread_owners import IMPORT, ThreadOwners
from harness.runner.backend_session import CASSETTE, BackendSession
from harness.runner.call_watch import CallWatch
from harness.runner.case import Case
from harness.runner.command_session import TokenWatch, way_to
from harness.runner.containment_session import ContainmentSession
from harness.runner.controls import RUN_SECRET
from harness.runner.kept_definitions import KeptDefinitions
from harness.runner.own_ports import OwnPorts
from harness.runner.read_files import OpenedFiles
from harness.runner.session_config import RunOptions
from harness.runner.wiring import gateway_requests

if TYPE_CHECKING:
    from harness.gateway.server.server import Server
    from harness.pipeline.environment import Way

REFERENCE: Final = "reference"


class PipelineSession:
    """The pipeline of a run; without a spec it is the reference pipeline.

    options: those of the run. stack: ends what is started. before_import: called before the pipeline's code runs.
    """

    def __init__(
        self, options: RunOptions, gateway: Gateway, stack: ExitStack, before_import: Callable[[], object]
    ) -> None:
        self.options = options
        self._gateway = gateway
        self._stack = stack
        self._server: Server | None = None
        self._way: Way | None = None
        self.containment = ContainmentSession(options.containment, options.configuration.allow, stack, options.entered)
        self._idle = IdleDetector()
        self.watch = CallWatch()
        self.definitions = KeptDefinitions()
        self._tokens = TokenWatch(dict(os.environ))
        named_by_pipeline = environment_of(options.pipeline) if options.pipeline else {}
        self._declared_environment = tuple({**named_by_pipeline, **dict(options.configuration.env)}.items())
        named = [name for name, _ in self._declared_environment]
        self._hidden = production_credentials(os.environ, named) if options.pipeline else []
        self.owners = ThreadOwners()
        self.late: list[str] = []
        """What threads asked for that had outlived their scenario, with the scenario that began them."""
        self.guards_everything = True
        """Whether requests for Intercom are refused while no scenario is open; else they are left alone."""
        self._lent: LentEnvironment | None = None
        self._fill: Callable[[str], str] = lambda text: text
        self.refresh_waits: Callable[[], None] = lambda: None
        self._reads = (options.read_files, options.root.resolve()) if options.read_files else None
        if self._reads is not None:
            stack.callback(OpenedFiles(*self._reads, lambda: self.owners.owner() is not None).close)
        self._spec: PipelineSpec | None = None
        self._spec = self._load(before_import)
        if options.port:
            _ = self.server

    @property
    def name(self) -> str:
        """The pipeline's name, as cassettes and reports show it."""
        return self._spec.name if self._spec else REFERENCE

    @property
    def spec(self) -> str:
        """Which pipeline of its name, the same on every machine: a file is told from the project's folder on."""
        spec = self.options.pipeline
        return PipelineChoice(spec).portable(self.options.root.resolve()) if spec else ""

    @property
    def is_reference(self) -> bool:
        """Whether it is the harness's own pipeline."""
        return self._spec is None

    @property
    def in_process(self) -> bool:
        """Whether its code runs in this process, as the reference pipeline's does."""
        return self._spec is None or self._spec.in_process

    @property
    def lives_on(self) -> bool:
        """Whether a process of it lives from one scenario to the next, and may remember what it made."""
        return self.in_process or bool(self._spec and self._spec.ports)

    @property
    def declared(self) -> Declared:
        """What it declared about itself."""
        return self._spec.declared if self._spec else Declared(returns="contact")

    @property
    def ports(self) -> Container[int]:
        """The ports that this run opened, and those of the pipeline's own service; never out of date."""
        return OwnPorts(self.listens_on)

    def listens_on(self, port: object) -> bool:
        """Whether a port is one that this run opened, or the pipeline's own service's."""
        theirs = self._spec.ports if self._spec else ()
        return port in theirs or (self._server is not None and self._server.port == port)

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of this run beside its verdicts."""
        hidden = [
            f"{name} looks like a credential of a real workspace: the pipeline did not see it" for name in self._hidden
        ]
        done = "refused" if self.options.strict_token else "replaced by the sandbox's"
        seen = sorted(self._tokens.seen)
        brought = [f"the pipeline brought a token of its own ({how}), which was {done}" for how in seen]
        return [*hidden, *brought, *self.said_at_the_end]

    @property
    def said_at_the_end(self) -> Sequence[str]:
        """Return what came late, and how much of the code under test was contained."""
        late = [*self.late, *(f"after its scenario had ended, {attempt}" for attempt in self.containment.late)]
        return [*late, f"containment: {self.containment.level} ({self.containment.told})"]

    # --- found, and started ---------------------------------------------------------------------

    def _heed(self, request: Request) -> Outcome:
        self._tokens(request)
        if (began := self.owners.late()) is not None:
            asked = f"{request.method} {request.path}"
            self.late.append(f"{began}: a thread that it began asked {asked} after it was over, and was refused")
            return refuse(request, "the scenario that began this thread is over", f"{began} is over.")
        with self.containment.carrying_on():
            return self._gateway.handle(request)

    @property
    def _plays(self) -> bool:
        return self.options.against == CASSETTE

    def _takes(self) -> bool:
        """Whether a request for Intercom on this thread is led to the gateway: it is no other test's of the session."""
        return self.guards_everything or self.owners.is_open or self.owners.has_owner()

    def _guards(self) -> bool:
        """Whether an attempt to reach Intercom past the patched clients is refused here, and not by the kernel."""
        return self._takes() and self.containment.watches

    def _load(self, before_import: Callable[[], object]) -> PipelineSpec | None:
        spec = self.options.pipeline
        if spec is None:
            return None
        if not is_python(spec):
            return self._loaded(spec)
        # A Python pipeline may read its base URL and token while it is imported, or name Intercom's own host.
        from harness.gateway.clients.forked_process import in_forks_over_loopback
        from harness.gateway.clients.patched import patched_clients

        before_import()
        url, token, secret = self.server.url, RUN_TOKEN, RUN_SECRET
        self._fill = placeholders(url=url, token=token, secret=secret)
        declared = {name: self._fill(text) for name, text in self._declared_environment}
        self._lent = LentEnvironment(url, token, secret, declared)
        enter, port = self._stack.enter_context, self.server.port
        enter(self.owners.installed())
        watched = None if self._plays else self.ports
        self.containment.holds_python(lambda: self.server, self.owners.has_owner, self._environment, watched)
        answer, refused = in_forks_over_loopback(self._heed, port), self._gateway.record_refusal
        enter(patched_clients(answer, refused, own_port=port, takes=self._takes, guards=self._guards))
        if self.options.against == CASSETTE:
            self.refresh_waits = enter(short_waits(self.owners.has_owner))
        with self.lent(), self.owners.calling(IMPORT):
            return self._loaded(spec)

    def _loaded(self, spec: str) -> PipelineSpec:
        configuration = self.options.configuration
        folders = (self.options.root, *configuration.python_path)
        try:
            found = load_pipeline(spec, folders, configuration.declared, self._fill)
        except NotImportable as problem:
            if self._hidden:
                problem.why += f"; the harness hid these variables from it: {', '.join(self._hidden)}"
            raise
        self._stack.callback(found.close)
        return found

    @property
    def fixture(self) -> str:
        """The pytest fixture that gives the pipeline for each scenario; empty where it was found already."""
        return self._spec.fixture if self._spec else ""

    def is_alone(self) -> bool:
        """Return whether nothing else of the pipeline's can be sent while the request of this thread is answered."""
        return self.is_reference or self.owners.is_alone()

    def lent(self) -> AbstractContextManager[None]:
        """Lend the pipeline's environment for a block in which its code is made ready."""
        return self._lent.lent() if self._lent is not None else nullcontext()

    def bind(self, target: object) -> None:
        """Take what the fixture gave for the scenario that comes."""
        assert self._spec is not None
        assert self._spec.with_target is not None
        found = self._spec.with_target(target)
        self._stack.callback(found.close)
        self._spec = replace(found, fixture=self._spec.fixture, with_target=self._spec.with_target)

    @property
    def server(self) -> Server:
        """The loopback server, started when it is first needed."""
        if self._server is None:
            from harness.gateway.server.server import Server
            from harness.gateway.server.tls import Authority

            authority = Authority()
            server = Server(self._gateway, port=self.options.port, authority=authority, watch=self._tokens)
            with real_sockets():
                self._server = self._stack.enter_context(server)
            self._stack.callback(setattr, self, "_server", None)
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-"))
            where = Path(folder)
            self._way = way_to(
                self._server, RUN_TOKEN, authority, where, secret=RUN_SECRET, short_waits=self._plays, reads=self._reads
            )
        return self._server

    def _environment(self, base: Mapping[str, str] = os.environ) -> Mapping[str, str]:
        from harness.pipeline.environment import command_environment

        _ = self.server
        assert self._way is not None
        return command_environment(base, self._way, declared=self._declared_environment)

    def lacking(self, names: Iterable[str]) -> str | None:
        """Why a scenario that names these operations is not run: the pipeline declares that it lacks one of them."""
        runner = self._spec.start(self._environment, self.options.time_limit) if self._spec else None
        return why_lacking(runner, frozenset(names))

    def runner(self, session: BackendSession, case: Case) -> Runner:
        """Return the pipeline, ready to be called in a case."""
        runner = self._reference(session) if self._spec is None else self._start(self._spec)
        self.watch.over(runner, case)
        return runner

    def _start(self, spec: PipelineSpec) -> Runner:
        runner = spec.start(self._environment, self.options.time_limit)
        if isinstance(runner, PythonPipeline) and self._lent is not None:
            self.refresh_waits()
            runner.lent, runner.working = self._lent.lent, self.owners.calling
        if isinstance(runner, CommandPipeline):
            runner.prefix = self.containment.commands(self.server).prefix
        elif spec.in_process:
            self.containment.audit()
        else:
            self.containment.stands_outside(served=spec.serves)
        return runner

    def _reference(self, session: BackendSession) -> Runner:
        target = ReferenceWorker(
            gateway_requests(self._gateway, "pipeline", session.clock),
            base_url=session.base_url,
            token=RUN_TOKEN,
            wait=session.clock.advance,
            version=session.config.sent_version,
        )
        return PythonPipeline(target, name=REFERENCE, time_limit=self._time_limit, watchdog=self.watch.watchdog)

    @property
    def _time_limit(self) -> float:
        return self.options.time_limit or DEFAULT_TIME_LIMIT

    def middleware(self, clock: MovingClock) -> Sequence[Middleware]:
        """Return the middleware for a pipeline that waits by a clock of its own; the scenario's clock follows it.

        The reference pipeline waits by the scenario's clock, and needs none.
        """
        if self.is_reference:
            return ()
        watch: tuple[Middleware, ...] = () if self.in_process else (self._idle.middleware,)
        if self.options.against == CASSETTE:
            watch = (without_waiting, *watch)
        if isinstance(clock, WallClock):
            return watch
        # Code in this process waits for a moment only; what is outside is told to wait for none in a replay.
        scale = 0.0 if self._plays and not self.in_process else self.options.time_scale
        return (*watch, TimeScale(clock, scale).middleware)

    def until_idle(self, hear: Callable[[], Answer]) -> tuple[Answer, bool]:
        """Have a service take a notification, and wait until it has done what it does about it."""
        return self._idle.around(hear, self._time_limit)
