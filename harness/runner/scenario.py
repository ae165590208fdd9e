"""One scenario from given to then: its stage at the gateway, its people, its pipeline, its claims, its result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.clock import ManualClock, MovingClock
from harness.core.errors import Problem
from harness.core.http import Exchange
from harness.core.people import Person
from harness.gateway import Gateway
from harness.gateway.middleware.traffic_log import BackendTrafficLog
from harness.people import People
from harness.pipeline import Answer, PipelineUnderTest
from harness.runner.backend_session import CurrentStep
from harness.runner.controls import BETWEEN_STEPS, Faults, Intercom, Webhooks
from harness.verification import Claim, Conversion, NotProved, Verdict, Verify


@dataclass(frozen=True, slots=True)
class Case:
    """Which scenario this is: its module, its name with parameters, and its title."""

    module: str
    name: str
    title: str
    node_id: str = ""
    path: Path = Path()
    """The scenario module's file, by whose text a cassette knows that it is older."""
    intercom_version: str = ""
    """Told where a run compares several versions; no part of the name."""


@dataclass(slots=True)
class ScenarioResult:
    """What came of one scenario, for reports. `problem` says why it could not run, `skipped` why it was not run."""

    case: Case
    verdict: Verdict
    claims: Sequence[Claim] = ()
    answers: Sequence[Answer] = ()
    exchanges: Sequence[Exchange] = ()
    additions: Sequence[str] = ()
    seconds: float = 0.0
    trouble: str = ""
    problem: str = ""
    skipped: str = ""
    notes: list[str] = field(default_factory=list)
    conversions: Sequence[Conversion] = ()
    reached: BackendTrafficLog | None = None
    """What reached the backend, where that can be compared with what others would have answered."""


class CallNotInterrupted(Problem):
    """A call that did not end within its time limit, and could not be interrupted either."""

    refutes = True

    def __init__(self, case: Case, answer: Answer) -> None:
        super().__init__(
            f"pipeline.{answer.operation}() never came back in {case.node_id or case.name}",
            evidence=answer.trouble or "",
            why="it is inside a loop or a library that is not written in Python; the run had to end here",
            remedy="look at what the call waits for; a command pipeline (a TOML file) can be ended from outside",
        )


def end_process(case: Case, answer: Answer, to: int) -> None:
    """End this process with 1 and name the scenario whose call can neither end nor be interrupted.

    to: the file descriptor that a person reads.
    """
    os.write(to, f"\nharness: {CallNotInterrupted(case, answer)}\n".encode())
    os._exit(1)


class Scenario:
    """What the three fixtures of one scenario work on."""

    def __init__(
        self,
        case: Case,
        *,
        gateway: Gateway,
        step: CurrentStep,
        people: People,
        make_pipeline: Callable[[Callable[[], None]], PipelineUnderTest],
        make_verify: Callable[[Scenario], Verify],
        conclude: Callable[[bool], None],
        clock: MovingClock,
        faults: Faults,
        intercom: Intercom,
        webhooks: Webhooks,
        reached: BackendTrafficLog | None = None,
    ) -> None:
        self.case = case
        self.people = people
        self._gateway = gateway
        self._step = step
        self.clock = clock
        self.faults = faults
        self.intercom = intercom
        self._conclude = conclude
        self._reached = reached
        self._first = gateway.log.count
        self._started = time.monotonic()
        self.pipeline = make_pipeline(self._begin_when)
        self.verify = make_verify(self)
        self.webhooks = webhooks
        webhooks.begin = self.pipeline.begin

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """Everything that passed the gateway in this scenario."""
        return self._gateway.log.since(self._first)

    def asked(self) -> Sequence[Exchange]:
        """What the pipeline asked for."""
        return [exchange for exchange in self.exchanges if exchange.request.caller == "pipeline"]

    def everyone(self) -> Sequence[Person]:
        """Everybody there is."""
        return self.people.everyone

    def begin_then(self) -> None:
        """The pipeline has been heard; from here on the harness asks by itself."""
        self.webhooks.settle()
        self.intercom.end()
        self._step.step = "then"

    def finish(self, *, passed: bool) -> None:
        """What must hold in the end: something was claimed, nothing was permitted or recorded in vain."""
        if passed:
            self._check()
        self._conclude(passed)

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
            self.pipeline.answers,
            self.exchanges,
            tuple(self.verify.additions),
            time.monotonic() - self._started,
            trouble="" if isinstance(error, NotProved) else _trouble(error),
            problem=str(error) if isinstance(error, Problem) and not error.refutes else "",
            conversions=tuple(self.verify.conversions),
            reached=self._reached,
        )

    def _begin_when(self) -> None:
        self.people.close()
        self.verify.look_before()
        if isinstance(self.clock, ManualClock):
            self.clock.advance(BETWEEN_STEPS)
        self.intercom.begin()
        self._step.step = "when"


def _trouble(error: BaseException | None) -> str:
    """What went wrong beside the claims, in words."""
    if error is None or (isinstance(error, Problem) and not error.refutes):
        return ""
    return str(error) if isinstance(error, Problem) else f"{type(error).__name__}: {error}"


_NO_CLAIM = "the scenario ended without verify.…: a scenario that claims nothing proves nothing"
_UNUSED = "the permission was given for a change that does not happen: remove it"
_UNFIRED = "the pipeline never asked for this, or not often enough: what was to be shown was not shown"
