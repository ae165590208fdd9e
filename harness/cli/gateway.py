"""`harness gateway`: the same server as the sandbox's, in front of any backend."""

from __future__ import annotations

from pathlib import Path

import click

from harness import config
from harness.cli import shared_options, taping
from harness.cli.serving import serve
from harness.cli.shared_options import GatewayOptions
from harness.core.tokens import token_of
from harness.runner import command_session, wiring
from harness.runner.test_app_wiring import errand


@click.command("gateway")
@shared_options.gateway_options
@shared_options.host
@shared_options.port
@shared_options.ca_file
def command(options: GatewayOptions, host: str, port: int, ca_file: Path | None) -> int:
    """Serve the gateway over HTTP and as an HTTPS proxy, in front of a backend.

    Every token that arrives becomes the workspace's; before a TEST app each stays, and the guard looks at it. The first
    line on stdout is `ready URL`, once it accepts. SIGTERM and Ctrl-C end it with exit code 0; with 1 if a recording or
    replay has something against it, or something may be left in a TEST app.

    \b
    harness gateway --against http://127.0.0.1:8080 --workspace demo --ca-file ca.pem
    HTTPS_PROXY=URL curl --cacert ca.pem -u anything: https://api.intercom.io/me
    harness gateway --against test-app --port 8100    then: curl -H 'Authorization: Bearer sandbox-default' URL/me
    """
    found = config.load()
    tape = taping.insert(
        options.against,
        options.cassette,
        options.record,
        may_replace=options.record_in_ci or not found.ci,
        parallel=options.parallel,
        title="A gateway's traffic",
        intercom_version=options.intercom_version,
        secrets=[secret.reveal() for secret in found.secrets],
        opens=lambda: errand(token_of(options.workspace), "harness gateway", options.visitors),
        time_scale=options.time_scale,
    )
    for line in tape.told():
        _note(line)
    wiring.prefer_version(tape.backend, options.workspace, tape.intercom_version)
    token = None if options.strict or tape.errand is not None else token_of(options.workspace)
    session = command_session.gateway_session(tape.backend, token, tape.intercom_version, tape.middleware)
    tables = wiring.workspace_faults(tape.backend, tape.clock, options.faults, options.workspace)
    _, server = wiring.service(
        tape.backend, tape.clock, host=host, port=port, session=session, faults=tables, allowed=options.allowed
    )
    serve(server, tape.backend.close, ca_file)
    for fault in tables.table(options.workspace).unfired:
        _note(f"the fault {fault} of {fault.operation} was armed and never fired")
    problem = tape.conclude(True)
    told = [*([str(problem)] if problem is not None else []), *tape.remains()]
    for line in told:
        _note(line)
    return 1 if told else 0


def _note(line: str) -> None:
    click.echo(f"harness: {line}", err=True)
