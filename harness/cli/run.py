"""`harness run`: the scenarios against a backend, with the report a person reads and the exit code a script reads."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from harness import __version__
from harness.assumptions.evidence import REAL, REHEARSAL
from harness.cassette import Cassette, MissingCassette, load
from harness.cli.baseline import RunJudge
from harness.cli.comparison import compare, parse_against
from harness.cli.comparison_rows import write_evidence
from harness.cli.configured import configured
from harness.cli.durations import committed
from harness.cli.lazy_group import OWN_PROCESS
from harness.cli.receipt_subject import subject_after, subject_before
from harness.cli.run_enclosure import enclose_run
from harness.cli.run_outputs import TO_STDOUT, Outputs, check_outputs, write_outputs, write_receipt
from harness.cli.run_play import play
from harness.cli.run_reporter import RunReporter
from harness.cli.run_selection import Selection, select
from harness.cli.run_workers import number_of_workers
from harness.cli.shard_cut import ShardChoice, ShardCut, shard_choice
from harness.cli.shard_output import write_shard
from harness.cli.shared_options import (
    allow_host,
    cassettes,
    containment,
    record_in_ci,
    strict_token,
    time_scale,
    workers,
    workspace_name,
)
from harness.cli.stale import StaleOnly
from harness.cli.survivor import Survivor
from harness.config import LEVELS, Configuration
from harness.config import load as settings_in
from harness.core.errors import Problem
from harness.pipeline.pipeline_file import is_python
from harness.pytest_plugin.collection import FOLDER
from harness.report.console import ReportConsole
from harness.report.exchange_rows import RowEvidence
from harness.report.receipt import Subject
from harness.report.result import RunRow
from harness.report.terminal import TerminalReport
from harness.runner.case import ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import RunOptions, check_options, in_order, options_of, with_pipeline


@click.command("run")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-k", "expression", metavar="EXPR", help="Only scenarios whose name matches, as pytest's -k.")
@click.option("--against", default="sandbox", show_default=True, metavar="BACKEND", help=(
    "sandbox, test-app, cassette, or the URL of a running sandbox."))  # fmt: skip
@click.option("--record", is_flag=True, help="Write a cassette for each scenario that passes.")
@click.option("--stale", is_flag=True, help=(
    "With --record: only what has no cassette or a stale one, and tell first what changes."))  # fmt: skip
@record_in_ci
@click.option("--pipeline", metavar="SPEC", help="Your code: package.module:object, or a TOML file of command lines.")
@click.option("--reference", is_flag=True, help="Test the harness itself, with the pipeline that comes with it.")
@click.option("--level", "levels", multiple=True, type=click.Choice(LEVELS), help=(
    "How much the pipeline has to stand; may be repeated. [default: all for which it has operations]"))  # fmt: skip
@click.option("--intercom-version", "versions", multiple=True, metavar="V", help=(
    "API version of the pipeline's requests; repeat it to compare versions."))  # fmt: skip
@click.option("--workspace", metavar="NAME", callback=workspace_name, help=(
    "Use this workspace of the sandbox instead of a fresh one per scenario."))  # fmt: skip
@cassettes
@click.option("--port", type=click.IntRange(0, 65_535), default=0, metavar="PORT", help=(
    "Where a service of yours finds Intercom: http://127.0.0.1:PORT, token sandbox-run."))  # fmt: skip
@strict_token
@containment
@allow_host
@workers
@click.option("--shard", callback=shard_choice, metavar="K/N", help=(
    "Play one of N parts; with --report, write its result for `harness report merge`."))  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help=(
    "How long the pipeline may take for one call. [default: 30]"))  # fmt: skip
@time_scale
@click.option("--explain", is_flag=True, help="Show the evidence of what passed as well.")
@click.option("--verbose", is_flag=True, help="Tell everything of each scenario that failed.")
@click.option("--report", type=click.Path(path_type=Path), metavar="DIR", help="Write report.html, .md and .json.")
@click.option("--json", "json_to", is_flag=False, flag_value=TO_STDOUT, metavar="[FILE]", help=(
    "Write the result as JSON, to stdout instead of text if no FILE is named."))  # fmt: skip
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the result as JUnit XML.")
@click.option("--receipt", type=click.Path(path_type=Path), metavar="FILE", help=(
    "Write what was tested, with digests, for `harness receipt check`."))  # fmt: skip
@click.option("--sign", is_flag=True, help="Sign the receipt with the Ed25519 key in HARNESS_RECEIPT_PRIVATE_KEY.")
@click.option("--no-baseline", is_flag=True, help="Judge as if no failure were known.")
@click.option("--compare", metavar="WITH", help=(
    "With --against test-app: tell where sandbox and cassette differ from it (sandbox,cassette)."))  # fmt: skip
@click.option("--evidence", type=click.Path(path_type=Path), metavar="FILE", help=(
    "With --compare: keep the comparison as a dated file."))  # fmt: skip
def command(paths: Sequence[str], **given: Any) -> int:
    """Run scenarios and prove what became of everybody.

    \b
    harness run                                        what the project's configuration names
    harness run --level flows                          the plain conversions only
    harness run scenarios/lead_to_user.py -k merges    some scenarios; stock:lead_to_user.py for a stock one
    harness run --pipeline pipeline.toml               other code than the configured
    harness run --reference                            the harness itself, with its own pipeline
    harness run --record                               and write cassettes for `pytest` to replay
    harness run --record --stale                       only those that are missing or out of date

    Exit codes: 0 all claims proved; 1 something refuted or unknown; 2 could not run.
    """
    here = configured()
    selected = select(here, paths)
    configuration = with_pipeline(here, given["pipeline"], reference=given["reference"])
    wanted_outputs = ("explain", "verbose", "json_to", "junit", "receipt", "sign", "compare", "evidence")
    outputs = Outputs(**{name: given[name] for name in wanted_outputs}, report=given["report"] or configuration.report)
    check_outputs(outputs, given["against"], given["record"])
    if given["stale"] and not given["record"]:
        raise Problem("--stale alone does nothing", remedy="harness run --record --stale, or: harness cassettes check")
    _check_shard(given["shard"], given["against"], stale=given["stale"])
    selection = replace(
        selected,
        levels=configuration.levels,
        expression=given["expression"],
        versions=in_order(configuration.intercom_versions),
        stale=given["stale"],
        shard=given["shard"],
        narrowed=_narrowed(paths, given["expression"], configuration),
    )
    options = options_of(
        configuration,
        given["against"],
        **{name: given[name] for name in ("record", "record_in_ci", "workspace", "port")},
        strict_token=given["strict"],
    )
    check_options(options)
    processes = number_of_workers(options)
    judge = RunJudge(
        configuration, wanted=not given["no_baseline"], narrowed=bool(selection.narrowed or selection.shard)
    )
    if click.get_current_context().obj is OWN_PROCESS:
        options = replace(options, entered=enclose_run(options))
    return _run(options, selection, outputs, judge, processes)


def _run(options: RunOptions, selection: Selection, outputs: Outputs, judge: RunJudge, processes: int) -> int:
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        if outputs.receipt is not None:
            options = replace(options, read_files=Path(folder))
        return _run_to_the_end(options, selection, outputs, judge, processes)


def _run_to_the_end(
    options: RunOptions, selection: Selection, outputs: Outputs, judge: RunJudge, processes: int
) -> int:
    started, began = time.monotonic(), time.time_ns()
    subject = subject_before(options, selection) if outputs.receipt else None
    console = ReportConsole(stderr=outputs.json_to == TO_STDOUT, record=outputs.report is not None)
    stale = StaleOnly(lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True))
    terminal = TerminalReport(
        console, explain=outputs.explain, verbose=outputs.verbose, quiet=settings_in(options.root).ci
    )
    with _survivor(options, outputs, terminal, console, judge) if processes == 1 else nullcontext() as survivor:
        run = Run(replace(options, show=stale.show) if selection.stale else options)
        reporter = RunReporter(run, selection.versions, terminal, survivor)
        if selection.shard is not None:
            reporter.cut = ShardCut(selection.shard, committed(options.configuration.durations, run.title))
        terminal.begin(run.pipeline.name, options.against, reporter.versions)
        run.test_app.tell = terminal.waiting
        if survivor is not None:
            survivor.watch(run, reporter.versions)
        play(run, reporter, selection, outputs, stale, processes)
    if stale.nothing and not reporter.troubled:
        console.print(f"nothing is stale: {stale.left_out} cassette(s) say what a run would say today", highlight=False)
        return 0
    whole = reporter.result(time.monotonic() - started, _hint(selection))
    result = judge(whole)
    terminal.end(result)
    if options.read_files is not None and subject is not None:
        subject = subject_after(subject, options, options.read_files, began, outputs.places)
        write_receipt(outputs, result, subject)
    judge.correct_junit(outputs.junit, result)
    written = outputs if selection.shard is None else replace(outputs, report=None)
    write_outputs(result, written, console, reporter.evidence, run.redactor())
    if selection.shard is not None:
        _write_shard(whole, reporter, selection, outputs.report, console, subject)
    if outputs.compare is not None:
        _compare(run, outputs, console, reporter)
    return result.exit_code


@contextmanager
def _survivor(
    options: RunOptions, outputs: Outputs, terminal: TerminalReport, console: Console, judge: RunJudge
) -> Iterator[Survivor | None]:
    """Fork what writes the result if the pipeline's code hangs this process; a command can be ended from outside."""
    if options.pipeline is None or not is_python(options.pipeline):
        yield None
        return

    def write(whole: RunRow) -> None:
        result = judge(whole)
        terminal.end(result)
        write_outputs(result, outputs, console, lambda _: [RowEvidence() for _ in result.scenarios])

    survivor = Survivor(write)
    try:
        yield survivor
    finally:
        survivor.close()


