"""A mutation run as mutation-testing-elements has it: the JSON that Stryker's page and its dashboard read, version 2.

What stands for a file there is an operation of Intercom's: its source is the requests that were changed, each at the
line where its mutants are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from harness.report.mutation_result import KeyFate, MutationResult

STATUS: Final[Mapping[str, str]] = {
    "killed": "Killed",
    "survived": "Survived",
    "loud": "RuntimeError",
    "permitted": "Ignored",
    "equivalent": "Ignored",
    "inapplicable": "Ignored",
}
"""The status by what became of a key; a survivor that the ledger excuses is ignored."""


def elements_of(result: MutationResult) -> dict[str, object]:
    """Return the report."""
    operations = dict.fromkeys(one.shown.operation for one in result.keys)
    cases = {case: str(number) for number, case in enumerate(result.cases)}
    return {
        "schemaVersion": "2",
        "thresholds": {"high": 97, "low": 90},
        "projectRoot": "",
        "files": {f"{name}.http": _file(name, result, cases) for name in operations},
        "testFiles": {name: _tests(name, cases) for name in dict.fromkeys(case.partition("::")[0] for case in cases)},
        "framework": {"name": "harness mutate"},
    }


def _file(operation: str, result: MutationResult, cases: Mapping[str, str]) -> dict[str, object]:
    source: list[str] = []
    mutants: list[dict[str, object]] = []
    for number, one in enumerate(key for key in result.keys if key.shown.operation == operation):
        before = one.shown.before or operation
        if before not in source:
            source.append(before)
        line = sum(text.count("\n") + 1 for text in source[: source.index(before)]) + 1
        mutants.append(_mutant(f"{operation} {number}", one, result, cases, line))
    return {"language": "http", "source": "\n".join(source) or operation, "mutants": mutants}


def _mutant(name: str, one: KeyFate, result: MutationResult, cases: Mapping[str, str], line: int) -> dict[str, object]:
    row = one.shown
    excuse = result.excused.get(one.key, "") if one.fate == "survived" else ""
    lines = (row.before or row.operation).split("\n")
    place = {"start": {"line": line, "column": 1}, "end": {"line": line + len(lines) - 1, "column": len(lines[-1]) + 1}}
    found: dict[str, object] = {
        "id": name,
        "mutatorName": row.operator,
        "replacement": row.after,
        "description": one.key,
        "location": place,
        "status": _status(one, excuse),
        "statusReason": excuse or row.reason or row.claim or one.fate,
        "coveredBy": _tests_of(one, cases, None),
        "killedBy": _tests_of(one, cases, "killed"),
    }
    return found


def _status(one: KeyFate, excuse: str) -> str:
    if excuse:
        return "Ignored"
    return "Timeout" if one.fate == "killed" and one.shown.hung else STATUS[one.fate]


def _tests_of(one: KeyFate, cases: Mapping[str, str], fate: str | None) -> Sequence[str]:
    named = dict.fromkeys(row.case for row in one.rows if fate in (None, row.fate))
    return [cases[case] for case in named if case in cases]


def _tests(file: str, cases: Mapping[str, str]) -> dict[str, object]:
    return {
        "tests": [
            {"id": n, "name": case.partition("::")[2]} for case, n in cases.items() if case.startswith(f"{file}::")
        ]
    }
