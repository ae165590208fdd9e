"""A rehearsal as one JSON file: the result, and each person who is not as they were, one a line, in the order of ids.

So it can be read line by line: two files are compared without either being in memory. No value of a person is in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

from harness import __version__
from harness.rehearsal.census_ledger import CensusLedger
from harness.rehearsal.rehearsal_result import RehearsalResult

COUNTED: Final = ("lost", "overwritten", "united", "moved", "dropped", "added")
PEOPLE: Final = """
SELECT p.*, f.kinds FROM people p LEFT JOIN (
    SELECT person_id, group_concat(DISTINCT kind) AS kinds FROM findings GROUP BY person_id) f
ON f.person_id = p.person_id ORDER BY p.person_id
"""
LEFT_ALONE: Final = """
SELECT f.person_id, b.kind, group_concat(DISTINCT f.kind) AS kinds FROM findings f
LEFT JOIN before.people b ON b.person_id = f.person_id
WHERE f.person_id NOT IN (SELECT person_id FROM people) GROUP BY f.person_id ORDER BY f.person_id
"""


def people_rows(ledger: CensusLedger) -> Iterator[dict[str, Any]]:
    """Yield each person who changed or of whom something was found, in the order of ids."""
    changed, alone = _changed(ledger), _left_alone(ledger)
    first, second = next(changed, None), next(alone, None)
    while first is not None or second is not None:
        if second is None or (first is not None and first["id"] < second["id"]):
            assert first is not None
            yield first
            first = next(changed, None)
        else:
            yield second
            second = next(alone, None)


def _changed(ledger: CensusLedger) -> Iterator[dict[str, Any]]:
    for row in ledger.stream(PEOPLE):
        found = {"id": row["person_id"], "from": row["role_before"], "fate": row["fate"], "to": row["role_after"]}
        if row["into_id"]:
            found["into"] = row["into_id"]
        found |= {name: row[name] for name in COUNTED if row[name]}
        if row["kinds"]:
            found["found"] = sorted(row["kinds"].split(","))
        yield found


def _left_alone(ledger: CensusLedger) -> Iterator[dict[str, Any]]:
    for row in ledger.stream(LEFT_ALONE):
        kinds = sorted(row["kinds"].split(","))
        yield {"id": row["person_id"], "from": row["kind"], "fate": "unchanged", "to": row["kind"], "found": kinds}


def write_json(result: RehearsalResult, ledger: CensusLedger, file: TextIO) -> None:
    """Write the whole rehearsal."""
    head = json.dumps({**result.as_data(), "harness": __version__}, indent=1)
    file.write(head.removesuffix("}").rstrip() + ',\n "people": [')
    file.writelines((",\n" if number else "\n") + json.dumps(row) for number, row in enumerate(people_rows(ledger)))
    file.write("\n]}\n")
