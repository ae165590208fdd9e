"""Writes what was read into a new workspace, and mends what names things that no file holds."""

from __future__ import annotations

import array
from typing import Final

from harness.rehearsal.load.loaded_items import LoadedContact, LoadedConversation, LoadedItem, LoadedTag
from harness.rehearsal.load.measured_profile import PeopleCounts
from harness.rehearsal.load.pseudonymiser import Pseudonymiser
from harness.sandbox.store.belongings import Company, Note
from harness.sandbox.store.bulk_writer import BulkWriter

COUNTED: Final = ("companies", "tags", "notes", "conversations", "taggings", "memberships", "consents")
UNKNOWN_TAGS: Final = "SELECT DISTINCT tag_id FROM taggings WHERE tag_id NOT IN (SELECT tag_id FROM tags)"
UNKNOWN_COMPANIES: Final = """SELECT DISTINCT company_key FROM memberships
    WHERE company_key NOT IN (SELECT company_key FROM companies)"""
STRANGERS: Final = "person_id NOT IN (SELECT person_id FROM people)"
EMPTY: Final = "conversation_id NOT IN (SELECT conversation_id FROM participants)"


class ItemWriter:
    """Writes items one by one. `places` are the places of contacts in their order, where the files have another."""

    def __init__(
        self,
        writer: BulkWriter,
        pseudonymiser: Pseudonymiser | None,
        people: PeopleCounts,
        places: array.array[int] | None,
    ) -> None:
        self._writer = writer
        self._pseudonymiser = pseudonymiser
        self._people = people
        self._places = places
        self._contacts = 0
        self._last_note = 0
        self.assumed: list[str] = []
        """What had to be guessed."""

    def write(self, item: LoadedItem) -> None:
        """Write one thing, under pseudonyms where they are wanted."""
        if isinstance(item, LoadedContact):
            self._write_contact(item)
        elif isinstance(item, Company):
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
        else:
            self._writer.attribute(item)

    def _write_contact(self, contact: LoadedContact) -> None:
        self._people.see(contact)
        if self._pseudonymiser is not None:
            self._pseudonymiser.contact(contact)
        place = None if self._places is None else self._places[self._contacts]
        self._contacts += 1
        person, writer = contact.person, self._writer
        person_id = person.person_id
        writer.person(person, owns=bool(contact.tags or contact.companies or contact.consents), seq=place)
        for tag_id in contact.tags:
            writer.taggings((person_id, tag_id, person.created_at))
        for company_key in contact.companies:
            writer.member(person_id, company_key)
        for subscription_id, consent in contact.consents:
            writer.consents((person_id, subscription_id, consent))

    def _write_conversation(self, found: LoadedConversation) -> None:
        if self._pseudonymiser is not None:
            self._pseudonymiser.conversation(found)
        conversation = found.conversation
        self._writer.conversation(conversation, found.person_ids)
        for tag_id in found.tags:
            self._writer.label("conversation", conversation.conversation_id, tag_id, conversation.created_at)

    def finish(self, number: int) -> dict[str, int]:
        """Mend what is missing, finish the database, and return how many there are of each kind.

        number: how many contacts the files held; the sandbox counts on from there.
        """
        writer = self._writer
        writer.flush()
        self._make_missing()
        self._leave_out_strangers()
        writer.finish({"people": number, "notes": self._last_note})
        of = self._people.of
        counts = {"contacts": writer.count("people"), "users": of["users"], "leads": of["leads"]}
        counts["archived"] = of["archived"]
        counts |= {table: writer.count(table) for table in COUNTED}
        if self._contacts > counts["contacts"]:
            counts["doubled"] = self._contacts - counts["contacts"]
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
