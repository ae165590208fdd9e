"""The tape of a backend session: it records what passes, plays what was recorded, or does neither.

One tape is opened with each session and concluded once, when everything else is known.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.http import Step
from harness.core.timestamps import iso_seconds
from harness.gateway import Middleware

if TYPE_CHECKING:
    from harness.cassette import Cassette, Header, NetworkGuard, Player, Recorder, VaryingFields
    from harness.cassette.format.document import RecordedFrom
    from harness.people import People


@dataclass(frozen=True, slots=True)
class TapeConfig:
    """Where a cassette lies, and what is known of it before it is recorded or played.

    header: what a recording says of itself. of_scenario: whether a scenario is recorded or played. Its people are the
    harness's own, and a replay must be of the header's pipeline and version. Of a command's traffic nothing is known:
    whatever looks like a person is replaced by a pseudonym. guard: lets a replay reach only `ports`.
    """

    path: Path
    header: Header
    of_scenario: bool = True
    secrets: Sequence[str] = field(repr=False, default=())
    """Values of this machine that no recording may hold."""
    may_replace: bool = True
    """Whether a recording may take the place of an older one."""
    in_no_order: bool = False
    """Whether the whole traffic is one block that comes in no order."""
    show: Callable[[Path, Cassette], None] = lambda path, new: None
    """Called with a new recording before it takes the place of the old one."""
    varying: VaryingFields | None = None
    """What the pipeline declared to differ by nature."""
    guard: NetworkGuard | None = None
    ports: Container[int] = ()
    alone: Callable[[], bool] = lambda: False
    """Whether nothing else of the pipeline's can be sent while its current request is answered."""


@dataclass(frozen=True, slots=True)
class RecordingOrigin:
    """What a live session tells of itself for the header of a recording."""

    recorded_from: RecordedFrom
    seed: int
    clock: float
    has_strangers: bool = False
    """Whether people may be there whom the harness did not make, as in a TEST app."""


class Tape:
    """The tape of a session that is neither recorded nor played."""

    middleware: Sequence[Middleware] = ()
    """Stands next to the backend."""
    notification_middleware: Sequence[Middleware] = ()
    """Stands around the pipeline's receiver of webhooks."""
    records = False
    holds_back = False
    """Whether an answer may have to wait for other requests of the pipeline."""
    parallel: Callable[[], AbstractContextManager[None]] | None = None
    """A block of traffic that comes in no order; `None` where order means nothing."""

    def polling(self) -> AbstractContextManager[None]:
        """Open a block in which the same request is repeated until the response is the expected one."""
        return nullcontext()

    def conclude(self, *, passed: bool, people: People | None = None) -> None:
        """End the recording or the replay, and raise the `Problem` that speaks against it.

        passed: whether everything else held. people: those of the scenario, for the header.
        """


class RecordingTape(Tape):
    """Keeps what passes, and writes it once all else is known to have held."""

    records = holds_back = True

    def __init__(self, config: TapeConfig, header: Header, recorder: Recorder) -> None:
        self._config, self._header, self._recorder = config, header, recorder
        self.middleware = self.notification_middleware = (recorder.middleware,)
        self.parallel = recorder.parallel
        self._block = ExitStack()
        if config.in_no_order:
            self._block.enter_context(recorder.parallel())

    def polling(self) -> AbstractContextManager[None]:
        """Open a block in which the same request is repeated until the response is the expected one."""
        return self._recorder.poll()

    def conclude(self, *, passed: bool, people: People | None = None) -> None:
        """Write the cassette if everything else held; what was there before stays otherwise."""
        if not passed:
            return
        self._block.close()
        header = replace(self._header, people=tuple(_with_ids(people))) if people is not None else self._header
        self._recorder.redactor.know(header.people)
        self._recorder.save(self._config.path, header, self._config.show)


