"""The project's configuration with the options of a command put over it: what the command line says, wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from harness.config import Configuration, read_configuration

KEY_OF: Final[Mapping[str, str]] = {
    "allowed": "allow",
    "cassettes": "cassettes",
    "containment": "containment",
    "intercom_version": "intercom_versions",
    "levels": "levels",
    "report": "report",
    "time_limit": "time_limit",
    "time_scale": "time_scale",
    "versions": "intercom_versions",
    "workers": "workers",
}
"""The parameters of commands that say what a key says, each with the key."""


def configured() -> Configuration:
    """Return the configuration of the project here, with what the command under way was given put over it.

    Raises:
        Problem: the configuration cannot be read, or cannot be meant.
    """
    context = click.get_current_context()
    given: dict[str, tuple[str, object]] = {}
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in KEY_OF and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            given[KEY_OF[name]] = (parameter.opts[0], _typed(KEY_OF[name], context.params[name]))
    return read_configuration().with_options(given)


def _typed(key: str, value: object) -> object:
    if isinstance(value, Path):
        return value.resolve()
    return (value,) if key == "intercom_versions" and isinstance(value, str) else value


def from_here(path: Path) -> Path:
    """Return a path as one writes it in the current folder, if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def default_cassettes() -> Path:
    """Return the folder of the project's cassettes."""
    return from_here(read_configuration().cassettes_folder)


def default_scenarios() -> Path:
    """Return the folder of the project's own scenarios: the first that the configuration names, or `scenarios`."""
    configuration = read_configuration()
    return from_here(next(iter(configuration.scenarios), configuration.root / "scenarios"))
