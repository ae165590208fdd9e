"""The ledger: what was made in a TEST app, written down before it is made and struck off when its end is proved.

An append-only file of JSON lines, each forced to the disk before anything is asked of Intercom, so that a process that
dies at any moment leaves a list of all it may have made. It outlives runs. Asking Intercom is `cleaning`'s business.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from harness.core.errors import Problem
from harness.test_app.request_effects import Kind

Deed: TypeAlias = Literal["intend", "made", "same", "not made", "gone"]
"""What a line says: about to be made; made, with its id; made, and it is an older entry's; was not made; is gone."""

VISITOR_LIKE: tuple[Kind, ...] = ("visitor", "contact")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a run made or was about to make.

    `by` says how to find it where no answer told its id: e-mail, external id, uuid, or a name with the run's marker.
    `closed` is the proof that it is no more, or that it never was.
    """

    number: int
    run: str
    scenario: str
    kind: Kind
    at: float
    by: Mapping[str, str] = field(default_factory=dict)
    entity_id: str = ""
    uuid: str = ""
    closed: str = ""

    @property
    def open(self) -> bool:
        """Whether it may still be there."""
        return not self.closed

    def __str__(self) -> str:
        named = self.entity_id or ", ".join(f"{name} {value}" for name, value in self.by.items()) or "without a name"
        return f"{self.kind} {named}"


class _LedgerLine(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    do: Deed
    number: int
    at: float
    run: str = ""
    scenario: str = ""
    kind: Kind | None = None
    by: dict[str, str] = {}
    entity_id: str = ""
    uuid: str = ""
    proof: str = ""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_LedgerLine).decode


class Ledger:
    """One TEST app's ledger; several threads may use it, one process at a time."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.path = path
        self._now = now
        self._lock = threading.RLock()
        self._entries: dict[int, Entry] = {}
        self.made_now: set[int] = set()
        """The numbers of what was seen to be made by this process; the file may tell of more."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            for line in _whole_lines(path):
                self._apply(line)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            _sync_folder(path.parent)
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from None

    @property
    def entries(self) -> Sequence[Entry]:
        """Everything ever written, in order."""
        with self._lock:
            return tuple(self._entries.values())

    def open_entries(self, run: str | None = None, scenario: str | None = None) -> Sequence[Entry]:
        """What may still be there, of one run or scenario or of all."""
        return tuple(
            entry
            for entry in self.entries
            if entry.open and run in (None, entry.run) and scenario in (None, entry.scenario)
        )

    def intend(self, run: str, scenario: str, kind: Kind, by: Mapping[str, str]) -> int:
        """Write down that something is about to be made; it is on the disk when this returns."""
        with self._lock:
            number = len(self._entries) + 1
            self._write(_LedgerLine("intend", number, self._now(), run, scenario, kind, dict(by)))
            return number

    def made(self, number: int, entity_id: str, uuid: str = "") -> None:
        """It was made, and this is its id. An entry that has the id already takes this one over."""
        with self._lock:
            self.made_now.add(number)
            older = self._holder_of(number, entity_id)
            if older is not None:
                self._write(_LedgerLine("same", number, self._now(), proof=f"it is entry {older.number}"))
            else:
                self._write(_LedgerLine("made", number, self._now(), entity_id=entity_id, uuid=uuid))

    def not_made(self, number: int, proof: str) -> None:
        """It was not made; `proof` is the answer that says so."""
        with self._lock:
            self._write(_LedgerLine("not made", number, self._now(), proof=proof))

    def gone(self, number: int, proof: str) -> None:
        """It is no more; `proof` is the read that shows it."""
        with self._lock:
            self._write(_LedgerLine("gone", number, self._now(), proof=proof))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _holder_of(self, number: int, entity_id: str) -> Entry | None:
        kinds = {self._entries[number].kind, *(VISITOR_LIKE if self._entries[number].kind in VISITOR_LIKE else ())}
        same = (
            e for e in self._entries.values() if e.entity_id == entity_id and e.kind in kinds and e.number != number
        )
        return next((entry for entry in same if entry.open), None)

    def _write(self, line: _LedgerLine) -> None:
        data = _encode(line) + b"\n"
        try:
            written = os.write(self._file, data)
            os.fsync(self._file)
        except OSError as error:
            raise _unusable(self.path, error.strerror or str(error)) from None
        if written != len(data):
            raise _unusable(self.path, "the disk took half a line only")
        self._apply(line)

    def _apply(self, line: _LedgerLine) -> None:
        if line.do == "intend":
            kind: Any = line.kind
            self._entries[line.number] = Entry(line.number, line.run, line.scenario, kind, line.at, line.by)
            return
        entry = self._entries[line.number]
        if line.do == "made":
            entry = replace(entry, entity_id=line.entity_id, uuid=line.uuid)
        else:
            entry = replace(entry, closed=f"{line.do}: {line.proof}")
        self._entries[line.number] = entry


def _whole_lines(path: Path) -> list[_LedgerLine]:
    """All lines of the file. A last line without its end was cut off before anything was asked: it is taken back."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with path.open("r+b") as file:
            file.truncate(len(whole))
            os.fsync(file.fileno())
    lines: list[_LedgerLine] = []
    known: set[int] = set()
    for place, raw in enumerate(whole.splitlines(), start=1):
        line = _line(path, place, raw)
        if (line.do == "intend") == (line.number in known) or (line.do == "intend" and line.kind is None):
            raise _damaged(path, place, "it does not follow from the lines before it")
        known.add(line.number)
        lines.append(line)
    return lines


def _line(path: Path, place: int, raw: bytes) -> _LedgerLine:
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _damaged(path, place, "it is no line of a ledger") from None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(path: Path, place: int, why: str) -> Problem:
    return Problem(
        f"The ledger {path} is damaged.",
        evidence=f"line {place}: {why}",
        why="it was edited, or the disk lost a part of it",
        remedy="look through the TEST app's contacts for names with the marker of a run, then move the file away",
    )


def _unusable(path: Path, evidence: str) -> Problem:
    return Problem(
        f"The ledger {path} cannot be used, so nothing may be made.",
        evidence=evidence,
        remedy="make its folder writable and the disk roomy",
    )
