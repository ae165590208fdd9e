"""What became of tags, companies, conversations, notes, events and consents: statements over both copies at once.

Each belonging that is not where it was gets an outcome: `moved` to the person that its owner was merged into, `united`
with the same one there, `dropped` by a rule of Intercom's, `gone` with an owner who was deleted, `lost` or `added`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.rehearsal.census_ledger import CensusLedger


@dataclass(frozen=True, slots=True)
class BelongingTable:
    """A table of the store whose rows hang on people.

    columns: what makes a row the same in both copies, beside the person. key: how the row is named.
    """

    kind: str
    table: str
    columns: tuple[str, ...]
    key: str

    def same(self, row: str, other: str) -> str:
        """Return the condition that two rows are the same, their owners aside."""
        return " AND ".join(f"{other}.{column} = {row}.{column}" for column in self.columns)


TABLES: Final = (
    BelongingTable("tag", "taggings", ("tag_id",), "{row}.tag_id"),
    BelongingTable("company", "memberships", ("company_key",), "{row}.company_key"),
    BelongingTable("conversation", "participants", ("conversation_id",), "{row}.conversation_id"),
    BelongingTable("note", "notes", ("note_id", "body"), "{row}.note_id"),
    BelongingTable("event", "events", ("seq", "name"), "{row}.seq"),
    BelongingTable("events in bulk", "event_counts", ("name",), "{row}.name"),
    BelongingTable(
        "consent", "consents", ("subscription_id", "consent"), "{row}.subscription_id || ':' || {row}.consent"
    ),
)  # fmt: skip

NOT_THERE: Final = """
INSERT INTO things SELECT b.person_id, '{kind}', {key}, CASE
    {stricter}
    WHEN m.from_id IS NOT NULL AND EXISTS (SELECT 1 FROM after.{table} a WHERE a.person_id = m.heir_id AND {kept})
        THEN CASE WHEN EXISTS (SELECT 1 FROM before.{table} o WHERE o.person_id = m.heir_id AND {had})
            THEN 'united' ELSE 'moved' END
    WHEN p.fate IN ('deleted', 'vanished') THEN 'gone'
    ELSE 'lost' END
FROM before.{table} b LEFT JOIN people p ON p.person_id = b.person_id LEFT JOIN merges m ON m.from_id = b.person_id
WHERE NOT EXISTS (SELECT 1 FROM after.{table} a WHERE a.person_id = b.person_id AND {kept})
"""
STRICTER: Final = """WHEN b.consent = 'opt_in' AND (m.from_id IS NOT NULL OR p.fate = 'target') AND EXISTS (
        SELECT 1 FROM after.consents a WHERE a.person_id = ifnull(m.heir_id, b.person_id)
        AND a.subscription_id = b.subscription_id AND a.consent = 'opt_out') THEN 'dropped'"""
NEW: Final = """
INSERT INTO things SELECT a.person_id, '{kind}', {key}, 'added' FROM after.{table} a
WHERE NOT EXISTS (SELECT 1 FROM before.{table} b WHERE b.person_id = a.person_id AND {had})
AND NOT EXISTS (SELECT 1 FROM merges m JOIN before.{table} b ON b.person_id = m.from_id
    WHERE m.heir_id = a.person_id AND {had})
"""  # fmt: skip
OWNERLESS: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'ownerless', max(b.person_id), NULL, 'conversation ' || b.conversation_id FROM before.participants b
WHERE NOT EXISTS (SELECT 1 FROM after.participants a WHERE a.conversation_id = b.conversation_id)
GROUP BY b.conversation_id
"""
TOUCHED: Final = """
INSERT OR IGNORE INTO people (person_id, role_before, role_after, fate)
SELECT t.person_id, b.kind, a.kind, 'changed' FROM things t JOIN before.people b ON b.person_id = t.person_id
JOIN after.people a ON a.person_id = t.person_id
"""
COUNTED: Final = """
UPDATE people SET lost = people.lost + c.lost, united = people.united + c.united, moved = people.moved + c.moved,
    dropped = people.dropped + c.dropped, added = people.added + c.added
FROM (SELECT person_id, sum(outcome IN ('lost', 'gone')) lost, sum(outcome = 'united') united,
    sum(outcome = 'moved') moved, sum(outcome = 'dropped') dropped, sum(outcome = 'added') added
    FROM things GROUP BY person_id) c
WHERE c.person_id = people.person_id
"""
OPT_OUTS: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'opt-out', t.person_id, m.heir_id, 'subscription ' || replace(t.key, ':opt_out', '') FROM things t
JOIN people p ON p.person_id = t.person_id LEFT JOIN merges m ON m.from_id = t.person_id
WHERE t.kind = 'consent' AND t.key LIKE '%:opt_out' AND t.outcome = 'lost'
"""
ASSUMED: Final = """
INSERT INTO assumed SELECT ?, count(DISTINCT t.person_id) FROM things t JOIN merges m ON m.from_id = t.person_id
WHERE t.kind IN ({kinds}) AND t.outcome IN ('moved', 'united', 'dropped') HAVING count(*) > 0
"""
ASSUMED_RULES: Final = (
    ("a merge moves events to the target", ("event", "events in bulk")),
    ("a merge keeps the stricter consent of both", ("consent",)),
)


def count_belongings(ledger: CensusLedger) -> None:
    """Write an outcome for each belonging that moved, is lost or is new, and the findings that follow."""
    for one in TABLES:
        words = {
            "kind": one.kind,
            "table": one.table,
            "kept": one.same("b", "a"),
            "stricter": STRICTER if one.kind == "consent" else "",
        }
        ledger.execute(NOT_THERE.format(**words, key=one.key.format(row="b"), had=one.same("b", "o")))
        ledger.execute(NEW.format(**words, key=one.key.format(row="a"), had=one.same("a", "b")))
    ledger.execute("CREATE INDEX things_person ON things (person_id)")
    ledger.execute(OWNERLESS)
    ledger.execute(TOUCHED)
    ledger.execute(COUNTED)
    ledger.execute(OPT_OUTS)
    for rule, kinds in ASSUMED_RULES:
        ledger.execute(ASSUMED.format(kinds=", ".join(f"'{kind}'" for kind in kinds)), (rule,))
