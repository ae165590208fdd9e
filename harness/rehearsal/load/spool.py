"""What was read, until it is written: in a file without a name, which is gone with the process, however it ends."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from harness.rehearsal.load.loaded_items import LoadedContact, LoadedConversation, LoadedItem, LoadedTag
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.belongings import Company, Note

AT_ONCE: Final = 1_000
"""How many things of one kind are kept together."""
KINDS: Final = (LoadedTag, Company, Attribute, LoadedContact, Note, LoadedConversation)
"""The kinds of things, in the order in which they are written: what others name comes first."""

_encode = msgspec.msgpack.Encoder().encode
_DECODE: Final[dict[type, msgspec.msgpack.Decoder[Any]]] = {
    kind: msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]  # a type at run time
    for kind in KINDS
}


class SpooledBlock(NamedTuple):
    """Things of one kind that are kept together; `first` is the number of the first of them among its kind, from 0."""

    kind: type
    at: int
    size: int
    first: int


class Spool:
    """Keeps things in the order in which they come, by kind. Processes that are forked may read it at once."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - it is closed below
        self._waiting: dict[type, list[LoadedItem]] = {kind: [] for kind in KINDS}
        self._counted = dict.fromkeys(KINDS, 0)
        self._blocks: list[SpooledBlock] = []
        self._end = 0

    def add(self, item: LoadedItem) -> None:
        """Keep a thing."""
        waiting = self._waiting[type(item)]
        waiting.append(item)
        if len(waiting) >= AT_ONCE:
            self._write(type(item))

    def _write(self, kind: type) -> None:
        waiting = self._waiting[kind]
        if not waiting:
            return
        content = _encode(waiting)
        view = memoryview(content)
        while view:
            view = view[self._file.write(view) :]
        self._blocks.append(SpooledBlock(kind, self._end, len(content), self._counted[kind]))
        self._end += len(content)
        self._counted[kind] += len(waiting)
        waiting.clear()

    def blocks(self, kind: type) -> list[SpooledBlock]:
        """Return the blocks of a kind, in their order; nothing is added afterwards."""
        self._write(kind)
        return [block for block in self._blocks if block.kind is kind]

    def read(self, block: SpooledBlock) -> list[Any]:
        """Return the things of a block."""
        found: list[Any] = _DECODE[block.kind].decode(os.pread(self._file.fileno(), block.size, block.at))
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
