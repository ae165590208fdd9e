"""Recording and replaying for the commands that put a gateway before somebody's own code (`exec` and `gateway`).

A scenario's cassette knows its people; nobody knows whom somebody's own code will name. So whatever looks like a person
is replaced here by a stable pseudonym, in recording and in replay alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.clock import FollowingClock, ManualClock, WallClock
from harness.core.errors import Problem
from harness.gateway.core import Middleware
from harness.runner import wiring

if TYPE_CHECKING:
    from harness.cassette import Header, Redactor
    from harness.runner.test_app_wiring import TestAppCommandSession

CASSETTE = "cassette"
TEST_APP = "test-app"
MARKER = "HARNESS_MARKER"
"""The variable in which a command finds the marker that its people's e-mails and external ids must hold."""
VISITORS = "HARNESS_VISITORS"
"""The variable in which it finds the uuids of those who visited for it."""


@dataclass(frozen=True, slots=True)
class CommandTape:
    """A backend with what keeps or plays its traffic."""

    backend: wiring.OpenBackend
    clock: FollowingClock
    intercom_version: str | None
    middleware: Sequence[Middleware] = ()
    conclude: Callable[[bool], Problem | None] = lambda passed: None
    """To be told at the end whether all went well; tells what speaks against the recording or the replay."""
    plays: bool = False
    """Whether a cassette answers, and nothing else may be reached."""
    marker: str = ""
    """The marker of the run on a TEST app that is made, or was recorded."""
    errand: TestAppCommandSession | None = None
    """The TEST app, where it answers: tokens stay as they come, for its guard to look at."""

    @property
    def variables(self) -> Mapping[str, str]:
        """What a command finds in its environment beside the way to the gateway."""
        visited = self.errand.visitors if self.errand is not None else ()
        variables = {MARKER: self.marker, VISITORS: " ".join(visited)}
        return {name: value for name, value in variables.items() if value}

    def told(self) -> Iterator[str]:
        """What its user should know before a TEST app is asked for anything."""
        if self.errand is not None:
            yield "against the TEST app: its guard lets a command touch only what it made itself in this session"
            if self.errand.visitors:
                yield f"{VISITORS}={' '.join(self.errand.visitors)}: who visited for it"
            yield f"{MARKER}={self.marker}: it must stand in each e-mail (under example.com), external id and tag"

    def remains(self) -> Iterator[str]:
        """What could not be cleared away, once the backend is closed, with the command that finishes it."""
        left = self.errand.left() if self.errand is not None else ()
        if left:
            yield f"{len(left)} entries may still be in the TEST app: {'; '.join(left[:5])}"
            yield "finish it with: harness sweep"


def insert(
    against: str | None,
    cassette: Path | None,
    record: bool,
    *,
    title: str,
    may_replace: bool = True,
    parallel: bool = False,
    intercom_version: str | None = None,
    secrets: Sequence[str] = (),
    opens: Callable[[], TestAppCommandSession] | None = None,
    time_scale: float = 1.0,
) -> CommandTape:
    """What `--against`, `--cassette` and `--record` together ask for, or a `Problem` where they cannot be meant.

    opens: opens the TEST app for this command.
    """
    from harness.cassette.recording.writer import refuse_to_replace

    if time_scale != 1:
        _check_scale(against)
    plays = against == CASSETTE or (against is None and cassette is not None and not record)
    _check(against, cassette, record, plays)
    if cassette is not None and not plays and not may_replace:
        refuse_to_replace(cassette)
    if cassette is not None and plays:
        tape = _player(cassette, intercom_version, secrets)
    else:
        live = _live(against, record, intercom_version, opens)
        tape = live if cassette is None else _recorded(live, cassette, title, secrets, parallel)
    return replace(tape, middleware=(*wiring.paced(tape.clock, time_scale), *tape.middleware))


