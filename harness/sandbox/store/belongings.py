"""What hangs on people: tags, notes, companies, conversations, consents and events, and how it changes hands.

Rows here name people by id only. Who may do what is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from harness.sandbox.rules.person import Person
from harness.sandbox.store.company_store import Company, CompanyStore
from harness.sandbox.store.conversation_store import Conversation, ConversationStore, Part
from harness.sandbox.store.database import BELONGINGS
from harness.sandbox.store.tag_note_store import Note, Tag, TagNoteStore

__all__ = ["NOTHING", "OPT_IN", "OPT_OUT", "Belongings", "Company", "Conversation", "Event", "Note", "Part", "Tag"]

OPT_OUT, OPT_IN = "opt_out", "opt_in"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that somebody did."""

    seq: int
    person_id: str
    name: str
    created_at: int
    metadata: dict[str, object]


NOTHING: Final[Mapping[str, list[str]]] = {"tag": [], "note": [], "company": [], OPT_OUT: [], OPT_IN: []}
"""What somebody has who has nothing."""

_encode = msgspec.msgpack.Encoder().encode
_loads = msgspec.msgpack.Decoder().decode


class Belongings(TagNoteStore, CompanyStore, ConversationStore):
    """What the people of one workspace have, all of it."""

    def consents_of(self, person_id: str) -> dict[int, str]:
        """What somebody opted in to and out of, by subscription type."""
        return dict(
            self._db.all(
                "SELECT subscription_id, consent FROM consents WHERE person_id = ? ORDER BY subscription_id",
                (person_id,),
            )
        )

    def set_consent(self, person_id: str, subscription_id: int, consent: str | None) -> None:
        """Note an opt-in or an opt-out, or (`None`) forget it."""
        if consent is None:
            self._db.execute(
                "DELETE FROM consents WHERE person_id = ? AND subscription_id = ?", (person_id, subscription_id)
            )
        else:
            self._db.execute("INSERT OR REPLACE INTO consents VALUES (?, ?, ?)", (person_id, subscription_id, consent))

    def add_event(self, person_id: str, name: str, created_at: int, metadata: dict[str, object]) -> None:
        """Note that somebody did something."""
        self._db.execute(
            "INSERT INTO events (person_id, name, created_at, metadata) VALUES (?, ?, ?, ?)",
            (person_id, name, created_at, _encode(metadata)),
        )

    def events_of(self, person_id: str) -> list[Event]:
        """What somebody did, the newest first."""
        rows = self._db.all("SELECT * FROM events WHERE person_id = ? ORDER BY seq DESC", (person_id,))
        return [Event(seq, person_id, name, at, _loads(metadata)) for seq, person_id, name, at, metadata in rows]

    def count_event(self, person_id: str, name: str, count: int, first: int, last: int) -> None:
        """Note that somebody did something so often, between two moments; added to what was noted so before."""
        self._db.execute(ADD_COUNT, (person_id, name, count, first, last))

    def event_counts_of(self, person_id: str) -> list[tuple[str, int, int, int]]:
        """What was noted in bulk: name, count, first and last moment."""
        return self._db.all(
            "SELECT name, count, first, last FROM event_counts WHERE person_id = ? ORDER BY name", (person_id,)
        )

    def delete_company(self, company_key: str) -> None:
        """Remove a company, everybody from it, and its tags."""
        super().delete_company(company_key)
        self.forget_labels("company", company_key)

    def delete_conversation(self, conversation_id: str) -> None:
        """Remove a conversation for everybody, and its tags."""
        super().delete_conversation(conversation_id)
        self.forget_labels("conversation", conversation_id)

    def archive_conversations(self, person_id: str, now: int) -> None:
        """Close the conversations of somebody who is blocked, and take them out of every list."""
        for found in self.conversations_of(person_id):
            self.put_conversation(msgspec.structs.replace(found, state="closed", archived=True, updated_at=now))

    def shown_on(self, person: Person) -> Mapping[str, list[str]]:
        """Return the ids of what a contact has by kind, or had where they are shown as an index has them."""
        if person.had is not None:
            return person.had
        return self.summary(person.person_id) if person.owns else NOTHING

    def summary(self, person_id: str) -> dict[str, list[str]]:
        """The ids of what somebody has, by kind of thing, for showing the person."""
        found: dict[str, list[str]] = {kind: [] for kind in NOTHING}
        for kind, key in self._db.execute(SUMMARY, (person_id,) * 4):
            found[kind].append(str(key))
        return found

    def hand_over(self, source_id: str, into_id: str) -> None:
        """Give the target of a merge all that the source had (the rows of `keeping.BELONGINGS`)."""
        for table in ("taggings", "memberships", "participants"):
            self._db.execute(f"UPDATE OR IGNORE {table} SET person_id = ? WHERE person_id = ?", (into_id, source_id))  # noqa: S608
        for table in ("notes", "events"):
            self._db.execute(f"UPDATE {table} SET person_id = ? WHERE person_id = ?", (into_id, source_id))  # noqa: S608
        for name, count, first, last in self.event_counts_of(source_id):
            self.count_event(into_id, name, count, first, last)
        self._unite_consents(source_id, into_id)
        self._rename_author(source_id, into_id)
        self.forget(source_id)

    def _unite_consents(self, source_id: str, into_id: str) -> None:
        for subscription_id, consent in self.consents_of(source_id).items():
            if consent == OPT_OUT:
                self.set_consent(into_id, subscription_id, OPT_OUT)
        self._db.execute("UPDATE OR IGNORE consents SET person_id = ? WHERE person_id = ?", (into_id, source_id))

    def _rename_author(self, source_id: str, into_id: str) -> None:
        for conversation in self.conversations_of(into_id):
            parts = [
                msgspec.structs.replace(part, person_id=into_id) if part.person_id == source_id else part
                for part in conversation.parts
            ]
            author = into_id if conversation.person_id == source_id else conversation.person_id
            if author != conversation.person_id or parts != conversation.parts:
                self.put_conversation(msgspec.structs.replace(conversation, person_id=author, parts=parts))

    def forget(self, person_id: str) -> None:
        """Remove what still hangs on somebody who is gone; conversations stay, without them."""
        for table in BELONGINGS:
            self._db.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))  # noqa: S608


SUMMARY = """
SELECT * FROM (SELECT 'tag', tag_id FROM taggings WHERE person_id = ? ORDER BY tag_id)
UNION ALL SELECT * FROM (SELECT 'note', note_id FROM notes WHERE person_id = ? ORDER BY note_id DESC)
UNION ALL SELECT * FROM (SELECT 'company', company_key FROM memberships WHERE person_id = ? ORDER BY seq)
UNION ALL SELECT * FROM (SELECT consent, subscription_id FROM consents WHERE person_id = ? ORDER BY subscription_id)
"""

ADD_COUNT = """
INSERT INTO event_counts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)
"""
