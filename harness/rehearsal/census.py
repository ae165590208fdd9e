"""The census: what became of everyone between two copies of one workspace, written into a ledger.

Who changed at all is found by statements over both copies. Only those people's documents are read in Python, one at a
time, so that memory does not grow with the workspace and unchanged people cost next to nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

import msgspec

from harness.rehearsal.attribute_outcomes import (
    OPT_OUTS,
    AttributeOutcome,
    Document,
    changed_outcomes,
    converted_outcomes,
    merged_outcomes,
)
from harness.rehearsal.belongings_census import count_belongings
from harness.rehearsal.census_ledger import CensusLedger
from harness.sandbox.rules.person import email_key

FATES: Final[Mapping[str, str]] = {
    "unchanged": "as they were",
    "converted": "converted in place: same id, another role",
    "merged": "merged into somebody, and gone",
    "target": "somebody was merged into them",
    "created": "made by the job",
    "archived": "archived",
    "restored": "taken out of the archive",
    "deleted": "deleted for good",
    "vanished": "gone without a trace",
    "changed": "changed, and neither converted nor merged into",
    "passing": "made by the job, and gone again",
}
"""What can become of a person, in the order in which reports tell it."""

_decode: Any = msgspec.msgpack.Decoder().decode
BATCH: Final = 5_000

CHANGED: Final = """
INSERT INTO people (person_id, role_before, role_after, fate)
SELECT b.person_id, b.kind, a.kind, CASE
    WHEN a.seq IS NULL THEN CASE
        WHEN EXISTS (SELECT 1 FROM after.tombstones t WHERE t.person_id = b.person_id AND t.reason = 'merged')
            THEN 'merged'
        WHEN EXISTS (SELECT 1 FROM after.tombstones t WHERE t.person_id = b.person_id AND t.reason = 'deleted')
            THEN 'deleted'
        ELSE 'vanished' END
    WHEN a.kind != b.kind THEN 'converted'
    WHEN a.archived > b.archived THEN 'archived'
    WHEN a.archived < b.archived THEN 'restored'
    ELSE 'changed' END
FROM before.people b LEFT JOIN after.people a ON a.seq = b.seq AND +a.person_id = b.person_id
WHERE a.seq IS NULL OR a.document != b.document OR a.kind != b.kind OR a.archived != b.archived
"""
MADE: Final = """
INSERT OR IGNORE INTO people (person_id, role_before, role_after, fate)
SELECT a.person_id, NULL, a.kind, 'created'
FROM after.people a LEFT JOIN before.people b ON b.seq = a.seq AND +b.person_id = a.person_id WHERE b.seq IS NULL
"""
LAST_BEFORE: Final = "SELECT ifnull(max(seq), 0) FROM before.tombstones"
PASSING: Final = """
INSERT OR IGNORE INTO people (person_id, role_before, role_after, fate)
SELECT t.person_id, NULL, NULL, 'passing' FROM after.tombstones t
WHERE t.seq > ? AND t.reason != 'converted' AND t.person_id NOT IN (SELECT person_id FROM people)
"""
MERGES: Final = """
INSERT OR IGNORE INTO merges (from_id, into_id, heir_id, number)
SELECT person_id, into_id, into_id, seq FROM after.tombstones
WHERE seq > ? AND reason = 'merged' AND into_id IS NOT NULL
"""
FURTHER: Final = """
UPDATE merges SET heir_id = m.into_id FROM (SELECT from_id, into_id FROM merges) m WHERE m.from_id = merges.heir_id
"""
LONGEST_CHAIN: Final = 64
TARGETS: Final = """
UPDATE people SET fate = 'target' WHERE fate IN ('changed', 'restored') AND person_id IN (SELECT heir_id FROM merges)
"""
UNTOUCHED_TARGETS: Final = """
INSERT OR IGNORE INTO people (person_id, role_before, role_after, fate)
SELECT DISTINCT m.heir_id, b.kind, a.kind, 'target' FROM merges m JOIN before.people b ON b.person_id = m.heir_id
JOIN after.people a ON a.person_id = m.heir_id
"""
INTO: Final = """
UPDATE people SET into_id = m.heir_id FROM merges m WHERE m.from_id = people.person_id
"""
MERGED_TOGETHER: Final = """
SELECT m.heir_id, m.from_id, s.document AS source, t.document AS before, a.document AS after
FROM merges m LEFT JOIN before.people s ON s.person_id = m.from_id LEFT JOIN before.people t ON t.person_id = m.heir_id
LEFT JOIN after.people a ON a.person_id = m.heir_id ORDER BY m.heir_id, m.number
"""
KEPT_THEIR_ID: Final = """
SELECT p.person_id, p.fate, b.document AS before, a.document AS after FROM people p
JOIN before.people b ON b.person_id = p.person_id JOIN after.people a ON a.person_id = p.person_id
WHERE p.fate IN ('converted', 'changed', 'archived', 'restored') ORDER BY p.person_id
"""
TOLD: Final = """
UPDATE people SET lost = lost + ?, overwritten = overwritten + ?, united = united + ?, dropped = dropped + ?,
    added = added + ?, assumed = assumed + ?, details = ? WHERE person_id = ?
