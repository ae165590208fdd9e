"""Lines that a command says beside its result, and errors: known secrets are covered in them as everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from harness import config
from harness.cassette.redaction.redactor import Redactor
from harness.core.errors import Problem


def note(line: str, credentials: Iterable[str] = ()) -> None:
    """Say a line on stderr. credentials: `Authorization` headers that requests brought, which are covered as well."""
    click.echo(f"harness: {covered(line, credentials)}", err=True)


def covered(text: str, credentials: Iterable[str] = ()) -> str:
    """Return a text with the secrets of the settings covered, and those of these `Authorization` headers."""
    redactor = Redactor(secrets=_known())
    for authorization in credentials:
        redactor.learn_credentials(authorization)
    return redactor.secrets.cover(text)


def _known() -> list[str]:
    try:
        found = config.load()
    except Problem:  # what is wrong with `.env` is being said
        found = config.load(Path("/nonexistent"))
    return [secret.reveal() for secret in found.secrets]
