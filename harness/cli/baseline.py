"""`harness baseline`: keeps the failures of today as known ones; and the baseline by which a run is judged."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import click
import msgspec

from harness.cli.configured import from_here
from harness.cli.output_files import refuse_unwritable
from harness.cli.scenarios import scenario_exists
from harness.config import Configuration, read_configuration
from harness.core.errors import Problem
from harness.report.baseline import BASELINE_FILE, Baseline, judged, renewed
from harness.report.baseline_file import read_baseline, write_baseline
from harness.report.junit import write_junit
from harness.report.result import FORMAT as RESULT_FORMAT
from harness.report.result import RunRow

DAYS: Final = 30
"""For how long a failure is known, unless it is said."""
UNSAID: Final = "failed when the baseline was written; nobody has looked at it yet"


def baseline_file(configuration: Configuration) -> Path:
    """Return the file of the project's baseline, whether or not it is there."""
    return configuration.baseline or configuration.root / BASELINE_FILE


def baseline_of(configuration: Configuration) -> Baseline | None:
    """Return the project's baseline; `None` where there is none and none is configured.

    Raises:
        Problem: the configured file is missing, or the file is no baseline.
    """
    path = baseline_file(configuration)
    return read_baseline(path) if path.exists() or configuration.baseline is not None else None


class RunJudge:
    """Tells the known failures of a run apart, by the baseline as it was before the run.

    wanted: whether the baseline counts. narrowed: whether the command line left scenarios out.
    """

    def __init__(self, configuration: Configuration, *, wanted: bool = True, narrowed: bool) -> None:
        self._configuration = configuration
        self._baseline = baseline_of(configuration) if wanted else None
        self._narrowed = narrowed

    def correct_junit(self, path: Path | None, result: RunRow) -> None:
        """Write JUnit XML in the place of pytest's own, which calls a known failure a failure."""
        if path is not None and self._baseline is not None:
            write_junit(path, result)

    def __call__(self, run: RunRow) -> RunRow:
        """Return the run as the baseline has it."""
        if self._baseline is None:
            return run
        return judged(run, self._baseline, today(), None if self._narrowed else scenario_exists(self._configuration))


def today() -> date:
    """Return the day of today where this runs."""
    return datetime.fromtimestamp(time.time()).astimezone().date()


@click.group("baseline")
def command() -> None:
    """Keep failures that are known, so that a run fails on new ones only."""


@command.command("write")
@click.option("--from", "result", type=click.Path(path_type=Path, exists=True), metavar="FILE", help=(
    "Take the failures of this result (--json, or the folder of a report) instead of a new run."))  # fmt: skip
@click.option("--reason", metavar="TEXT", help="Why the new ones are excused.")
@click.option("--expires", metavar="DATE", help=f"The last day on which they are. [default: in {DAYS} days]")
def write(result: Path | None, reason: str | None, expires: str | None) -> int:
    """Run all scenarios, and write what fails into the baseline.

    What is known already keeps its reason and its expiry. What is fixed or gone is taken out.

    \b
    harness baseline write --reason "ISSUE-12: opt-outs are lost" --expires 2027-01-31
    harness baseline write --from harness-report

    Exit codes: 0 it is written; 2 it could not be.
    """
    configuration = read_configuration()
    path = baseline_file(configuration)
    before = read_baseline(path) if path.exists() else None
    refuse_unwritable({"the baseline": path}, {})
    last = _last_day(expires)
    run = _read(result) if result is not None else _run(configuration)
    _check(run, configuration)
    if before is not None and before.pipeline != run.pipeline and before.known:
        raise Problem(
            f"{from_here(path)} is the baseline of pipeline {before.pipeline}, and this run was of {run.pipeline}",
            remedy='name another file: baseline = "…" in the configuration, or remove it first',
        )
    _check_expired(before, run, reason)
    after, gone = renewed(run, before, reason or UNSAID, last, today(), scenario_exists(configuration))
    if before is None and not after.known:
        click.echo("nothing fails, so no baseline is needed")
        return 0
    write_baseline(path, after)
    _tell(path, before, after, gone)
    return 0


def _last_day(expires: str | None) -> date:
    if expires is None:
        return today() + timedelta(days=DAYS)
    try:
        found = date.fromisoformat(expires)
    except ValueError:
        raise Problem(f"--expires {expires} is no date", remedy=f"for example --expires {today()}") from None
    if found < today():
        raise Problem(f"--expires {expires} is over", remedy="name a day that is to come")
    return found


def _run(configuration: Configuration) -> RunRow:
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        target = Path(folder) / "result.json"
        words = [sys.executable, "-m", "harness", "run", "--no-baseline", "--json", str(target)]
        subprocess.run(words, cwd=configuration.root, check=False)
        if not target.exists():
            raise Problem("The run left no result, so nothing is known of what fails.", remedy="harness run says why")
        return _read(target)


def _read(result: Path) -> RunRow:
    path = result / "report.json" if result.is_dir() else result
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and data.get("format") == RESULT_FORMAT:
            return msgspec.convert(data, RunRow)
        told = "it has another format"
    except (OSError, ValueError, msgspec.ValidationError) as error:
        told = str(error)
    raise Problem(
        f"{from_here(path)} is no result of a run", evidence=told, remedy="write one: harness run --json FILE"
    )


def _check(run: RunRow, configuration: Configuration) -> None:
    # A scenario of the baseline that is gone is no reason to refuse: writing it anew is how it is taken out.
    others = [problem for problem in run.problems if not problem.startswith("The baseline names")]
    if others:
        raise Problem(
            "The run could not be judged as a whole, so its failures are not written.",
            evidence=others[0].partition("\n")[0],
            remedy="mend that first",
        )


def _check_expired(before: Baseline | None, run: RunRow, reason: str | None) -> None:
    failing = {(row.module, row.case, row.intercom_version) for row in run.scenarios if row.failed or row.known}
    over = [entry for entry in (before.known if before else ()) if entry.is_expired(today()) and entry.key in failing]
    if over and reason is None:
        raise Problem(
            f"{len(over)} known failures have expired and still fail.",
            evidence=f"{over[0].module}: {over[0].case}, known until {over[0].expires}: {over[0].reason}",
            remedy="mend them, or say why they stay: harness baseline write --reason WHY",
        )


def _tell(path: Path, before: Baseline | None, after: Baseline, gone: Sequence[str]) -> None:
    old = {entry.key for entry in before.known} if before else set()
    new = {entry.key for entry in after.known}
    fixed = len(old - new) - len(gone)
    parts = [f"{len(after.known)} known failures", f"{len(new - old)} new", f"{fixed} fixed"]
    parts += [f"{len(gone)} gone"] if gone else []
    click.echo(f"{from_here(path)}: {', '.join(parts)}")
    for name in gone:
        click.echo(f"  gone: {name}")
    click.echo(
        "next: give each a reason of its own in that file, and commit it; harness run fails on new failures only"
    )
