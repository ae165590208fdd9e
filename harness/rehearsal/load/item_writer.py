"""Writes what was read into a new workspace, and mends what names things that no file holds."""

from __future__ import annotations

from typing import Final

from harness.rehearsal.load.loaded_items import LoadedConversation, LoadedItem, LoadedTag
from harness.rehearsal.load.pseudonymiser import Pseudonymiser
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.belongings import Company, Note
from harness.sandbox.store.bulk_writer import BulkWriter

COUNTED: Final = ("companies", "tags", "notes", "conversations", "taggings", "memberships", "consents")
PEOPLE: Final = {"contacts": "1", "users": "kind = 'user'", "leads": "kind = 'lead'", "archived": "archived"}
UNKNOWN_TAGS: Final = "SELECT DISTINCT tag_id FROM taggings WHERE tag_id NOT IN (SELECT tag_id FROM tags)"
UNKNOWN_COMPANIES: Final = """SELECT DISTINCT company_key FROM memberships
    WHERE company_key NOT IN (SELECT company_key FROM companies)"""
STRANGERS: Final = "person_id NOT IN (SELECT person_id FROM people)"
EMPTY: Final = "conversation_id NOT IN (SELECT conversation_id FROM participants)"


class ItemWriter:
    """Writes what was read, under pseudonyms where they are wanted."""

    def __init__(self, writer: BulkWriter, pseudonymiser: Pseudonymiser | None) -> None:
        self._writer = writer
        self._pseudonymiser = pseudonymiser
        self._last_note = 0
        self.assumed: list[str] = []
        """What had to be guessed."""

    def write(self, item: LoadedItem) -> None:
        """Write one thing that is no contact."""
        if isinstance(item, Company):
            if self._pseudonymiser is not None:
                self._pseudonymiser.company(item)
            self._writer.company(item)
        elif isinstance(item, LoadedTag):
            tag = item if self._pseudonymiser is None else self._pseudonymiser.tag(item)
            self._writer.tag(tag.tag_id, tag.name)
        elif isinstance(item, Note):
            self._last_note = max(self._last_note, item.note_id)
            self._writer.note(item if self._pseudonymiser is None else self._pseudonymiser.note(item))
        elif isinstance(item, LoadedConversation):
            self._write_conversation(item)
        elif isinstance(item, Attribute):
            self._writer.attribute(item)

    def _write_conversation(self, found: LoadedConversation) -> None:
        if self._pseudonymiser is not None:
            self._pseudonymiser.conversation(found)
        conversation = found.conversation
        self._writer.conversation(conversation, found.person_ids)
        for tag_id in found.tags:
            self._writer.label("conversation", conversation.conversation_id, tag_id, conversation.created_at)

    def finish(self, contacts: int) -> dict[str, int]:
        """Mend what is missing, finish the database, and return how many there are of each kind.

        contacts: how many the files held; the sandbox counts on from there.
        """
        writer = self._writer
        writer.flush()
        self._make_missing()
        self._leave_out_strangers()
        writer.finish({"people": contacts, "notes": self._last_note})
        counts = {name: writer.count(f"people WHERE {which}") for name, which in PEOPLE.items()}
        counts |= {table: writer.count(table) for table in COUNTED}
        if contacts > counts["contacts"]:
            counts["doubled"] = contacts - counts["contacts"]
        return counts

    def _make_missing(self) -> None:
        tags = [int(str(tag_id)) for (tag_id,) in self._writer.rows(UNKNOWN_TAGS)]
        for tag_id in tags:
            self._writer.tag(tag_id, f"tag {tag_id}")
        companies = [str(key) for (key,) in self._writer.rows(UNKNOWN_COMPANIES)]
        for key in companies:
            self._writer.company(Company(company_key=key, created_at=0, updated_at=0, company_id=key))
        if tags:
            self.assumed.append(f"{len(tags):,} tags have no name in the files; they are called by their ids")
        if companies:
            self.assumed.append(f"{len(companies):,} companies are only named by contacts; they have an id and no name")

    def _leave_out_strangers(self) -> None:
        for table, what in (("notes", "notes"), ("participants", "parts in conversations")):
            gone = self._writer.delete(table, STRANGERS)
            if gone:
                self.assumed.append(f"{gone:,} {what} are of people whom no file holds; they were left out")
        self._writer.delete("conversations", EMPTY)
