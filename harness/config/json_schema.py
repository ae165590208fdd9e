"""The JSON Schema of the configuration, by which an editor completes and checks `harness.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.config.configuration import KEYS, PIPELINE, Key
from harness.config.pipeline_table import PIPELINE_KEYS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def configuration_schema() -> dict[str, object]:
    """Return the schema of `harness.toml`, and of the table `[tool.harness]`."""
    keys = {name: _described(key) for name, key in KEYS.items()}
    keys[PIPELINE] = {**_about(KEYS[PIPELINE]), "anyOf": [dict(KEYS[PIPELINE].kind.schema), _table()]}
    return {
        "$schema": DIALECT,
        "title": "Configuration of the conversion harness for Intercom",
        "description": "harness.toml, or the table [tool.harness] in pyproject.toml",
        "type": "object",
        "properties": keys,
        "additionalProperties": False,
    }


def _table() -> Mapping[str, object]:
    keys = {name: dict(schema) for name, schema in PIPELINE_KEYS.items()}
    return {"type": "object", "properties": keys, "additionalProperties": False}


def _described(key: Key) -> dict[str, object]:
    return {**key.kind.schema, **_about(key)}


def _about(key: Key) -> dict[str, object]:
    return {"description": f"{key.about} Read by: {', '.join(key.commands)}."}
