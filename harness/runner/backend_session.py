"""What stands behind one scenario: the backend that answers, where its people come from, and what is still to be said.

Values only. A backstage is built for one case, live in `staging` or with a cassette in `taping`, and concluded once.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.clock import MovingClock
from harness.core.http import Step
from harness.gateway import Middleware
from harness.people import People, Traits, VisitorOrigin

if TYPE_CHECKING:
    from harness.cassette import Cassette, VaryingFields
    from harness.cassette.format.document import RecordedFrom
    from harness.gateway.control_api.sandbox_controls import Settable
    from harness.gateway.middleware.traffic_log import BackendTrafficLog
    from harness.runner.test_app_wiring import GuardedApp
    from harness.runner.wiring import OpenBackend


@dataclass(slots=True)
class CurrentStep:
    """The step that a scenario has reached; what records, plays and logs asks it each time."""

    step: Step = "given"

    def __call__(self) -> Step:
        """Return the step."""
        return self.step


@dataclass(frozen=True, slots=True)
class SessionConfig:
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
class BackendSession:
    """What one scenario is played with. `conclude` is told whether it passed, and may raise what speaks against it.

    clock: the backend's own where it can be moved, else the machine's. workspace: what the sandbox can be told; `None`
    where there is none.
    """

    backend: OpenBackend
    token: str
    traits: Traits
    origin: VisitorOrigin
    clock: MovingClock
    workspace: Settable | None = None
    middleware: Sequence[Middleware] = ()
    base_url: str = "https://api.intercom.io"
    """Where the harness's own client and the reference pipeline send to."""
    tokens_stay: bool = False
    """Whether requests keep the tokens they bring, so that a guard can tell a wrong one."""
    recorded_from: RecordedFrom = "sandbox"
    parallel: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around what comes in no order."""
    polling: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around what is asked again and again until it is as wished."""
    notification_middleware: Sequence[Middleware] = ()
    """Around the notifications that the pipeline receives."""
    subscriber: Callable[[], str] | None = None
    """Gives an address that the backend can tell, where it does not take any."""
    conclude: Callable[[bool, People], None] = lambda passed, people: None
    before_job: Callable[[], None] = lambda: None
    """Told before a job that finds its people itself is started; may say that it cannot be here."""
    reached: BackendTrafficLog | None = None
    """What reached the backend, where somebody may want to compare."""
