"""Options that several commands share, so that they read and behave alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.core.errors import Problem

if TYPE_CHECKING:
    from harness.gateway.middleware.fault import Fault

Command = TypeVar("Command", bound=Callable[..., Any])
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def workspace_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The value of an option that names a workspace, if such a workspace can be."""
    if value is not None and not _NAME.fullmatch(value):
        raise click.BadParameter("a name has up to 64 small letters, digits, dots, hyphens and underscores")
    return value


def against(function: Command) -> Command:
    """`--against`: what answers as Intercom."""
    return click.option(
        "--against",
        metavar="BACKEND",
        help="What answers as Intercom: sandbox (an own one, the default), the URL of a running harness sandbox, "
        "cassette, or test-app (guarded, and cleared away at the end).",
    )(function)


def taping(function: Command) -> Command:
    """`--cassette` and `--record`: keep what passes, or play what was kept."""
    record = click.option("--record", is_flag=True, help="Write what passes into the cassette, if all goes well.")
    cassette = click.option(
        "--cassette",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The cassette to play, or to write with --record.",
    )
    parallel = click.option(
        "--parallel",
        is_flag=True,
        help="With --record: what is asked comes in no order, as from threads; it is replayed in any.",
    )
    return cassette(record(parallel(record_in_ci(function))))


def record_in_ci(function: Command) -> Command:
    """`--record-in-ci`: what becomes of recordings where nobody watches."""
    return click.option(
        "--record-in-ci",
        is_flag=True,
        help="Record over cassettes that are there although CI is set; without this they are left alone.",
    )(function)


def strict_token(function: Command) -> Command:
    """`--strict-token`: what becomes of a token that is not the workspace's."""
    return click.option(
        "--strict-token",
        "strict",
        is_flag=True,
        help="Refuse a token that is not the workspace's; without this it is replaced, and you are told.",
    )(function)


def ca_file(function: Command) -> Command:
    """`--ca-file`: what a client of the proxy door must trust."""
    return click.option(
        "--ca-file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write the certificate of this run's authority here, for clients that use the port as an HTTPS proxy.",
    )(function)


def workspace(function: Command) -> Command:
    """`--workspace`: whose data."""
    return click.option(
        "--workspace",
        default="default",
        show_default=True,
        metavar="NAME",
        callback=workspace_name,
        help="The sandbox's workspace; its token is sandbox-NAME.",
    )(function)


def intercom_version(function: Command) -> Command:
    """`--intercom-version`: which dialect."""
    return click.option(
        "--intercom-version",
        metavar="V",
        help="Make this the workspace's default version; where a pipeline sends a version, replace it.",
    )(function)


def _not_intercoms(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from harness.core.hosts import host_of, is_owned

    for name in value:
        if is_owned(host_of(name.lstrip("."))):
            raise click.BadParameter(f"{name} is Intercom's own, and is answered here or not at all")
    return tuple(host_of(name) for name in value)


def allow_host(function: Command) -> Command:
    """`--allow-host`: what else may be reached."""
    return click.option(
        "--allow-host",
        "allowed",
        multiple=True,
        metavar="HOST",
        callback=_not_intercoms,
        help="Let the command reach this host through the proxy (.HOST: all under it); never one of Intercom's.",
    )(function)


def visitors(function: Command) -> Command:
    """`--visitors`: who is there when the command begins."""
    return click.option(
        "--visitors",
        type=click.IntRange(0, 10),
        default=0,
        metavar="N",
        help="With --against test-app: so many visit first, in a browser or by hand; HARNESS_VISITORS holds their ids.",
    )(function)


def visitors_are_meant(against: str | None, visitors: int) -> None:
    """`--visitors` where nobody has to visit is a `Problem`."""
    if visitors and against != "test-app":
        raise Problem("--visitors is for a TEST app", remedy="a sandbox makes them by POST /_sandbox/visitors")


def _faults(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Sequence[Fault]:
    if value is None:
        return ()
    from harness.gateway.middleware.fault_files import load_faults

    return load_faults(value)


def faults(function: Command) -> Command:
    """`--faults`: what goes wrong on purpose."""
    return click.option(
        "--faults",
        type=click.Path(path_type=Path),
        metavar="FILE",
        callback=_faults,
        help="Arm the faults of this TOML or JSON file: [[fault]] tables with operation, kind and times.",
    )(function)


def time_scale(function: Command) -> Command:
    """`--time-scale`: how much of each wait really passes."""
    return click.option(
        "--time-scale",
        type=click.FloatRange(0, 1),
        default=1.0,
        metavar="FACTOR",
        help="Tell whoever asks to wait only this part of what Intercom would; 0 not at all. [default: 1]",
    )(function)


def port(function: Command) -> Command:
    """`--port`: where to listen."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65_535),
        default=0,
        show_default=True,
        help="The port to listen on; 0 lets the system choose.",
    )(function)
