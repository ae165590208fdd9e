"""The keys of a [pipeline] table, in a project's configuration or in a TOML file of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Final

from harness.config.configuration import CONFIGURATION_FILE, PIPELINE, PROJECT_FILE, PROJECT_TABLE
from harness.config.key_kinds import REFUSAL
from harness.core.errors import Problem

_STRING: Final[Mapping[str, object]] = {"type": "string", "minLength": 1}
_STRINGS: Final[Mapping[str, object]] = {"type": "array", "items": _STRING, "uniqueItems": True}
_OPERATIONS: Final = ("visitor_to_lead", "visitor_to_user", "lead_to_user", "run", "webhook")
_VARYING: Final[Mapping[str, object]] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"path": _STRING, "type": _STRING, "reason": _STRING},
        "required": ["path", "type", "reason"],
    },
}


def pipeline_table(path: Path, content: Mapping[str, object]) -> object:
    """Return what a TOML file says of the pipeline: [pipeline], or [tool.harness.pipeline] of a `pyproject.toml`."""
    if path.name != PROJECT_FILE:
        return content.get(PIPELINE)
    found: object = content
    for name in (*PROJECT_TABLE.split("."), PIPELINE):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def unknown_key(name: str, where: str, known: Collection[str] = ()) -> Problem:
    """Return the problem that there is no such key, with the nearest of those `known` (default: the pipeline's)."""
    keys = known or PIPELINE_KEYS
    near = get_close_matches(name, keys, n=1, cutoff=0.5)
    return Problem(
        f"{where}: unknown key {name!r}",
        why=f"the nearest key is {near[0]}" if near else "another tool has such a key, or another version",
        remedy="known: " + ", ".join(sorted(keys)),
    )


def default_name(path: Path) -> str:
    """Return the name of a pipeline whose table gives it none: that of its file, unless it is the configuration."""
    return PIPELINE if path.name in (CONFIGURATION_FILE, PROJECT_FILE) else path.stem


def _key(about: str, schema: Mapping[str, object] = _STRING) -> Mapping[str, object]:
    return MappingProxyType({**schema, "description": about})


PIPELINE_KEYS: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "name": _key("The pipeline's name, as reports and the folder of its cassettes show it."),
        "object": _key("A Python object with the operations: package.module:object."),
        "arguments": _key(
            "What a class or a factory is called with; texts may hold {token} and the like.",
            {"type": "object"},
        ),
        "fixture": _key("A pytest fixture that gives an object with the operations."),
        "async_backend": _key("What runs asynchronous methods.", {"enum": ["asyncio", "trio"]}),
        "visitor_to_lead": _key("The command that makes a visitor a lead."),
        "visitor_to_user": _key("The command that makes a visitor a user."),
        "lead_to_user": _key("The command that makes a lead a user."),
        "job": _key("The command, or the URL, that starts a job which finds its people itself."),
        "hook": _key("The URL on loopback at which a service is asked for each operation."),
        "webhook": _key("The command, or the URL on loopback, that receives Intercom's webhooks."),
        "awaits": _key("The URL on loopback that answers 202 while the service still works."),
        "service": _key("The command that starts the service."),
        "files": _key("Patterns of the files that belong to the pipeline, for receipts.", _STRINGS),
        "without": _key("Operations that the pipeline lacks.", {"type": "array", "items": {"enum": list(_OPERATIONS)}}),
        "varying": _key("Fields of its requests that differ by nature.", _VARYING),
        "may_write": _key("What it may change although a value was there.", _STRINGS),
        "may_print": _key("What its output may hold.", {"type": "array", "items": {"enum": ["email"]}}),
        "says_no": _key("What it returns where it refused: false, the fields of an object, or strings.", REFUSAL),
        "returns": _key("What it returns.", {"enum": ["contact", "contact_id", "nothing"]}),
        "env": _key(
            "Environment variables that it finds.", {"type": "object", "additionalProperties": {"type": "string"}}
        ),
        "time_limit": _key("Seconds that one call may take.", {"type": "number", "exclusiveMinimum": 0}),
    }
)
"""Each key with its JSON Schema."""