def _live(
    against: str | None, record: bool, intercom_version: str | None, opens: Callable[[], TestAppCommandSession] | None
) -> CommandTape:
    if against == TEST_APP and opens is not None:
        made = opens()
        return CommandTape(
            made.backend,
            FollowingClock(WallClock()),
            intercom_version,
            conclude=lambda _passed: made.conclude(),
            marker=made.marker,
            errand=made,
        )
    fixed = record and (against is None or against == wiring.SANDBOX)
    clock = FollowingClock(ManualClock() if fixed else WallClock())
    return CommandTape(wiring.backend_for(against, clock), clock, intercom_version)


def _check_scale(against: str | None) -> None:
    if against == TEST_APP or "://" in (against or ""):
        raise Problem(
            f"--time-scale cannot scale the time of {against}",
            why="who answers there has a clock of their own, and refuses whoever comes back too early",
            remedy="leave it out, or give it to the sandbox: harness sandbox --time-scale 0.1",
        )


def _check(against: str | None, cassette: Path | None, record: bool, plays: bool) -> None:
    if record and plays:
        raise Problem(
            "--record with --against cassette would record nothing new",
            remedy="record from the sandbox: leave --against out, or name the URL of a running sandbox",
        )
    if (record or plays) and cassette is None:
        raise Problem("it is not said which cassette", remedy="name it with --cassette FILE")
    if cassette is not None and not record and not plays:
        raise Problem(
            f"--cassette {cassette} with --against {against} would neither record nor replay",
            remedy="add --record to write the cassette, or leave --against out to play it",
        )


def _redactor(secrets: Sequence[str]) -> Redactor:
    from harness.cassette import Redactor

    return Redactor(secrets=secrets, strangers=True)


def _player(path: Path, intercom_version: str | None, secrets: Sequence[str]) -> CommandTape:
    from harness.cassette import CassetteProblem, Player, load
    from harness.cassette.cassette_errors import exec_command, record_command

    try:
        recorded = load(path)
    except CassetteProblem as problem:
        problem.remedy = problem.remedy.replace(record_command(path), exec_command(path))
        raise
    player = Player(recorded, lambda: "when", path=path, redactor=_redactor(secrets))
    version = intercom_version or recorded.header.intercom_version or None
    clock = FollowingClock(ManualClock(recorded.header.clock) if recorded.header.clock else WallClock())

    def conclude(_passed: bool) -> Problem | None:
        return player.problem()

    marker = ""
    if recorded.header.seed:
        from harness.test_app.cleanup.marker import marker_of

        marker = marker_of(recorded.header.seed)
    return CommandTape(
        wiring.OpenBackend(player.handle, quick=True), clock, version, conclude=conclude, plays=True, marker=marker
    )


def _recorded(live: CommandTape, path: Path, title: str, secrets: Sequence[str], parallel: bool) -> CommandTape:
    """The same, with all that passes kept."""
    from harness.cassette import Recorder

    started = live.clock.now()
    recorder = Recorder(lambda: "when", path=path, redactor=_redactor(secrets))
    block = ExitStack()
    if parallel:
        block.enter_context(recorder.parallel())

    def conclude(passed: bool) -> Problem | None:
        try:
            if (before := live.conclude(passed)) is not None:
                return before
            if not passed:
                return Problem(f"nothing was recorded into {path}", why="not all went well; what was there stays")
            block.close()
            recorder.save(path, _header(title, started, live))
        except Problem as problem:
            return problem
        finally:
            recorder.discard()
        return None

    return replace(live, middleware=(recorder.layer,), conclude=conclude)


def _header(title: str, started: float, live: CommandTape) -> Header:
    from harness import __version__
    from harness.cassette import Header

    return Header(
        scenario="",
        title=title,
        recorded_at=datetime.fromtimestamp(int(started), UTC).isoformat().replace("+00:00", "Z"),
        recorded_from="test-app" if live.errand is not None and not live.errand.rehearsal else "sandbox",
        intercom_version=live.intercom_version or "",
        pipeline="",
        harness=__version__,
        seed=live.errand.seed if live.errand is not None else 0,
        clock=started,
    )
