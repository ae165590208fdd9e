"""`harness load FILE…`: real people into a state folder, under pseudonyms unless they are wanted as they are.

Everything is read before anything is written: what cannot be read stops a load, and who shares what decides what stays.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness import __version__
from harness.core.errors import Problem
from harness.rehearsal.load import private_files
from harness.rehearsal.load.csv_contacts import CsvContacts
from harness.rehearsal.load.csv_values import DateOrder
from harness.rehearsal.load.input_file import InputFile, head_of
from harness.rehearsal.load.item_writer import ItemWriter
from harness.rehearsal.load.json_items import JsonItems
from harness.rehearsal.load.load_file import LoadedSource, LoadFile
from harness.rehearsal.load.loaded_items import Leftovers, LoadedContact
from harness.rehearsal.load.private_files import MapFile, map_file
from harness.rehearsal.load.pseudonymiser import Pseudonymiser
from harness.rehearsal.load.row_makers import ContactRows, RowMaker, rows_of
from harness.rehearsal.load.shared_values import SharedValues
from harness.rehearsal.load.spool import KINDS, Spool
from harness.rehearsal.load.state_folder import FolderInProgress, state_in_progress
from harness.rehearsal.load.survey import Survey
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.bulk_writer import BulkWriter
from harness.sandbox.store.ids import Ids
from harness.sandbox.workspaces.workspaces import DEFAULT_WORKSPACE

STDIN: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOrder:
    """What is to be loaded, and how.

    files: paths, `-` for standard input. keep: names of columns that are not understood and wanted all the same; `*`
    for all. encoding and dates: what a file does not tell by itself.
    """

    files: tuple[str, ...]
    state: Path
    key: Path | None = None
    map: Path | None = None
    as_it_is: bool = False
    skip_bad_rows: bool = False
    keep: frozenset[str] = frozenset()
    encoding: str | None = None
    dates: DateOrder | None = None


@dataclass(slots=True)
class Source:
    """A file with what reads it."""

    file: InputFile
    reader: CsvContacts | JsonItems

    @property
    def holds(self) -> set[str]:
        """The kinds of things in it, as far as it was read."""
        return self.reader.holds if isinstance(self.reader, JsonItems) else {"contacts"}

    @property
    def form(self) -> str:
        """The format that was recognised."""
        if isinstance(self.reader, CsvContacts):
            return "CSV"
        return "JSON Lines" if self.reader.one_a_line else "JSON"


class FileLoader:
    """Loads the files of one order into a folder that is being filled."""

    def __init__(self, order: LoadOrder, progress: FolderInProgress) -> None:
        self._order = order
        self._progress = progress
        self._ids = Ids(0, DEFAULT_WORKSPACE)
        self._leftovers = Leftovers(order.keep)
        self.sources = self._recognised([self._file(name) for name in order.files])
        self._shared = None if order.as_it_is else SharedValues(progress.begun)
        self.survey = Survey(self._shared)
        self.spool = Spool(progress.begun)

    def _file(self, name: str) -> InputFile:
        if name != STDIN:
            return InputFile(Path(name).name, Path(name), self._order.encoding)
        place = self._progress.begun / "stdin"
        with place.open("wb") as file:
            place.chmod(0o600)
            shutil.copyfileobj(sys.stdin.buffer, file, 1024 * 1024)
        return InputFile("standard input", place, self._order.encoding)

    def _recognised(self, files: list[InputFile]) -> list[Source]:
        are_json = [_is_json(file) for file in files]
        found = {at: JsonItems(file, self._leftovers, self._ids) for at, file in enumerate(files) if are_json[at]}
        names = frozenset(name for reader in found.values() for name in _attributes_first(reader))
        sources = []
        for at, file in enumerate(files):
            if at in found:
                sources.append(Source(file, found[at]))
            else:
                sources.append(Source(file, CsvContacts(file, self._leftovers, self._ids, attributes=names)))
        return sources

    def look(self) -> None:
        """Look at all files. Raises: Problem where rows cannot be read and are not to be skipped."""
        self._leftovers.begin()
        number = 1
        for source in self.sources:
            is_csv = isinstance(source.reader, CsvContacts)
            if isinstance(source.reader, CsvContacts):
                source.reader.look(self._order.dates)
                source.reader.first_number = number
            self.survey.look_at(source.file.name, source.reader.read(), self.spool, only_contacts=is_csv)
            number = len(self.survey.created) + 1
        if not self._order.skip_bad_rows:
            self.survey.refuse_bad_rows()
        self.survey.refuse_nobody()
        if self._shared is not None:
            self._shared.conclude()

    def write(self, mapped: MapFile | None) -> LoadFile:
        """Write everything, and return what is known of it."""
        told: list[tuple[str, str, str]] = []
        pseudonymiser = self._pseudonymiser(told if mapped else None)
        maker = RowMaker(self.spool, pseudonymiser, self.survey.places(), told)
        with (
            rows_of(maker, self.spool.blocks(LoadedContact)) as contacts,
            BulkWriter(self._progress.database) as writer,
        ):
            items = ItemWriter(writer, pseudonymiser)
            for kind in KINDS:
                if kind is LoadedContact:
                    self._write_contacts(contacts, writer, mapped)
                    continue
                for block in self.spool.blocks(kind):
                    for item in self.spool.read(block):
                        items.write(item)
            if mapped is not None:
                mapped.tell_all(told)
            self._define_attributes(writer)
            counts = items.finish(len(self.survey.created))
        with sqlite3.connect(self._progress.database) as connection:
            profile = self.survey.people.profile(connection, Counter(counts))
        return LoadFile(
            harness=__version__,
            workspace=DEFAULT_WORKSPACE,
            people="as_it_is" if self._order.as_it_is else "pseudonyms",
            counts=counts,
            latest=self.survey.latest,
            profile=profile,
            sources=self._told_sources(),
            not_understood=sorted(self._leftovers.left_out),
            kept=sorted(self._leftovers.kept),
            assumed=[*self._assumed_roles(), *self._gaps(counts["notes"]), *items.assumed],
            key=_absolute(self._order.key),
            map=_absolute(self._order.map),
        )

    def _write_contacts(self, contacts: Iterator[ContactRows], writer: BulkWriter, mapped: MapFile | None) -> None:
        for rows in contacts:
            writer.contacts(rows.people, rows.taggings, rows.memberships, rows.consents)
            if mapped is not None:
                mapped.tell_all(rows.told)

    def _pseudonymiser(self, told: list[tuple[str, str, str]] | None) -> Pseudonymiser | None:
        """Return what replaces values; `told` gets what it replaced. `None` for people as they are."""
        order = self._order
        if self._shared is None:
            return None
        key = private_files.read_or_make_key(order.key) if order.key else secrets.token_bytes(32)
        tell = None if told is None else lambda what, old, new: told.append((what, old, new))
        return Pseudonymiser(key, self._shared, tell, dates=self._dates())

    def _dates(self) -> frozenset[str]:
        """Return the names of custom attributes that hold moments."""
        return frozenset(
            name
            for source in self.sources
            if isinstance(source.reader, CsvContacts)
            for index, name in source.reader.plan.custom
            if source.reader.plan.types.get(index) == "date"
        )

    def _define_attributes(self, writer: BulkWriter) -> None:
        """Make the custom attributes that people and companies have and that no file defines."""
        dates = self._dates()
        for (model, name), data_type in self.survey.attributes.items():
            if (model, name) not in self.survey.defined:
                made = Attribute(
                    attribute_id=self._ids.attribute_id(model, name),
                    model=model,
                    name=name,
                    data_type="date" if name in dates else data_type,
                    created_at=self.survey.latest,
                    updated_at=self.survey.latest,
                    admin_id=self._ids.admin_id(),
                )
                writer.attribute(made)

    def _told_sources(self) -> list[LoadedSource]:
        return [
            LoadedSource(
                name=source.file.name,
                holds=", ".join(sorted(source.holds)) or "nothing",
                format=source.form,
                rows=count.rows,
                skipped=count.bad,
            )
            for source, count in zip(self.sources, self.survey.sources, strict=True)
        ]

    def _assumed_roles(self) -> list[str]:
        roles: Counter[str] = Counter()
        for source in self.sources:
            if isinstance(source.reader, CsvContacts):
                roles += source.reader.assumed_roles
        return [
            f"{count:,} rows have no role; they were taken for {kind}s by their user id and their sign-up"
            for kind, count in sorted(roles.items())
        ]

    def _gaps(self, notes: int) -> list[str]:
        """Tell what people have that no file shows."""
        found = [
            f"{count:,} contacts have more {name.replace('_', ' ')} than a page shows; the others are not known"
            for name, count in sorted(self._leftovers.shortened.items())
        ]
        if self._leftovers.notes > notes:
            found.append(f"{self._leftovers.notes - notes:,} notes are only named by contacts; they were left out")
        return found


def _absolute(path: Path | None) -> str | None:
    return str(path.absolute()) if path else None


def _is_json(file: InputFile) -> bool:
    with file.open() as stream:
        return head_of(stream).lstrip()[:1] in (b"{", b"[")


def _attributes_first(reader: JsonItems) -> Iterator[str]:
    """Yield the names of the custom attributes that a file of data attributes begins with."""
    for _, item in reader.read():
        if not isinstance(item, Attribute):
            return
        if item.model == "contact":
            yield item.name


def _check_encoding(encoding: str | None) -> None:
    try:
        "".encode(encoding or "utf-8")
    except LookupError as error:
        raise Problem(
            f"--encoding {encoding} is no encoding", evidence=str(error), remedy="say utf-8, utf-16, cp1252 or another"
        ) from None


def load_files(order: LoadOrder) -> LoadFile:
    """Fill a state folder from files, and return what is known of it.

    Raises:
        Problem: a file or rows of it cannot be read, the folder is filled or not ignored by git, the disk is full.
    """
    _check_encoding(order.encoding)
    if order.as_it_is:
        private_files.refuse_unignored(order.state)
        if order.key or order.map:
            raise Problem("--as-it-is needs neither --key nor --map", evidence="nothing is replaced")
    with state_in_progress(order.state) as progress:
        loader = FileLoader(order, progress)
        with closing(loader.spool):
            loader.look()
            with map_file(order.map) as mapped:
                load = loader.write(mapped)
                progress.conclude(load)
    return load
