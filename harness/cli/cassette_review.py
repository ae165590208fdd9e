"""`harness cassettes list|check|show|compare`: read recordings, and verify that they still prove something."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from harness import config
from harness.cassette import CassetteProblem, load
from harness.cassette.review.changes import changes
from harness.cassette.review.check import CassetteFinding, Inspected, inspect, kind_of, unfinished, unrecorded
from harness.cassette.review.show import lines
from harness.cassette.review.staleness import StaleCheck, source_of_case
from harness.cli import shared_options
from harness.cli.cassette_options import cassette_paths, one_file, some_files
from harness.core.newest_version import NEWEST_VERSION


@click.command("list")
@shared_options.cassettes
@shared_options.as_json
def list_cassettes(cassettes: Path, as_json: bool) -> None:
    """List the cassettes with where, when and with what each was recorded.

    \b
    harness cassettes list
    harness cassettes list --json
    """
    rows = [_row(path, cassettes) for path in cassette_paths(cassettes, ())]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        _table(rows)


@click.command()
@some_files
@shared_options.cassettes
@shared_options.scenarios
@click.option("--warn-after", type=int, metavar="DAYS", help="Warn of recordings of Intercom older than this (180).")
@click.option("--fail-after", type=int, metavar="DAYS", help="Refuse recordings of Intercom older than this (365).")
@shared_options.as_json
def check(
    files: tuple[Path, ...],
    cassettes: Path,
    scenarios: Path,
    warn_after: int | None,
    fail_after: int | None,
    as_json: bool,
) -> int:
    """Verify, without running anything, that each cassette proves its conversion, holds no secret and is not stale.

    Without FILE all are checked, and orphans looked for both ways. Exit code 1 if something was found, 2 if a file
    could not be read or there is none.

    \b
    harness cassettes check
    harness cassettes check cassettes/visitor_to_lead/by_user_id.json
    """
    ages = {"warn_after": warn_after, "fail_after": fail_after}
    known = scenarios.resolve() if scenarios.is_dir() else None
    base = _base(known) if known else None
    inspected = _inspect(cassette_paths(cassettes, files), cassettes, base, **ages)
    findings = [finding for found in inspected for finding in found.findings]
    if not files:
        findings += unfinished(cassettes)
        findings += unrecorded(cassettes, known, base) if known else ()
    if as_json:
        click.echo(json.dumps({"checked": len(inspected), "findings": [_finding(f) for f in findings]}, indent=2))
    else:
        _tell(findings, len(inspected))
    return _exit_code(findings)


@click.command()
@one_file
@click.option("--bodies", is_flag=True, help="Print each body in full.")
def show(file: Path, bodies: bool) -> None:
    """Print one cassette as a conversation: who asked what, and what came of it.

    \b
    harness cassettes show cassettes/visitor_to_lead/by_user_id.json
    """
    for line in lines(load(file), bodies=bodies):
        click.echo(line)


@click.command()
@click.argument("old", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, dir_okay=False))
def compare(old: Path, new: Path) -> int:
    """Tell what NEW says otherwise than OLD: ids by name, times by type. Exit code 1 if anything.

    \b
    harness cassettes compare cassettes/refusals/twin.json /tmp/new/refusals/twin.json
    """
    found = list(changes(load(old), load(new)))
    for line in found:
        click.echo(line)
    click.echo(f"{len(found) or 'no'} difference(s)")
    return 1 if found else 0


def _base(scenarios: Path) -> Path:
    """Return the folder that node ids are counted from: the project's, if the scenarios lie in it."""
    root = config.read_configuration().root.resolve()
    return root if scenarios.is_relative_to(root) else scenarios.parent


