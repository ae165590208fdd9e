"""Options that several commands share, each declared once, so that they read and behave alike.

A command takes one of them as a decorator: `@shared_options.port`. `exec` and `gateway` take all that they have in
common with `@shared_options.gateway_options`, as one `GatewayOptions` value: adding an option to both is a field there
and its declaration in `GATEWAY_OPTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import click

from harness.cli.configured import configured, default_cassettes, default_scenarios
from harness.containment.addresses import declared_address
from harness.core.errors import Problem
from harness.core.tokens import WORKSPACE_NAME
from harness.gateway.middleware.fault import Fault
from harness.gateway.middleware.fault_files import load_faults

P = ParamSpec("P")


def workspace_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return the value of an option that names a workspace. Raises click.BadParameter for a name no workspace has."""
    if value is not None and not WORKSPACE_NAME.fullmatch(value):
        raise click.BadParameter("a name has up to 64 small letters, digits, dots, hyphens and underscores")
    return value


def _hosts(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(declared_address(text)) for text in value)
    except Problem as problem:
        raise click.BadParameter(f"{problem.what} {problem.evidence}") from problem


def _workers(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | str | None:
    if value is None or value == "auto":
        return value
    if value.isascii() and value.isdigit() and int(value) > 0:
        return int(value)
    raise click.BadParameter('a whole number above 0, or "auto"')


def _faults(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Sequence[Fault]:
    return () if value is None else load_faults(value)


against = click.option(
    "--against",
    metavar="BACKEND",
    help="What answers as Intercom: sandbox (an own one, the default), the URL of a running harness sandbox, "
    "cassette, or test-app (guarded, and cleared away at the end).",
)
cassette = click.option(
    "--cassette",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The cassette to play, or to write with --record.",
)
record = click.option("--record", is_flag=True, help="Write what passes into the cassette, if all goes well.")
parallel = click.option(
    "--parallel",
    is_flag=True,
    help="With --record: what is asked comes in no order, as from threads; it is replayed in any.",
)
record_in_ci = click.option(
    "--record-in-ci",
    is_flag=True,
    help="Record over cassettes that are there although CI is set; without this they are left alone.",
)
strict_token = click.option(
    "--strict-token",
    "strict",
    is_flag=True,
    help="Refuse a token that is not the workspace's; without this it is replaced, and you are told.",
)
workspace = click.option(
    "--workspace",
    default="default",
    show_default=True,
    metavar="NAME",
    callback=workspace_name,
    help="The sandbox's workspace; its token is sandbox-NAME.",
)
intercom_version = click.option(
    "--intercom-version",
    metavar="V",
    help="Make this the workspace's default version; where a pipeline sends a version, replace it.",
)
allow_host = click.option(
    "--allow-host",
    "allowed",
    multiple=True,
    metavar="HOST[:PORT]",
    callback=_hosts,
    help="Let the code under test reach this address (.HOST: all under it, by the proxy); never one of Intercom's.",
)
containment = click.option(
    "--containment",
    type=click.Choice(["require", "prefer", "off"]),
    help="Enclose the code under test: run only if it fully is, if that can be had, or not at all. [default: prefer]",
)
workers = click.option(
    "-n",
    "workers",
    metavar="N|auto",
    callback=_workers,
    help="Play scenarios in this many processes at once; auto: one for each core. [default: 1]",
)
visitors = click.option(
    "--visitors",
    type=click.IntRange(0, 10),
    default=0,
    metavar="N",
    help="With --against test-app: so many visit first, in a browser or by hand; HARNESS_VISITORS holds their ids.",
)
faults = click.option(
    "--faults",
    type=click.Path(path_type=Path),
    metavar="FILE",
    callback=_faults,
    help="Arm the faults of this TOML or JSON file: [[fault]] tables with operation, kind and times.",
)
time_scale = click.option(
    "--time-scale",
    type=click.FloatRange(0, 1),
    default=1.0,
    metavar="FACTOR",
    help="Make each wait that Intercom asks for this part of its length; 0: no wait at all. [default: 1]",
)
host = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
port = click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    show_default=True,
    help="The port to listen on; 0 lets the system choose.",
)
ca_file = click.option(
    "--ca-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the certificate of this run's authority here, for clients that use the port as an HTTPS proxy.",
)
cassettes = click.option(
    "--cassettes",
    type=click.Path(path_type=Path, file_okay=False),
    default=default_cassettes,
    show_default="cassettes, in the project's folder",
    metavar="DIR",
    help="The folder of the cassettes.",
)
scenarios = click.option(
    "--scenarios",
    type=click.Path(path_type=Path, file_okay=False),
    default=default_scenarios,
    show_default="scenarios, in the project's folder",
    metavar="DIR",
    help="The folder of the scenarios.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout instead of text.")


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """The values of the options that `exec` and `gateway` have in common."""

    against: str | None
    cassette: Path | None
    record: bool
    parallel: bool
    record_in_ci: bool
    workspace: str
    intercom_version: str | None
    faults: Sequence[Fault]
    time_scale: float
    visitors: int
    allowed: Sequence[str]
    """Addresses beside Intercom's that the command may reach, as they are declared."""
    strict: bool
    """Whether a token that is not the workspace's is refused."""

    def __post_init__(self) -> None:
        """Raise a Problem for `--visitors` with a backend that makes visitors by its API."""
        if self.visitors and self.against != "test-app":
            raise Problem("--visitors is for a TEST app", remedy="a sandbox makes them by POST /_sandbox/visitors")


GATEWAY_OPTIONS = (
    against, cassette, record, parallel, record_in_ci, workspace, intercom_version, faults, time_scale, visitors,
    allow_host, strict_token,
)  # fmt: skip
"""One declaration for each field of `GatewayOptions`, in the order of the help page."""


def _with_configuration(options: GatewayOptions) -> GatewayOptions:
    """Return the options, with what the project's configuration says where the command line says nothing."""
    configuration = configured()
    versions = configuration.intercom_versions
    return replace(
        options,
        time_scale=configuration.time_scale if configuration.is_set("time_scale") else options.time_scale,
        intercom_version=versions[0] if len(versions) == 1 else options.intercom_version,
        allowed=configuration.allow,
    )


def gateway_options(command: Callable[Concatenate[GatewayOptions, P], int]) -> Callable[..., int]:
    """Give a command all of `GATEWAY_OPTIONS`; it is called with their values as its first argument."""

    @wraps(command)
    def with_values(*args: P.args, **given: P.kwargs) -> int:
        shared = GatewayOptions(**{field.name: given.pop(field.name) for field in fields(GatewayOptions)})  # type: ignore[arg-type]  # click gives each its type
        return command(_with_configuration(shared), *args, **given)

    decorated: Callable[..., int] = with_values
    for option in reversed(GATEWAY_OPTIONS):
        decorated = option(decorated)
    return decorated
