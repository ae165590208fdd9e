"""`--like FILE`: the profile of people who exist, from a `load.json` or measured in an export."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from harness.rehearsal.load.load_file import FORMAT, LoadFile
from harness.rehearsal.load.load_files import LoadOrder, load_files
from harness.rehearsal.load.workspace_profile import Profile


def profile_like(path: Path) -> Profile:
    """Return what people are like: those of a loaded folder's `load.json`, or those of an export.

    An export is loaded under pseudonyms into a folder that is removed at once; only shares remain of it.

    Raises:
        Problem: the file is neither.
    """
    known = _of_load_file(path)
    if known is not None:
        return known
    with tempfile.TemporaryDirectory(prefix="harness-like-") as folder:
        return load_files(LoadOrder(files=(str(path),), state=Path(folder) / "state", skip_bad_rows=True)).profile


def _of_load_file(path: Path) -> Profile | None:
    try:
        with path.open("rb") as file:
            found = msgspec.json.decode(file.read(1_000_000), type=LoadFile)
    except (OSError, msgspec.DecodeError):
        return None
    return found.profile if found.format == FORMAT else None
