"""A TOML file whose table says what the pipeline is: a file of its own, or the project's configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.config.configuration import CONFIGURATION_FILE, PIPELINE, PROJECT_FILE
from harness.config.pipeline_table import pipeline_table
from harness.core.errors import Problem
from harness.core.text_files import text_of

PYTHON = ("object", "fixture")
"""The keys that name a pipeline in Python."""


def is_python(spec: str) -> bool:
    """Return whether a spec names a Python object, itself or in the table of its file."""
    if not spec.endswith(".toml"):
        return True
    table = table_of(Path(spec), where_of(Path(spec)))
    return any(key in table for key in PYTHON)


def environment_of(spec: str) -> Mapping[str, str]:
    """Return the `env` of a file's table, its placeholders not filled in; a spec of another kind has none."""
    if not spec.endswith(".toml"):
        return {}
    where = where_of(Path(spec))
    found = table_of(Path(spec), where).get("env", {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise Problem(
            f"{where}: env must be a table of texts", evidence=repr(found), remedy='env = {SHOP_TOKEN = "{token}"}'
        )
    return found


def where_of(path: Path) -> str:
    """Name a file in a message: the project's own configuration is no option of the command line."""
    own = path.name in (CONFIGURATION_FILE, PROJECT_FILE)
    return f"{path.name}, {PIPELINE}" if own else f"--pipeline {path}"


def table_of(path: Path, where: str) -> Mapping[str, Any]:
    """Return the table of a file, unchecked. Raises a Problem where there is none."""
    try:
        found = pipeline_table(path, tomllib.loads(text_of(path.read_bytes(), str(path))))
    except FileNotFoundError as error:
        raise Problem(
            f"{where}: there is no such file", remedy="check the path; it is relative to where you are"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(
            f"{where}: the file cannot be read", evidence=str(error), remedy="it must be TOML in UTF-8"
        ) from error
    if not isinstance(found, dict):
        raise Problem(
            f"{where}: there is no [pipeline] table", remedy='start with [pipeline] and visitor_to_lead = "command …"'
        )
    return found
