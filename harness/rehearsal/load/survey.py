"""The first look at everything that is to be loaded: what cannot be read, who shares what, of what type attributes are.

Nothing is written before it has ended, so bad rows stop a load before it has begun.
"""

from __future__ import annotations

import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from harness.core.errors import Problem
from harness.rehearsal.load.input_file import BadRow
from harness.rehearsal.load.loaded_items import LoadedContact, LoadedConversation, ReadItem
from harness.rehearsal.load.measured_profile import PeopleCounts
from harness.rehearsal.load.pseudonymiser import ATTRIBUTES, ATTRIBUTES_OF, COMPANY_VALUES
from harness.rehearsal.load.shared_values import SharedValues
from harness.rehearsal.load.spool import Spool
from harness.sandbox.rules.person import Person
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.belongings import Company, Note

MOST_ATTRIBUTES: Final = 10_000
"""How many custom attributes a workspace may have; Intercom allows far fewer."""
NAMED: Final = 20
"""How many bad rows a message names."""
TYPES: Final = {bool: "boolean", int: "integer", float: "float", str: "string"}
IN_ORDER: Final = ("integer", "float", "string")


@dataclass(slots=True)
class SourceCount:
    """How many rows of a file were read and could not be, and where the first of those are."""

    name: str
    rows: int = 0
    bad: int = 0
    named: list[str] = field(default_factory=list)

    def note(self, line: int, why: BadRow) -> None:
        """Note a row that cannot be read."""
        self.bad += 1
        if len(self.named) < NAMED:
            self.named.append(f"{self.name}, line {line:,}: {why.reason}")


