"""A list of who would become whom, as CSV: for a colleague to review before the night."""

from __future__ import annotations

import csv
from typing import Final, TextIO

import msgspec

from harness.rehearsal.census_ledger import CensusLedger

HEADS: Final = (
    "from_id",
    "was",
    "fate",
    "into_id",
    "is",
    "same_email",
    "lost",
    "overwritten",
    "united",
    "moved",
    "found",
)
REVEALED: Final = ("from_email", "from_name", "into_email", "into_name")
CONVERTED: Final = """
SELECT p.*, s.email_key AS email, t.email_key AS other_email, s.document AS source, t.document AS target, (
    SELECT group_concat(DISTINCT f.kind) FROM found f WHERE f.person_id = p.person_id) AS kinds
FROM people p LEFT JOIN before.people s ON s.person_id = p.person_id
LEFT JOIN before.people t ON t.person_id = ifnull(p.into_id, p.person_id)
WHERE p.fate IN ('merged', 'converted') ORDER BY p.person_id
"""
FOUND: Final = "CREATE TEMP TABLE found AS SELECT DISTINCT person_id, kind FROM findings ORDER BY person_id"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Signs with which a spreadsheet takes a cell for a formula."""

_decode = msgspec.msgpack.Decoder(dict[str, object]).decode


def write_list(ledger: CensusLedger, file: TextIO, *, reveal: bool) -> None:
    """Write a row for each person who was merged or converted. reveal: with e-mails and names."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*HEADS, *(REVEALED if reveal else ())))
    ledger.execute(FOUND)
    ledger.execute("CREATE INDEX temp.found_person ON found (person_id)")
    for row in ledger.stream(CONVERTED):
        same = "" if row["email"] is None else "yes" if row["email"] == row["other_email"] else "no"
        counts = (row["lost"], row["overwritten"], row["united"], row["moved"])
        cells = [row["person_id"], row["role_before"], row["fate"], row["into_id"] or "", row["role_after"] or ""]
        writer.writerow([*cells, same, *counts, row["kinds"] or "", *(_values(row) if reveal else ())])
    ledger.execute("DROP TABLE found")


def _values(row: object) -> list[str]:
    found: list[str] = []
    for side in ("source", "target"):
        document = _decode(row[side]) if row[side] else {}  # type: ignore[index]  # a row of SQLite
        found += [_safe(str(document.get(name) or "")) for name in ("email", "name")]
    return found


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
