"""One run: a pipeline, a backend and any number of scenarios, wired together.

The base URL and token that a pipeline sees are the same for the whole run and are set before it is imported or started;
each scenario gets a workspace of its own behind them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests

from harness.client import NEWEST_VERSION, IntercomClient
from harness.clock import ManualClock
from harness.exchange import Handler, Outcome, Request
from harness.gateway import Gateway, Layer, Stage
from harness.gateway.adapter import GatewayAdapter
from harness.people import People, SandboxVisitorOrigin, Traits, VisitorOrigin
from harness.pipeline import PipelineSpec, PipelineUnderTest, Runner, load_pipeline
from harness.pipeline.python_object import PythonPipeline
from harness.pipeline.reference import ReferencePipeline
from harness.problems import Problem
from harness.scenario import Case, Scenario
from harness.verification import Verify

if TYPE_CHECKING:
    from harness.gateway.server import Server

REFERENCE: Final = "reference"
RUN_TOKEN: Final = "sandbox-run"
"""The token that every pipeline sees; the gateway puts the scenario's own workspace behind it."""

DEFAULT_SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line or pytest asked for.

    `against` is `sandbox`, `cassette` or the URL of a running sandbox; `pipeline` is a spec, `None` for the reference.
    """

    against: str = "sandbox"
    record: bool = False
    pipeline: str | None = None
    intercom_version: str | None = None
    cassettes: Path = Path("cassettes")
    workspace: str | None = None
    time_limit: float | None = None
    seed: int = DEFAULT_SEED
    root: Path = field(default_factory=Path.cwd)


class Run:
    """Holds what scenarios share: the gateway, the pipeline, and the server that a pipeline outside needs."""

    def __init__(self, options: RunOptions) -> None:
        check_options(options)
        self.options = options
        self.gateway = Gateway(ManualClock())
        self._server: Server | None = None
        self._spec = self._load()

    # --- the pipeline --------------------------------------------------------------------------------------------------

    @property
    def pipeline_name(self) -> str:
        """The pipeline's name, as cassettes and reports show it."""
        return self._spec.name if self._spec else REFERENCE

    @property
    def intercom_version(self) -> str:
        """The API version that the reference pipeline sends."""
        return self.options.intercom_version or NEWEST_VERSION

    @property
    def may_write(self) -> Sequence[str]:
        """What the pipeline's settings allow it to change."""
        return self._spec.may_write if self._spec else ()

    def _load(self) -> PipelineSpec | None:
        if self.options.pipeline is None:
            return None
        if not self.options.pipeline.endswith(".toml"):
            os.environ.update(INTERCOM_BASE_URL=self.server.url, INTERCOM_ACCESS_TOKEN=RUN_TOKEN)
        return load_pipeline(self.options.pipeline)

    @property
    def server(self) -> Server:
        """The loopback server, started when it is first needed."""
        if self._server is None:
            from harness.gateway.server import Server

            self._server = Server(self.gateway).start()
        return self._server

    @property
    def ports(self) -> frozenset[int]:
        """The ports that the harness itself listens on."""
        return frozenset({self._server.port}) if self._server else frozenset()

    def _runner(self) -> Runner:
        if self._spec is None:
            session = self._session("pipeline")
            target = ReferencePipeline(
                session, base_url="https://api.intercom.io", token=RUN_TOKEN, version=self.intercom_version
            )
            return PythonPipeline(target, name=REFERENCE, **self._limit())
        return self._spec.start(self._environment, self.options.time_limit)

    def _limit(self) -> dict[str, float]:
        return {"time_limit": self.options.time_limit} if self.options.time_limit else {}

    def _environment(self) -> Mapping[str, str]:
        return {**os.environ, "INTERCOM_BASE_URL": self.server.url, "INTERCOM_ACCESS_TOKEN": RUN_TOKEN, "AT": RUN_TOKEN}

    def _session(self, lane: str) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        adapter = GatewayAdapter(self.gateway, lane="pipeline" if lane == "pipeline" else "harness")
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    # --- a scenario ----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def scenario(self, case: Case) -> Iterator[Scenario]:
        """Open a scenario's stage, hand the scenario out, and close the stage again."""
        with self._backstage(case) as backstage:
            stage = Stage(
                backstage.backend,
                backstage.layers,
                token=backstage.token,
                intercom_version=self.options.intercom_version,
                quick=True,
                step="given",
                name=case.name,
                operation=backstage.operation,
            )
            self.gateway.clock = backstage.clock or self.gateway.clock
            client = IntercomClient(self._session("harness"), token=backstage.token)
            with self.gateway.on(stage):
                yield Scenario(
                    case,
                    gateway=self.gateway,
                    stage=stage,
                    people=People(client, backstage.traits, backstage.origin),
                    make_pipeline=lambda begin: PipelineUnderTest(self._runner(), begin),
                    make_verify=lambda scenario: self._verify(client, scenario),
                    clock=backstage.clock,
                )

    def _verify(self, client: IntercomClient, scenario: Scenario) -> Verify:
        return Verify(
            client,
            people=scenario.everyone,
            answers=lambda: scenario.pipeline.answers,
            asked=scenario.asked,
            begin_then=scenario.begin_then,
            may_write=self.may_write,
        )

    @contextlib.contextmanager
    def _backstage(self, case: Case) -> Iterator[Backstage]:
        from harness.people import DrawnTraits
        from harness.sandbox import Sandbox

        clock = ManualClock()
        sandbox = Sandbox(clock, seed=self.options.seed, intercom_version=self.options.intercom_version)
        name = self.options.workspace or workspace_name(case)
        try:
            yield Backstage(
                backend=lambda request: Outcome(sandbox.handle(request)),
                token=f"sandbox-{name}",
                traits=DrawnTraits(self.options.seed + _number(case)),
                origin=SandboxVisitorOrigin(sandbox.workspace(name).create_visitor),
                clock=clock,
                operation=sandbox.operation_of,
            )
        finally:
            sandbox.close()

    def close(self) -> None:
        """Stop what was started."""
        if self._server is not None:
            self._server.stop()
            self._server = None


@dataclass(frozen=True, slots=True)
class Backstage:
    """What stands behind one scenario's stage."""

    backend: Handler
    token: str
    traits: Traits
    origin: VisitorOrigin
    clock: ManualClock | None = None
    layers: Sequence[Layer] = ()
    operation: Callable[[Request], str] | None = None


def check_options(options: RunOptions) -> None:
    """What cannot be meant is a `Problem` before anything is started."""
    known = ("sandbox", "cassette", "test-app")
    if options.against not in known and not options.against.startswith(
        ("http://127.0.0.1", "http://localhost", "http://[::1]")
    ):
        raise Problem(
            f"--against {options.against}: there is no such backend",
            remedy="known: sandbox, test-app, cassette, or the URL of a running sandbox on loopback (http://127.0.0.1:PORT)",
        )
    if options.record and options.against == "cassette":
        raise Problem(
            "--record with --against cassette records nothing new",
            why="a cassette cannot be recorded from a cassette",
            remedy="record from the sandbox (--against sandbox --record) or from a TEST app",
        )


def workspace_name(case: Case) -> str:
    """The workspace of a case: the same in each run, so that the sandbox gives the same ids."""
    return f"case-{_number(case):08x}"


def _number(case: Case) -> int:
    return int.from_bytes(hashlib.sha256(f"{case.module}::{case.name}".encode()).digest()[:4], "big")
