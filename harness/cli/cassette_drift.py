"""`harness cassettes diff`: what was recorded, asked again of a backend of today."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click

from harness import config
from harness.cassette import load
from harness.cassette.review.drift import Drift, cannot_be_asked, drifts
from harness.cassette.review.drift_ignores import FILE, Ignore, line_for, read_ignores, without_ignored
from harness.cli import shared_options
from harness.cli.cassette_options import cassette_paths, some_files
from harness.cli.live_drift import STAND_IN, CannotAsk, LiveDrift
from harness.core.clock import RUN_START, ManualClock
from harness.core.errors import Problem
from harness.core.tokens import token_of
from harness.runner import wiring
from harness.runner.test_app_wiring import guarded_app


@click.command()
@some_files
@shared_options.cassettes
@click.option(
    "--against",
    default="sandbox",
    show_default=True,
    metavar="BACKEND",
    help="What is asked now: sandbox (an own one), the URL of a running harness sandbox, or test-app.",
)
@shared_options.as_json
def diff(files: tuple[Path, ...], cassettes: Path, against: str, as_json: bool) -> int:
    """Ask a backend all that was recorded, and report where it answers otherwise than it did.

    A new field is information, a missing one or another value a warning; another type, status, code, role or id is an
    error, and the exit code 1. Each comes with lines for drift.toml, which accept it with a reason for a while.

    \b
    harness cassettes diff
    harness cassettes diff cassettes/visitor_to_lead/by_user_id.json --against http://127.0.0.1:8080
    harness cassettes diff cassettes/visitor_to_lead --against test-app
    """
    today = datetime.now(UTC).date()
    ignores = read_ignores(cassettes / FILE)
    paths = cassette_paths(cassettes, files)
    left_out = {path: why for path in paths if (why := _why_not(path))}
    _check_some_left(paths, left_out)
    by_file: dict[Path, list[Drift]] = {}
    with _asking(against) as drifts_of:
        for path in (path for path in paths if path not in left_out):
            try:
                by_file[path] = drifts_of(path)
            except CannotAsk as lack:
                left_out[path] = lack.what
    _check_some_left(paths, left_out)
    _left, useless = without_ignored([d for found in by_file.values() for d in found], ignores, today)
    left = {path: without_ignored(found, ignores, today)[0] for path, found in by_file.items()}
    stale = useless if not files else []
    if as_json:
        click.echo(json.dumps(_drift_report(left, stale, left_out), indent=2))
    else:
        for path, why in left_out.items():
            click.echo(f"cannot be diffed: {path}: {why}")
        _tell_drift(left, stale, today)
    worst = {drift.tier for found in left.values() for drift in found}
    return 1 if "error" in worst or stale else 0


def _check_some_left(paths: Sequence[Path], left_out: Mapping[Path, str]) -> None:
    if len(left_out) == len(paths):
        reasons = sorted(set(left_out.values()))
        raise Problem("None of these cassettes can be diffed.", evidence="; ".join(reasons))


@contextmanager
def _asking(against: str) -> Iterator[Callable[[Path], list[Drift]]]:
    """What tells the drift of one recording; a TEST app is held for the length of the block."""
    if against != "test-app":
        yield lambda path: _drifts(path, against)
        return
    with guarded_app(STAND_IN, purpose="harness cassettes diff") as way:
        yield LiveDrift(way, tuple(secret.reveal() for secret in config.load().secrets)).of


def _why_not(path: Path) -> str:
    return cannot_be_asked(load(path))


def _drifts(path: Path, against: str) -> list[Drift]:
    cassette = load(path)
    backend = wiring.backend_for(against, ManualClock(cassette.header.clock or RUN_START))
    try:
        assert backend.controls is not None
        workspace = f"diff-{secrets.token_hex(4)}"
        wiring.prefer_version(backend, workspace, cassette.header.intercom_version or None)
        make = backend.controls.workspace(workspace).create_visitor
        return drifts(cassette, backend.handle, token_of(workspace), make)
    finally:
        backend.close()


def _drift_report(
    left: dict[Path, list[Drift]], useless: Sequence[Ignore], left_out: dict[Path, str]
) -> dict[str, object]:
    rows = [
        {
            "path": str(path),
            "tier": drift.tier,
            "kind": drift.kind,
            "operation": drift.operation,
            "field": drift.path,
            "recorded": drift.recorded,
            "live": drift.live,
            "interaction": drift.place,
            "times": drift.times,
        }
        for path, found in left.items()
        for drift in found
    ]
    return {
        "compared": len(left),
        "drift": rows,
        "useless_ignores": [f"{i.operation} {i.path}" for i in useless],
        "cannot_be_diffed": {str(path): why for path, why in left_out.items()},
    }


def _tell_drift(left: dict[Path, list[Drift]], useless: Sequence[Ignore], today: date) -> None:
    for path, found in left.items():
        for drift in found:
            click.echo(f"{drift.tier}: {path}: {drift}")
    for ignore in useless:
        click.echo(f"error: {FILE}: {ignore.operation} {ignore.path} has expired or covers nothing; remove it")
    every = {(drift.operation, drift.path, drift.kind): drift for found in left.values() for drift in found}
    if every:
        click.echo(f"\nto accept for a while, with a reason, in {FILE} beside the cassettes:\n")
        click.echo("\n\n".join(line_for(drift, today) for drift in every.values()))
    tiers = [drift.tier for found in left.values() for drift in found]
    counts = ", ".join(f"{tiers.count(tier)} {tier}" for tier in ("error", "warning", "info"))
    click.echo(f"{len(left)} cassette(s) compared: {counts}")
