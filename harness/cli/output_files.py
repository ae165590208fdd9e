"""Files that a command will write at its end: whether they can be written is asked before it does anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from harness.core.errors import Problem


def refuse_unwritable(files: Mapping[str, Path | None], folders: Mapping[str, Path | None]) -> None:
    """Raise a Problem for the first of some options whose file or folder this user may not write.

    files, folders: what was named, by the option that named it; `None` for an option that was not given.
    """
    for option, path in files.items():
        if path is not None and path.is_dir():
            raise Problem(f"{option} {path} is a folder", remedy=f"name a file: {option} {path}/result")
    for option, path in {**files, **folders}.items():
        if path is not None and not os.access(place := _existing(path), os.W_OK):
            raise Problem(
                f"{option} {path} cannot be written",
                evidence=f"this user may not write {place}",
                remedy="make it writable, or name another",
            )
    for option, path in folders.items():
        if path is not None and path.exists() and not path.is_dir():
            raise Problem(f"{option} {path} is a file, and a folder is wanted", remedy=f"name a folder: {option} DIR")


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there."""
    absolute = path.absolute()
    return next(place for place in (absolute, *absolute.parents) if os.path.lexists(place))
