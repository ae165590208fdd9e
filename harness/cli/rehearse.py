"""`harness rehearse`: a whole job on a copy of one's own workspace, and what would become of everyone in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from harness.cli import shared_options
from harness.cli.configured import configured
from harness.cli.output_files import refuse_unwritable
from harness.config import Configuration
from harness.containment.addresses import declared_address
from harness.core.errors import Problem
from harness.core.loopback import is_loopback
from harness.pipeline.declared import strings
from harness.pipeline.pipeline_file import table_of, where_of
from harness.rehearsal.comparison_terminal import show_comparison
from harness.rehearsal.pace import LATENCY
from harness.rehearsal.rehearsal import Rehearsed, rehearsed
from harness.rehearsal.rehearsal_comparison import compare_rehearsals
from harness.rehearsal.rehearsal_files import write_rehearsal
from harness.rehearsal.rehearsal_json import write_json
from harness.rehearsal.rehearsal_options import PERMITS, TIME_LIMIT, RehearsalOptions
from harness.rehearsal.rehearsal_progress import RehearsalProgress
from harness.rehearsal.rehearsal_terminal import show
from harness.report.console import ReportConsole
from harness.runner.session_config import in_order, with_pipeline

TO_STDOUT = "-"
LIMITS = click.Choice(["realistic", "none"])


@click.group("rehearse", invoke_without_command=True)
@click.option("--people", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=(
    "The state folder of the workspace, as harness load makes it; it stays as it is."))  # fmt: skip
@click.option("--pipeline", metavar="SPEC", help="The job: package.module:object, or a TOML file.")
@click.option("--intercom-version", metavar="V", help="API version of the job's requests.")
@click.option("--rate-limit", type=LIMITS, default="realistic", show_default=True, help=(
    "Intercom's limit (the workspace's own, or 1,666 requests in 10 s), by the sandbox's clock."))  # fmt: skip
@click.option("--index-delay", type=LIMITS, default="realistic", show_default=True, help=(
    "How late lists and searches are (the workspace's own, or 30 s)."))  # fmt: skip
@click.option("--latency", type=click.FloatRange(0, 60), default=LATENCY, show_default=True, metavar="SECONDS", help=(
    "How long an answer of Intercom is taken to need, by the sandbox's clock."))  # fmt: skip
@shared_options.faults
@click.option("--stop-after", type=click.IntRange(1), metavar="N", help="Cut the job off after N conversions.")
@click.option("--kill-at", type=click.FloatRange(0, 100, min_open=True, max_open=True), metavar="PERCENT", help=(
    "Rehearse once more, kill the job at this part of its writes, start it again and compare the ends."))  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=TIME_LIMIT, metavar="SECONDS", help=(
    "Cut the job off after so many real seconds. [default: 6 hours]"))  # fmt: skip
@click.option("--permit", "permits", multiple=True, type=click.Choice(sorted(PERMITS)), help=(
    "What the job may do; may be repeated. One that is not needed is an error."))  # fmt: skip
@click.option("--before", default="", metavar="COMMAND", help=(
    "Run this before each performance: it puts back what the job keeps itself (a file, a database)."))  # fmt: skip
@shared_options.containment
@shared_options.allow_host
@click.option("--report", type=click.Path(path_type=Path), metavar="DIR", help="Write the report into this folder.")
@click.option("--json", "json_to", is_flag=False, flag_value=TO_STDOUT, metavar="[FILE]", help=(
    "Write the result as JSON, to stdout instead of text if no FILE is named."))  # fmt: skip
@click.option("--reveal", is_flag=True, help="Show values of people in the report.")
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int | None:
    """Rehearse a whole job on a copy of your own workspace, and see what would become of everyone.

    \b
    harness rehearse --people people --pipeline shop.merge:job
    harness rehearse --people people --pipeline job.toml --kill-at 50 --report rehearsal
    harness rehearse compare before.json after.json

    No address beyond this machine is reached, whatever the configuration allows, unless --allow-host names it here.
    Exit codes: 0 all claims proved; 1 something refuted or unknown; 2 could not run.
    """
    if context.invoked_subcommand is not None:
        return None
    if given["people"] is None:
        raise Problem(
            "It is not said whose people the job is rehearsed on.",
            remedy="name a state folder: --people DIR (harness load FILE --state DIR makes one)",
        )
    own = {"--json": None if given["json_to"] == TO_STDOUT else given["json_to"]}
    refuse_unwritable({name: Path(path) if path else None for name, path in own.items()}, {"--report": given["report"]})
    options = _options(configured(), given)
    with rehearsed(options, _note, _progress()) as done:
        _write(done, given["json_to"], given["report"], reveal=given["reveal"])
        return done.result.exit_code


@command.command("compare")
@click.argument("first", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("second", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@shared_options.as_json
def compare(first: Path, second: Path, as_json: bool) -> int:
    """Tell what another version of a job does to whom: FIRST and SECOND are JSON files of rehearsals.

    The exit code is 1 if a claim fails in SECOND that does not in FIRST.
    """
    comparison = compare_rehearsals(first, second)
    if as_json:
        click.echo(json.dumps(comparison.as_data(), indent=1))
    else:
        show_comparison(comparison, ReportConsole())
    return int(comparison.is_worse)


def _options(configuration: Configuration, given: dict[str, Any]) -> RehearsalOptions:
    configuration = with_pipeline(configuration, given["pipeline"])
    chosen = configuration.pipeline
    assert chosen is not None
    version = given["intercom_version"]
    if version is not None:
        in_order([version])
    return RehearsalOptions(
        people=given["people"],
        spec=chosen.spec,
        root=configuration.root,
        python_path=configuration.python_path,
        intercom_version=version,
        rate_limit=given["rate_limit"],
        index_delay=given["index_delay"],
        faults=given["faults"],
        stop_after=given["stop_after"],
        kill_at=given["kill_at"],
        allowed=_allowed(configuration.allow, given["allowed"]),
        containment=configuration.wish,
        latency=given["latency"],
        time_limit=given["time_limit"],
        permits=frozenset(given["permits"]),
        may_write=_may_write(configuration.may_write, chosen.spec),
        before=given["before"],
        env=configuration.env,
        reveal=given["reveal"],
    )


def _may_write(configured: Sequence[str], spec: str) -> Sequence[str]:
    """Return what the job may overwrite: what the configuration says, and the pipeline's own file."""
    if not spec.endswith(".toml"):
        return configured
    where = where_of(Path(spec))
    return [*dict.fromkeys([*configured, *strings(table_of(Path(spec), where), "may_write", where)])]


def _allowed(declared: Sequence[str], named: Sequence[str]) -> Sequence[str]:
    """Return what the job may reach: addresses declared on this machine, and those that the command line names."""
    near = [text for text in declared if text.startswith("unix:") or is_loopback(declared_address(text).host)]
    return [*dict.fromkeys([*near, *named])]


def _write(done: Rehearsed, json_to: str | None, report: Path | None, *, reveal: bool) -> None:
    if json_to == TO_STDOUT:
        write_json(done.result, done.ledger, sys.stdout)
    else:
        show(done.result, ReportConsole())
    if json_to is not None and json_to != TO_STDOUT:
        with Path(json_to).open("w", encoding="utf-8") as file:
            write_json(done.result, done.ledger, file)
    if report is not None:
        _note(f"report: {write_rehearsal(done, report, reveal=reveal)}")


def _note(text: str) -> None:
    click.echo(f"harness: {text}", err=True)


def _progress() -> RehearsalProgress:
    return RehearsalProgress(_note, on_terminal=sys.stderr.isatty())
