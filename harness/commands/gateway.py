"""`harness gateway`: the same server as the sandbox's, in front of any backend."""

from __future__ import annotations

from pathlib import Path

import click

from harness.commands import options


@click.command("gateway")
@options.against
@options.workspace
@options.intercom_version
@options.allow_host
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@options.port
@click.option(
    "--ca-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the certificate of this run's authority here, for clients that use the port as an HTTPS proxy.",
)
def command(
    against: str | None,
    workspace: str,
    intercom_version: str | None,
    allowed: tuple[str, ...],
    host: str,
    port: int,
    ca_file: Path | None,
) -> int:
    """Serve the gateway over HTTP and as an HTTPS proxy, in front of a backend.

    Every token that arrives becomes the workspace's. The first line on stdout is `ready URL`, once it accepts. SIGTERM
    and Ctrl-C end it with exit code 0.

    \b
    harness gateway --against http://127.0.0.1:8080 --workspace demo --ca-file ca.pem
    HTTPS_PROXY=URL curl --cacert ca.pem -u anything: https://api.intercom.io/me
    """
    from harness import app
    from harness.clock import FollowingClock, WallClock
    from harness.commands.serving import serve

    clock = FollowingClock(WallClock())
    backend = app.backend_for(against, clock)
    app.prefer_version(backend, workspace, intercom_version)
    stage = app.command_stage(backend, f"sandbox-{workspace}", intercom_version)
    _, server = app.service(backend, clock, host=host, port=port, stage=stage, allowed=allowed)
    return serve(server, backend.close, ca_file)
