"""`harness load`: fill a sandbox's state folder with many people at once."""

from __future__ import annotations

from pathlib import Path

import click

from harness.core.errors import Problem
from harness.rehearsal.load.generate import generate
from harness.rehearsal.load.load_file import LoadFile
from harness.rehearsal.load.workspace_profile import PROFILES, profile_named


@click.command("load")
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to fill; `harness sandbox --state DIR` serves it afterwards.",
)
@click.option("--generate", "total", type=click.IntRange(1, 16_000_000), metavar="N", help="Make up so many contacts.")
@click.option(
    "--profile",
    "profile_name",
    metavar="NAME",
    help=f"What generated people are like: {', '.join(PROFILES)}. [default: usual]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Generate others with another number.")
def command(state: Path | None, total: int | None, profile_name: str | None, seed: int) -> int:
    """Fill a state folder with people, from files or made up, for a sandbox or a rehearsal.

    \b
    harness load --generate 20000 --state people
    harness sandbox --state people      (token: sandbox-default)
    """
    if state is None:
        raise Problem("harness load needs a folder to fill", remedy="name one: --state DIR")
    if total is None:
        raise Problem("There is nothing to load", remedy="make people up: --generate 1000")
    name = profile_name or "usual"
    load = generate(state, total, profile_named(name), name, seed)
    click.echo(_summary(load, state))
    return 0


def _summary(load: LoadFile, state: Path) -> str:
    counted = ", ".join(f"{count:,} {name}" for name, count in load.counts.items())
    return (
        f"Loaded into {state}: {counted}.\nServe it: harness sandbox --state {state} (token sandbox-{load.workspace})"
    )
