"""Holds answers against Intercom's official descriptions: the small part of OpenAPI 3.0 that these use.

Findings are short texts without values, `path: what`, so that a ledger can name each known divergence.
"""

from __future__ import annotations

import functools
import importlib
import re
from pathlib import Path
from typing import Any

BLANK = re.compile(r"\{[^}]*\}")
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


LISTS = re.compile(r"^\.(data|conversations|companies|contacts|notes)\[\]")


def within(finding: str) -> str:
    """A finding about an item of a list, as it would be about the item by itself."""
    return LISTS.sub("", finding)


class Description:
    """One official description."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._operations = {
            (method.upper(), BLANK.sub("{}", path)): operation
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            if isinstance(operation, dict)
        }

    def has(self, method: str, pattern: str) -> bool:
        """Whether the operation is described."""
        return (method, BLANK.sub("{}", pattern)) in self._operations

    def requests(self) -> set[tuple[str, str]]:
        """Return the method and the path, with empty blanks, of every operation that is described."""
        return {key for key, operation in self._operations.items() if "operationId" in operation}

    def operation_id(self, method: str, pattern: str) -> str:
        """The official name of an operation."""
        return str(self._operations[method, BLANK.sub("{}", pattern)]["operationId"])

    def findings(self, method: str, pattern: str, status: int, body: Any) -> set[str]:
        """Where an answer differs from what the description says of it."""
        responses = self._operations[method, BLANK.sub("{}", pattern)]["responses"]
        response = responses.get(str(status)) or responses.get(status)
        if response is None:
            return {f"{status}: not described"}
        schemas = [content["schema"] for content in response.get("content", {}).values() if "schema" in content]
        return set(self._check(schemas[0], body, "")) if schemas else set()

    def contradictions(self) -> set[str]:
        """What the description's own examples, recorded by Intercom's test suite, say differently from its schemas."""
        found: set[str] = set()
        for (method, path), operation in self._operations.items():
            for status, response in operation.get("responses", {}).items():
                for content in response.get("content", {}).values():
                    for example in content.get("examples", {}).values():
                        found |= self.findings(method, path, int(status), example.get("value"))
        return {within(finding) for finding in found}

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found.get(step) or {}  # 2.11 names a schema that it does not have
            schema = found
        return schema

    def _check(self, schema: dict[str, Any], value: Any, where: str) -> list[str]:
        schema = self._resolved(schema)
        if value is None:
            return [] if schema.get("nullable") or not schema.get("type") else [f"{where}: null"]
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                tries = [self._check(one, value, where) for one in schema[choice]]
                return [] if not all(tries) else min(tries, key=len)
        for part in schema.get("allOf", ()):
            if found := self._check(part, value, where):
                return found
        return self._check_type(schema, value, where)

    def _check_type(self, schema: dict[str, Any], value: Any, where: str) -> list[str]:
        wanted = schema.get("type")
        if wanted and (not isinstance(value, TYPES[wanted]) or (isinstance(value, bool) and wanted != "boolean")):
            return [f"{where}: {type(value).__name__} instead of {wanted}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where}: {value!r} is none of the named values"]
        found: list[str] = []
        if isinstance(value, dict):
            properties = schema.get("properties", {})
            found += [f"{where}.{name}: missing" for name in schema.get("required", ()) if name not in value]
            for name, one in value.items():
                if name in properties:
                    found += self._check(properties[name], one, f"{where}.{name}")
                elif properties and not schema.get("additionalProperties"):
                    found.append(f"{where}.{name}: not described")
        if isinstance(value, list) and "items" in schema:
            for one in value:
                found += self._check(schema["items"], one, f"{where}[]")
        return found


@functools.cache
def description(folder: Path, version: str) -> Description:
    """The official description of a version; reading one takes a second or two."""
    yaml = importlib.import_module("yaml")  # comes with vcrpy, without types
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Description(yaml.load((folder / f"intercom-api-{version}.yaml").read_text(), Loader=loader))
