"""Writes `.env` so that only its owner can read it, keeping every line that is not ours."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path


def write_dotenv(path: Path, values: Mapping[str, str]) -> None:
    """Set these keys, whole or not at all, with mode 600."""
    lines = path.read_text(encoding="utf-8-sig").splitlines() if path.exists() else []
    kept = [line for line in lines if not any(_sets(line, key) for key in values)]
    text = "\n".join([*kept, *(f"{key}={value}" for key, value in values.items()), ""])
    beside = path.with_name(f"{path.name}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def keep_from_git(path: Path) -> None:
    """Have git leave the file alone, by a line in the `.gitignore` beside it."""
    ignore = path.with_name(".gitignore")
    text = ignore.read_text(encoding="utf-8") if ignore.exists() else ""
    separator = "" if not text or text.endswith("\n") else "\n"
    ignore.write_text(f"{text}{separator}{path.name}\n", encoding="utf-8")


def _sets(line: str, key: str) -> bool:
    return bool(re.match(rf"\s*(export\s+)?{re.escape(key)}\s*=", line))
