"""`harness config`: what is configured, and where each value comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from harness.config import CREDENTIAL_NAME, KEYS, Configuration, load, read_configuration
from harness.config.configuration import KEYS as CONFIGURATION_KEYS
from harness.config.configuration import PipelineChoice
from harness.config.json_schema import configuration_schema

WIDTH = 20


@click.command("config")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration, for an editor.")
@click.option("--all", "everything", is_flag=True, help="Show the keys that have their defaults as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout instead of text.")
def command(schema: bool, everything: bool, as_json: bool) -> int:
    """Show the project's configuration, and where each value comes from.

    It is read from harness.toml, or from [tool.harness] in pyproject.toml, in the nearest folder upwards.

    \b
    harness config
    harness config --schema > harness.schema.json      and "#:schema harness.schema.json" at the top of harness.toml

    Exit codes: 0 it was read, or there is none; 2 it cannot be read.
    """
    if schema:
        click.echo(json.dumps(configuration_schema(), indent=1))
        return 0
    found = read_configuration()
    if as_json:
        click.echo(json.dumps(_as_data(found), indent=1))
    else:
        _show(found, everything=everything)
    return 0


def _as_data(found: Configuration) -> dict[str, object]:
    keys = {
        name: {"value": _plain(name, getattr(found, name), found.root), "origin": str(found.origin(name))}
        for name in CONFIGURATION_KEYS
    }
    file = str(found.file) if found.file else None
    return {"format": 1, "root": str(found.root), "file": file, "keys": keys, "test_app": _test_app(found)}


def _show(found: Configuration, *, everything: bool) -> None:
    click.echo(f"root   {found.root}")
    click.echo(f"file   {found.file.name if found.file else 'none: all keys have their defaults'}\n")
    names = [name for name in CONFIGURATION_KEYS if everything or found.is_set(name)]
    for name in names:
        value = json.dumps(_plain(name, getattr(found, name), found.root), ensure_ascii=False)
        click.echo(f"{name:{WIDTH}} {value}  ({found.origin(name)})")
    left = len(CONFIGURATION_KEYS) - len(names)
    if left:
        click.echo(f"{'' if not names else chr(10)}{left} keys have their defaults (harness config --all shows them)")
    for name, origin in _test_app(found).items():
        click.echo(f"{name:{WIDTH + 7}} {origin}")


def _test_app(found: Configuration) -> Mapping[str, str]:
    """Where the settings of a TEST app stand; never their values."""
    settings = load(found.root)
    places = {".env": settings.dotenv, "environment": settings.environment}
    return {key: f"set  ({place})" for key in KEYS for place, values in places.items() if values.get(key, "").strip()}


def _plain(name: str, value: object, root: Path) -> object:
    """A value as TOML would write it: paths from the root, and no secret."""
    if isinstance(value, PipelineChoice):
        return value.portable(root)
    if isinstance(value, Path):
        return value.relative_to(root).as_posix() if value.is_relative_to(root) else str(value)
    if name == "env" and isinstance(value, Sequence):
        return {variable: _shown(variable, text) for variable, text in value}
    if isinstance(value, tuple):
        return [_plain(name, entry, root) for entry in value]
    return value


def _shown(variable: str, text: str) -> str:
    return text if "{" in text or not CREDENTIAL_NAME.search(variable) else "…"
