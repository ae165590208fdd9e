"""One run: a pipeline, a backend and any number of scenarios, wired together.

The base URL and token that a pipeline sees are the same for the whole run and are set before it is imported or started;
each scenario gets a workspace of its own behind them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests

from harness.app import NOTIFICATIONS, TokenWatch, enclosed, fault_table, unread_fields
from harness.backstage import RUN_TOKEN, Backstage, Order, backstage_for, path_of
from harness.cassette import NetworkGuard
from harness.circumstances import RUN_SECRET, Faults, Intercom, Webhooks
from harness.client import NEWEST_VERSION, IntercomClient
from harness.clock import ManualClock, MovingClock, WallClock
from harness.exchange import Lane, Outcome, Request, Step
from harness.gateway import Gateway, Layer, Stage
from harness.gateway.adapter import GatewayAdapter
from harness.gateway.pace import Pace, without_waiting
from harness.gateway.quiet import Quiet
from harness.gateway.rendezvous import Rendezvous
from harness.guarded import OnDemand
from harness.options import RunOptions, check_options
from harness.people import People
from harness.pipeline import PipelineSpec, PipelineUnderTest, Runner, load_pipeline
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, OPERATIONS, Answer
from harness.pipeline.commands import CommandPipeline
from harness.pipeline.declared import Declared
from harness.pipeline.environment import production_credentials, python_environment
from harness.pipeline.fixture import hears_webhooks, lacks
from harness.pipeline.python_object import PythonPipeline
from harness.pipeline.reference_worker import ReferenceWorker
from harness.problems import Problem
from harness.remains import Remains, orphans, varying
from harness.scenario import Case, Scenario
from harness.settings import load as settings_in
from harness.verification import Verify

if TYPE_CHECKING:
    from harness.cassette import VaryingFields
    from harness.gateway.server import Server
    from harness.guarded import GuardedApp
    from harness.pipeline.enclosure import Enclosure
    from harness.pipeline.environment import Way

REFERENCE: Final = "reference"
LIVE_TIME_LIMIT: Final = 150.0
"""Seconds that a pipeline may take where time really passes: a lost answer is waited for, and a rate limit too."""


class Run:
    """Holds what scenarios share: the gateway, the pipeline, and the server that a pipeline outside needs."""

    def __init__(
        self, options: RunOptions, open_test_app: Callable[[], AbstractContextManager[GuardedApp]] | None = None
    ) -> None:
        check_options(options)
        if options.against == "test-app" and options.time_limit is None:
            options = replace(options, time_limit=LIVE_TIME_LIMIT)
        self.options = options
        self._clock: MovingClock = ManualClock()
        self.gateway = Gateway(self._clock)
        self._stack = ExitStack()
        self.test_app = OnDemand(self._stack, RUN_TOKEN, open_test_app)
        self._guard = NetworkGuard()
        self._quiet = Quiet()
        self._server: Server | None = None
        self._enclosure: Enclosure | None = None
        self._way: Way | None = None
        self._tokens = TokenWatch(dict(os.environ))
        self._hidden = production_credentials(os.environ) if options.pipeline else []
        self._spec: PipelineSpec | None = None
        self._spec = self._load()
        self._needed: set[str] = set()
        if options.port:
            _ = self.server
        self._settings = settings_in(options.root)

    @property
    def pipeline_name(self) -> str:
        """The pipeline's name, as cassettes and reports show it."""
        return self._spec.name if self._spec else REFERENCE

    @property
    def _pipeline_spec(self) -> str:
        """Which pipeline of its name, the same on every machine: a file is told from the project's folder on."""
        spec = self.options.pipeline or ""
        if not spec.endswith(".toml"):
            return spec
        root, path = self.options.root.resolve(), Path(spec).resolve()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name

    def wanted_version(self, case: Case) -> str | None:
        """The API version that was asked for this case; `None` where the pipeline's own header counts."""
        return case.intercom_version or self.options.intercom_version

    def sent_version(self, case: Case) -> str:
        """The API version of the pipeline's requests; empty where only the pipeline knows."""
        return self.wanted_version(case) or ("" if self._spec else NEWEST_VERSION)

    @property
    def varying(self) -> VaryingFields | None:
        """The fields that the pipeline declared to differ by nature, the same for all scenarios."""
        return self._declared.varying

    @property
    def _declared(self) -> Declared:
        return self._spec.declared if self._spec else Declared()

    def listens_on(self, port: object) -> bool:
        """Whether a port is one that this run opened, or the pipeline's own service's."""
        theirs = self._spec.ports if self._spec else ()
        return port in theirs or (self._server is not None and self._server.port == port)

    def cassette_of(self, case: Case) -> Path:
        """Where the cassette of a case lies."""
        return path_of(case, self._order(case))

    def remains(self, cases: Sequence[Case], *, whole: bool) -> Remains:
        """What these cases left over; `whole` where they are all there are."""
        # What a TEST app cannot stage may be what a permission is for.
        judged = whole and self.options.against != "test-app"
        found = Remains(permitted=self._declared.permissions, needed=frozenset(self._needed)) if judged else Remains()
        return found.and_(self._left_of_the_replay(cases, whole=whole)) if self.options.against == "cassette" else found

    def _left_of_the_replay(self, cases: Sequence[Case], *, whole: bool) -> Remains:
        modules = {case.node_id.partition("::")[0] for case in cases}
        played = [self.cassette_of(case) for case in cases]
        found = orphans(self.options.cassettes, self.pipeline_name, played, modules, self.options.root)
        return found.and_(varying(self.varying)) if whole else found

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of this run beside its verdicts."""
        hidden = [
            f"{name} looks like a credential of a real workspace: the pipeline did not see it" for name in self._hidden
        ]
        done = "refused" if self.options.strict_token else "replaced by the sandbox's"
        seen = sorted(self._tokens.seen)
        brought = [f"the pipeline brought a token of its own ({how}), which was {done}" for how in seen]
        return [*hidden, *brought, *([f"isolation: {self.isolation}"] if self.isolation else [])]

    def _heed(self, request: Request) -> Outcome:
        self._tokens(request)
        return self.gateway.handle(request)

    def close(self) -> None:
        """Stop what was started."""
        self._stack.close()
        self._server = None

    # --- the pipeline -----------------------------------------------------------------------------

    def _load(self) -> PipelineSpec | None:
        spec = self.options.pipeline
        if spec is None:
            return None
        if not spec.endswith(".toml"):
            # A Python pipeline may read its base URL and token while it is imported, or name Intercom's own host.
            from harness.gateway.patched import patched_clients

            if self.options.against == "test-app":
                self.test_app()  # its credentials are read before the pipeline's code may look for them
            self._stack.enter_context(python_environment(self.server.url, RUN_TOKEN, RUN_SECRET))
            self._stack.enter_context(patched_clients(self._heed, self.gateway.turn_away))
        try:
            found = load_pipeline(spec)
        except Problem:
            self.close()
            raise
        self._stack.callback(found.close)
        return found

    @property
    def server(self) -> Server:
        """The loopback server, started when it is first needed."""
        if self._server is None:
            from harness.gateway.authority import Authority
            from harness.gateway.server import Server

            authority = Authority()
            server = Server(self.gateway, port=self.options.port, authority=authority, watch=self._tokens)
            self._server = self._stack.enter_context(server)
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-"))
            from harness.app import way_to

            self._way = way_to(self._server, RUN_TOKEN, authority, Path(folder), secret=RUN_SECRET)
        return self._server

    def _environment(self) -> Mapping[str, str]:
        from harness.pipeline.environment import command_environment

        _ = self.server
        assert self._way is not None
        return command_environment(os.environ, self._way)

    def lacking(self, names: Iterable[str]) -> str | None:
        """Why a scenario that names these operations is not run: the pipeline declares that it lacks one of them."""
        if self._spec is None:
            return None
        runner = self._spec.start(self._environment, self.options.time_limit)
        wanted = frozenset(names)
        if "webhook" in wanted and not hears_webhooks(runner):
            return lacks(runner.name, "webhook")
        lacked = [operation for operation in OPERATIONS if operation in runner.without & wanted]
        return lacks(runner.name, lacked[0]) if lacked else None

    def _runner(self, case: Case, base_url: str) -> Runner:
        if self._spec is not None:
            runner = self._spec.start(self._environment, self.options.time_limit)
            if isinstance(runner, CommandPipeline) and self.options.against == "cassette":
                runner.prefix = self._enclosed().prefix
            return runner
        target = ReferenceWorker(
            self._session("pipeline"),
            base_url=base_url,
            token=RUN_TOKEN,
            wait=self._wait,
            version=self.sent_version(case),
        )
        return PythonPipeline(target, name=REFERENCE, time_limit=self.options.time_limit or DEFAULT_TIME_LIMIT)

    def _enclosed(self) -> Enclosure:
        """Where the commands of a replay run."""
        if self._enclosure is None:
            self._enclosure = self._stack.enter_context(enclosed(self.server))
        return self._enclosure

    @property
    def isolation(self) -> str:
        """What kept a replay from the network; empty where nothing was replayed."""
        if self.options.against != "cassette":
            return ""
        own = "this process reaches only the ports that the harness opened"
        if self._spec is None or self._spec.in_process:
            return own
        if self._enclosure is None:
            if self._spec.serves:
                return f"{own}; the pipeline's service has proxy, certificates and preloads"
            return f"{own}; the pipeline's own service stands outside, and nothing here keeps it from the network"
        return f"{own}; its commands have proxy, certificates and preloads, and {self._enclosure.told}"

    def _wait(self, seconds: float) -> None:
        """Let time pass by the clock of whatever scenario is open."""
        self._clock.advance(seconds)

    def _session(self, lane: Lane) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        adapter = GatewayAdapter(self.gateway, lane, self._wait)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    # --- a scenario -------------------------------------------------------------------------------

    @contextmanager
    def scenario(self, case: Case) -> Iterator[Scenario]:
        """Open a scenario's stage, hand the scenario out, and close the stage again."""
        with backstage_for(case, self._order(case), self._where, self._guard) as backstage:
            self._clock = self.gateway.clock = backstage.clock
            faults = fault_table(backstage.clock, backstage.operation)
            meeting = Rendezvous()
            client = IntercomClient(self._session("harness"), token=backstage.token, base_url=backstage.base_url)
            webhooks = Webhooks(backstage.clock, lambda: client.get(NOTIFICATIONS).answer["data"], self.gateway.tell)
            circumstances = (meeting.layer, *self._pace(backstage), faults.layer, webhooks.layer)
            stage = self._stage(case, backstage, circumstances)
            stage.blocks = lambda: meeting.may_block or bool(webhooks.unfired)
            workspace = backstage.workspace
            people = People(client, backstage.traits, backstage.origin, workspace.merge_users if workspace else None)
            with self.gateway.on(stage):
                scenario = Scenario(
                    case,
                    gateway=self.gateway,
                    stage=stage,
                    people=people,
                    make_pipeline=lambda begin: PipelineUnderTest(
                        self._runner(case, backstage.base_url),
                        begin,
                        _both(meeting.of, backstage.parallel),
                        backstage.polling,
                        backstage.before_job,
                        self._work_done,
                    ),
                    make_verify=lambda scenario: self._verify(client, scenario),
                    conclude=lambda passed: backstage.conclude(passed, people),
                    clock=backstage.clock,
                    faults=Faults(faults),
                    intercom=self._intercom(case, backstage),
                    webhooks=webhooks,
                    reached=backstage.reached,
                )
                yield scenario
                self._needed |= scenario.verify.used_permissions

    def _order(self, case: Case) -> Order:
        return Order(
            against=self.options.against,
            record=self.options.record,
            cassettes=self.options.cassettes,
            pipeline=self.pipeline_name,
            pipeline_spec=self._pipeline_spec,
            intercom_version=self.wanted_version(case),
            sent_version=self.sent_version(case),
            workspace=self.options.workspace,
            seed=self.options.seed,
            ports=_Ports(self),
            test_app=self.test_app if self.options.against == "test-app" else None,
            secrets=[secret.reveal() for secret in self._settings.secrets],
            varying=self.varying,
            may_replace=self.options.record_in_ci or not self._settings.ci,
            show=self.options.show,
        )

    def _where(self) -> Step | None:
        return self.gateway.stage.step if self.gateway.stage else None

    def _intercom(self, case: Case, backstage: Backstage) -> Intercom:
        version, workspace = self.sent_version(case), backstage.workspace
        if workspace is None:
            return Intercom(version)
        listening = [backstage.subscriber] if backstage.subscriber else []
        return Intercom(version, workspace.settings, workspace.update_settings, *listening)

    def _pace(self, backstage: Backstage) -> Sequence[Layer]:
        """The reference pipeline waits by the scenario's clock; any other waits by its own, and the clock follows."""
        if self._spec is None:
            return ()
        watch: tuple[Layer, ...] = () if self._spec.in_process else (self._quiet.layer,)
        if self.options.against == "cassette":
            watch = (without_waiting, *watch)
        if isinstance(backstage.clock, WallClock):
            return watch
        return (*watch, Pace(backstage.clock, self.options.time_scale).layer)

    def _work_done(self, hear: Callable[[], Answer]) -> tuple[Answer, bool]:
        """Have a service told something, and wait until it has done what it does about it."""
        return self._quiet.around(hear, self.options.time_limit or DEFAULT_TIME_LIMIT)

    def _stage(self, case: Case, backstage: Backstage, circumstances: Sequence[Layer]) -> Stage:
        return Stage(
            backstage.backend,
            (*circumstances, *backstage.layers),
            token=None if backstage.tokens_stay else backstage.token,
            intercom_version=self.wanted_version(case),
            quick=backstage.quick,
            step="given",
            name=case.name,
            operation=backstage.operation,
            unread=unread_fields,
            accepts=RUN_TOKEN if self.options.strict_token else None,
            tellers=backstage.tellers,
        )

    def _verify(self, client: IntercomClient, scenario: Scenario) -> Verify:
        return Verify(
            client,
            people=scenario.everyone,
            answers=lambda: scenario.pipeline.answers,
            asked=scenario.asked,
            begin_then=scenario.begin_then,
            bystanders=lambda: scenario.people.bystanders,
            may_write=self._declared.may_write,
            may_print=self._declared.may_print,
        )


def _both(
    meeting: Callable[[int], AbstractContextManager[None]], parallel: Callable[[], AbstractContextManager[None]]
) -> Callable[[int], AbstractContextManager[None]]:
    @contextmanager
    def together(workers: int) -> Iterator[None]:
        with parallel(), meeting(workers):
            yield

    return together


class _Ports(Container[int]):
    def __init__(self, run: Run) -> None:
        self._run = run

    def __contains__(self, port: object) -> bool:
        return self._run.listens_on(port)
