"""One run: a pipeline, a backend and any number of scenarios, wired together.

The base URL and token that a pipeline sees are the same for the whole run and are set before it is imported or started;
each scenario gets a workspace of its own behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness import __version__
from harness.cassette import NetworkGuard, Redactor
from harness.client import NEWEST_VERSION
from harness.config import load as settings_in
from harness.core.clock import ManualClock
from harness.core.errors import Problem
from harness.core.tokens import RUN_TOKEN
from harness.gateway import Gateway
from harness.runner.backend_session import CASSETTE, CurrentStep, SessionConfig, open_backend_session
from harness.runner.case import Case
from harness.runner.pipeline_session import PipelineSession
from harness.runner.scenario import Scenario
from harness.runner.session_config import RunOptions, check_options
from harness.runner.tape import TapeConfig
from harness.runner.test_app_wiring import LazyTestApp
from harness.runner.unused import UnusedDeclarations, orphans, varying

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
        self.gateway = Gateway(ManualClock())
        self._stack = ExitStack()
        self.test_app = LazyTestApp(self._stack, RUN_TOKEN, open_test_app)
        self.pipeline = self._open_pipeline()
        self._guard = NetworkGuard(options.configuration.allow, lambda: self.pipeline.containment.watches)
        self._needed: set[str] = set()
        self._checked = False
        self._settings = settings_in(options.root)

    @property
    def title(self) -> str:
        """Which pipeline is played against what: durations are kept by it."""
        return f"{self.pipeline.name} against {self.options.against}"

    def wanted_version(self, case: Case) -> str | None:
        """The API version that was asked for this case; `None` where the pipeline's own header counts."""
        return case.intercom_version or self.options.intercom_version

    def sent_version(self, case: Case) -> str:
        """The API version of the pipeline's requests; empty where only the pipeline knows."""
        return self.wanted_version(case) or (NEWEST_VERSION if self.pipeline.is_reference else "")

    def cassette_of(self, case: Case) -> Path:
        """Return where the cassette of a case lies. One that an earlier release put elsewhere stays there."""
        from harness.cassette.case_names import cassette_path, earlier_path, folder_of_module

        root, name, pipeline = self.options.cassettes, case.given_name or case.name, self.pipeline.name
        folder, version = folder_of_module(case.node_id.partition("::")[0]), self.wanted_version(case)
        path = cassette_path(root, case.module, name, folder=folder, pipeline=pipeline, intercom_version=version)
        before = earlier_path(root, case.module, case.name, pipeline=pipeline, intercom_version=version)
        return before if before != path and _is_of(before, case) and not path.exists() else path

    def redactor(self) -> Redactor:
        """Return what cleans everything that this run shows or writes.

        It knows the secrets of the settings, and the credentials that requests have brought so far.
        """
        found = Redactor(
            secrets=[secret.reveal() for secret in self._settings.secrets], strangers=self.options.against == "test-app"
        )
        for authorization in self.gateway.log.credentials:
            found.learn_credentials(authorization)
        return found

    def unused(self, cases: Sequence[Case], *, whole: bool) -> UnusedDeclarations:
        """Return the declarations that these cases had no use for; `whole` where they are all cases."""
        # What a TEST app cannot stage may be what a permission is for.
        judged = whole and self.options.against != "test-app"
        permitted = self.pipeline.declared.permissions
        found = (
            UnusedDeclarations(permitted=permitted, needed=frozenset(self._needed)) if judged else UnusedDeclarations()
        )
        return found.and_(self._left_of_the_replay(cases, whole=whole)) if self.options.against == "cassette" else found

    def _left_of_the_replay(self, cases: Sequence[Case], *, whole: bool) -> UnusedDeclarations:
        modules = {case.node_id.partition("::")[0] for case in cases}
        played = [self.cassette_of(case) for case in cases]
        functions = {case.node_id.partition("[")[0] for case in cases}
        found = orphans(self.options.cassettes, self.pipeline.name, played, modules | functions, self.options.root)
        return found.and_(varying(self.pipeline.declared.varying)) if whole else found

    def _open_pipeline(self) -> PipelineSession:
        # The credentials of a TEST app are read before the pipeline's code may look for them.
        first = self.test_app if self.options.against == "test-app" else lambda: None
        try:
            return PipelineSession(self.options, self.gateway, self._stack, first)
        except Problem:
            self.close()
            raise

    def check_recordings(self, cases: Iterable[Case]) -> None:
        """Refuse to record or replay if two cases have one file, also where the case of letters does not count.

        It is looked at once, before anything is recorded. Raises: `Problem`.
        """
        if not (self.options.record or self.options.against == CASSETTE) or self._checked:
            return
        self._checked, taken = True, dict[str, Case]()
        for case in cases:
            path = self.cassette_of(case)
            first = taken.setdefault(str(path).casefold(), case)
            if first.node_id != case.node_id:
                self._checked = False
                raise Problem(
                    f"two cases have one cassette: {path}",
                    evidence=f"{first.node_id} and {case.node_id}",
                    why="both were given the same name with @pytest.mark.cassette, or one was given that of the other",
                    remedy="give one of them another name; nothing was recorded",
                )

    def close(self) -> None:
        """Stop what was started."""
        self._stack.close()

    # --- a scenario -------------------------------------------------------------------------------

    @contextmanager
    def scenario(self, case: Case) -> Iterator[Scenario]:
        """Open the backend of a case and the case itself, and close both at the end of the block."""
        with open_backend_session(self._session_config(case)) as session:
            self.gateway.clock = session.clock
            scenario = Scenario(case, self.gateway, session, self.pipeline)
            with scenario.open(), self.pipeline.owners.opened(case.node_id or case.name):
                yield scenario
                self._needed |= scenario.verify.used_permissions

    def _session_config(self, case: Case) -> SessionConfig:
        options = self.options
        plays = options.against == CASSETTE
        return SessionConfig(
            against=options.against,
            name=f"{case.module}::{case.name}",
            step=CurrentStep(),
            workspace=None if plays else options.workspace,
            intercom_version=self.wanted_version(case),
            sent_version=self.sent_version(case),
            seed=options.seed,
            tape=self._tape_config(case) if plays or options.record else None,
            test_app=lambda: nullcontext(self.test_app()),
        )

    def _tape_config(self, case: Case) -> TapeConfig:
        from harness.cassette import Header

        header = Header(
            scenario=case.node_id,
            title=case.title,
            intercom_version=self.sent_version(case),
            pipeline=self.pipeline.name,
            pipeline_spec=self.pipeline.spec,
            harness=__version__,
            scenario_source=self._source(case),
        )
        return TapeConfig(
            self.cassette_of(case),
            header,
            secrets=[secret.reveal() for secret in self._settings.secrets],
            may_replace=self.options.record_in_ci or not self._settings.ci,
            show=self.options.show,
            varying=self.pipeline.declared.varying,
            guard=self._guard,
            ports=self.pipeline.ports,
            alone=self.pipeline.is_alone,
        )

    def _source(self, case: Case) -> str:
        """Return the digest of the scenario's text; only a recording says it."""
        if not self.options.record:
            return ""
        from harness.cassette.review.staleness import source_of_case

        return source_of_case(case.path.parent, f"{case.path.name}::{case.name}")


def _is_of(path: Path, case: Case) -> bool:
    """Return whether a cassette is there, and says that it belongs to a case."""
    from harness.cassette.cassette_errors import scenario_of

    return path.is_file() and scenario_of(path) == case.node_id
