"""What the commands that serve have in common: the ready line, the authority's certificate, a quiet end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from harness.gateway.server import Server


def serve(server: Server, close: Callable[[], None], ca_file: Path | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the ready line is the first on stdout. `close` lets go of the backend."""
    if ca_file is not None:
        from harness.gateway.authority import Authority

        authority = Authority()
        ca_file.write_bytes(authority.certificate())
        server.trust(authority)
    try:
        server.serve(lambda: click.echo(f"ready {server.url}"))
    finally:
        close()
    return 0
