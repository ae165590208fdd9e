"""`harness receipt check`: whether what a receipt says was proved is still what there is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import click

from harness import __version__
from harness.cli import shared_options
from harness.config import read_configuration
from harness.config.stock import module_of
from harness.core.errors import Problem
from harness.pipeline.content import content_of, digests
from harness.pytest_plugin.collection import is_named_as_one
from harness.report.receipt import Subject, differences, objections, read_receipt


@click.group("receipt")
def command() -> None:
    """Receipts of runs: what was tested, and whether it still is what there is."""


@command.command("check")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--partial", is_flag=True, help="Accept a receipt of a run of some scenarios only.")
@shared_options.as_json
def check(path: Path, partial: bool, as_json: bool) -> int:
    """Hold a receipt against the code that is here now, without running anything.

    Write one with `harness run --pipeline … --receipt FILE`, and check it before a deploy, in the same project.

    Exit codes: 0 all was proved and nothing was changed since; 1 something was not proved, or was changed; 2 it cannot
    be read.
    """
    receipt = read_receipt(path)
    against = list(objections(receipt, partial=partial))
    changed = list(differences(receipt, _here(receipt)))
    if as_json:
        click.echo(json.dumps({"valid": not (against or changed), "objections": against, "changed": changed}, indent=1))
    else:
        _tell(receipt, against, changed)
    return 1 if against or changed else 0


def _here(receipt: dict[str, Any]) -> Any:
    configuration = read_configuration()
    root = configuration.root
    try:
        pipeline = content_of(receipt["pipeline"]["spec"], root, configuration.python_path)
    except Problem:
        pipeline = {}
    known = [module_of(name, root) for name in receipt["scenario_files"]]
    own = [path for path in known if path.is_relative_to(root)]
    more = [] if receipt["selection"] else [path for path in _beside(own) if path not in known]
    there = digests((*known, *more), root)
    return Subject(receipt["pipeline"]["spec"], pipeline, there, __version__)


def _beside(known: Collection[Path]) -> Iterator[Path]:
    """The scenario modules in the same folders, those that came later included."""
    for folder in {path.parent for path in known}:
        yield from (path for path in folder.glob("*.py") if is_named_as_one(path))


def _tell(receipt: dict[str, Any], against: list[str], changed: list[str]) -> None:
    proved = receipt["counts"].get("proved", 0)
    versions = ", ".join(receipt["intercom_versions"])
    click.echo(
        f"pipeline {receipt['pipeline']['name']}, against {receipt['against']}, Intercom {versions}: "
        f"{proved} of {len(receipt['scenarios'])} scenarios proved, {receipt['written_at']}"
    )
    for line in against:
        click.echo(f"  {line}")
    for line in changed:
        click.echo(f"  changed since: {line}")
    click.echo("valid" if not (against or changed) else "not valid: run the scenarios again")
