"""The backend of `exec` and `gateway`: from their options to a session, and what their user is told of it.

A scenario's cassette knows its people; of somebody's own code nothing is known. So whatever looks like a person is
replaced by a stable pseudonym, in recording and in replay alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness import __version__
from harness.cassette import Header
from harness.cli.shared_options import GatewayOptions
from harness.config import Settings
from harness.containment.addresses import declared_address
from harness.core.errors import Problem
from harness.core.tokens import token_of
from harness.runner.backend_session import CASSETTE, TEST_APP, BackendSession, CurrentStep, SessionConfig
from harness.runner.command_session import ServiceConfig
from harness.runner.tape import TapeConfig
from harness.runner.test_app_wiring import guarded_app
from harness.runner.wiring import SANDBOX

MARKER = "HARNESS_MARKER"
"""The variable in which a command finds the marker that its people's e-mails and external ids must hold."""
TOKEN = "HARNESS_TOKEN"
"""What a gateway in front of a TEST app calls the token that it takes, when it says it."""
VISITORS = "HARNESS_VISITORS"
"""The variable in which it finds the uuids of those who visited for it."""


def command_config(options: GatewayOptions, *, name: str, title: str, settings: Settings) -> SessionConfig:
    """Return what a command's backend session is opened with.

    name: under which a TEST app's ledger files what the command makes. title: of a recording.

    Raises: a `Problem` where the options contradict each other.
    """
    plays = options.against == CASSETTE or (
        options.against is None and options.cassette is not None and not options.record
    )
    _check_scale(options)
    _check_tape(options, plays)
    against = CASSETTE if plays else options.against or SANDBOX
    return SessionConfig(
        against=against,
        name=name,
        step=CurrentStep("when"),
        workspace=options.workspace,
        intercom_version=options.intercom_version,
        fixed_time=options.record,
        clock_can_be_set=True,
        tape=_tape_config(options.cassette, options, title, settings) if options.cassette is not None else None,
        test_app=lambda: guarded_app(_unguessable_token(), purpose=name),
        visitors=options.visitors,
    )


def _unguessable_token() -> str:
    """Return a token for one session on a TEST app: each process of this machine can ask a port of loopback."""
    return token_of(f"test-app-{secrets.token_hex(16)}")


def service_config(options: GatewayOptions, host: str = "127.0.0.1", port: int = 0) -> ServiceConfig:
    """Return what a command wants of its gateway."""
    allowed = [declared_address(text).host for text in options.allowed if not text.startswith("unix:")]
    return ServiceConfig(options.faults, allowed, options.strict, options.time_scale, host, port)


def _tape_config(path: Path, options: GatewayOptions, title: str, settings: Settings) -> TapeConfig:
    return TapeConfig(
        path,
        Header(
            scenario="",
            title=title,
            intercom_version=options.intercom_version or "",
            pipeline="",
            harness=__version__,
        ),
        of_scenario=False,
        secrets=[secret.reveal() for secret in settings.secrets],
        may_replace=options.record_in_ci or not settings.ci,
        in_no_order=options.parallel,
    )


def _check_scale(options: GatewayOptions) -> None:
    if options.time_scale != 1 and (options.against == TEST_APP or "://" in (options.against or "")):
        raise Problem(
            f"--time-scale cannot scale the time of {options.against}",
            why="who answers there has a clock of their own, and refuses whoever comes back too early",
            remedy="leave it out, or give it to the sandbox: harness sandbox --time-scale 0.1",
        )


def _check_tape(options: GatewayOptions, plays: bool) -> None:
    if options.record and plays:
        raise Problem(
            "--record with --against cassette would record nothing new",
            remedy="record from the sandbox: leave --against out, or name the URL of a running sandbox",
        )
    if (options.record or plays) and options.cassette is None:
        raise Problem("it is not said which cassette", remedy="name it with --cassette FILE")
    if options.cassette is not None and not options.record and not plays:
        raise Problem(
            f"--cassette {options.cassette} with --against {options.against} would neither record nor replay",
            remedy="add --record to write the cassette, or leave --against out to play it",
        )


def conclude(session: BackendSession, *, passed: bool) -> Problem | None:
    """End a command's session, and return what speaks against the TEST app, the recording or the replay.

    passed: whether the command did what it should.
    """
    app, path = session.test_app, session.config.tape.path if session.config.tape is not None else None
    try:
        # What a TEST app reports is held against the TEST app, whatever the command's own result.
        session.clear_away(app is None or not app.session.guard.troubles)
        if session.tape.records and not passed:
            return Problem(f"nothing was recorded into {path}", why="not all went well; what was there stays")
        # What a replay left over counts whatever became of the command.
        session.tape.conclude(passed=True)
    except Problem as problem:
        return problem
    except KeyboardInterrupt:
        if app is None:
            raise
        return Problem("It was interrupted while it cleared away.")
    return None


def variables(session: BackendSession) -> Mapping[str, str]:
    """Return what a command finds in its environment beside the way to the gateway."""
    values = {MARKER: session.marker, VISITORS: " ".join(session.visitors)}
    return {name: value for name, value in values.items() if value}


def announcements(session: BackendSession) -> Iterator[str]:
    """Yield what a user should know before a TEST app is asked for anything."""
    if session.test_app is not None:
        yield "against the TEST app: its guard lets a command touch only what it made itself in this session"
        if session.visitors:
            yield f"{VISITORS}={' '.join(session.visitors)}: who visited for it"
        yield f"{MARKER}={session.marker}: it must stand in each e-mail (under example.com), external id and tag"


def leftovers(session: BackendSession) -> Iterator[str]:
    """Yield what could not be cleared away, with the command that finishes it."""
    left = session.test_app.session.leftovers() if session.test_app is not None else ()
    if left:
        yield f"{len(left)} entries may still be in the TEST app: {'; '.join(left[:5])}"
        yield "finish it with: harness sweep"
