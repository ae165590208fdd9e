"""`harness mutate`: would the scenarios see the bug? A right pipeline runs again with one request or answer changed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from _pytest.mark.expression import Expression

from harness.cli.configured import configured
from harness.cli.mutation_workers import MutationRun, processes
from harness.cli.output_files import refuse_unwritable
from harness.cli.run_selection import select
from harness.config import LEVELS, Configuration
from harness.core.errors import Problem
from harness.mutation.mutation_ledger import FILE, MutationLedger, read_ledger
from harness.mutation.operators import OPERATORS, chosen
from harness.pipeline.pipeline_file import is_python, table_of, where_of
from harness.report.console import ReportConsole
from harness.report.mutation_file import mutation_data
from harness.report.mutation_page import write_mutation_report
from harness.report.mutation_result import MutationResult
from harness.report.mutation_terminal import show_mutation
from harness.report.progress import Progress
from harness.runner.session_config import DEFAULT_SEED, RunOptions, in_order, options_of, with_pipeline

TO_STDOUT = "-"
COMMAND_SAMPLE = 300
"""How many mutants of a command are played unless a sample is named: each starts a process."""


def _sample(_context: click.Context, _parameter: click.Parameter, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise Problem(
            f"--sample {value} leaves no mutant to play", remedy="name a number above 0, or leave it out for all"
        )
    return value


@click.command("mutate")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-k", "expression", metavar="EXPR", help="Only scenarios whose name matches, as pytest's -k.")
@click.option("--pipeline", metavar="SPEC", help="Your code: package.module:object, or a TOML file of command lines.")
@click.option("--reference", is_flag=True, help="Mutate the pipeline that comes with the harness.")
@click.option("--level", "levels", multiple=True, type=click.Choice(LEVELS), help="Only scenarios of this level.")
@click.option("--intercom-version", "versions", multiple=True, metavar="V", help=(
    "API version of the pipeline's requests."))  # fmt: skip
@click.option("--operators", "operators", multiple=True, metavar="NAME", help=(
    "Only these operators or families; repeat it, or separate them by commas. [default: all]"))  # fmt: skip
@click.option("--list", "listing", is_flag=True, help="Show the operators, family by family, and do nothing else.")
@click.option("--sample", type=int, callback=_sample, metavar="N", help=(
    "Play so many mutants, drawn from all families. [default: all; 300 for commands and services]"))  # fmt: skip
@click.option("--quick", is_flag=True, help=(
    "Play mutants of a key until a scenario kills one: nearly the same rate in a fraction of the time."))  # fmt: skip
@click.option("--seed", type=int, default=DEFAULT_SEED, metavar="S", help="Draws the sample, and the people.")
@click.option("-n", "number", default="auto", metavar="N", help="Processes; auto: one for each processor.")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=(
    f"Which survivors are excused, and why. [default: {FILE} at the project's root]"))  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help=(
    "How long the pipeline may take for one call. [default: 30]"))  # fmt: skip
@click.option("--report", type=click.Path(path_type=Path), metavar="DIR", help=(
    "Write mutation.html, mutation.json and mutation-testing-elements.json."))  # fmt: skip
@click.option("--json", "json_to", is_flag=False, flag_value=TO_STDOUT, metavar="[FILE]", help=(
    "Write the result as JSON, to stdout instead of text if no FILE is named."))  # fmt: skip
def command(paths: Sequence[str], **given: Any) -> int:
    """MutantChange one request or answer of a right pipeline at a time, and tell which changes the scenarios see.

    \b
    harness mutate                                   all scenarios, all operators
    harness mutate -k merges --operators identifiers some of both
    harness mutate --pipeline pipeline.toml          code in any language; a sample of 300
    harness mutate --quick                           each key until a scenario kills it
    harness mutate --sample 100 --seed 7             the same hundred mutants each time
    harness mutate --report out                      out/mutation.html, and JSON for CI tools

    Exit codes: 0 every mutant that counts was killed, or the ledger excuses it; 1 one survived; 2 could not run.
    """
    if given["listing"]:
        return _list()
    here = configured()
    selected = select(here, paths)
    configuration = with_pipeline(here, given["pipeline"], reference=given["reference"])
    operators = [name.strip() for text in given["operators"] for name in text.split(",") if name.strip()]
    _check(operators, given)
    ledger = _ledger(given["ledger"], configuration)
    versions = in_order(configuration.intercom_versions)
    if len(versions) > 1:
        raise Problem("harness mutate plays one API version", evidence=", ".join(versions), remedy="name one of them")
    options = replace(options_of(configuration, "sandbox", record=False, record_in_ci=False), seed=given["seed"])
    selection = replace(selected, levels=configuration.levels, expression=given["expression"], versions=versions)
    sample = given["sample"]
    if sample is None and options.pipeline is not None and not is_python(options.pipeline):
        sample = COMMAND_SAMPLE
    whole = sample is None and not (paths or given["expression"] or operators or given["levels"])
    console = ReportConsole(stderr=given["json_to"] == TO_STDOUT)
    number = 1 if is_service(options.pipeline) else processes(given["number"])
    run = MutationRun(options, selection, operators, sample, given["seed"], number, Progress(console))
    run.quick = given["quick"]
    run.excused = ledger.excused(options.intercom_version or run.version)
    if options.pipeline is not None and not is_python(options.pipeline):
        run.tell = lambda text: console.print(text, highlight=False, soft_wrap=True)
    began = time.monotonic()
    run.play()
    result = _result(run, options, ledger, time.monotonic() - began, whole=whole)
    show_mutation(console, result)
    _write(result, given["json_to"], given["report"], console)
    return result.exit_code


def _check(operators: Sequence[str], given: Mapping[str, Any]) -> None:
    """Refuse what cannot be meant, before anything is started."""
    chosen(operators)
    _check_expression(given["expression"])
    processes(given["number"])
    json_file = Path(given["json_to"]) if given["json_to"] not in (None, TO_STDOUT) else None
    refuse_unwritable({"--json": json_file}, {"--report": given["report"]})


def is_service(pipeline: str | None) -> bool:
    """Return whether a pipeline is asked over HTTP: it has one address, and so takes part in one process alone."""
    if pipeline is None or is_python(pipeline):
        return False
    table = table_of(Path(pipeline), where_of(Path(pipeline)))
    return "service" in table or any(str(value).startswith(("http://", "https://")) for value in table.values())


def _check_expression(expression: str | None) -> None:
    if expression is None:
        return
    try:
        Expression.compile(expression)
    except SyntaxError as error:
        raise Problem(f"-k {expression!r} is no expression", evidence=str(error), remedy="see pytest's -k") from error


def _list() -> int:
    for family in dict.fromkeys(one.family for one in OPERATORS):
        click.echo(f"{family}: " + ", ".join(one.name for one in OPERATORS if one.family == family))
    return 0


def _ledger(named: Path | None, configuration: Configuration) -> MutationLedger:
    if named is not None and not named.is_file():
        raise Problem(f"--ledger {named}: there is no such file", remedy="make it, or leave the option out")
    return read_ledger(named or configuration.root / FILE)


def _result(
    run: MutationRun, options: RunOptions, ledger: MutationLedger, seconds: float, *, whole: bool
) -> MutationResult:
    version = options.intercom_version or run.version
    result = MutationResult(
        pipeline=run.pipeline,
        version=version,
        seed=run.seed,
        sample=run.sample,
        operators=run.operators,
        seconds=seconds,
        rows=run.rows,
        cases=list(run.observed),
        not_mutated=run.not_mutated,
        excused=ledger.excused(version),
        workers=run.number,
        containment=run.containment,
        present=run.present,
    )
    names = {one.name for one in OPERATORS}
    return replace(result, complaints=list(ledger.complaints(result.keys, version, names, whole=whole)))


def _write(result: MutationResult, json_to: str | None, report: Path | None, console: ReportConsole) -> None:
    if json_to == TO_STDOUT:
        sys.stdout.write(json.dumps(mutation_data(result), indent=1, ensure_ascii=False) + "\n")
    elif json_to is not None:
        Path(json_to).write_text(
            json.dumps(mutation_data(result), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    if report is not None:
        console.print(f"report: {write_mutation_report(report, result)}", highlight=False, soft_wrap=True)
