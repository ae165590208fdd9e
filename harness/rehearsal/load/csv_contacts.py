"""The contacts of a CSV export, with the tags and companies that its cells name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from harness.core.clock import RUN_START
from harness.core.errors import Problem
from harness.rehearsal.load import csv_values
from harness.rehearsal.load.csv_columns import ColumnMeaning, meaning_of
from harness.rehearsal.load.csv_rows import CsvRows
from harness.rehearsal.load.csv_values import CellType, DateOrder, DateOrderSeen
from harness.rehearsal.load.input_file import BadRow, InputFile
from harness.rehearsal.load.loaded_items import Leftovers, LoadedContact, LoadedTag, ReadItem, UnreadableValue
from harness.sandbox.rules.person import Kind, Person
from harness.sandbox.store.belongings import Company
from harness.sandbox.store.ids import Ids

COMPANY_MOMENT: Final = 1_577_836_800
"""When a company that only a cell names is taken to have been made: 2020-01-01."""
NO_MOMENT: Final = int(RUN_START) - 86_400
UUID_DASHES: Final = (8, 13, 18, 23)


@dataclass(slots=True)
class CsvPlan:
    """How the columns of a file are read. The order of dates and the types of columns come from a look at all rows."""

    plain: list[tuple[int, str, str]] = field(default_factory=list)
    moments: list[tuple[int, str, str]] = field(default_factory=list)
    flags: list[tuple[int, str, str]] = field(default_factory=list)
    numbers: list[tuple[int, str, str]] = field(default_factory=list)
    location: list[tuple[int, str, str]] = field(default_factory=list)
    single: dict[str, int] = field(default_factory=dict)
    custom: list[tuple[int, str]] = field(default_factory=list)
    types: dict[int, CellType] = field(default_factory=dict)
    twice: list[tuple[int, int, str]] = field(default_factory=list)
    """Columns that stand there twice: first place, second place, name."""
    order: DateOrder | None = None

    def add(self, index: int, name: str, meaning: ColumnMeaning) -> None:
        """Note how a column is read."""
        several = {
            "text": self.plain, "moment": self.moments, "flag": self.flags, "number": self.numbers,
            "location": self.location,
        }  # fmt: skip
        if meaning.kind in several:
            several[meaning.kind].append((index, meaning.attribute, name))
        elif meaning.kind != "passed over":
            self.single[meaning.kind] = index


class CsvContacts:
    """Reads the contacts of one file. `attributes` are names of custom attributes that are known from elsewhere."""

    def __init__(self, file: InputFile, leftovers: Leftovers, ids: Ids, *, attributes: frozenset[str]) -> None:
        self._file = file
        self._ids = ids
        self._leftovers = leftovers
        self._attributes = attributes
        self.first_number = 1
        """The number of its first contact, which goes into an id where the file has none."""
        self.assumed_roles: Counter[str] = Counter()
        """How many contacts have a role that was guessed."""
        with file.open() as stream:
            self.plan = self._planned(CsvRows(file.name, stream).header)
        self._tag_ids: dict[str, tuple[int, ...]] = {}
        self._company_keys: dict[str, tuple[str, ...]] = {}

    def _planned(self, header: list[str]) -> CsvPlan:
        plan, places = CsvPlan(), dict[tuple[str, str], int]()
        for index, name in enumerate(header):
            meaning = meaning_of(name)
            what = (meaning.kind, meaning.attribute) if meaning else ("custom", name)
            if (meaning and meaning.kind == "passed over") or not (meaning or self._is_attribute(name)):
                continue
            if what in places:
                plan.twice.append((places[what], index, name))
                continue
            places[what] = index
            if meaning is not None:
                plan.add(index, name, meaning)
            else:
                plan.custom.append((index, name.removeprefix("custom_attributes.")))
        if not plan.plain and "id" not in plan.single:
            raise Problem(
                f"{self._file.name} is no export that can be loaded",
                evidence=f"none of its {len(header)} columns holds an e-mail, a user id, a name or an id",
                why="it is no CSV file of users or leads, or its first row is not the header",
                remedy="export users or leads from Intercom, or give pages of GET /contacts as JSON",
            )
        return plan

    def _is_attribute(self, name: str) -> bool:
        if name.startswith("custom_attributes.") or name in self._attributes:
            return True
        return bool(name) and self._leftovers.keeps(name)

    def look(self, order: DateOrder | None) -> None:
        """Look at all rows for the types of custom attributes and the order of dates.

        order: what the user says of it. Raises: Problem where the dates can be read in two ways.
        """
        seen, types = DateOrderSeen(), self.plan.types
        customs = [index for index, _ in self.plan.custom]
        with self._file.open() as stream:
            for _, row in CsvRows(self._file.name, stream).rows():
                if isinstance(row, BadRow):
                    continue
                for index, _, _ in self.plan.moments:
                    if "/" in row[index]:
                        seen.see(row[index])
                for index in customs:
                    cell = row[index]
                    if cell and types.get(index) != "string":
                        types[index] = csv_values.united(types.get(index), csv_values.type_of_cell(cell))
        self.plan.order = order or seen.order
        if seen.slashed and self.plan.order is None:
            raise Problem(
                f"The dates of {self._file.name} can be read in two ways",
                evidence=f"in {seen.slashed:,} dates such as 3/4/2024 nothing tells which number is the day",
                why="Excel wrote them in the form of its country",
                remedy="say it: --dates day-first, or --dates month-first",
            )

    def read(self) -> Iterator[tuple[int, ReadItem]]:
        """Yield each contact with its line, and each tag and company before the first contact who has it."""
        number = self.first_number
        companies: set[int] = set()
        self._tag_ids.clear()
        self.assumed_roles.clear()
        with self._file.open() as stream:
            for line, row in CsvRows(self._file.name, stream).rows():
                if isinstance(row, BadRow):
                    yield line, row
                    continue
                try:
                    contact = self._contact(row, number)
                except UnreadableValue as error:
                    yield line, BadRow(str(error))
                    continue
                number += 1
                if contact.tags:
                    for tag in self._new_tags(row, contact):
                        yield line, tag
                if contact.companies and (known := hash(contact.companies)) not in companies:
                    companies.add(known)
                    yield line, self._company(row, contact.companies[0])
                yield line, contact

    def _contact(self, row: list[str], number: int) -> LoadedContact:
        plan = self.plan
        if plan.twice:
            self._check_twice(row)
        values: dict[str, object] = {name: row[index] for index, name, _ in plan.plain if row[index]}
        for index, name, what in plan.moments:
            if row[index]:
                values[name] = csv_values.moment_in_cell(row[index], plan.order, f"the column {what!r}")
        for index, name, what in plan.flags:
            if row[index]:
                values[name] = csv_values.flag_in_cell(row[index], f"the column {what!r}")
        for index, name, what in plan.numbers:
            if row[index]:
                values[name] = csv_values.number_in_cell(row[index], f"the column {what!r}")
        owner_id = values.get("owner_id")
        if isinstance(owner_id, str) and not owner_id.isdigit():
            raise UnreadableValue("its owner's id is no number")
        location: dict[str, object] = {name: row[index] for index, name, _ in plan.location if row[index]}
        types = plan.types
        custom = {name: csv_values.value_in_cell(row[index], types[index]) for index, name in plan.custom if row[index]}
        signed_up_at, last_seen_at = values.get("signed_up_at"), values.get("last_seen_at")
        created_at = values.get("created_at") or signed_up_at or last_seen_at or NO_MOMENT
        assert isinstance(created_at, int)
        values["created_at"] = created_at
        if "updated_at" not in values:
            values["updated_at"] = last_seen_at or signed_up_at or created_at
        person_id = self._single(row, "id") or self._ids.object_id(created_at, number)
        person = Person(
            person_id=person_id, kind=self._kind(row, values), location=location, custom_attributes=custom, **values  # type: ignore[arg-type]  # each column has the type of its attribute
        )  # fmt: skip
        return LoadedContact(person, self._tags(row), self._companies(row))

    def _check_twice(self, row: list[str]) -> None:
        for first, second, name in self.plan.twice:
            if row[first] != row[second]:
                raise UnreadableValue(f"the column {name!r} is there twice, and the two differ")

    def _single(self, row: list[str], kind: str) -> str:
        index = self.plan.single.get(kind)
        return "" if index is None else row[index].strip()

    def _kind(self, row: list[str], values: Mapping[str, object]) -> Kind:
        """Return the role that a row says; else a guess: a user id that is no uuid, or a sign-up, makes a user."""
        said = self._single(row, "role").lower()
        if said in ("lead", "leads", "contact"):
            return "lead"
        if said in ("user", "users"):
            return "user"
        if said:
            raise UnreadableValue("its role is neither lead nor user")
        external_id = values.get("external_id")
        is_user = _is_uuid(external_id) is False or "signed_up_at" in values
        kind: Kind = "user" if is_user else "lead"
        self.assumed_roles[kind] += 1
        return kind

    def _tags(self, row: list[str]) -> tuple[int, ...]:
        cell = self._single(row, "tags")
        if not cell:
            return ()
        found = self._tag_ids.get(cell)
        return found if found is not None else tuple(self._ids.tag_id(name) for name in _names(cell))

    def _new_tags(self, row: list[str], contact: LoadedContact) -> list[LoadedTag]:
        cell = self._single(row, "tags")
        if cell in self._tag_ids:
            return []
        if len(self._tag_ids) < 10_000:
            self._tag_ids[cell] = contact.tags
        return [LoadedTag(tag_id, name) for tag_id, name in zip(contact.tags, _names(cell), strict=True)]

    def _companies(self, row: list[str]) -> tuple[str, ...]:
        name = self._single(row, "company id") or self._single(row, "company name")
        if not name:
            return ()
        found = self._company_keys.get(name)
        if found is None:
            if len(self._company_keys) > 100_000:
                self._company_keys.clear()
            digest = blake2b(name.lower().encode(), digest_size=8).hexdigest()
            found = self._company_keys[name] = (f"{COMPANY_MOMENT:08x}{digest}",)
        return found

    def _company(self, row: list[str], key: str) -> Company:
        name, company_id = self._single(row, "company name"), self._single(row, "company id")
        return Company(
            company_key=key,
            created_at=COMPANY_MOMENT,
            updated_at=COMPANY_MOMENT,
            company_id=company_id or key,
            name=name or None,
        )


def _names(cell: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in cell.split(",") if name.strip()))


def _is_uuid(external_id: object) -> bool | None:
    """Tell whether a user id has the form of those that Intercom gives to leads; `None` if there is none."""
    if not isinstance(external_id, str):
        return None
    return len(external_id) == 36 and all(external_id[at] == "-" for at in UUID_DASHES)
