"""What the commands for cassettes share: which files are meant, and how they are named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from harness.core.errors import Problem

DEFAULT_ROOT = Path("cassettes")

folder = click.option(
    "--cassettes",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_ROOT,
    show_default=True,
    metavar="DIR",
    help="Where the cassettes lie.",
)
as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON instead of text.")
one_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
some_files = click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")


def cassette_paths(root: Path, files: Sequence[Path]) -> list[Path]:
    """The files that were named, or all in the folder; a Problem where there is none."""
    from harness.cassette.recording.storage import cassette_files

    given = files or ([root] if root.is_dir() else [])
    found = [path for one in given for path in (cassette_files(one) if one.is_dir() else [one])]
    if not found:
        raise Problem(f"There are no cassettes in {root}.", remedy="harness run --record")
    return found
