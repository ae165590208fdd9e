"""Two ends of one job held against each other: undisturbed, and killed in the middle and started again.

Times differ by nature and are left out. People whom the job made have other ids in each performance; they are told by
role and e-mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from harness.rehearsal.census_ledger import CensusLedger
from harness.rehearsal.performance import Performance
from harness.rehearsal.rehearsal_result import KillResult

_decode: Any = msgspec.msgpack.Decoder().decode

TIMES: Final = frozenset({
    "updated_at", "signed_up_at", "last_seen_at", "last_replied_at", "last_contacted_at", "owns", "further",
})  # fmt: skip
NAMED: Final = 10

NOT_THERE: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'killed', o.person_id, NULL, CASE WHEN a.person_id IS NULL THEN 'is there only where the job was killed'
    ELSE 'is gone only where the job was killed' END
FROM before.people o LEFT JOIN after.people a ON a.person_id = o.person_id
LEFT JOIN killed.people k ON k.person_id = o.person_id WHERE (a.person_id IS NULL) != (k.person_id IS NULL)
"""
MERGED_ELSEWHERE: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'killed', a.person_id, k.into_id, 'merged into another person'
FROM after.tombstones a JOIN killed.tombstones k ON k.person_id = a.person_id AND k.reason = 'merged'
WHERE a.reason = 'merged' AND a.into_id != k.into_id
"""
BOTH: Final = """
SELECT a.person_id, a.document AS one, k.document AS other FROM before.people o
JOIN after.people a ON a.person_id = o.person_id JOIN killed.people k ON k.person_id = o.person_id
WHERE a.document != k.document
"""
KINDS: Final = (
    ("tag", "taggings", "tag_id"),
    ("company", "memberships", "company_key"),
    ("consent", "consents", "subscription_id, consent"),
    ("note", "notes", "body"),
    ("event", "events", "name"),
)
COUNTED: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT DISTINCT 'killed', person_id, NULL, '{kind}: not the same, or not as often' FROM (
    SELECT * FROM (SELECT person_id, {columns}, count(*) FROM after.{table} GROUP BY person_id, {columns}
        EXCEPT SELECT person_id, {columns}, count(*) FROM killed.{table} GROUP BY person_id, {columns})
    UNION ALL
    SELECT * FROM (SELECT person_id, {columns}, count(*) FROM killed.{table} GROUP BY person_id, {columns}
        EXCEPT SELECT person_id, {columns}, count(*) FROM after.{table} GROUP BY person_id, {columns}))
WHERE person_id IN (SELECT person_id FROM before.people)
"""
CONVERSATIONS: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT DISTINCT 'killed', person_id, NULL, 'conversation: more or fewer' FROM (
    SELECT * FROM (SELECT person_id, count(*) FROM after.participants GROUP BY person_id
        EXCEPT SELECT person_id, count(*) FROM killed.participants GROUP BY person_id)
    UNION ALL SELECT * FROM (SELECT person_id, count(*) FROM killed.participants GROUP BY person_id
        EXCEPT SELECT person_id, count(*) FROM after.participants GROUP BY person_id))
WHERE person_id IN (SELECT person_id FROM before.people)
"""
MADE: Final = """
SELECT kind, ifnull(email_key, '') AS email, archived, count(*) AS number, min(person_id) AS person_id
FROM {name}.people
WHERE person_id NOT IN (SELECT person_id FROM before.people) GROUP BY 1, 2, 3
"""
MADE_OTHERWISE: Final = f"""
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'killed', k.person_id, NULL, 'made more or less often' FROM ({MADE.format(name="killed")}) k
LEFT JOIN ({MADE.format(name="after")}) a USING (kind, email, archived) WHERE a.number IS NOT k.number
UNION ALL SELECT 'killed', a.person_id, NULL, 'made only where the job was not killed'
FROM ({MADE.format(name="after")}) a
LEFT JOIN ({MADE.format(name="killed")}) k USING (kind, email, archived) WHERE k.number IS NULL
"""  # noqa: S608 - names of our own schema


@dataclass(frozen=True, slots=True)
class KilledPerformance:
    """A performance in which the job was killed once. database: its end. percent, at_write: where it was killed."""

    database: Path
    percent: float
    at_write: int
    performance: Performance


def compare_ends(ledger: CensusLedger, again: KilledPerformance) -> KillResult:
    """Write a finding for each person who ended otherwise where the job was killed, and return how many they are."""
    ledger.execute("ATTACH ? AS killed", (str(again.database),))
    ledger.execute("BEGIN")
    ledger.execute(NOT_THERE)
    ledger.execute(MERGED_ELSEWHERE)
    for kind, table, columns in KINDS:
        ledger.execute(COUNTED.format(kind=kind, table=table, columns=columns))
    ledger.execute(CONVERSATIONS)
    ledger.execute(MADE_OTHERWISE)
    for row in ledger.stream(BOTH):
        if names := _differences(_decode(row["one"]), _decode(row["other"])):
            ledger.find("killed", str(row["person_id"]), f"attribute: {', '.join(names)}")
    ledger.execute("COMMIT")
    who = ledger.execute(
        "SELECT person_id FROM findings WHERE kind = 'killed' GROUP BY person_id ORDER BY min(number) LIMIT ?", (NAMED,)
    )
    ids = [str(row[0]) for row in who]
    count = ledger.number("SELECT count(DISTINCT person_id) FROM findings WHERE kind = 'killed'")
    kinds = ledger.execute("SELECT told, count(DISTINCT person_id) FROM findings WHERE kind = 'killed' GROUP BY told")
    told = {str(kind): int(number) for kind, number in kinds}
    killed, ended = bool(again.performance.kills), again.performance
    return KillResult(again.percent, again.at_write, killed, ended.trouble or ended.stopped, count, ids, told)


def _differences(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    names = (one.keys() | other.keys()) - TIMES
    return sorted(name for name in names if one.get(name) != other.get(name))
