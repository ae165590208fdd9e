"""`harness cassettes`: what recordings there are, whether they still prove anything, and what stands in them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.problems import Problem

if TYPE_CHECKING:
    from harness.cassette import Redactor
    from harness.cassette.inspection import Finding, Inspected

DEFAULT_ROOT = Path("cassettes")

folder = click.option(
    "--cassettes",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_ROOT,
    show_default=True,
    metavar="DIR",
    help="Where the cassettes lie.",
)
as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON instead of text.")
one_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
some_files = click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")


@click.group("cassettes")
def command() -> None:
    """List, check and read the recordings that plain `pytest` replays."""


@command.command("list")
@folder
@as_json
def list_cassettes(root: Path, wants_json: bool) -> None:
    """List the cassettes with where, when and with what each was recorded.

    \b
    harness cassettes list
    harness cassettes list --json
    """
    inspected = _inspect(_files(root, ()), root, None)
    rows = [_row(found, root) for found in inspected]
    if wants_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        _table(rows)


@command.command()
@some_files
@folder
@click.option(
    "--scenarios",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("scenarios"),
    show_default=True,
    help="Where the scenarios lie, to tell cassettes without a scenario and scenarios without a cassette.",
)
@click.option("--warn-after", type=int, metavar="DAYS", help="Warn of recordings of Intercom older than this (180).")
@click.option("--fail-after", type=int, metavar="DAYS", help="Refuse recordings of Intercom older than this (365).")
@as_json
def check(
    files: tuple[Path, ...],
    root: Path,
    scenarios: Path,
    warn_after: int | None,
    fail_after: int | None,
    wants_json: bool,
) -> int:
    """Verify, without running anything, that each cassette proves its conversion, holds no secret and is not stale.

    Without FILE all are checked, and orphans looked for both ways. Exit code 1 if something was found, 2 if a file
    could not be read or there is none.

    \b
    harness cassettes check
    harness cassettes check cassettes/visitor_to_lead/by_user_id.json
    """
    from harness.cassette.inspection import unfinished, unrecorded

    ages = {"warn_after": warn_after, "fail_after": fail_after}
    known = scenarios if scenarios.is_dir() else None
    inspected = _inspect(_files(root, files), root, known, **ages)
    findings = [finding for found in inspected for finding in found.findings]
    if not files:
        findings += unfinished(root)
        findings += unrecorded(root, known) if known else ()
    if wants_json:
        click.echo(json.dumps({"checked": len(inspected), "findings": [_finding(f) for f in findings]}, indent=2))
    else:
        _tell(findings, len(inspected))
    return _exit_code(findings)


@command.command()
@one_file
@click.option("--bodies", is_flag=True, help="Print each body in full.")
def show(file: Path, bodies: bool) -> None:
    """Print one cassette as a conversation: who asked what, and what came of it.

    \b
    harness cassettes show cassettes/visitor_to_lead/by_user_id.json
    """
    from harness.cassette import load
    from harness.cassette.conversation import lines

    for line in lines(load(file), bodies=bodies):
        click.echo(line)


@command.command()
@one_file
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of stdout.")
def export(file: Path, output: Path | None) -> None:
    """Print one cassette as plain vcrpy YAML, which an unmodified `vcr.use_cassette` plays.

    \b
    harness cassettes export cassettes/visitor_to_lead/by_user_id.json -o by_user_id.yaml
    """
    from harness.cassette import load, plain_yaml
    from harness.cassette.storage import replace_file

    cassette = load(file)
    lost = len(cassette.interactions) - len(plain_yaml.playable(cassette))
    if lost:
        click.echo(f"harness: {lost} broken answer(s) left out: vcrpy has no word for them", err=True)
    text = plain_yaml.export(cassette)
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(output, text.encode())


@command.command("import")
@one_file
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="FILE with .json by default.")
def import_yaml(file: Path, output: Path | None) -> None:
    """Turn a cassette that vcrpy wrote into one of ours, redacted. It belongs to no scenario.

    \b
    harness cassettes import tests/cassettes/convert.yaml -o convert.json
    """
    from harness.cassette import Header, Redactor, plain_yaml
    from harness.cassette.writing import write

    target = output or file.with_suffix(".json")
    if target.exists():
        raise Problem(f"{target} is there already.", remedy="name another file with -o, or remove it")
    redactor = _redactor_with_secrets(Redactor(strangers=True))
    written = write(target, plain_yaml.read(file, Header(scenario="", pipeline="", recorded_from="test-app")), redactor)
    click.echo(f"{target}: {len(written.interactions)} interaction(s)")


@command.command()
@one_file
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="FILE.recovered.json by default.")
def recover(file: Path, output: Path | None) -> None:
    """Save what a recording of FILE that did not end still left in its journal, beside the old cassette.

    \b
    harness cassettes recover cassettes/visitor_to_lead/by_user_id.json
    """
    from harness.cassette import Redactor
    from harness.cassette.journal import journal_path
    from harness.cassette.journal import recover as recovered_from
    from harness.cassette.writing import write

    cassette = recovered_from(file)
    target = output or file.with_suffix(".recovered.json")
    write(target, cassette, _redactor_with_secrets(Redactor.for_header(cassette.header)))
    journal_path(file).unlink()
    click.echo(f"{target}: {len(cassette.interactions)} interaction(s); {file} is as it was")


@command.command()
@one_file
@click.option("--reason", required=True, help="Why it was edited; written into its header.")
def accept(file: Path, reason: str) -> None:
    """Take a cassette that was edited by hand as it is, and write down why.

    \b
    harness cassettes accept cassettes/refusals/archived_twin.json --reason "message shortened"
    """
    from harness.cassette import Redactor
    from harness.cassette.storage import load_edited
    from harness.cassette.writing import write

    if not reason.strip():
        raise Problem("An accepted cassette needs a reason.", remedy="--reason 'what was edited, and why'")
    cassette = load_edited(file)
    header = replace(cassette.header, accepted=reason.strip())
    write(file, replace(cassette, header=header), _redactor_with_secrets(Redactor.for_header(header)))
    click.echo(f"{file}: accepted, {reason.strip()}")


def _redactor_with_secrets(redactor: Redactor) -> Redactor:
    from harness import settings

    for secret in settings.load().secrets:
        redactor.secrets.add(secret.reveal())
    return redactor


def _files(root: Path, files: Sequence[Path]) -> list[Path]:
    from harness.cassette.inspection import cassette_files

    given = files or ([root] if root.is_dir() else [])
    found = [path for one in given for path in (cassette_files(one) if one.is_dir() else [one])]
    if not found:
        raise Problem(f"There are no cassettes in {root}.", remedy="harness run --record")
    return found


def _inspect(
    files: Iterable[Path],
    root: Path,
    scenarios: Path | None,
    *,
    warn_after: int | None = None,
    fail_after: int | None = None,
) -> list[Inspected]:
    from harness.cassette.inspection import inspect
    from harness.cassette.staleness import Today, source_of_case
    from harness.sandbox.versions import NEWEST_VERSION

    base = scenarios.parent if scenarios else None
    today = Today(time.time(), NEWEST_VERSION, (lambda s: source_of_case(base, s)) if base else (lambda _: ""))
    today = replace(today, warn_after=warn_after or today.warn_after, fail_after=fail_after or today.fail_after)
    return [inspect(path, root, today, folder=base) for path in files]


def _row(found: Inspected, root: Path) -> dict[str, object]:
    case = str(found.path.relative_to(root).with_suffix("")) if found.path.is_relative_to(root) else str(found.path)
    if found.cassette is None:
        return {"case": case, "unreadable": found.findings[0].kind, "size": found.size}
    header = found.cassette.header
    return {
        "case": case,
        "recorded_from": header.recorded_from,
        "recorded_at": header.recorded_at,
        "intercom_version": header.intercom_version,
        "pipeline": header.pipeline,
        "interactions": len(found.cassette.interactions),
        "size": found.size,
    }


COLUMNS = ("case", "recorded_from", "recorded_at", "intercom_version", "pipeline", "interactions", "size")
TITLES = ("case", "from", "recorded at", "version", "pipeline", "interactions", "bytes")


def _table(rows: Sequence[dict[str, object]]) -> None:
    cells = [[str(row.get(column, row.get("unreadable", ""))) for column in COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(TITLES, *cells, strict=True)]
    for line in [list(TITLES), *cells]:
        texts = [
            cell.rjust(width) if i > 4 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        click.echo("  ".join(texts).rstrip())
    click.echo(f"{len(rows)} cassette(s)")


def _finding(found: Finding) -> dict[str, str]:
    return {
        "path": str(found.path),
        "level": found.level,
        "kind": found.kind,
        "told": found.told,
        "remedy": found.remedy,
    }


def _tell(findings: Sequence[Finding], checked: int) -> None:
    for found in findings:
        click.echo(f"{found.level}: {found.path}: {found.kind}: {found.told}")
        if found.remedy:
            click.echo(f"    {found.remedy}")
    wrong = sum(found.level != "warning" for found in findings)
    warned = len(findings) - wrong
    click.echo(
        f"{checked} cassette(s) checked: {wrong or 'no'} error(s)" + (f", {warned} warning(s)" if warned else "")
    )


def _exit_code(findings: Sequence[Finding]) -> int:
    levels = {found.level for found in findings}
    return 2 if "unreadable" in levels else 1 if "error" in levels else 0
