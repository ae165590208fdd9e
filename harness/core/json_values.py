"""The type of JSON: what a body holds once it is parsed, and before anything is known of its shape."""

from __future__ import annotations

from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""Any JSON value."""

JsonObject: TypeAlias = "dict[str, Json]"
"""A JSON object."""


def object_in(value: object) -> JsonObject:
    """Return a JSON value if it is an object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def list_in(value: object) -> list[Json]:
    """Return a JSON value if it is a list, otherwise an empty one."""
    return value if isinstance(value, list) else []
