"""The JSON Schemas of the files that the harness writes and reads, made from the types that hold them.

They stand in `harness/report/schemas/`, a file each; `make docs` writes them, and a test holds them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from harness import report
from harness.assumptions.evidence import Evidence
from harness.cassette.format.document import FORMAT as CASSETTE_FORMAT
from harness.cassette.format.document import Document
from harness.config.json_schema import DIALECT, configuration_schema
from harness.rehearsal.load.load_file import FORMAT as LOAD_FORMAT
from harness.rehearsal.load.load_file import LoadFile
from harness.rehearsal.rehearsal_result import FORMAT as REHEARSAL_FORMAT
from harness.rehearsal.rehearsal_shapes import RehearsalShape
from harness.report.baseline import FORMAT as BASELINE_FORMAT
from harness.report.baseline import Baseline
from harness.report.mutation_file import MUTATION_FORMAT, MutationFile
from harness.report.receipt import FORMAT as RECEIPT_FORMAT
from harness.report.receipt import Receipt
from harness.report.result import FORMAT as RESULT_FORMAT
from harness.report.result import RunRow
from harness.report.shard_file import FORMAT as SHARD_FORMAT
from harness.report.shard_file import ShardFile

FOLDER: Final = Path(report.__file__).parent / "schemas"


def result_schema() -> dict[str, Any]:
    """Return the schema of `--json` and of `report.json`: the result of a run, or why it could not run."""
    schema = _schema_of(RunRow, "The result of harness run")
    run = schema["$defs"]["RunRow"]
    whole = {"type": "integer", "minimum": 0}
    run["properties"] = {
        "format": {"const": RESULT_FORMAT},
        "exit_code": {"enum": [0, 1, 2]},
        "counts": {"type": "object", "additionalProperties": whole},
        **run["properties"],
    }
    run["required"] = ["format", "exit_code", "counts", *run["required"]]
    text = {"type": "string"}
    schema["$defs"]["Problem"] = {
        "title": "Problem",
        "description": "What kept the command from running.",
        "type": "object",
        "properties": {
            "exit_code": {"const": 2},
            "problem": {
                "type": "object",
                "properties": dict.fromkeys(("what", "evidence", "why", "remedy"), text),
                "required": ["what", "evidence", "why", "remedy"],
            },
        },
        "required": ["exit_code", "problem"],
    }
    del schema["$ref"]
    return {**schema, "anyOf": [{"$ref": "#/$defs/RunRow"}, {"$ref": "#/$defs/Problem"}]}


def receipt_schema() -> dict[str, Any]:
    """Return the schema of a receipt."""
    schema = _schema_of(Receipt, "A receipt of harness run")
    schema["$defs"]["Receipt"]["properties"]["receipt"] = {"const": RECEIPT_FORMAT}
    return schema


def cassette_schema() -> dict[str, Any]:
    """Return the schema of a cassette. Its bodies are trees of JSON, or what they have in common with earlier ones."""
    schema = _schema_of(Document, "A cassette of the conversion harness")
    schema["$defs"]["Header"]["properties"]["format"] = {"type": "integer", "minimum": 1, "maximum": CASSETTE_FORMAT}
    return schema


def evidence_schema() -> dict[str, Any]:
    """Return the schema of the evidence that a comparison with a TEST app leaves."""
    return _schema_of(Evidence, "Evidence of a comparison with a TEST app")


def shard_schema() -> dict[str, Any]:
    """Return the schema of what one shard of a run writes."""
    schema = _schema_of(ShardFile, "The result of one shard of harness run")
    schema["$defs"]["ShardFile"]["properties"]["format"] = {"const": SHARD_FORMAT}
    return schema


def load_schema() -> dict[str, Any]:
    """Return the schema of `load.json`, which says what a state folder was loaded with."""
    schema = _schema_of(LoadFile, "What harness load put into a state folder")
    schema["$defs"]["LoadFile"]["properties"]["format"] = {"const": LOAD_FORMAT}
    return schema


def rehearsal_schema() -> dict[str, Any]:
    """Return the schema of a rehearsal's JSON file."""
    schema = _schema_of(RehearsalShape, "The result of harness rehearse")
    schema["$defs"]["RehearsalShape"]["properties"]["format"] = {"const": REHEARSAL_FORMAT}
    return schema


def baseline_schema() -> dict[str, Any]:
    """Return the schema of a baseline, which names the failures that are known."""
    schema = _schema_of(Baseline, "The known failures of a pipeline")
    properties = schema["$defs"]["Baseline"]["properties"]
    properties["format"] = {"const": BASELINE_FORMAT}
    schema["$defs"]["KnownFailure"]["properties"]["expires"] = {"type": "string", "format": "date"}
    schema["$defs"]["Baseline"]["required"] = ["format", "pipeline", "known"]
    return schema


def mutation_schema() -> dict[str, Any]:
    """Return the schema of `--json` and of `mutation.json`: the result of harness mutate."""
    schema = _schema_of(MutationFile, "The result of harness mutate")
    schema["$defs"]["MutationFile"]["properties"]["format"] = {"const": MUTATION_FORMAT}
    return schema


SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "configuration": configuration_schema,
    "result": result_schema,
    "receipt": receipt_schema,
    "cassette": cassette_schema,
    "evidence": evidence_schema,
    "shard": shard_schema,
    "load": load_schema,
    "rehearsal": rehearsal_schema,
    "baseline": baseline_schema,
    "mutation": mutation_schema,
}
"""Each kind of file, with what makes its schema."""


def written(name: str) -> str:
    """Return a schema as its file holds it."""
    return json.dumps(SCHEMAS[name](), indent=1, ensure_ascii=False) + "\n"


def file_of(name: str) -> Path:
    """Return the file of a schema."""
    return FOLDER / f"{name}.schema.json"


def _schema_of(kind: type, title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, **msgspec.json.schema(kind, schema_hook=_any_value)}


def _any_value(kind: type) -> dict[str, Any]:
    """Describe a value of which nothing is known but that it is JSON."""
    if kind is object:
        return {"$comment": "any JSON value"}
    raise NotImplementedError(kind)
