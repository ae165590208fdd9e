"""`harness load --forget`: removes a loaded workspace, its key and its map."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.core.errors import Problem
from harness.rehearsal.load.load_file import FILE_NAME, read_load_file
from harness.rehearsal.load.private_files import is_key, is_map
from harness.rehearsal.load.state_folder import BEGUN, is_ours
from harness.sandbox.workspaces.workspaces import claim


def forget(folder: Path) -> list[Path]:
    """Remove what `harness load` put into a folder, with the key and the map; return what was removed.

    Files that the harness did not make stay, and so does a folder that holds some.

    Raises:
        Problem: the folder was not loaded, or a sandbox uses it.
    """
    if not any((folder / name).exists() for name in (FILE_NAME, BEGUN)):
        raise Problem(
            f"{folder} holds nothing that `harness load` made.",
            evidence=f"there is no {FILE_NAME} in it",
            remedy="name the folder that was given with --state",
        )
    lock = claim(folder)
    try:
        removed = _named_elsewhere(folder)
        shutil.rmtree(folder / BEGUN, ignore_errors=True)
        ours = sorted(path for path in folder.iterdir() if is_ours(path) and path.name != "sandbox.lock")
    finally:
        lock.release()
    for path in [*removed, *ours, folder / "sandbox.lock"]:
        path.unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
    return [*removed, *ours]


def _named_elsewhere(folder: Path) -> list[Path]:
    """Return the key and the map of a load, if they are still what was made."""
    if not (folder / FILE_NAME).exists():
        return []
    load = read_load_file(folder)
    found = [(Path(load.key), is_key)] if load.key else []
    found += [(Path(load.map), is_map)] if load.map else []
    return [path for path, was_made_here in found if was_made_here(path)]
