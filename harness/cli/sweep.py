"""`harness sweep`: finishes what a run against the TEST app left behind, by the ledger and nothing else."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from harness.runner.test_app_wiring import sweeping_session
from harness.test_app.cleanup.ledger import Entry
from harness.test_app.test_app_session import AppSession

SHOWN = 40


@click.command("sweep")
@click.option("--yes", is_flag=True, help="Delete without asking: for scripts.")
@click.option("--list", "only_list", is_flag=True, help="Only say what is left, and delete nothing.")
@click.option(
    "--settled-after",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How old a request without an answer must be before what nobody finds counts as never made.",
)
def command(yes: bool, only_list: bool, settled_after: float) -> int:
    """Delete what an earlier run left in the TEST app.

    Only what stands in the ledger is touched, each end is proved by a read, and nothing is deleted before you say so.

    Exit codes: 0 nothing is left; 1 something is left; 2 could not run.
    """
    with sweeping_session(settled_after) as session:
        entries = session.ledger.open_entries()
        _show(session, entries)
        if not entries:
            return 0
        if only_list or not (yes or click.confirm("Delete them from the TEST app?", err=True)):
            return 1
        return _sweep(session, entries)


def _show(session: AppSession, entries: Sequence[Entry]) -> None:
    named = f"{session.workspace.name or session.app.app_id} ({session.app.app_id})"
    if not entries:
        click.echo(f"Nothing is left in the TEST app {named}.")
        return
    click.echo(f"{len(entries)} entries of earlier runs may be in the TEST app {named}:")
    for entry in entries[:SHOWN]:
        click.echo(f"  {entry}  ({entry.scenario or 'outside of a scenario'})")
    if len(entries) > SHOWN:
        click.echo(f"  and {len(entries) - SHOWN} more")


def _sweep(session: AppSession, entries: Sequence[Entry]) -> int:
    _let_settle(session, entries)
    left = session.sweep(entries, lambda entry, number: click.echo(f"{number:4} left: {entry}", err=True))
    for one in left:
        click.echo(f"still there: {one}")
    if session.guard.stop is not None:
        click.echo(str(session.guard.stop), err=True)
    click.echo(f"{len(entries) - len(left)} of {len(entries)} are proved to be gone.")
    if left:
        click.echo("Run harness sweep again later.")
    return 1 if left else 0


def _let_settle(session: AppSession, entries: Sequence[Entry]) -> None:
    youngest = max((entry.at for entry in entries if not entry.entity_id), default=0.0)
    wait = youngest + session.around.settled_after - session.around.now() if youngest else 0.0
    if wait > 0:
        click.echo(f"Waiting {wait:.0f} s: a request that was never answered may still be under way.", err=True)
        time.sleep(min(wait, session.around.settled_after))
