"""JSON and JSON Lines: pages of the API, or single things, each recognised by what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from harness.rehearsal.load.input_file import DAMAGED, LONGEST_LINE, BadRow, InputFile, text_lines
from harness.rehearsal.load.json_contacts import contact_of
from harness.rehearsal.load.json_documents import LISTS, JsonDocuments, JsonItem
from harness.rehearsal.load.json_things import attribute_of, company_of, conversation_of, note_of, tag_of
from harness.rehearsal.load.loaded_items import Leftovers, LoadedContact, LoadedTag, ReadItem, UnreadableValue, listed
from harness.rehearsal.load.usual_contacts import usual_contact
from harness.sandbox.store.belongings import Company
from harness.sandbox.store.ids import Ids

_decode = msgspec.json.Decoder().decode

CONTACTS: Final = frozenset({"contact", "user", "lead"})
NOT_LOADED: Final = frozenset({"admin", "team", "segment", "subscription", "event", "event.summary", "visitor"})
"""Kinds of things that a workspace makes by itself, or that no conversion reads."""


def is_one_a_line(file: InputFile) -> bool:
    """Return whether a file holds one JSON object on each line."""
    try:
        with file.open() as stream:
            first = stream.readline(LONGEST_LINE)
            while first and not first.strip():
                first = stream.readline(LONGEST_LINE)
        return isinstance(_decode(first), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, *DAMAGED):
        return False


class JsonItems:
    """Reads the things of one file. `ids` make the ids of attributes; `admin_id` is their author."""

    def __init__(self, file: InputFile, leftovers: Leftovers, ids: Ids) -> None:
        self._file = file
        self._leftovers = leftovers
        self._ids = ids
        self._admin_id = ids.admin_id()
        self.one_a_line = is_one_a_line(file)
        self.holds: set[str] = set()
        """The kinds of things that were found in it."""
        self._notes = 0
        self._named: set[int] = set()

    def read(self) -> Iterator[tuple[int, ReadItem]]:
        """Yield each thing with its line."""
        self._notes = 0
        self._named.clear()
        with self._file.open() as stream:
            found = self._of_lines(text_lines(stream)) if self.one_a_line else _sound(JsonDocuments(stream).items())
            for line, item in found:
                if isinstance(item, dict):
                    for thing in self._things(item):
                        yield line, thing
                else:
                    yield line, item

    def _usual(self, line: str) -> LoadedContact | None:
        """Return the contact of a line that has nothing unusual about it."""
        found = usual_contact(line)
        if found is None:
            return None
        self.holds.add("contacts")
        self._leftovers.notes += found[1]
        return found[0]

    def _of_lines(self, lines: Iterator[tuple[int, str | BadRow]]) -> Iterator[tuple[int, JsonItem | LoadedContact]]:
        for number, line in lines:
            if isinstance(line, BadRow):
                yield number, line
                continue
            if (contact := self._usual(line)) is not None:
                yield number, contact
                continue
            try:
                found = _decode(line) if line else None
            except (msgspec.DecodeError, RecursionError):
                yield number, BadRow("it is no JSON, or cut off")
                continue
            if isinstance(found, dict):
                pages = [key for key in LISTS if isinstance(found.get(key), list)] if "id" not in found else []
                for item in [one for key in pages for one in found[key]] if pages else [found]:
                    yield number, item if isinstance(item, dict) else BadRow("it is no JSON object")
            elif line:
                yield number, BadRow("it is no JSON object")

    def _things(self, item: dict[str, object]) -> Iterator[ReadItem]:
        try:
            kind = _kind_of(item)
            if kind in CONTACTS:
                yield from self._named_in(item)
                yield contact_of(item, self._leftovers)
                self.holds.add("contacts")
            elif kind is not None:
                yield from self._thing(kind, item)
            elif item.keys() - {"type", "pages", "total_count", "total_pages", "limited"}:
                yield BadRow("it is nothing that can be loaded")
        except UnreadableValue as error:
            yield BadRow(str(error))

    def _thing(self, kind: str, item: dict[str, object]) -> Iterator[ReadItem]:
        if kind == "company":
            yield company_of(item, self._leftovers)
        elif kind == "tag":
            yield tag_of(item)
        elif kind == "note":
            self._notes += 1
            yield note_of(item, self._notes)
        elif kind == "conversation":
            yield conversation_of(item)
        elif kind == "data_attribute":
            name = str(item.get("name"))
            found = attribute_of(item, self._ids.attribute_id(str(item.get("model")), name), self._admin_id)
            if found is not None:
                yield found
        self.holds.add(f"{kind}s" if kind != "company" else "companies")

    def _named_in(self, item: dict[str, object]) -> Iterator[Company | LoadedTag]:
        """Yield the companies and tags that a contact of 1.x names, each once: the names may stand nowhere else."""
        for one in listed(item.get("companies"), "companies"):
            if one.get("id") and "name" in one and self._is_new("company", one):
                yield company_of(one, Leftovers())
        for one in listed(item.get("tags"), "tags"):
            if one.get("name") and self._is_new("tag", one):
                yield tag_of(one)

    def _is_new(self, kind: str, one: dict[str, object]) -> bool:
        known = hash((kind, str(one.get("id"))))
        if known in self._named:
            return False
        self._named.add(known)
        return True


def _sound(items: Iterator[tuple[int, JsonItem]]) -> Iterator[tuple[int, JsonItem]]:
    """Take halves of characters, which no text may hold, for a reason not to read an item."""
    for line, item in items:
        try:
            msgspec.json.encode(item)
        except UnicodeEncodeError:
            yield line, BadRow("half of a character stands in it (a lone surrogate)")
        else:
            yield line, item


def _kind_of(item: dict[str, object]) -> str | None:
    kind = item.get("type")
    if isinstance(kind, str) and (kind in CONTACTS or kind in NOT_LOADED):
        return kind
    if kind in ("company", "tag", "note", "conversation", "data_attribute"):
        return str(kind)
    if "role" in item and "id" in item:
        return "contact"
    return None
