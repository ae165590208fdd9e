"""What hangs on people: tags, notes, companies, conversations, consents and events, and how they change hands.

Rows here name people by id only. Who may do what is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from harness.sandbox.database import Database


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; `applied_at` where it is one that hangs on somebody."""

    tag_id: int
    name: str
    applied_at: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """A note on somebody."""

    note_id: int
    person_id: str
    created_at: int
    admin_id: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that somebody did."""

    seq: int
    person_id: str
    name: str
    created_at: int
    metadata: dict[str, Any]


class Company(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A company: `company_key` is Intercom's id, `company_id` the application's own."""

    company_key: str
    created_at: int
    updated_at: int
    company_id: str | None = None
    name: str | None = None
    remote_created_at: int | None = None
    last_request_at: int | None = None
    monthly_spend: int | float = 0
    session_count: int = 0
    plan: str | None = None
    size: int | None = None
    website: str | None = None
    industry: str | None = None
    custom_attributes: dict[str, Any] = {}


class Part(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One reply in a conversation; the author is a person, or else the teammate."""

    part_id: str
    part_type: str
    body: str | None
    created_at: int
    person_id: str | None = None
    assigned: bool = False


class Conversation(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A conversation: what was said first, and what was replied."""

    conversation_id: str
    message_id: str
    created_at: int
    updated_at: int
    body: str
    subject: str = ""
    delivered_as: str = "customer_initiated"
    person_id: str | None = None
    state: str = "open"
    read: bool = False
    waiting_since: int | None = None
    title: str | None = None
    parts: list[Part] = []


_company = msgspec.msgpack.Decoder(Company).decode
_conversation = msgspec.msgpack.Decoder(Conversation).decode
_encode = msgspec.msgpack.Encoder().encode
_loads = msgspec.msgpack.Decoder().decode

OPT_OUT, OPT_IN = "opt_out", "opt_in"


class Belongings:
    """What the people of one workspace have."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # Tags

    def tag_named(self, name: str, counter: str = "tags") -> Tag:
        """The tag of that name (letter case aside), made if there is none."""
        row = self._db.one("SELECT tag_id, name FROM tags WHERE name_key = ?", (name.lower(),))
        if row:
            return Tag(*row)
        tag = Tag(self._db.next(counter), name)
        self._db.execute("INSERT INTO tags VALUES (?, ?, ?)", (tag.tag_id, name, name.lower()))
        return tag

    def rename_tag(self, tag_id: int, name: str) -> None:
        """Give a tag another name."""
        self._db.execute("UPDATE tags SET name = ?, name_key = ? WHERE tag_id = ?", (name, name.lower(), tag_id))

    def tag(self, tag_id: int) -> Tag | None:
        """The tag with this id."""
        row = self._db.one("SELECT tag_id, name FROM tags WHERE tag_id = ?", (tag_id,))
        return Tag(*row) if row else None

    def all_tags(self) -> list[Tag]:
        """Every tag there is."""
        return [Tag(*row) for row in self._db.all("SELECT tag_id, name FROM tags ORDER BY tag_id")]

    def delete_tag(self, tag_id: int) -> None:
        """Take a tag away from everybody, and from the workspace."""
        self._db.execute("DELETE FROM taggings WHERE tag_id = ?", (tag_id,))
        self._db.execute("DELETE FROM tags WHERE tag_id = ?", (tag_id,))

    def tags_of(self, person_id: str) -> list[Tag]:
        """The tags that somebody has."""
        rows = self._db.all(
            "SELECT tag_id, name, applied_at FROM taggings JOIN tags USING (tag_id) "
            "WHERE person_id = ? ORDER BY tag_id",
            (person_id,),
        )
        return [Tag(*row) for row in rows]

    def put_tag(self, person_id: str, tag_id: int, now: int) -> None:
        """Hang a tag on somebody, who may have it already."""
        self._db.execute("INSERT OR IGNORE INTO taggings VALUES (?, ?, ?)", (person_id, tag_id, now))

    def take_tag(self, person_id: str, tag_id: int) -> None:
        """Take a tag off somebody."""
        self._db.execute("DELETE FROM taggings WHERE person_id = ? AND tag_id = ?", (person_id, tag_id))

    # Notes

    def add_note(self, person_id: str, body: str, admin_id: str | None, now: int) -> Note:
        """Write a note on somebody."""
        note = Note(self._db.next("notes"), person_id, now, admin_id, body)
        self._db.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?)", (note.note_id, person_id, now, admin_id, body))
        return note

    def note(self, note_id: int) -> Note | None:
        """The note with this id."""
        row = self._db.one("SELECT * FROM notes WHERE note_id = ?", (note_id,))
        return Note(*row) if row else None

    def notes_of(self, person_id: str) -> list[Note]:
        """The notes on somebody, the newest first."""
        rows = self._db.all("SELECT * FROM notes WHERE person_id = ? ORDER BY note_id DESC", (person_id,))
        return [Note(*row) for row in rows]

    # Companies

    def add_company(self, company: Company) -> None:
        """Let a new company in."""
        self._db.execute(
            "INSERT INTO companies (company_key, company_id, name, document) VALUES (?, ?, ?, ?)",
            (company.company_key, company.company_id, company.name, _encode(company)),
        )

    def put_company(self, company: Company) -> None:
        """Write a company that is there already."""
        self._db.execute(
            "UPDATE companies SET company_id = ?, name = ?, document = ? WHERE company_key = ?",
            (company.company_id, company.name, _encode(company), company.company_key),
        )

    def company(self, company_key: str) -> Company | None:
        """The company with this id of Intercom's."""
        return self._company_where("company_key", company_key)

    def company_by_id(self, company_id: str) -> Company | None:
        """The company that the application calls so."""
        return self._company_where("company_id", company_id)

    def company_named(self, name: str) -> Company | None:
        """The company of that name."""
        return self._company_where("name", name)

    def _company_where(self, column: str, value: str) -> Company | None:
        row = self._db.one(f"SELECT document FROM companies WHERE {column} = ? ORDER BY seq", (value,))  # noqa: S608
        return _company(row[0]) if row else None

    def all_companies(self) -> list[Company]:
        """Every company, the newest first."""
        return [_company(document) for (document,) in self._db.all("SELECT document FROM companies ORDER BY seq DESC")]

    def delete_company(self, company_key: str) -> None:
        """Remove a company, and everybody from it."""
        self._db.execute("DELETE FROM memberships WHERE company_key = ?", (company_key,))
        self._db.execute("DELETE FROM companies WHERE company_key = ?", (company_key,))

    def companies_of(self, person_id: str) -> list[Company]:
        """The companies that somebody belongs to, the first joined first."""
        rows = self._db.all(
            "SELECT document FROM memberships JOIN companies USING (company_key) WHERE person_id = ? "
            "ORDER BY memberships.seq",
            (person_id,),
        )
        return [_company(document) for (document,) in rows]

    def members_of(self, company_key: str) -> list[str]:
        """The ids of those who belong to a company."""
        rows = self._db.all("SELECT person_id FROM memberships WHERE company_key = ? ORDER BY seq", (company_key,))
        return [person_id for (person_id,) in rows]

    def join(self, person_id: str, company_key: str) -> None:
        """Make somebody belong to a company; they may already."""
        self._db.execute(
            "INSERT OR IGNORE INTO memberships VALUES (?, ?, ?)", (person_id, company_key, self._db.next("memberships"))
        )

    def leave(self, person_id: str, company_key: str) -> None:
        """Take somebody out of a company."""
        self._db.execute("DELETE FROM memberships WHERE person_id = ? AND company_key = ?", (person_id, company_key))

    # Conversations

    def add_conversation(self, conversation: Conversation, person_ids: list[str]) -> None:
        """Begin a conversation between these people and the workspace."""
        self._db.execute(
            "INSERT INTO conversations (conversation_id, document) VALUES (?, ?)",
            (conversation.conversation_id, _encode(conversation)),
        )
        for person_id in person_ids:
            self.take_part(person_id, conversation.conversation_id)

    def put_conversation(self, conversation: Conversation) -> None:
        """Write a conversation that is there already."""
        self._db.execute(
            "UPDATE conversations SET document = ? WHERE conversation_id = ?",
            (_encode(conversation), conversation.conversation_id),
        )

    def delete_conversation(self, conversation_id: str) -> None:
        """Remove a conversation for everybody."""
        self._db.execute("DELETE FROM participants WHERE conversation_id = ?", (conversation_id,))
        self._db.execute("DELETE FROM conversations WHERE conversation_id = ?", (conversation_id,))

    def conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation with this id."""
        row = self._db.one("SELECT document FROM conversations WHERE conversation_id = ?", (conversation_id,))
        return _conversation(row[0]) if row else None

    def conversations(self) -> list[Conversation]:
        """Every conversation, the newest first."""
        rows = self._db.all("SELECT document FROM conversations ORDER BY seq DESC")
        return [_conversation(document) for (document,) in rows]

    def conversations_of(self, person_id: str) -> list[Conversation]:
        """The conversations that somebody takes part in, the newest first."""
        rows = self._db.all(
            "SELECT document FROM participants JOIN conversations USING (conversation_id) WHERE person_id = ? "
            "ORDER BY conversations.seq DESC",
            (person_id,),
        )
        return [_conversation(document) for (document,) in rows]

    def participants_of(self, conversation_id: str) -> list[str]:
        """The ids of the people who take part in a conversation."""
        rows = self._db.all(
            "SELECT person_id FROM participants WHERE conversation_id = ? ORDER BY person_id", (conversation_id,)
        )
        return [person_id for (person_id,) in rows]

    def take_part(self, person_id: str, conversation_id: str) -> None:
        """Let somebody into a conversation; they may be in it already."""
        self._db.execute("INSERT OR IGNORE INTO participants VALUES (?, ?)", (person_id, conversation_id))

    def drop_out(self, person_id: str, conversation_id: str) -> None:
        """Take somebody out of a conversation."""
        self._db.execute(
            "DELETE FROM participants WHERE person_id = ? AND conversation_id = ?", (person_id, conversation_id)
        )

    # Consents

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

    # Events

    def add_event(self, person_id: str, name: str, created_at: int, metadata: dict[str, Any]) -> None:
        """Note that somebody did something."""
        self._db.execute(
            "INSERT INTO events (person_id, name, created_at, metadata) VALUES (?, ?, ?, ?)",
            (person_id, name, created_at, _encode(metadata)),
        )

    def events_of(self, person_id: str) -> list[Event]:
        """What somebody did, the newest first."""
        rows = self._db.all("SELECT * FROM events WHERE person_id = ? ORDER BY seq DESC", (person_id,))
        return [Event(seq, person_id, name, at, _loads(metadata)) for seq, person_id, name, at, metadata in rows]

    # All of it

    def summary(self, person_id: str) -> dict[str, list[str]]:
        """The ids of what somebody has, by kind of thing, for showing the person."""
        found: dict[str, list[str]] = {"tag": [], "note": [], "company": [], OPT_OUT: [], OPT_IN: []}
        for kind, key in self._db.execute(SUMMARY, (person_id,) * 4):
            found[kind].append(str(key))
        return found

    def hand_over(self, source_id: str, into_id: str) -> None:
        """Give the target of a merge all that the source had (the rows of `keeping.BELONGINGS`)."""
        if self._db.one(ANYTHING, (source_id,) * 6) is None:
            return
        for table in ("taggings", "memberships", "participants"):
            self._db.execute(f"UPDATE OR IGNORE {table} SET person_id = ? WHERE person_id = ?", (into_id, source_id))  # noqa: S608
        for table in ("notes", "events"):
            self._db.execute(f"UPDATE {table} SET person_id = ? WHERE person_id = ?", (into_id, source_id))  # noqa: S608
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
        for table in ("taggings", "memberships", "participants", "consents", "notes", "events"):
            self._db.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))  # noqa: S608


SUMMARY = """
SELECT * FROM (SELECT 'tag', tag_id FROM taggings WHERE person_id = ? ORDER BY tag_id)
UNION ALL SELECT * FROM (SELECT 'note', note_id FROM notes WHERE person_id = ? ORDER BY note_id DESC)
UNION ALL SELECT * FROM (SELECT 'company', company_key FROM memberships WHERE person_id = ? ORDER BY seq)
UNION ALL SELECT * FROM (SELECT consent, subscription_id FROM consents WHERE person_id = ? ORDER BY subscription_id)
"""

ANYTHING = """
SELECT 1 FROM taggings WHERE person_id = ? UNION ALL SELECT 1 FROM memberships WHERE person_id = ?
UNION ALL SELECT 1 FROM participants WHERE person_id = ? UNION ALL SELECT 1 FROM notes WHERE person_id = ?
UNION ALL SELECT 1 FROM events WHERE person_id = ? UNION ALL SELECT 1 FROM consents WHERE person_id = ? LIMIT 1
"""
