"""`harness exec`: runs a command, unmodified, with all its Intercom traffic going through the gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from harness import config
from harness.cli import command_backend, shared_options
from harness.cli.configured import configured
from harness.cli.notes import note
from harness.cli.shared_options import GatewayOptions
from harness.config import Configuration
from harness.containment.addresses import declared_address
from harness.containment.attempts import Attempt
from harness.core.http import BrokenResponse, Exchange
from harness.pipeline.environment import command_environment, production_credentials
from harness.pipeline.foreground import run_in_foreground
from harness.runner import command_session
from harness.runner.backend_session import BackendSession, open_backend_session
from harness.runner.command_session import CommandSession

SHOWN = 40
"""How many exchanges the summary shows."""


@click.command("exec", context_settings={"allow_interspersed_args": False})
@shared_options.gateway_options
@shared_options.containment
@click.option("--env", "names", multiple=True, metavar="NAME", help="Set this variable, too, to the token.")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(options: GatewayOptions, containment: str | None, names: tuple[str, ...], words: tuple[str, ...]) -> int:
    """Run COMMAND with its Intercom traffic going through the gateway.

    Code with https://api.intercom.io written into it is answered as well, by proxy or preload. The command's exit
    status is passed on; if that is 0 but something was refused or nothing was asked, the exit code is 1. It is 2 if the
    command could not start. Nothing is added to its stdout.

    \b
    harness exec -- node convert_lead.js 4b34499c-9b11-4546-bf77-e556a6503a80
    harness exec --against http://127.0.0.1:8080 --env MY_TOKEN -- python job.py
    harness exec --record --cassette job.json -- python job.py
    harness exec --cassette job.json -- python job.py
    harness exec --against test-app -- python job.py
    """
    found, configuration = config.load(), configured()
    options = replace(options, allowed=configuration.allow)
    inherited = found.environment
    names = (*names, *(name for name, value in config.read_configuration().env if value == "{token}"))
    wanted = command_backend.command_config(
        options, name="harness exec", title=f"What {Path(words[0]).name} asked", settings=found
    )
    with open_backend_session(wanted) as session:
        for line in command_backend.announcements(session):
            note(line)
        own = [found.value(config.ACCESS_TOKEN)] if session.test_app is not None else ()
        gateway = command_backend.service_config(options)
        with command_session.command_session(session, gateway, inherited, own) as opened:
            status = _run(words, names, inherited, session, opened, configuration)
        verdict = _conclude(opened, status[0], command_session.tokens_stay(session, gateway), status[1])
        problem = command_backend.conclude(session, passed=verdict == 0)
    against = [*([str(problem)] if problem is not None else []), *command_backend.leftovers(session)]
    for line in against:
        note(line)
    return 1 if verdict == 0 and against else verdict


def _run(
    words: Sequence[str],
    names: Sequence[str],
    inherited: Mapping[str, str],
    session: BackendSession,
    opened: CommandSession,
    configuration: Configuration,
) -> tuple[int, Sequence[Attempt]]:
    """Run the command, enclosed, and return its exit status and its attempts to get out."""
    for name in production_credentials(inherited, names):
        note(f"{name} looks like a real credential and was taken out; --env {name} puts the token there")
    allowed = [declared_address(text) for text in configuration.allow]
    with command_session.enclosed(opened.service.server, allowed, configuration.wish) as made:
        environment = {**command_environment(inherited, opened.way, names), **command_backend.variables(session)}
        status = run_in_foreground(words, environment, made.prefix(Path.cwd()))
        attempts = made.attempts()
    note(f"containment: {made.level} ({made.told})")
    return status, attempts


def _conclude(session: CommandSession, status: int, strict: bool, attempts: Sequence[Attempt]) -> int:
    log = session.service.gateway.log
    say = partial(note, credentials=log.credentials)
    for line in summary(log.since(), log.count):
        say(line)
    foreign = sorted(session.tokens.seen)
    if foreign:
        done = "refused" if strict else "replaced"
        say(f"the command brought a token of its own, which was {done} and is not shown here: {', '.join(foreign)}")
    for attempt in dict.fromkeys(map(str, attempts)):
        say(f"the command tried to get out: {attempt}")
    if log.refused:
        say(f"{log.refusals} refused: {log.refused[0].outcome.refused}")
    if not log.count:
        say("the command asked Intercom nothing: no request reached the gateway (another host, or a client that")
        say("honours neither INTERCOM_BASE_URL nor HTTPS_PROXY?)")
    for fault in session.service.faults.unfired:
        say(f"the fault {fault} of {fault.operation} was armed and never fired")
    unsound = attempts or log.refused or not log.count or session.service.faults.unfired or (strict and foreign)
    return 1 if status == 0 and unsound else status


def summary(exchanges: Sequence[Exchange], count: int) -> list[str]:
    """What was asked and answered, a line each, the last ones where there are many."""
    shown = exchanges[-SHOWN:]
    hidden = [f"… {count - len(shown)} before these"] if count > len(shown) else []
    return [f"{count} exchange{'' if count == 1 else 's'}", *hidden, *map(_line, shown)]


def _line(exchange: Exchange) -> str:
    request, outcome = exchange.request, exchange.outcome
    answer = f"{outcome.answer.kind}" if isinstance(outcome.answer, BrokenResponse) else str(outcome.answer.status)
    path = request.target.partition("?")[0]
    mark = " (refused)" if outcome.refused else f" (fault: {outcome.fault})" if outcome.fault else ""
    return f"  {request.method} {path} → {answer}{mark}"
