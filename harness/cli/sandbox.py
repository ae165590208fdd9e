"""`harness sandbox`: the embedded Intercom on a port of this machine, until it is told to end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from harness.cli import shared_options
from harness.cli.serving import serve
from harness.core.clock import FollowingClock, WallClock
from harness.gateway.middleware.fault import Fault
from harness.runner import wiring
from harness.sandbox.workspaces.workspaces import MOST_OPEN


@click.command("sandbox")
@shared_options.host
@shared_options.port
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the workspaces in this folder; without it they live in memory.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Where ids and pseudonyms come from; same seed, same ids."
)
@click.option(
    "--intercom-version", metavar="V", help="The version a request gets that names none (1.0, as Intercom's)."
)
@click.option(
    "--workspaces",
    "most_open",
    type=click.IntRange(min=16),
    default=MOST_OPEN,
    show_default=True,
    metavar="N",
    help="How many workspaces stay in memory; those idle longest go to temporary files, and come back when asked for.",
)
@click.option("--control", is_flag=True, help="Let the dashboard change things; without it pages may only look.")
@shared_options.faults
@shared_options.time_scale
@shared_options.ca_file
def command(
    host: str,
    port: int,
    state: Path | None,
    seed: int,
    intercom_version: str | None,
    most_open: int,
    control: bool,
    faults: Sequence[Fault],
    time_scale: float,
    ca_file: Path | None,
) -> int:
    """Serve a sandboxed Intercom over HTTP, with a dashboard and a live visitor.

    The first line on stdout is `ready URL`, once it accepts. A token `sandbox-NAME` opens the workspace NAME, made on
    first use. The pages are at /_sandbox/ and /_sandbox/live-visitor. SIGTERM and Ctrl-C end it with exit code 0.

    \b
    harness sandbox --port 8080
    curl -H 'Authorization: Bearer sandbox-demo' -d '{"name": "Ada"}' http://127.0.0.1:8080/_sandbox/visitors
    """
    clock = FollowingClock(WallClock())
    made = wiring.sandbox_backend(clock, state=state, seed=seed, intercom_version=intercom_version, most_open=most_open)
    with closing(made) as backend:
        tables = wiring.workspace_faults(backend, clock, faults, wiring.DEFAULT_WORKSPACE)
        session = wiring.service_session(backend, wiring.paced(clock, time_scale))
        _, server = wiring.service(
            backend, clock, host=host, port=port, session=session, faults=tables, pages_may_change=control
        )
        serve(server, ca_file)
    return 0
