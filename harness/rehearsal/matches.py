"""Who could have been converted, and was not; who could have been merged into several; who has a double now.

A match is what an e-mail says: a lead and a user with one address, letters of either case. A job may know more of its
people than that; what it may leave is for its owner to permit.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from harness.rehearsal.census_ledger import CensusLedger

_decode: Any = msgspec.msgpack.Decoder().decode

USERS: Final = "kind = 'user' AND archived = 0"
LEFT_BEHIND: Final = f"""
INSERT INTO findings (kind, person_id, other_id, told)
SELECT CASE WHEN written_alike(max(l.document), max(u.document)) THEN 'left behind' ELSE 'left for a space' END,
    l.person_id, max(u.person_id), 'one user has the same e-mail'
FROM after.people l JOIN after.people u ON u.email_key = l.email_key
WHERE l.kind = 'lead' AND l.archived = 0 AND l.email_key IS NOT NULL AND u.{USERS.replace(" AND ", " AND u.")}
AND l.person_id NOT IN (SELECT person_id FROM people WHERE fate = 'created')
GROUP BY l.person_id HAVING count(*) = 1 AND NOT from_elsewhere(max(l.document))
"""  # noqa: S608 - names of our own schema
AMBIGUOUS: Final = f"""
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'ambiguous', l.person_id, m.heir_id, 'one of ' || count(*) || ' users with the same e-mail was chosen'
FROM merges m JOIN before.people l ON l.person_id = m.from_id JOIN before.people u ON u.email_key = l.email_key
WHERE u.{USERS.replace(" AND ", " AND u.")} AND l.email_key IS NOT NULL AND u.person_id != l.person_id
GROUP BY l.person_id HAVING count(*) > 1
"""  # noqa: S608
UNDECIDED: Final = f"""
SELECT count(*) FROM (SELECT 1 FROM after.people l JOIN after.people u ON u.email_key = l.email_key
WHERE l.kind = 'lead' AND l.archived = 0 AND l.email_key IS NOT NULL AND u.{USERS.replace(" AND ", " AND u.")}
GROUP BY l.person_id HAVING count(*) > 1)
"""  # noqa: S608
DOUBLES: Final = f"""
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'double', max(a.person_id), min(a.person_id), count(*) || ' users have one e-mail' FROM after.people a
WHERE a.{USERS.replace(" AND ", " AND a.")} AND a.email_key IN (
    SELECT c.email_key FROM people p JOIN after.people c ON c.person_id = p.person_id
    WHERE p.fate IN ('created', 'converted', 'changed', 'restored') AND c.{USERS.replace(" AND ", " AND c.")})
GROUP BY a.email_key HAVING count(*) > 1 AND count(*) > (
    SELECT count(*) FROM before.people b WHERE b.email_key = a.email_key AND b.{USERS.replace(" AND ", " AND b.")})
"""  # noqa: S608
DOUBLED: Final = f"""
SELECT count(*) FROM (SELECT 1 FROM after.people WHERE {USERS} AND email_key IS NOT NULL
GROUP BY email_key HAVING count(*) > 1)
"""  # noqa: S608
CONVERTIBLE: Final = f"""
SELECT count(*) FROM (SELECT 1 FROM before.people l JOIN before.people u ON u.email_key = l.email_key
WHERE l.kind = 'lead' AND l.archived = 0 AND l.email_key IS NOT NULL AND u.{USERS.replace(" AND ", " AND u.")}
GROUP BY l.person_id HAVING count(*) = 1)
"""  # noqa: S608
BYSTANDERS: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'bystander', person_id, NULL, fate FROM people WHERE fate IN ('changed', 'restored')
"""
LOST: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT CASE fate WHEN 'archived' THEN 'archived' ELSE 'gone' END, person_id, into_id, fate FROM people
WHERE fate IN ('deleted', 'vanished', 'archived')
"""
ORPHANED: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'gone', p.person_id, m.heir_id, 'merged into somebody who is not there' FROM people p
JOIN merges m ON m.from_id = p.person_id LEFT JOIN after.people a ON a.person_id = m.heir_id
WHERE p.fate = 'merged' AND a.person_id IS NULL
"""
LOST_THINGS: Final = """
INSERT INTO findings (kind, person_id, other_id, told)
SELECT 'lost', person_id, NULL, kind || ' ' || key FROM things
WHERE outcome = 'lost' AND NOT (kind = 'consent' AND key LIKE '%:opt_out')
"""


def find_matches(ledger: CensusLedger) -> None:
    """Write the findings about matches, doubles and people who had nothing to do with the job."""
    ledger.create_function("from_elsewhere", 1, _from_elsewhere, deterministic=True)
    ledger.create_function("written_alike", 2, _written_alike, deterministic=True)
    ledger.execute("BEGIN")
    for statement in (LEFT_BEHIND, AMBIGUOUS, DOUBLES, BYSTANDERS, LOST, ORPHANED, LOST_THINGS):
        ledger.execute(statement)
    ledger.execute("COMMIT")


def doubles_left(ledger: CensusLedger) -> int:
    """Return how many e-mails more than one user has afterwards."""
    return ledger.number(DOUBLED)


def undecided(ledger: CensusLedger) -> int:
    """Return how many leads are left whose e-mail several users have: nobody can say which one they are."""
    return ledger.number(UNDECIDED)


def _written_alike(one: bytes, other: bytes) -> bool:
    """Return whether two people's e-mails differ in the case of letters at most, and in no space around them."""
    first, second = (str(_decode(document).get("email")).lower() for document in (one, other))
    return first == second


def _from_elsewhere(document: bytes) -> bool:
    return bool(_decode(document).get("channel"))