class ReplayTape(Tape):
    """Plays a cassette; it is the backend of its session."""

    def __init__(self, config: TapeConfig, cassette: Cassette, player: Player) -> None:
        self._config, self._player = config, player
        self.header = cassette.header
        self.handle = player.handle
        self.holds_back = player.holds_back
        self.notification_middleware = (player.told,)

    def conclude(self, *, passed: bool, people: People | None = None) -> None:
        """Raise what the replay has against the pipeline.

        If something else failed, recorded requests that never came are no news.
        """
        refused = self._config.guard.problem() if self._config.guard is not None else None
        differs = self._player.problem()
        if refused is not None:
            raise refused
        if differs is not None and (passed or differs.mismatches):
            raise differs

    @property
    def marker(self) -> str:
        """The marker of the TEST app session in which the cassette was recorded; empty where there was none."""
        from harness.test_app.cleanup.marker import marker_of

        return marker_of(self.header.seed) if self.header.seed else ""


@contextmanager
def recording(config: TapeConfig, step: Callable[[], Step | None], origin: RecordingOrigin) -> Iterator[RecordingTape]:
    """Open a recording for the length of a block; its journal is gone afterwards."""
    from harness.cassette import Recorder, Redactor
    from harness.cassette.recording.overlaps import OverlapGate

    redactor = Redactor(secrets=config.secrets, strangers=origin.has_strangers or not config.of_scenario)
    header = replace(
        config.header,
        recorded_from=origin.recorded_from,
        recorded_at=iso_seconds(origin.clock),
        seed=origin.seed,
        clock=origin.clock,
    )
    overlaps = None if config.in_no_order else OverlapGate(config.alone)
    recorder = Recorder(step, path=config.path, redactor=redactor, header=header, overlaps=overlaps)
    try:
        yield RecordingTape(config, header, recorder)
    finally:
        recorder.discard()


@contextmanager
def replay(config: TapeConfig, step: Callable[[], Step | None]) -> Iterator[ReplayTape]:
    """Open a replay for the length of a block; a scenario's reaches no network within it.

    Raises: the `CassetteProblem` that says why the cassette cannot be played.
    """
    from harness.cassette import Player, Redactor

    if config.of_scenario:
        cassette = _load_scenario(config.path, config.header)
        redactor = Redactor.for_header(cassette.header, config.secrets)
    else:
        cassette = _load_command(config.path)
        redactor = Redactor(secrets=config.secrets, strangers=True)
    player = Player(cassette, step, path=config.path, varying=config.varying, redactor=redactor)
    with config.guard.only(config.ports) if config.guard is not None else nullcontext():
        yield ReplayTape(config, cassette, player)


def _load_scenario(path: Path, expected: Header) -> Cassette:
    from harness.cassette import MissingCassette, load
    from harness.cassette.cassette_errors import record_command

    try:
        return load(
            path,
            pipeline=expected.pipeline,
            pipeline_spec=expected.pipeline_spec,
            intercom_version=expected.intercom_version,
        )
    except MissingCassette as problem:
        problem.remedy = problem.remedy.replace(record_command(path), record_command(path, expected.scenario))
        raise


def _load_command(path: Path) -> Cassette:
    from harness.cassette import CassetteProblem, load
    from harness.cassette.cassette_errors import exec_command, record_command

    try:
        return load(path)
    except CassetteProblem as problem:
        problem.remedy = problem.remedy.replace(record_command(path), exec_command(path))
        raise


def check_replacing(config: TapeConfig) -> None:
    """Raise `CannotRecord` or `OtherPipeline` where a recording may not replace the cassette that is there."""
    from harness.cassette.recording.writer import refuse_namesake, refuse_to_replace

    if not config.may_replace:
        refuse_to_replace(config.path)
    if config.header.pipeline_spec:
        refuse_namesake(config.path, config.header.pipeline_spec)


def _with_ids(people: People) -> Iterator[dict[str, object]]:
    from harness.cassette.review.drift import PAST_THE_GATEWAY

    visitors = iter(people.visitors_seen)
    gone = {name for user in people.gone for name in (user.email, user.external_id) if name}
    for traits in people.drawn:
        past = {PAST_THE_GATEWAY: "merged away"} if gone & {traits.get("email"), traits.get("external_id")} else {}
        yield {**traits, **(next(visitors) if traits["kind"] == "visitor" else {}), **past}
