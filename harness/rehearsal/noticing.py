"""Conversions that Intercom refused, and whether the job noticed: what it said at its end, and of whom."""

from __future__ import annotations

from typing import Final

from harness.rehearsal.census_ledger import CensusLedger
from harness.rehearsal.job_journal import Refusal
from harness.rehearsal.performance import Performance
from harness.sandbox.rules.conversion_rules import CONVERT_LEAD, CONVERT_VISITOR, MERGE, UPDATE_CONTACT
from harness.sandbox.rules.decision_table import Table
from harness.sandbox.rules.intercom_errors import IntercomError

TABLES: Final = {
    "convertVisitor": CONVERT_VISITOR,
    "convertLead": CONVERT_LEAD,
    "MergeContact": MERGE,
    "UpdateContact": UPDATE_CONTACT,
}
"""The decision table of each operation that converts."""

PERSON: Final = "SELECT person_id, external_id, email_key FROM before.people WHERE person_id = ?1 OR external_id = ?1"


def find_refusals(ledger: CensusLedger, performance: Performance) -> None:
    """Write a finding for each refused conversion: `refused` where the job noticed, `unnoticed` where it did not."""
    for refusal in performance.journal.refusals.values():
        row = ledger.execute(PERSON, (refusal.source,)).fetchone()
        names = {refusal.source.lower(), *(str(name).lower() for name in row or () if name)}
        told = f"{refusal.status} {refusal.code}"
        noticed = bool(names & performance.named) or bool(names & performance.refused) or bool(performance.trouble)
        ledger.find("refused" if noticed else "unnoticed", str(row[0]) if row else refusal.source, told)


def assumed_refusals(performance: Performance) -> dict[str, int]:
    """Return how many refusals rest on each assumed row of the rules."""
    found: dict[str, int] = {}
    for refusal in performance.journal.refusals.values():
        table = TABLES.get(refusal.operation)
        if table is not None and (rule := _assumed_row(table, refusal)):
            found[rule] = found.get(rule, 0) + 1
    return found


def _assumed_row(table: Table, refusal: Refusal) -> str:
    rows = [row for row in table.rules if isinstance(row.then, IntercomError) and _gives(row.then, refusal)]
    if not rows or not all(row.assumed for row in rows):
        return ""
    return f"{table.name} answers {refusal.status} {refusal.code}: {rows[0].source}"


def _gives(error: IntercomError, refusal: Refusal) -> bool:
    fixed = error.message.partition("{")[0]
    return (error.status, error.code) == (refusal.status, refusal.code) and refusal.message.startswith(fixed)
