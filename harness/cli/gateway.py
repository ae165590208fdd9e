"""`harness gateway`: the same server as the sandbox's, in front of any backend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import shared_options

if TYPE_CHECKING:
    from harness.gateway.middleware.fault import Fault


@click.command("gateway", short_help="Serve the gateway, HTTP and HTTPS proxy, for a backend.")
@shared_options.against
@shared_options.taping
@shared_options.workspace
@shared_options.intercom_version
@shared_options.faults
@shared_options.time_scale
@shared_options.visitors
@shared_options.allow_host
@shared_options.strict_token
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@shared_options.port
@shared_options.ca_file
def command(
    against: str | None,
    cassette: Path | None,
    record: bool,
    parallel: bool,
    record_in_ci: bool,
    workspace: str,
    intercom_version: str | None,
    faults: Sequence[Fault],
    time_scale: float,
    visitors: int,
    allowed: tuple[str, ...],
    strict: bool,
    host: str,
    port: int,
    ca_file: Path | None,
) -> int:
    """Serve the gateway over HTTP and as an HTTPS proxy, in front of a backend.

    Every token that arrives becomes the workspace's; before a TEST app each stays, and the guard looks at it. The first
    line on stdout is `ready URL`, once it accepts. SIGTERM and Ctrl-C end it with exit code 0; with 1 if a recording or
    replay has something against it, or something may be left in a TEST app.

    \b
    harness gateway --against http://127.0.0.1:8080 --workspace demo --ca-file ca.pem
    HTTPS_PROXY=URL curl --cacert ca.pem -u anything: https://api.intercom.io/me
    harness gateway --against test-app --port 8100    then: curl -H 'Authorization: Bearer sandbox-default' URL/me
    """
    from harness import config
    from harness.cli import taping
    from harness.cli.serving import serve
    from harness.runner import command_session, wiring
    from harness.runner.test_app_wiring import errand

    shared_options.visitors_are_meant(against, visitors)
    found = config.load()
    tape = taping.insert(
        against,
        cassette,
        record,
        may_replace=record_in_ci or not found.ci,
        parallel=parallel,
        title="A gateway's traffic",
        intercom_version=intercom_version,
        secrets=[secret.reveal() for secret in found.secrets],
        opens=lambda: errand(f"sandbox-{workspace}", "harness gateway", visitors),
        time_scale=time_scale,
    )
    for line in tape.told():
        _note(line)
    wiring.prefer_version(tape.backend, workspace, tape.intercom_version)
    token = None if strict or tape.errand is not None else f"sandbox-{workspace}"
    session = command_session.gateway_session(tape.backend, token, tape.intercom_version, tape.middleware)
    tables = wiring.workspace_faults(tape.backend, tape.clock, faults, workspace)
    _, server = wiring.service(
        tape.backend, tape.clock, host=host, port=port, session=session, faults=tables, allowed=allowed
    )
    serve(server, tape.backend.close, ca_file)
    for fault in tables.table(workspace).unfired:
        _note(f"the fault {fault} of {fault.operation} was armed and never fired")
    problem = tape.conclude(True)
    told = [*([str(problem)] if problem is not None else []), *tape.remains()]
    for line in told:
        _note(line)
    return 1 if told else 0


def _note(line: str) -> None:
    click.echo(f"harness: {line}", err=True)