def _inspect(
    files: Iterable[Path],
    root: Path,
    base: Path | None,
    *,
    warn_after: int | None = None,
    fail_after: int | None = None,
) -> list[Inspected]:
    root_folder = base or config.read_configuration().root
    today = StaleCheck(time.time(), NEWEST_VERSION, lambda scenario: source_of_case(root_folder, scenario))
    today = replace(today, warn_after=warn_after or today.warn_after, fail_after=fail_after or today.fail_after)
    secrets = [secret.reveal() for secret in config.load().secrets]
    return [inspect(path, root, today, folder=base, secrets=secrets) for path in files]


def _row(path: Path, root: Path) -> dict[str, object]:
    case, size = str(path.relative_to(root).with_suffix("")), path.stat().st_size
    try:
        cassette = load(path)
    except CassetteProblem as problem:
        return {"case": case, "unreadable": kind_of(problem), "size": size}
    header = cassette.header
    return {
        "case": case,
        "recorded_from": header.recorded_from,
        "recorded_at": header.recorded_at,
        "intercom_version": header.intercom_version,
        "pipeline": header.pipeline,
        "interactions": len(cassette.interactions),
        "size": size,
    }


COLUMNS = ("case", "recorded_from", "recorded_at", "intercom_version", "pipeline", "interactions", "size")
TITLES = ("case", "from", "recorded", "version", "pipeline", "requests", "kB")
MAY_BE_ALIKE = frozenset({"from", "recorded", "version", "pipeline"})
NUMBERS = frozenset({"requests", "kB"})


def _table(rows: Sequence[dict[str, object]]) -> None:
    """A line each below the name of its folder, and once at the end what is the same of all."""
    cells = [[_cell(column, row) for column in COLUMNS] for row in rows]
    alike = [len(cells) > 1 and title in MAY_BE_ALIKE and len(set(column)) == 1 for title, column in _columns(cells)]
    folders, names = zip(*(line[0].rpartition("/")[::2] for line in cells), strict=True)
    lines = [["  " + name, *line[1:]] for name, line in zip(names, cells, strict=True)]
    shown = [[cell for cell, same in zip(line, alike, strict=True) if not same] for line in [list(TITLES), *lines]]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for number, line in enumerate(shown):
        texts = [
            cell.rjust(width) if title in NUMBERS else cell.ljust(width)
            for title, cell, width in zip(shown[0], line, widths, strict=True)
        ]
        if number and folders[number - 1] not in folders[: number - 1]:
            click.echo(folders[number - 1])
        click.echo("  ".join(texts).rstrip())
    click.echo(f"{len(rows)} cassette(s)")
    told = [f"{title} {column[0]}" for (title, column), same in zip(_columns(cells), alike, strict=True) if same]
    if told:
        click.echo(f"all {', '.join(told)}")


def _cell(column: str, row: dict[str, object]) -> str:
    found = row.get(column, row.get("unreadable", ""))
    return str(-(-found // 1_000)) if column == "size" and isinstance(found, int) else str(found)


def _columns(cells: Sequence[Sequence[str]]) -> list[tuple[str, tuple[str, ...]]]:
    return list(zip(TITLES, zip(*cells, strict=True), strict=True))


def _finding(found: CassetteFinding) -> dict[str, str]:
    return {
        "path": str(found.path),
        "level": found.level,
        "kind": found.kind,
        "told": found.told,
        "remedy": found.remedy,
    }


def _tell(findings: Sequence[CassetteFinding], checked: int) -> None:
    for found in findings:
        click.echo(f"{found.level}: {found.path}: {found.kind}: {found.told}")
        if found.remedy:
            click.echo(f"    {found.remedy}")
    wrong = sum(found.level in ("error", "unreadable") for found in findings)
    warned = sum(found.level == "warning" for found in findings)
    click.echo(
        f"{checked} cassette(s) checked: {wrong or 'no'} error(s)" + (f", {warned} warning(s)" if warned else "")
    )


def _exit_code(findings: Sequence[CassetteFinding]) -> int:
    levels = {found.level for found in findings}
    return 2 if "unreadable" in levels else 1 if "error" in levels else 0
