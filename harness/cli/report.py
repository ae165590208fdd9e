"""`harness report merge`: one result of the shards of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from harness.cli.baseline import RunJudge
from harness.cli.run_outputs import TO_STDOUT, Outputs, check_outputs, write_outputs, write_receipt
from harness.config import read_configuration
from harness.report.console import ReportConsole
from harness.report.junit import write_junit
from harness.report.result import RunRow
from harness.report.shard_file import ShardFile, check_alike, found_shards, merged, merged_subject, with_problems
from harness.report.terminal import TerminalReport
from harness.runner.unused import UnusedDeclarations


@click.group("report")
def command() -> None:
    """Results of runs."""


@command.command("merge")
@click.argument("places", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@click.option("--report", type=click.Path(path_type=Path), metavar="DIR", help="Write report.html, .md and .json.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the result as JUnit XML.")
@click.option("--json", "json_to", is_flag=False, flag_value=TO_STDOUT, metavar="[FILE]", help=(
    "Write the result as JSON, to stdout instead of text if no FILE is named."))  # fmt: skip
@click.option("--receipt", type=click.Path(path_type=Path), metavar="FILE", help=(
    "Write the receipt of the whole run; each shard has to be run with --receipt."))  # fmt: skip
@click.option("--sign", is_flag=True, help="Sign the receipt with the Ed25519 key in HARNESS_RECEIPT_PRIVATE_KEY.")
def merge(
    places: Sequence[Path],
    report: Path | None,
    junit: Path | None,
    json_to: str | None,
    receipt: Path | None,
    sign: bool,
) -> int:
    """Make one result of the shards of a run, which lie in the folders DIR.

    Each shard of `harness run --shard K/N --report DIR` writes one file. Cassettes that no scenario plays, and what was
    declared in vain, are judged here, over all of them.

    Exit codes: 0 all claims proved; 1 something refuted or unknown; 2 a shard is missing, or they are not of one run.
    """
    outputs = Outputs(
        explain=False, verbose=False, json_to=json_to, junit=junit, receipt=receipt, sign=sign, report=report
    )  # the other outputs belong to a run
    check_outputs(outputs, "", record=False)
    shards = check_alike(found_shards(places))
    subject = merged_subject(shards) if receipt is not None else None
    run, evidence = merged(shards)
    run = with_problems(run, _left_over(shards, run))
    run = RunJudge(read_configuration(), narrowed=bool(run.incomplete or shards[0].run.selection))(run)
    console = ReportConsole(stderr=json_to == TO_STDOUT, record=report is not None)
    terminal = TerminalReport(console)
    terminal.begin(run.pipeline, run.against, run.intercom_versions)
    terminal.end(run)
    if subject is not None:
        write_receipt(outputs, run, subject)
    if junit is not None:
        write_junit(junit, run)
    write_outputs(run, outputs, console, lambda _: evidence)
    return run.exit_code


def _left_over(shards: Sequence[ShardFile], run: RunRow) -> Sequence[str]:
    """Return what only the whole run can tell: cassettes that no scenario plays, and what was declared in vain."""
    if run.incomplete:
        return ()
    left = UnusedDeclarations()
    for shard in shards:
        left = left.and_(UnusedDeclarations.from_data(shard.unused))
    failed = any(row.failed for row in run.scenarios)
    return (left.of_a_failure() if failed else left).problems()