def _write_shard(
    result: RunRow,
    reporter: RunReporter,
    selection: Selection,
    folder: Path | None,
    console: ReportConsole,
    subject: Subject | None,
) -> None:
    if folder is None:
        told = "nothing was written that could be merged: --report DIR writes the result of a shard"
    else:
        told = f"shard: {write_shard(folder, result, reporter, selection, reporter.options, subject)}"
    console.print(told, highlight=False, markup=False, soft_wrap=True)


def _check_shard(shard: ShardChoice | None, against: str, *, stale: bool) -> None:
    if shard is not None and (stale or against == "test-app"):
        raise Problem(
            f"--shard {shard} goes neither with --stale nor with --against test-app",
            why="what is stale differs from one machine to the other"
            if stale
            else "a TEST app is one workspace, which scenarios change one after another",
            remedy="leave --shard out",
        )


def _compare(run: Run, outputs: Outputs, console: Console, reporter: RunReporter) -> None:
    def cassette_of(result: ScenarioResult) -> Cassette | None:
        try:
            return load(run.cassette_of(result.case))
        except MissingCassette:
            return None

    comparison = compare(reporter.played, parse_against(outputs.compare or ""), cassette_of)
    console.print("\n" + "\n".join(comparison.lines()), highlight=False, markup=False, soft_wrap=True)
    if outputs.evidence is not None:
        app = run.test_app()
        about = {"region": app.session.app.region, "harness": __version__, "pipeline": run.pipeline.name}
        about |= {"from": REHEARSAL if app.rehearsal else REAL}
        write_evidence(outputs.evidence, comparison, time.time(), **about)
        raises = "a rehearsal: it raises nothing" if app.rehearsal else "docs/evidence holds what `make docs` reads"
        console.print(f"evidence: {outputs.evidence} ({raises})", highlight=False, markup=False, soft_wrap=True)


def _narrowed(paths: Sequence[str], expression: str | None, configuration: Configuration) -> Sequence[str]:
    """What of the command line leaves scenarios out. The project's own folder, named alone, leaves out none."""
    whole = [path.rstrip("/") for path in paths] == [FOLDER] and configuration.file is None
    levels = configuration.levels if configuration.origin("levels").kind == "command line" else ()
    words = [*([] if whole else paths), *(["-k", expression] if expression else [])]
    return [*words, *(word for level in levels for word in ("--level", level))]


def _hint(selection: Selection) -> str:
    narrowed = [f"-k {selection.expression!r}"] if selection.expression else []
    narrowed += [f"--level {level}" for level in selection.levels]
    return f"no scenario matches {' '.join(narrowed)}" if narrowed else "no scenario was collected"
