"""`harness gateway`: the same server as the sandbox's, in front of any backend."""

from __future__ import annotations

from pathlib import Path

import click

from harness import config
from harness.cli import command_backend, shared_options
from harness.cli.notes import note
from harness.cli.serving import serve
from harness.cli.shared_options import GatewayOptions
from harness.core.errors import Problem
from harness.core.loopback import is_loopback
from harness.runner.backend_session import TEST_APP, open_backend_session
from harness.runner.command_session import gateway_service


@click.command("gateway")
@shared_options.gateway_options
@shared_options.host
@shared_options.port
@shared_options.ca_file
def command(options: GatewayOptions, host: str, port: int, ca_file: Path | None) -> int:
    """Serve the gateway over HTTP and as an HTTPS proxy, in front of a backend.

    Every token that arrives becomes the workspace's. Before a TEST app the gateway takes one token alone, which it
    makes up and prints on stderr, and it listens on loopback alone. The first line on stdout is `ready URL`, once it
    accepts. SIGTERM and Ctrl-C end it with exit code 0; with 1 if a recording or replay has something against it, or
    something may be left in a TEST app.

    \b
    harness gateway --against http://127.0.0.1:8080 --workspace demo --ca-file ca.pem
    HTTPS_PROXY=URL curl --cacert ca.pem -u anything: https://api.intercom.io/me
    harness gateway --against test-app --port 8100    then: curl -H "Authorization: Bearer $HARNESS_TOKEN" URL/me
    """
    if options.against == TEST_APP and not is_loopback(host):
        raise Problem(
            f"--host {host}: a gateway in front of a TEST app listens on loopback alone",
            why="everybody who reaches the port could change the workspace",
            remedy="leave --host out, and lead other machines there by a tunnel of your own",
        )
    wanted = command_backend.command_config(
        options, name="harness gateway", title="A gateway's traffic", settings=config.load()
    )
    with open_backend_session(wanted) as session:
        for line in command_backend.announcements(session):
            note(line)
        if session.test_app is not None:
            note(f"{command_backend.TOKEN}={session.token}: the only token that is taken here, until this ends")
        opened = gateway_service(session, command_backend.service_config(options, host, port))
        serve(opened.server, ca_file)
        for fault in opened.faults.unfired:
            note(f"the fault {fault} of {fault.operation} was armed and never fired")
        problem = command_backend.conclude(session, passed=True)
    against = [*([str(problem)] if problem is not None else []), *command_backend.leftovers(session)]
    for line in against:
        note(line)
    return 1 if against else 0