"""


@dataclass(slots=True)
class _Notes:
    """What is to be written about people, in batches."""

    ledger: CensusLedger
    told: list[tuple[object, ...]] = field(default_factory=list)
    found: list[tuple[str, str, str | None, str]] = field(default_factory=list)
    assumed: Counter[str] = field(default_factory=Counter)

    def tell(self, person_id: str, outcomes: Sequence[AttributeOutcome]) -> None:
        """Note the outcomes of one person."""
        counts = Counter(one.outcome for one in outcomes)
        rules = {one.rule for one in outcomes if one.rule}
        self.assumed.update(rules)
        details = json.dumps([[one.name, one.outcome, one.came, one.before, one.after, one.rule] for one in outcomes])
        lost, written = counts["lost"] + counts["undone"], counts["overwritten"]
        counted = (lost, written, counts["filled"], counts["dropped"], counts["added"], bool(rules))
        self.told.append((*counted, details, person_id))
        if len(self.told) >= BATCH:
            self.write()

    def find(self, kind: str, person_id: str, other_id: str | None, told: str) -> None:
        """Note a finding."""
        self.found.append((kind, person_id, other_id, told))

    def write(self) -> None:
        """Write what was noted."""
        self.ledger.executemany(TOLD, self.told)
        self.ledger.executemany(
            "INSERT INTO findings (kind, person_id, other_id, told) VALUES (?, ?, ?, ?)", self.found
        )
        self.told.clear()
        self.found.clear()

    def write_assumed(self) -> None:
        """Write on how many people's outcomes each assumed rule bears."""
        self.ledger.executemany("INSERT INTO assumed VALUES (?, ?)", list(self.assumed.items()))


def take_census(ledger: CensusLedger) -> None:
    """Write into the ledger what became of each person who is not as they were, and of what they had."""
    last = ledger.number(LAST_BEFORE)
    ledger.execute("BEGIN")
    ledger.execute(CHANGED)
    ledger.execute(MADE)
    ledger.execute(PASSING, (last,))
    ledger.execute(MERGES, (last,))
    for _ in range(LONGEST_CHAIN):
        if not ledger.execute(FURTHER).rowcount:
            break
    ledger.execute(TARGETS)
    ledger.execute(UNTOUCHED_TARGETS)
    ledger.execute(INTO)
    count_belongings(ledger)
    notes = _Notes(ledger)
    _tell_merged(ledger, notes)
    _tell_kept(ledger, notes)
    notes.write()
    notes.write_assumed()
    ledger.execute("COMMIT")


