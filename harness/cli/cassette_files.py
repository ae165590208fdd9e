"""`harness cassettes export|import|recover|accept`: from one file to another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from harness import config
from harness.cassette import Header, Redactor, load
from harness.cassette.recording.journal import journal_path
from harness.cassette.recording.journal import recover as recovered_from
from harness.cassette.recording.storage import load_edited, replace_file
from harness.cassette.recording.writer import write
from harness.cassette.vcr import plain_yaml
from harness.cli.cassette_options import one_file
from harness.core.errors import Problem


@click.command()
@one_file
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of stdout.")
def export(file: Path, output: Path | None) -> None:
    """Print one cassette as plain vcrpy YAML, which an unmodified `vcr.use_cassette` plays.

    \b
    harness cassettes export cassettes/visitor_to_lead/by_user_id.json -o by_user_id.yaml
    """
    cassette = load(file)
    lost = len(cassette.interactions) - len(plain_yaml.playable(cassette))
    if lost:
        click.echo(f"harness: {lost} broken answer(s) left out: vcrpy has no word for them", err=True)
    text = plain_yaml.export(cassette)
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(output, text.encode())


@click.command("import")
@one_file
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="FILE with .json by default.")
def import_yaml(file: Path, output: Path | None) -> None:
    """Turn a cassette that vcrpy wrote into one of ours, redacted. It belongs to no scenario.

    \b
    harness cassettes import tests/cassettes/convert.yaml -o convert.json
    """
    target = output or file.with_suffix(".json")
    if target.exists():
        raise Problem(f"{target} is there already.", remedy="name another file with -o, or remove it")
    redactor = _redactor_with_secrets(Redactor(strangers=True))
    written = write(target, plain_yaml.read(file, Header(scenario="", pipeline="", recorded_from="test-app")), redactor)
    click.echo(f"{target}: {len(written.interactions)} interaction(s)")


@click.command()
@one_file
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="FILE.recovered.json by default.")
def recover(file: Path, output: Path | None) -> None:
    """Save what a recording of FILE that did not end still left in its journal, beside the old cassette.

    \b
    harness cassettes recover cassettes/visitor_to_lead/by_user_id.json
    """
    cassette = recovered_from(file)
    target = output or file.with_suffix(".recovered.json")
    write(target, cassette, _redactor_with_secrets(Redactor.for_header(cassette.header)))
    journal_path(file).unlink()
    click.echo(f"{target}: {len(cassette.interactions)} interaction(s); {file} is as it was")


@click.command()
@one_file
@click.option("--reason", required=True, help="Why it was edited; written into its header.")
def accept(file: Path, reason: str) -> None:
    """Take a cassette that was edited by hand as it is, and write down why.

    \b
    harness cassettes accept cassettes/refusals/archived_twin.json --reason "message shortened"
    """
    if not reason.strip():
        raise Problem("An accepted cassette needs a reason.", remedy="--reason 'what was edited, and why'")
    cassette = load_edited(file)
    header = replace(cassette.header, accepted=reason.strip())
    write(file, replace(cassette, header=header), _redactor_with_secrets(Redactor.for_header(header)))
    click.echo(f"{file}: accepted, {reason.strip()}")


def _redactor_with_secrets(redactor: Redactor) -> Redactor:
    for secret in config.load().secrets:
        redactor.secrets.add(secret.reveal())
    return redactor
