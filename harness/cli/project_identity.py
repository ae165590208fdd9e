"""What a project is told from others by, and which commit of it is checked out."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PATIENCE: Final = 10.0
"""Seconds that git gets for an answer."""


def commit_of(root: Path) -> str:
    """Return the commit that is checked out in a folder; empty where there is none, or no git."""
    return _git(root, "rev-parse", "HEAD")


def identity_of_project(root: Path) -> str:
    """Return what stays the same wherever a project is checked out, and is another for each project.

    That is the name that its manifest declares, or else its first commit. Empty where there is neither.
    """
    if name := _declared_name(root):
        return name
    if _git(root, "rev-parse", "--is-shallow-repository") != "false":
        return ""
    first = _git(root, "rev-list", "--max-parents=0", "HEAD").split()
    return f"first commit {first[-1]}" if first else ""


def _declared_name(root: Path) -> str:
    for file, tables in (("pyproject.toml", (("project",), ("tool", "poetry"))), ("package.json", ((),))):
        data = _read(root / file)
        for path in tables:
            table: object = data
            for key in path:
                table = table.get(key) if isinstance(table, Mapping) else None
            name = table.get("name") if isinstance(table, Mapping) else None
            if isinstance(name, str) and name.strip():
                return name.strip()
    return ""


def _read(path: Path) -> object:
    with contextlib.suppress(OSError, ValueError):
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    return None


def _git(root: Path, *words: str) -> str:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        command = ["git", "-C", str(root), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout.strip()
    return ""
