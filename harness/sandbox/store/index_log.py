"""The log behind a lagging index: what each contact was before the writes that lists and searches do not show yet.

Triggers write it in the same statement as the change itself, so no operation can forget one. They exist only while an
index lags: without a lag a write costs what it did. A row says what a person was until a moment, with the tags, notes,
companies and consents that they had; a row without a document says that they were not there.
"""

from __future__ import annotations

from typing import Final

SCHEMA: Final = """
CREATE TABLE index_log (
    number INTEGER PRIMARY KEY, person_id TEXT NOT NULL, at REAL NOT NULL, seq INTEGER NOT NULL, kind TEXT,
    archived INTEGER, external_id TEXT, email_key TEXT, phone TEXT, document BLOB, had TEXT);
CREATE INDEX index_log_person ON index_log (person_id, at);
CREATE INDEX index_log_at ON index_log (at);
"""

KEPT: Final = 86_400
"""Seconds for which a row is kept at least, so that a delay that is set later still finds what it needs."""
LONGEST: Final = "(SELECT ifnull(max(json_extract(value, '$.index_delay')), 0) FROM settings WHERE name = 'settings')"
"""The delay that is set."""
CLEARED_EVERY: Final = 256
"""After so many rows, those that are old enough are removed."""

_HAD: Final = """json_object(
    'tag', (SELECT json_group_array(CAST(tag_id AS TEXT)) FROM (
        SELECT tag_id FROM taggings WHERE person_id = people.person_id ORDER BY tag_id)),
    'note', (SELECT json_group_array(CAST(note_id AS TEXT)) FROM (
        SELECT note_id FROM notes WHERE person_id = people.person_id ORDER BY note_id DESC)),
    'company', (SELECT json_group_array(company_key) FROM (
        SELECT company_key FROM memberships WHERE person_id = people.person_id ORDER BY seq)),
    'opt_out', (SELECT json_group_array(CAST(subscription_id AS TEXT)) FROM (SELECT subscription_id FROM consents
        WHERE person_id = people.person_id AND consent = 'opt_out' ORDER BY subscription_id)),
    'opt_in', (SELECT json_group_array(CAST(subscription_id AS TEXT)) FROM (SELECT subscription_id FROM consents
        WHERE person_id = people.person_id AND consent = 'opt_in' ORDER BY subscription_id)))"""

_WAS: Final = f"""
INSERT INTO index_log (person_id, at, seq, kind, archived, external_id, email_key, phone, document, had)
    SELECT person_id, moment(), seq, kind, archived, external_id, email_key, phone, document,
        CASE WHEN owns THEN {_HAD} END
    FROM people WHERE person_id = {{who}}"""  # noqa: S608 - names of our own schema
_UNTOLD: Final = "NOT EXISTS (SELECT 1 FROM index_log WHERE person_id = {who} AND at = moment())"
"""Of several writes at one moment the first tells what was before."""


def _trigger(table: str, when: str, who: str) -> str:
    name = f"index_{table}_{when.partition(' ')[0].lower()}_{who[:3]}"
    untold, was = _UNTOLD.format(who=who), _WAS.format(who=who)
    return f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {untold} BEGIN {was}; END"


_BELONGINGS: Final = ("taggings", "notes", "memberships", "consents")

_ADDED: Final = """CREATE TRIGGER index_people_added AFTER INSERT ON people BEGIN
    INSERT INTO index_log (person_id, at, seq) VALUES (new.person_id, moment(), new.seq); END"""
_CLEARED: Final = f"""CREATE TRIGGER index_log_cleared AFTER INSERT ON index_log WHEN new.number % {CLEARED_EVERY} = 0
    BEGIN DELETE FROM index_log WHERE at < moment() - max({KEPT}, {LONGEST}); END"""  # noqa: S608 - ours

TRIGGERS: Final = (
    _ADDED,
    _trigger("people", "UPDATE OF document", "old.person_id"),
    _trigger("people", "DELETE", "old.person_id"),
    *(_trigger(table, "INSERT", "new.person_id") for table in _BELONGINGS),
    *(_trigger(table, "DELETE", "old.person_id") for table in _BELONGINGS),
    *(_trigger(table, "UPDATE OF person_id", "old.person_id") for table in _BELONGINGS),
    *(_trigger(table, "UPDATE OF person_id", "new.person_id") for table in _BELONGINGS),
    _CLEARED,
)
"""`moment()` is the time at which the transaction began."""

NAMES: Final = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'index_%'"
