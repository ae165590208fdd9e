"""One scenario from given to then: its people, its pipeline, its claims, its session at the gateway, its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Final

from harness.client import IntercomClient
from harness.containment.attempts import Attempt
from harness.core.clock import ManualClock, MovingClock
from harness.core.errors import NotModelled, NotPossibleHere, Problem
from harness.core.http import Exchange
from harness.core.people import Person
from harness.core.tokens import RUN_TOKEN
from harness.gateway import Gateway, GatewaySession, Middleware
from harness.gateway.middleware.request_barrier import RequestBarrier
from harness.gateway.middleware.traffic_log import BackendTrafficLog
from harness.people import People
from harness.pipeline import Answer, PipelineUnderTest
from harness.pipeline.fixture import LacksOperation
from harness.runner.backend_session import BackendSession
from harness.runner.case import Case, ScenarioResult
from harness.runner.containment_session import GotOut
from harness.runner.controls import BETWEEN_STEPS, Faults, Intercom, VersionNotSupported, Webhooks, received
from harness.runner.pipeline_session import PipelineSession
from harness.runner.wiring import NOTIFICATIONS, fault_table, gateway_requests, unread_fields
from harness.verification import Claim, NotProved, Verdict, Verify

NOT_PLAYED: Final = (LacksOperation, VersionNotSupported, NotPossibleHere, NotModelled)
"""Why a scenario is not played with a pipeline, a version or a backend."""


class Scenario:
    """What the fixtures of one scenario work on: its people, pipeline and claims, and what goes wrong on purpose.

    session: the backend that it is played with. engaged: the pipeline of the run.
    """

    pipeline: PipelineUnderTest
    ended: ScenarioResult
    """What came of it, once it was played."""

    def __init__(self, case: Case, gateway: Gateway, session: BackendSession, engaged: PipelineSession) -> None:
        self.case = case
        self._gateway, self.session, self._engaged = gateway, session, engaged
        engaged.containment.begin()
        self._attempts: Sequence[Attempt] = ()
        self._first = gateway.log.count
        self._started = time.monotonic()
        requests = gateway_requests(gateway, "harness", session.clock)
        client = IntercomClient(requests, token=session.token, base_url=session.base_url)
        source = session.people()
        if engaged.lives_on:
            engaged.definitions.bring_into(source.workspace)
        self.people = People(
            client, source.traits, source.visitors, source.workspace.merge_users if source.workspace else None
        )
        self._faults = fault_table(session.clock, session.backend.operation)
        self.faults = Faults(self._faults)
        self.intercom = Intercom(session.config.sent_version, source.workspace, session.subscriber)
        self.webhooks = Webhooks(session.clock, lambda: client.get(NOTIFICATIONS).answer["data"], gateway.tell)
        self._barrier = RequestBarrier()
        self.close_given: Callable[[], None] = self._close_given
        """Called once, when the given is over: makes the bystanders and reads everyone."""
        self.outside_of_log: Sequence[Middleware] = ()
        """Middleware that changes what the pipeline asks, before it is logged; set before the scenario is opened."""
        self.outermost: Sequence[Middleware] = ()
        """Middleware around all other; set before the scenario is opened."""
        self.teaches = True
        """Whether tags and attributes that the pipeline defines are there in the scenarios that follow."""
        self._traffic = BackendTrafficLog(session.config.step, session.clock.now) if session.test_app else None
        self.verify = Verify(
            client,
            self,
            may_write=engaged.declared.may_write,
            may_print=engaged.declared.may_print,
        )

    @property
    def clock(self) -> MovingClock:
        """The time of this scenario; it stands still until the harness or the pipeline waits."""
        return self.session.clock

    @contextmanager
    def open(self) -> Iterator[None]:
        """Play the scenario within this block: the gateway leads every request to its backend."""
        with self._gateway.on(self._gateway_session()):
            self.pipeline = PipelineUnderTest(
                self._engaged.runner(self.session, self.case),
                self._begin_when,
                self._together,
                self.session.tape.polling,
                self.session.before_job,
                self._engaged.until_idle,
                self._engaged.declared,
            )
            self.pipeline.before_again = self._look_between
            self.people.before_archiving = self.verify.remember
            self.webhooks.begin = self.pipeline.begin
            self.webhooks.reads = self.pipeline.reads_of_webhooks
            try:
                yield
            finally:
                if self.teaches:
                    self._engaged.definitions.learn(self.asked)

    def _gateway_session(self) -> GatewaySession:
        session, traffic = self.session, (self._traffic.middleware,) if self._traffic else ()
        pace = self._engaged.middleware(session.clock)
        adversity = (self._barrier.middleware, *pace, self._faults.middleware, self.webhooks.middleware)
        return GatewaySession(
            session.backend,
            (*self.outermost, *adversity, *traffic, *session.middleware, *session.tape.middleware),
            token=None if session.test_app else session.token,
            intercom_version=session.config.intercom_version,
            name=self.case.name,
            accepts=RUN_TOKEN if self._engaged.options.strict_token else None,
            step=session.config.step,
            unread=unread_fields,
            blocks=lambda: self._barrier.may_block or bool(self.webhooks.unfired),
            receiver=lambda notification: received(self.pipeline.hear(notification)),
            notification_middleware=session.tape.notification_middleware,
            outside_of_log=self.outside_of_log,
        )

    @contextmanager
    def _together(self, workers: int) -> Iterator[None]:
        """Open a block in which several workers ask at once, and what they ask comes in no order."""
        in_no_order = self.session.tape.parallel or (self._traffic.parallel if self._traffic else nullcontext)
        with in_no_order(), self._barrier.of(workers):
            yield

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """Everything that passed the gateway in this scenario."""
        return self._gateway.log.since(self._first)

    @property
    def everyone(self) -> Sequence[Person]:
        """All people of the scenario."""
        return self.people.everyone

    @property
    def bystanders(self) -> Sequence[Person]:
        """Those of them who must stay as they are."""
        return self.people.bystanders

    @property
    def answers(self) -> Sequence[Answer]:
        """What the pipeline returned so far."""
        return self.pipeline.answers

    @property
    def asked(self) -> Sequence[Exchange]:
        """The exchanges of the pipeline so far."""
        return [exchange for exchange in self.exchanges if exchange.request.caller == "pipeline"]

    @contextmanager
    def playing(self, *run_ends: type[BaseException]) -> Iterator[None]:
        """Call the scenario's function within this block; what must hold at its end counts as part of it.

        run_ends: exceptions that end the whole run, and are raised whatever else is found.

        Raises: one of `NOT_PLAYED`, `NotProved`, a `Problem`, or what the function raised, whichever explains most.
        """
        error: BaseException | None = None
        try:
            yield
            self.finish(passed=True)
        except NOT_PLAYED:
            raise
        except BaseException as caught:
            error = caught
            # A request that a cassette could not answer explains more than what became of it.
            try:
                self.finish(passed=False)
            except Exception as cause:
                error = cause
                if not isinstance(caught, run_ends):
                    raise cause from caught
            raise
        finally:
            self.ended = self.result(error)

    @property
    def not_modelled(self) -> Sequence[str]:
        """The operations that the pipeline asked for and the sandbox lacks, each once."""
        return list(dict.fromkeys(exchange.operation for exchange in self.asked if exchange.not_modelled))

    def finish(self, *, passed: bool) -> None:
        """Conclude the scenario.

        Raises: `NotProved` where nothing was claimed or something was declared in vain, `NotModelled` where the
        pipeline used what the sandbox lacks, and the `Problem` of a backend, a recording or a replay.
        """
        self.pipeline.check_awaited()
        self._attempts = self._engaged.containment.new_attempts()
        if passed:
            self._check()
        accepted = self._engaged.options.configuration.accept_not_modelled
        lacking = [name for name in self.not_modelled if name not in accepted]
        # What pytest takes for passed may hold a refuted claim: in `pytest.raises`, in a subtest.
        proved = passed and self.verify.verdict is Verdict.PROVED
        self.session.conclude(passed=proved and not lacking, people=self.people)
        if passed and self._attempts:
            raise GotOut(self._attempts)
        if proved and lacking:
            raise NotModelled(lacking)

    def _check(self) -> None:
        if not self.verify.claims:
            raise NotProved(
                [Claim("the scenario claims something", Verdict.REFUTED, "a claim", "none", likely=_NO_CLAIM)]
            )
        if unused := self.verify.unused_permissions:
            names = ", ".join(sorted(unused))
            found = f"nothing needed {names}"
            raise NotProved(
                [Claim("every permission to write was needed", Verdict.REFUTED, names, found, likely=_UNUSED)]
            )

        if unfired := self.faults.unfired:
            text, found = "every armed fault fired", ", ".join(f"{fault} of {fault.operation}" for fault in unfired)
            raise NotProved([Claim(text, Verdict.REFUTED, "at least once", f"never: {found}", likely=_UNFIRED)])
        if never := self.webhooks.unfired:
            text, found = "every webhook that was to come early came", f"never: {', '.join(never)}"
            raise NotProved([Claim(text, Verdict.REFUTED, "before an answer", found, likely=_UNFIRED)])

    def result(self, error: BaseException | None) -> ScenarioResult:
        """The result, given what the scenario's function raised."""
        claims = list(self.verify.claims)
        if isinstance(error, NotProved):
            claims += [claim for claim in error.claims if claim not in claims]
        verdict = self.verify.verdict if error is None or isinstance(error, NotProved) else Verdict.UNKNOWN
        refuting = isinstance(error, Problem) and error.refutes
        if refuting or (isinstance(error, NotProved) and verdict is Verdict.PROVED):
            verdict = Verdict.REFUTED
        return ScenarioResult(
            self.case,
            verdict,
            claims,
            self.answers,
            self.exchanges,
            tuple(self.verify.additions),
            time.monotonic() - self._started,
            trouble=self._said_of(error),
            problem=str(error) if isinstance(error, Problem) and not error.refutes else "",
            conversions=tuple(self.verify.conversions),
            reached=self._traffic,
            not_modelled=tuple(self.not_modelled),
            ends_run=isinstance(error, Problem) and error.ends_run,
        )

    def _said_of(self, error: BaseException | None) -> str:
        """Return what went wrong beside the claims, attempts to get out among it."""
        said = [] if error is None or isinstance(error, NotProved) else [_trouble(error)]
        if self._attempts and not isinstance(error, GotOut):
            said.append(str(GotOut(self._attempts)))
        return "\n".join(filter(None, said))

    def _begin_when(self) -> None:
        """Close the given: everyone is read before the pipeline's first request."""
        self.close_given()
        if isinstance(self.clock, ManualClock):
            self.clock.advance(BETWEEN_STEPS)
        self.intercom.begin()
        self.session.config.step.reach("when")

    def _close_given(self) -> None:
        self.people.close()
        self.verify.look_before()

    def _look_between(self) -> None:
        """Read everyone before a call comes once more that did its work."""
        self.session.config.step.reach("then")
        self.verify.look_between()
        self.session.config.step.reach("when")

    def begin_then(self) -> None:
        """End the pipeline's part: from here on the harness reads by itself."""
        self.webhooks.settle()
        self.intercom.end()
        self.session.config.step.reach("then")
        self.intercom.heard(exchange.request.headers.get("intercom-version", "") for exchange in self.asked)


def _trouble(error: BaseException | None) -> str:
    """What went wrong beside the claims, in words."""
    if error is None or (isinstance(error, Problem) and not error.refutes):
        return ""
    return str(error) if isinstance(error, Problem) else f"{type(error).__name__}: {error}"


_NO_CLAIM = (
    "the scenario ended without verify.…: a scenario that claims nothing proves nothing; plain asserts say nothing of "
    "Intercom, so add a claim after the call, for example verify.became_lead(visitor)"
)
_UNUSED = "the permission was given for a change that does not happen: remove it"
_UNFIRED = "the pipeline never asked for this, or not often enough: what was to be shown was not shown"