def _tell_merged(ledger: CensusLedger, notes: _Notes) -> None:
    for heir_id, rows in groupby(ledger.stream(MERGED_TOGETHER), key=lambda row: str(row["heir_id"])):
        sources: dict[str, Document] = {}
        before = after = None
        for row in rows:
            before, after = before or _document(row["before"]), after or _document(row["after"])
            if (source := _document(row["source"])) is not None:
                sources[str(row["from_id"])] = source
        if after is None:
            continue
        outcomes = list(merged_outcomes(list(sources.values()), before, after))
        notes.tell(heir_id, outcomes)
        _find_among(notes, heir_id, outcomes, sources)
        if before is not None:
            _find_other_addresses(notes, heir_id, before, sources)


def _find_among(
    notes: _Notes, heir_id: str, outcomes: Sequence[AttributeOutcome], sources: Mapping[str, Document]
) -> None:
    for one in outcomes:
        if one.outcome == "undone" and one.name in OPT_OUTS:
            hurt = [person_id for person_id, document in sources.items() if document.get(one.name)]
            for person_id in [*hurt, *([heir_id] if one.before else [])]:
                notes.find("opt-out", person_id, heir_id, one.name)
        elif one.outcome == "lost" and one.came and one.before is None:
            hurt = [person_id for person_id, document in sources.items() if _has(document, one.name)]
            for person_id in hurt:
                notes.find("lost", person_id, heir_id, one.name)
        elif one.outcome in ("lost", "overwritten"):
            notes.find(one.outcome, heir_id, None, one.name)


def _find_other_addresses(notes: _Notes, heir_id: str, before: Document, sources: Mapping[str, Document]) -> None:
    mine = email_key(_text(before.get("email")))
    for person_id, document in sources.items():
        theirs = email_key(_text(document.get("email")))
        if mine and theirs and mine != theirs:
            notes.find("other e-mail", person_id, heir_id, "both have an e-mail, and not the same")
        elif not (mine and theirs) and not _same(before.get("phone"), document.get("phone")):
            notes.find("nothing shared", person_id, heir_id, "they share neither an e-mail nor a phone number")


def _tell_kept(ledger: CensusLedger, notes: _Notes) -> None:
    for row in ledger.stream(KEPT_THEIR_ID):
        person_id, before, after = str(row["person_id"]), _document(row["before"]), _document(row["after"])
        if before is None or after is None:
            continue
        told = converted_outcomes if row["fate"] == "converted" else changed_outcomes
        outcomes = list(told(before, after))
        notes.tell(person_id, outcomes)
        for one in outcomes:
            if one.outcome == "undone":
                notes.find("opt-out", person_id, None, one.name)
            elif one.outcome in ("lost", "overwritten"):
                notes.find(one.outcome, person_id, None, one.name)


def _document(content: bytes | None) -> Document | None:
    return None if content is None else _decode(content)


def _has(document: Document, name: str) -> bool:
    group, _, key = name.partition("custom_attributes.")
    inner = document.get("custom_attributes")
    return key in inner if not group and key and isinstance(inner, dict) else name in document


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _same(one: object, other: object) -> bool:
    return bool(one) and one == other


def fate_counts(ledger: CensusLedger) -> Mapping[str, int]:
    """Return how many people there are of each fate, the unchanged among them, in the order of `FATES`."""
    found = {str(row[0]): int(row[1]) for row in ledger.execute("SELECT fate, count(*) FROM people GROUP BY fate")}
    known = ledger.number("SELECT count(*) FROM people WHERE role_before IS NOT NULL")
    found["unchanged"] = ledger.number("SELECT count(*) FROM before.people") - known
    return {fate: found[fate] for fate in FATES if found.get(fate)}


def flows(ledger: CensusLedger) -> Iterator[tuple[str, str, str, int]]:
    """Yield role before, fate, role afterwards and how many, for each combination but the unchanged."""
    for row in ledger.execute(
        "SELECT ifnull(role_before, ''), fate, ifnull(role_after, ''), count(*) FROM people "
        "GROUP BY 1, 2, 3 ORDER BY 4 DESC"
    ):
        yield str(row[0]), str(row[1]), str(row[2]), int(row[3])