class Survey:
    """What a first look has found. `shared` is `None` where nothing is replaced."""

    def __init__(self, shared: SharedValues | None) -> None:
        self._shared = shared
        self.created = array.array("q")
        """When each contact was first seen, in the order of the files."""
        self.attributes: dict[tuple[str, str], str] = {}
        """The type of each custom attribute, by model and name."""
        self.defined: set[tuple[str, str]] = set()
        """Custom attributes that a file defines."""
        self.sources: list[SourceCount] = []
        self.latest = 0
        self.people = PeopleCounts()

    def look_at(self, name: str, items: Iterable[tuple[int, ReadItem]], spool: Spool, *, only_contacts: bool) -> None:
        """Look at all that a file holds, and keep it in a spool.

        only_contacts: whether each of its rows is a contact, whatever else is read from it.
        """
        source = SourceCount(name)
        self.sources.append(source)
        add = spool.add
        for line, item in items:
            if isinstance(item, BadRow):
                source.note(line, item)
                continue
            add(item)
            source.rows += not only_contacts or isinstance(item, LoadedContact)
            if isinstance(item, LoadedContact):
                self._see_contact(item)
            elif isinstance(item, Company):
                self._see_attributes("company", item.custom_attributes)
                self._see_company(item)
            elif isinstance(item, Attribute):
                self.defined.add((item.model, item.name))
            elif isinstance(item, Note):
                self._see_said("note", item.body, item.person_id)
            elif isinstance(item, LoadedConversation):
                self._see_conversation(item)

    def _see_contact(self, contact: LoadedContact) -> None:
        person = contact.person
        self.people.see(contact)
        self.created.append(person.created_at)
        self.latest = max(self.latest, person.updated_at)
        if person.custom_attributes:
            self._see_attributes("contact", person.custom_attributes)
        if self._shared is not None:
            self._count_values(self._shared, contact, person)

    def _count_values(self, shared: SharedValues, contact: LoadedContact, person: Person) -> None:
        who, see, known = hash(person.person_id), shared.see, shared.shared
        for name, value in zip(ATTRIBUTES, ATTRIBUTES_OF(person), strict=True):
            if value and hash((name, value)) not in known:
                see(name, value, who)
        for values in (person.location, person.custom_attributes):
            for name, found in values.items():
                kind = found.__class__
                if kind is str:
                    if hash((name, found)) not in known:
                        see(name, found, who)
                elif kind is not bool:
                    _count(shared, name, found, who)
        for tag_id in contact.tags:
            see("tag", tag_id, who)

    def _see_attributes(self, model: str, values: dict[str, object]) -> None:
        known = self.attributes
        for name, value in values.items():
            kind = TYPES.get(type(value))
            before = known.get((model, name))
            if kind is None or kind == before:
                if value is not None and kind is None:
                    known[model, name] = "string"
                continue
            known[model, name] = kind if before is None else _widened(before, kind)
            if len(known) > MOST_ATTRIBUTES:
                raise Problem(
                    f"People and companies have more than {MOST_ATTRIBUTES:,} different custom attributes",
                    why="names of attributes seem to hold values, such as an id or a date each",
                    remedy="leave them out of the files",
                )

    def _see_company(self, company: Company) -> None:
        if self._shared is None:
            return
        who = hash(company.company_key)
        for name in COMPANY_VALUES:
            if found := getattr(company, name):
                self._shared.see(f"company {name}", found, who)
        for name, value in company.custom_attributes.items():
            _count(self._shared, f"company {name}", value, who)

    def _see_said(self, column: str, text: str | None, person_id: str | None) -> None:
        if self._shared is not None and text and person_id:
            self._shared.see(column, text, hash(person_id))

    def _see_conversation(self, found: LoadedConversation) -> None:
        conversation = found.conversation
        self.latest = max(self.latest, conversation.updated_at)
        who = found.person_ids[0] if found.person_ids else None
        for text in (conversation.body, conversation.subject, conversation.title):
            self._see_said("said", text, who)
        for part in conversation.parts:
            self._see_said("said", part.body, who)
        if self._shared is not None and who:
            for name, value in conversation.custom_attributes.items():
                _count(self._shared, f"conversation {name}", value, hash(who))

    def places(self) -> array.array[int] | None:
        """Return the place of each contact in the order in which they were first seen; `None` if the files have it."""
        created = self.created
        if all(created[at] <= created[at + 1] for at in range(len(created) - 1)):
            return None
        found = array.array("q", bytes(8 * len(created)))
        for place, at in enumerate(sorted(range(len(created)), key=created.__getitem__), 1):
            found[at] = place
        return found

    def refuse_nobody(self) -> None:
        """Raise a Problem if no contact could be read."""
        if not self.created:
            told = [f"{one.name}: {one.rows:,} things and {one.bad:,} bad rows" for one in self.sources]
            raise Problem(
                "There is no contact in what was to be loaded.",
                evidence="\n    ".join(told + [line for one in self.sources for line in one.named][:NAMED]),
                remedy="name an export of users or leads, or pages of GET /contacts",
            )

    def refuse_bad_rows(self) -> None:
        """Raise a Problem if rows cannot be read, with where the first of them are."""
        bad = sum(source.bad for source in self.sources)
        if not bad:
            return
        named = [line for source in self.sources for line in source.named][:NAMED]
        rest = f"\n    and {bad - len(named):,} more" if bad > len(named) else ""
        raise Problem(
            f"{bad:,} row{'s' if bad > 1 else ''} cannot be read, and nothing was loaded.",
            evidence="\n    ".join(named) + rest,
            remedy="mend them, or load the others with --skip-bad-rows",
        )


def _widened(one: str, other: str) -> str:
    if {one, other} <= set(IN_ORDER):
        return max(one, other, key=IN_ORDER.index)
    return "string"


def _count(shared: SharedValues, column: str, value: object, who: int) -> None:
    """Count a value; of a list each, of an object each under its name."""
    if isinstance(value, (str, int, float)):
        shared.see(column, value, who)
    elif isinstance(value, list):
        for one in value:
            _count(shared, column, one, who)
    elif isinstance(value, dict):
        for name, one in value.items():
            _count(shared, f"{column}.{name}", one, who)
