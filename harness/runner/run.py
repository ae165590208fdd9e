"""One run: a pipeline, a backend and any number of scenarios, wired together.

The base URL and token that a pipeline sees are the same for the whole run and are set before it is imported or started;
each scenario gets a workspace of its own behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests

from harness.cassette import NetworkGuard
from harness.client import NEWEST_VERSION, IntercomClient
from harness.config import load as settings_in
from harness.core.clock import ManualClock, MovingClock, WallClock
from harness.core.errors import Problem
from harness.core.http import Caller
from harness.core.tokens import RUN_TOKEN
from harness.gateway import Gateway, GatewaySession, Middleware
from harness.gateway.clients.adapter import GatewayAdapter
from harness.gateway.middleware.idle import IdleDetector
from harness.gateway.middleware.request_barrier import RequestBarrier
from harness.gateway.middleware.time_scale import TimeScale, without_waiting
from harness.people import People
from harness.pipeline import PipelineUnderTest, Runner
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, Answer, Operation
from harness.pipeline.python_object import PythonPipeline
from harness.pipeline.reference_worker import ReferenceWorker
from harness.pipeline.watchdog import Watchdog
from harness.runner.backend_session import BackendSession, CurrentStep, SessionConfig
from harness.runner.controls import Faults, Intercom, Webhooks, received
from harness.runner.pipeline_session import REFERENCE, PipelineSession
from harness.runner.scenario import Case, Scenario, end_process
from harness.runner.session_config import RunOptions, check_options
from harness.runner.taped_session import open_backend_session, path_of
from harness.runner.test_app_wiring import LazyTestApp
from harness.runner.unused import UnusedDeclarations, orphans, varying
from harness.runner.wiring import NOTIFICATIONS, fault_table, unread_fields
from harness.verification import Verify

if TYPE_CHECKING:
    from harness.runner.test_app_wiring import GuardedApp

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
        self.on_stuck: Callable[[Case, Answer, int], object] = end_process
        """Called on another thread if a call can neither end nor be interrupted; it has to end the process."""
        self.on_call: Callable[[Case, Operation, float], object] = lambda case, operation, given_up: None
        """Called when a call of a Python pipeline begins, with the time at which it is given up; with 0 at its end."""
        self.standard_error = 2
        """The file descriptor that a person reads, whatever is captured."""
        self._watchdog = Watchdog()
        self._clock: MovingClock = ManualClock()
        self.gateway = Gateway(self._clock)
        self._stack = ExitStack()
        self.test_app = LazyTestApp(self._stack, RUN_TOKEN, open_test_app)
        self._guard = NetworkGuard()
        self._quiet = IdleDetector()
        self.engagement = self._engage()
        self._needed: set[str] = set()
        self._settings = settings_in(options.root)

    def wanted_version(self, case: Case) -> str | None:
        """The API version that was asked for this case; `None` where the pipeline's own header counts."""
        return case.intercom_version or self.options.intercom_version

    def sent_version(self, case: Case) -> str:
        """The API version of the pipeline's requests; empty where only the pipeline knows."""
        return self.wanted_version(case) or (NEWEST_VERSION if self.engagement.is_reference else "")

    def cassette_of(self, case: Case) -> Path:
        """Where the cassette of a case lies."""
        return path_of(case, self._order(case))

    def remains(self, cases: Sequence[Case], *, whole: bool) -> UnusedDeclarations:
        """What these cases left over; `whole` where they are all there are."""
        # What a TEST app cannot stage may be what a permission is for.
        judged = whole and self.options.against != "test-app"
        permitted = self.engagement.declared.permissions
        found = (
            UnusedDeclarations(permitted=permitted, needed=frozenset(self._needed)) if judged else UnusedDeclarations()
        )
        return found.and_(self._left_of_the_replay(cases, whole=whole)) if self.options.against == "cassette" else found

    def _left_of_the_replay(self, cases: Sequence[Case], *, whole: bool) -> UnusedDeclarations:
        modules = {case.node_id.partition("::")[0] for case in cases}
        played = [self.cassette_of(case) for case in cases]
        found = orphans(self.options.cassettes, self.engagement.name, played, modules, self.options.root)
        return found.and_(varying(self.engagement.declared.varying)) if whole else found

    def _engage(self) -> PipelineSession:
        # The credentials of a TEST app are read before the pipeline's code may look for them.
        first = self.test_app if self.options.against == "test-app" else lambda: None
        try:
            return PipelineSession(self.options, self.gateway, self._stack, first)
        except Problem:
            self.close()
            raise

    def close(self) -> None:
        """Stop what was started."""
        self._stack.close()

    def _reference(self, case: Case, base_url: str) -> Runner:
        target = ReferenceWorker(
            self._session("pipeline"),
            base_url=base_url,
            token=RUN_TOKEN,
            wait=self._wait,
            version=self.sent_version(case),
        )
        limit = self.options.time_limit or DEFAULT_TIME_LIMIT
        return PythonPipeline(target, name=REFERENCE, time_limit=limit, watchdog=self._watchdog)

    def _wait(self, seconds: float) -> None:
        """Let time pass by the clock of whatever scenario is open."""
        self._clock.advance(seconds)

    def _session(self, caller: Caller) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        adapter = GatewayAdapter(self.gateway, caller, self._wait)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    # --- a scenario -------------------------------------------------------------------------------

    @contextmanager
    def scenario(self, case: Case) -> Iterator[Scenario]:
        """Open a scenario's stage, hand the scenario out, and close the stage again."""
        step = CurrentStep()
        with open_backend_session(case, self._order(case), step, self._guard) as backstage:
            self._clock = self.gateway.clock = backstage.clock
            faults = fault_table(backstage.clock, backstage.backend.operation)
            meeting = RequestBarrier()
            client = IntercomClient(self._session("harness"), token=backstage.token, base_url=backstage.base_url)
            webhooks = Webhooks(backstage.clock, lambda: client.get(NOTIFICATIONS).answer["data"], self.gateway.tell)
            circumstances = (meeting.layer, *self._pace(backstage), faults.layer, webhooks.layer)
            session = GatewaySession(
                backstage.backend,
                (*circumstances, *backstage.middleware),
                token=None if backstage.tokens_stay else backstage.token,
                intercom_version=self.wanted_version(case),
                name=case.name,
                accepts=RUN_TOKEN if self.options.strict_token else None,
                step=step,
                unread=unread_fields,
                blocks=lambda: meeting.may_block or bool(webhooks.unfired),
                receiver=lambda notification: received(scenario.pipeline.hear(notification)),
                notification_middleware=backstage.notification_middleware,
            )
            workspace = backstage.workspace
            people = People(client, backstage.traits, backstage.origin, workspace.merge_users if workspace else None)
            runner = self.engagement.runner() or self._reference(case, backstage.base_url)
            if isinstance(runner, PythonPipeline):
                runner.watchdog.last_words = self.standard_error
                runner.stuck = lambda answer: self.on_stuck(case, answer, self.standard_error)
                runner.watched = lambda operation, given_up: self.on_call(case, operation, given_up)
            with self.gateway.on(session):
                scenario = Scenario(
                    case,
                    gateway=self.gateway,
                    step=step,
                    people=people,
                    make_pipeline=lambda begin: PipelineUnderTest(
                        runner,
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

    def _order(self, case: Case) -> SessionConfig:
        return SessionConfig(
            against=self.options.against,
            record=self.options.record,
            cassettes=self.options.cassettes,
            pipeline=self.engagement.name,
            pipeline_spec=self.engagement.spec,
            intercom_version=self.wanted_version(case),
            sent_version=self.sent_version(case),
            workspace=self.options.workspace,
            seed=self.options.seed,
            ports=self.engagement.ports,
            test_app=self.test_app if self.options.against == "test-app" else None,
            secrets=[secret.reveal() for secret in self._settings.secrets],
            varying=self.engagement.declared.varying,
            may_replace=self.options.record_in_ci or not self._settings.ci,
            show=self.options.show,
        )

    def _intercom(self, case: Case, backstage: BackendSession) -> Intercom:
        version, workspace = self.sent_version(case), backstage.workspace
        if workspace is None:
            return Intercom(version)
        listening = [backstage.subscriber] if backstage.subscriber else []
        return Intercom(version, workspace.settings, workspace.update_settings, *listening)

    def _pace(self, backstage: BackendSession) -> Sequence[Middleware]:
        """The reference pipeline waits by the scenario's clock; any other waits by its own, and the clock follows."""
        if self.engagement.is_reference:
            return ()
        watch: tuple[Middleware, ...] = () if self.engagement.in_process else (self._quiet.layer,)
        if self.options.against == "cassette":
            watch = (without_waiting, *watch)
        if isinstance(backstage.clock, WallClock):
            return watch
        return (*watch, TimeScale(backstage.clock, self.options.time_scale).layer)

    def _work_done(self, hear: Callable[[], Answer]) -> tuple[Answer, bool]:
        """Have a service told something, and wait until it has done what it does about it."""
        return self._quiet.around(hear, self.options.time_limit or DEFAULT_TIME_LIMIT)

    def _verify(self, client: IntercomClient, scenario: Scenario) -> Verify:
        return Verify(
            client,
            people=scenario.everyone,
            answers=lambda: scenario.pipeline.answers,
            asked=scenario.asked,
            begin_then=scenario.begin_then,
            bystanders=lambda: scenario.people.bystanders,
            may_write=self.engagement.declared.may_write,
            may_print=self.engagement.declared.may_print,
        )


def _both(
    meeting: Callable[[int], AbstractContextManager[None]], parallel: Callable[[], AbstractContextManager[None]]
) -> Callable[[int], AbstractContextManager[None]]:
    @contextmanager
    def together(workers: int) -> Iterator[None]:
        with parallel(), meeting(workers):
            yield

    return together
