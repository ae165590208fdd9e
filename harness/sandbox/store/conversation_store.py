"""Conversations in the database, and who takes part in them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from harness.sandbox.store.database import Database

State: TypeAlias = Literal["open", "closed", "snoozed"]


class Attachment(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A file that hangs on a message; its content is not kept, and `size` is 0 where it was only named."""

    name: str
    url: str
    content_type: str
    size: int = 0


class Assignee(msgspec.Struct, omit_defaults=True, kw_only=True):
    """To whom a part assigned its conversation; without an id to nobody."""

    kind: Literal["admin", "team", "nobody_admin"]
    assignee_id: str | None = None


class Part(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One reply in a conversation, or a change of it; the author is a person, the workspace's bot, or the teammate."""

    part_id: str
    part_type: str
    body: str | None
    created_at: int
    updated_at: int | None = None
    person_id: str | None = None
    by_bot: bool = False
    assigned_to: Assignee | None = None
    attachments: list[Attachment] = []
    redacted: bool = False


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
    state: State = "open"
    snoozed_until: int | None = None
    read: bool = False
    waiting_since: int | None = None
    title: str | None = None
    admin_assignee_id: str | None = None
    team_assignee_id: str | None = None
    custom_attributes: dict[str, object] = {}
    attachments: list[Attachment] = []
    redacted: bool = False
    archived: bool = False
    parts: list[Part] = []

    @property
    def number(self) -> int:
        """Its id as a number."""
        return int(self.conversation_id)

    def at(self, now: int) -> Conversation:
        """The conversation as it is then: it wakes up when it has been snoozed for long enough."""
        if self.state != "snoozed" or self.snoozed_until is None or now < self.snoozed_until:
            return self
        return msgspec.structs.replace(self, state="open", snoozed_until=None)


_conversation = msgspec.msgpack.Decoder(Conversation).decode
_encode = msgspec.msgpack.Encoder().encode


class ConversationStore:
    """The conversations of one workspace."""

    def __init__(self, database: Database) -> None:
        self._db = database

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
        """Every conversation that is not archived, the newest first."""
        rows = self._db.execute("SELECT document FROM conversations ORDER BY seq DESC")
        return [found for (document,) in rows if not (found := _conversation(document)).archived]

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
