"""Finds a project's configuration and reads it, once: `harness.toml`, or `[tool.harness]` in `pyproject.toml`.

The project's root is the nearest folder, from where one stands upwards, that holds either; the search ends at the
folder of a repository. A project without one has an empty configuration, whose root is where one stands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config.configuration import (
    CONFIGURATION_FILE,
    KEYS,
    PIPELINE,
    PROJECT_FILE,
    PROJECT_TABLE,
    Configuration,
    Origin,
    PipelineChoice,
)
from harness.config.key_kinds import WrongValueError
from harness.config.pipeline_table import PIPELINE_KEYS, unknown_key
from harness.core.errors import Problem
from intercom_harness_plugin import find_root, has_project_table

_HEADER = re.compile(r"\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}")
_ASSIGNMENT = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


@dataclass(frozen=True, slots=True)
class _Found:
    """A file that holds a configuration: its text, its table, and the table's name in it (empty for the whole file)."""

    path: Path
    text: str
    table: Mapping[str, object]
    prefix: str = ""

    def where(self, key: str) -> str:
        """Name the file and, where it can be told, the line of a key."""
        line = _line_of(self.text, f"{self.prefix}.{key}" if self.prefix else key)
        return f"{self.path.name}, line {line}" if line else f"{self.path.name}, {key}"


def read_configuration(start: Path | None = None) -> Configuration:
    """Return the configuration of the project in which `start` lies (default: the current folder).

    Raises:
        Problem: the file cannot be read, there are two of them, or a key is unknown or has a wrong value.
    """
    here = (Path.cwd() if start is None else start).resolve()
    root = find_root(here)
    return Configuration(root=here) if root is None else _read(root)


def _read(root: Path) -> Configuration:
    found = [one for one in (_own_file(root), _project_file(root)) if one is not None]
    if len(found) > 1:
        raise Problem(
            f"There are two configurations: {CONFIGURATION_FILE} and [{PROJECT_TABLE}] in {PROJECT_FILE}.",
            evidence=f"both stand in {root}",
            why="which of the two is meant cannot be known",
            remedy="keep one of them, and move what the other says into it",
        )
    return _parse(root, found[0])


def _own_file(root: Path) -> _Found | None:
    path = root / CONFIGURATION_FILE
    if not os.path.lexists(path):
        return None
    text = _text_of(path)
    return _Found(path, text, _toml(path, text))


def _project_file(root: Path) -> _Found | None:
    path = root / PROJECT_FILE
    if not has_project_table(root):
        return None
    text = _text_of(path)
    table = _toml(path, text)["tool"]["harness"]
    if not isinstance(table, dict):
        raise Problem(f"{path}: [{PROJECT_TABLE}] must be a table", evidence=f"it is {table!r}")
    return _Found(path, text, table, PROJECT_TABLE)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"{path} is not UTF-8 text.", evidence=f"byte {error.start}", remedy="save it as UTF-8") from None
    except OSError as error:
        raise Problem(
            f"{path} cannot be read.",
            evidence=error.strerror or type(error).__name__,
            remedy="make it a file that this user may read",
        ) from None


def _toml(path: Path, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"{path} is no TOML.", evidence=str(error), remedy="correct that line") from None


def _parse(root: Path, found: _Found) -> Configuration:
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for name, value in found.table.items():
        _check_name(name, found)
        if name == PIPELINE and isinstance(value, dict):
            values[name] = PipelineChoice(str(found.path))
            _read_pipeline_table(value, found, values, origins)
        else:
            values[name] = _value(name, value, root, found, name)
        origins[name] = Origin("file", found.where(name))
    return Configuration(root=root, file=found.path, origins=origins, **values)


def _check_name(name: str, found: _Found) -> None:
    if name in KEYS:
        return
    if name in PIPELINE_KEYS:
        remedy = f"put it into the table [{found.prefix + '.' if found.prefix else ''}{PIPELINE}]"
        raise Problem(f"{found.where(name)}: {name} is a key of the pipeline", remedy=remedy)
    raise unknown_key(name, found.where(name), KEYS)


def _read_pipeline_table(
    table: Mapping[str, object], found: _Found, values: dict[str, object], origins: dict[str, Origin]
) -> None:
    for name, value in table.items():
        dotted = f"{PIPELINE}.{name}"
        if name not in PIPELINE_KEYS:
            raise unknown_key(name, found.where(dotted))
        if name not in KEYS:
            continue
        if name in found.table:
            raise Problem(
                f"{found.where(dotted)}: {name} is set twice",
                evidence=f"the other one: {found.where(name)}",
                remedy="keep one of them",
            )
        values[name] = _value(name, value, found.path.parent, found, dotted)
        origins[name] = Origin("file", found.where(dotted))


def _value(name: str, value: object, root: Path, found: _Found, dotted: str) -> object:
    try:
        return KEYS[name].kind.read(value, root)
    except WrongValueError as wrong:
        raise Problem(
            f"{found.where(dotted)}: {name} has a value that it cannot have",
            evidence="" if name == "env" else repr(value),  # what is meant for a variable may be a secret
            why=str(wrong),
            remedy=f"give it {KEYS[name].kind.words}",
        ) from None


def _line_of(text: str, dotted: str) -> int | None:
    """Return the line, from 1, on which a key or a table begins; `None` where a line does not tell."""
    wanted = _parts(dotted)
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header.group(1))
            if table[: len(wanted)] == wanted:
                return number
        elif (assigned := _ASSIGNMENT.match(line)) and (*table, *_parts(assigned.group(1)))[: len(wanted)] == wanted:
            return number
    return None


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
