"""`harness receipt check`: whether what receipts say was proved is still what there is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from harness import __version__
from harness.cli import shared_options
from harness.cli.receipt_subject import subject_now
from harness.config import read_configuration
from harness.report.receipt import Receipt, differences, objections, read_receipt


@click.group("receipt")
def command() -> None:
    """Receipts of runs: what was tested, and whether it still is what there is."""


@command.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--partial", is_flag=True, help="Accept a receipt of a run of some scenarios only.")
@click.option("--signed-by", metavar="KEY", help=(
    "The public key that it must be signed with: a file with the key as PEM, or the key in base64."))  # fmt: skip
@shared_options.as_json
def check(paths: Sequence[Path], partial: bool, signed_by: str | None, as_json: bool) -> int:
    """Hold receipts against the code that is here now, without running anything.

    Write one with `harness run --pipeline … --receipt FILE`, and check it before a deploy, in the same project.

    Exit codes: 0 all was proved and nothing was changed since; 1 something was not proved, or was changed; 2 one
    cannot be read, or is of another project.
    """
    receipts, configuration = [read_receipt(path) for path in paths], read_configuration()
    found: list[dict[str, object]] = []
    for receipt in receipts:
        now = subject_now(receipt, configuration, __version__)
        against = list(objections(receipt, partial=partial, signed_by=signed_by))
        changed = list(differences(receipt, now))
        found.append({"valid": not (against or changed), "objections": against, "changed": changed})
        if not as_json:
            _tell(receipt, against, changed)
    valid = all(each["valid"] for each in found)
    if as_json:
        data = [{**each, "not_covered": receipt["not_covered"]} for each, receipt in zip(found, receipts, strict=True)]
        click.echo(json.dumps(data[0] if len(data) == 1 else {"valid": valid, "receipts": data}, indent=1))
    return 0 if valid else 1


def _tell(receipt: Receipt, against: Sequence[str], changed: Sequence[str]) -> None:
    proved = receipt["counts"].get("proved", 0)
    versions = ", ".join(receipt["intercom_versions"])
    click.echo(
        f"pipeline {receipt['pipeline']['name']}, against {receipt['against']}, Intercom {versions}: "
        f"{proved} of {len(receipt['scenarios'])} scenarios proved, {receipt['written_at']}"
    )
    for line in receipt["not_covered"]:
        click.echo(f"  not covered: {line}")
    for line in against:
        click.echo(f"  {line}")
    for line in changed:
        click.echo(f"  changed since: {line}")
    click.echo("valid" if not (against or changed) else "not valid: run the scenarios again")
