"""What a recording holds so far, on disk from the moment it happened: one line for each interaction, appended.

Whoever holds the journal of a cassette is its one recorder. A process that is killed leaves the journal behind;
`recover` makes a cassette of it. Lines are redacted before they come here.
"""

from __future__ import annotations

import fcntl
import glob
import os
import stat
from dataclasses import replace
from pathlib import Path

import msgspec

from harness.cassette.cassette_errors import AlreadyRecording, CannotRecord, EmptyCassette, MissingCassette, unwritable
from harness.cassette.format import document as cassette_format
from harness.cassette.format.document import Cassette, Header
from harness.cassette.redaction.redactor import RedactedInteraction

SUFFIX = ".journal"
_UNKNOWN = Header(scenario="", recorded_at="")


def journal_path(path: Path) -> Path:
    """Where the journal of a cassette lies while it is recorded."""
    return path.with_name(path.name + SUFFIX)


class Journal:
    """The journal of one recording, held against every other recorder until it is closed."""

    def __init__(self, cassette: Path) -> None:
        self.path = journal_path(cassette)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            self._check_owner(cassette)
        except OSError as error:
            raise unwritable(cassette, error) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise AlreadyRecording(
                f"{cassette} is being recorded by another process.",
                path=cassette,
                evidence=f"{self.path} is held",
                remedy="wait for it to end, or record with --cassettes into another folder",
            ) from None
        try:
            remove_left_over(cassette)
            self._keep_what_was_left()
        except OSError as error:
            self.close(keep=True)
            raise unwritable(cassette, error) from None

    def _check_owner(self, cassette: Path) -> None:
        """Refuse a journal that somebody else put there, or that has a second name elsewhere."""
        found = os.fstat(self._file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink != 1:
            os.close(self._file)
            raise CannotRecord(
                f"{cassette} cannot be recorded.",
                path=cassette,
                evidence=f"{self.path} is another user's, has a second name, or is no plain file",
                remedy=f"look at {self.path}, and remove it",
            )
        os.fchmod(self._file, 0o600)

    def _keep_what_was_left(self) -> None:
        """Put what a killed recording left beside the journal, in a file of this user's alone."""
        if os.fstat(self._file).st_size:
            kept = self.path.with_name(self.path.name + ".old")
            kept.unlink(missing_ok=True)
            copy = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with open(copy, "wb") as file:  # noqa: PTH123 - it is a handle
                file.write(self.path.read_bytes())
            os.ftruncate(self._file, 0)

    def begin(self, header: Header) -> None:
        """Write what is known of the recording before its first interaction."""
        self._write(b'{"header":' + msgspec.json.encode(header) + b"}")

    def append(self, number: int, redacted: RedactedInteraction) -> None:
        """Write one interaction, the `number`th that began."""
        self._write(b'{"number":%d,"row":' % number + cassette_format.encode_row(redacted.interaction) + b"}")

    def _write(self, line: bytes) -> None:
        os.write(self._file, line + b"\n")

    def close(self, *, keep: bool = False) -> None:
        """Let go of the journal, and remove it unless it is to be kept."""
        if self._file < 0:
            return
        if not keep:
            self.path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = -1


def remove_left_over(cassette: Path) -> None:
    """Remove the halves of files that a killed process was writing in the place of a cassette.

    Whoever holds the cassette's journal is the only one who writes it.
    """
    for half in cassette.parent.glob(f".{glob.escape(cassette.name)}.*.tmp"):
        half.unlink(missing_ok=True)


class _JournalLine(msgspec.Struct):
    number: int = 0
    header: Header | None = None
    row: cassette_format.InteractionRow | None = None


def recover(cassette: Path) -> Cassette:
    """What the journal of a recording that did not end still holds; a last line that was cut is left out."""
    path = journal_path(cassette)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingCassette(
            f"There is nothing to recover for {cassette}.",
            path=cassette,
            evidence=f"no {path}",
            why="its last recording ended, or never began",
        ) from None
    header, rows = _UNKNOWN, {}
    for line in _whole_lines(data):
        if line.header is not None:
            header = line.header
        if line.row is not None:
            rows[line.number] = cassette_format.from_row(line.row)  # what is told again of one counts
    if not rows:
        raise EmptyCassette(f"{path} holds no interaction.", path=cassette, remedy=f"remove {path}")
    ordered = tuple(rows[number] for number in sorted(rows))
    return Cassette(replace(header, recovered=True), ordered)


def _whole_lines(data: bytes) -> list[_JournalLine]:
    lines = data.split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=_JournalLine) for line in lines]
