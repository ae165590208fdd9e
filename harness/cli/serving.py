"""What the commands that serve have in common: the ready line, the authority's certificate, a quiet end."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from harness.core.errors import Problem
from harness.gateway.server.server import Server
from harness.gateway.server.tls import Authority


def serve(server: Server, ca_file: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT; the ready line is the first on stdout."""
    if ca_file is not None:
        authority = Authority()
        _write(ca_file, authority.certificate())
        server.trust(authority)
    # What was loaded stays, and answers leave no cycles: looking for garbage as often as usual costs 3 % of a request.
    gc.freeze()
    gc.set_threshold(10_000)
    server.serve(lambda: click.echo(f"ready {server.url}"))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Problem(
            f"the certificate cannot be written to {path}",
            evidence=error.strerror or str(error),
            remedy="name a file in a folder that exists and can be written",
        ) from None
