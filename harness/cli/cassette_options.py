"""What the commands for cassettes share: which files are meant, and how they are named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from harness.cassette.recording.storage import cassette_files
from harness.core.errors import Problem

one_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
some_files = click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")


def cassette_paths(root: Path, files: Sequence[Path]) -> list[Path]:
    """The files that were named, or all in the folder; a Problem where there is none."""
    given = files or ([root] if root.is_dir() else [])
    found = [path for one in given for path in (cassette_files(one) if one.is_dir() else [one])]
    if not found:
        raise Problem(f"There are no cassettes in {root}.", remedy="harness run --record")
    return found
