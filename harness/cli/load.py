"""`harness load`: fill a sandbox's state folder with many people at once, from files or made up."""

from __future__ import annotations

from pathlib import Path

import click

from harness.core.errors import Problem
from harness.rehearsal.load.csv_values import DateOrder
from harness.rehearsal.load.forget import forget
from harness.rehearsal.load.generate import generate
from harness.rehearsal.load.like import profile_like
from harness.rehearsal.load.load_file import LoadFile
from harness.rehearsal.load.load_files import LoadOrder, load_files
from harness.rehearsal.load.workspace_profile import PROFILES, Profile, profile_named

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("load")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to fill; `harness sandbox --state DIR` serves it afterwards.",
)
@click.option(
    "--key",
    type=FILE,
    metavar="FILE",
    help="The key of the pseudonyms, made if it is not there; it makes the same ones again.",
)
@click.option("--map", "map_path", type=FILE, metavar="FILE", help="Write old and new values here, as CSV.")
@click.option("--as-it-is", is_flag=True, help="Replace nothing: real names and addresses go into the folder.")
@click.option("--skip-bad-rows", is_flag=True, help="Load what can be read; without this one bad row stops the load.")
@click.option(
    "--keep",
    multiple=True,
    metavar="COLUMN",
    help="Keep a column that is not understood as a custom attribute; '*' for all.",
)
@click.option("--encoding", metavar="NAME", help="How the files are encoded, where it is not UTF-8.")
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="What comes first in a date such as 3/4/2024.",
)
@click.option("--generate", "total", type=click.IntRange(1, 16_000_000), metavar="N", help="Make up so many contacts.")
@click.option(
    "--profile",
    "profile_name",
    metavar="NAME",
    help=f"What generated people are like: {', '.join(PROFILES)}. [default: usual]",
)
@click.option(
    "--like", type=FILE, metavar="FILE", help="Make people up who are like those of an export or of a load.json."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Generate others with another number.")
@click.option(
    "--forget",
    "forgotten",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Remove a loaded folder, with its key and its map.",
)
def command(
    files: tuple[str, ...],
    state: Path | None,
    key: Path | None,
    map_path: Path | None,
    as_it_is: bool,
    skip_bad_rows: bool,
    keep: tuple[str, ...],
    encoding: str | None,
    dates: DateOrder | None,
    total: int | None,
    profile_name: str | None,
    like: Path | None,
    seed: int,
    forgotten: Path | None,
) -> int:
    """Fill a state folder with people, from files or made up, for a sandbox or a rehearsal.

    Files are Intercom's CSV exports of users and leads, and JSON or JSON Lines of contacts, users, companies, tags,
    notes, conversations and data attributes as the API shows them; also with gzip, and - for standard input. All that
    is personal is replaced by pseudonyms. They are still personal data: keep the folder as you keep the export.

    \b
    harness load users.csv leads.csv --state people --key people.key
    harness load --generate 20000 --state people
    harness sandbox --state people      (token: sandbox-default)
    harness load --forget people
    """
    if forgotten is not None:
        for path in forget(forgotten):
            click.echo(f"removed {path}")
        return 0
    if state is None:
        raise Problem("harness load needs a folder to fill", remedy="name one: --state DIR")
    if total is not None:
        if files or key or map_path or as_it_is:
            raise Problem("--generate makes people up, and reads no files", remedy="leave one of them out")
        load = generate(state, total, *_profile(profile_name, like), seed)
    elif files:
        order = LoadOrder(
            files=files,
            state=state,
            key=key,
            map=map_path,
            as_it_is=as_it_is,
            skip_bad_rows=skip_bad_rows,
            keep=frozenset(keep),
            encoding=encoding,
            dates=dates,
        )
        load = load_files(order)
    else:
        raise Problem("There is nothing to load", remedy="name files, or make people up: --generate 1000")
    click.echo(_summary(load, state))
    return 0


def _profile(name: str | None, like: Path | None) -> tuple[Profile, str | None]:
    if like is not None and name is not None:
        raise Problem("--profile and --like say the same in two ways", remedy="leave one of them out")
    if like is not None:
        return profile_like(like), None
    return profile_named(name or "usual"), name or "usual"


def _summary(load: LoadFile, state: Path) -> str:
    lines = [f"Loaded into {state}: {', '.join(f'{count:,} {name}' for name, count in load.counts.items())}."]
    for source in load.sources:
        skipped = f", {source.skipped:,} rows skipped" if source.skipped else ""
        lines.append(f"  {source.name}: {source.format}, {source.holds}, {source.rows:,} rows read{skipped}")
    if load.not_understood:
        names = ", ".join(repr(name) for name in load.not_understood)
        lines.append(f"Not understood and left out (--keep NAME keeps one as a custom attribute): {names}")
    if load.kept:
        lines.append(f"Kept as custom attributes: {', '.join(repr(name) for name in load.kept)}")
    lines += [f"Assumed: {text}." for text in load.assumed]
    lines.append(PEOPLE_ARE[load.people])
    lines.append(f"Serve it: harness sandbox --state {state} (token sandbox-{load.workspace})")
    return "\n".join(lines)


PEOPLE_ARE = {
    "generated": "All people are made up.",
    "pseudonyms": "Pseudonyms stand for all that is personal. It is still personal data: remove it with --forget.",
    "as_it_is": "Real people stand in it, as they are: names, addresses and all else. Remove it with --forget.",
}
