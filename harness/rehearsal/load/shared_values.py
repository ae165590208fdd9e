"""Which values at least ten people share: only those stay as they are under pseudonyms.

Memory stays small however many values there are: those of which few people are known so far go to files from time to
time, as numbers that tell nothing of them, and are counted together at the end. The counts are exact.
"""

from __future__ import annotations

import array
from pathlib import Path
from typing import Final

ENOUGH: Final = 10
"""How many people have to share a value."""
HELD: Final = 300_000
"""How many values with few people are kept in memory."""
PARTS: Final = 16


class SharedValues:
    """Counts people by value; `folder` is where files may lie meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._few: dict[int, int | set[int]] = {}
        self._spilled = False
        self.shared: set[int] = set()
        """The hashes of columns with a value that enough people are known to share."""

    def see(self, column: str, value: object, person: int) -> None:
        """Note that a person has a value. `person` is a number of theirs, the same each time they are met."""
        key = hash((column, value))
        if key in self.shared:
            return
        known = self._few.get(key)
        if known is None:
            self._few[key] = person
            if len(self._few) > HELD:
                self._spill()
        elif isinstance(known, set):
            known.add(person)
            if len(known) >= ENOUGH:
                self.shared.add(key)
                del self._few[key]
        elif known != person:
            self._few[key] = {known, person}

    def _spill(self) -> None:
        parts = [array.array("q") for _ in range(PARTS)]
        for key, people in self._few.items():
            for person in people if isinstance(people, set) else (people,):
                parts[key % PARTS].extend((key, person))
        for number, part in enumerate(parts):
            with self._file(number).open("ab") as file:
                part.tofile(file)
        self._few.clear()
        self._spilled = True

    def _file(self, number: int) -> Path:
        return self._folder / f"values-{number}"

    def conclude(self) -> None:
        """Count what was written to files; nothing is noted afterwards."""
        if self._spilled:
            self._spill()
            for number in range(PARTS):
                self._count(self._file(number))
        self._few.clear()

    def _count(self, file: Path) -> None:
        pairs = array.array("q", file.read_bytes())
        file.unlink()
        found: dict[int, set[int]] = {}
        for key, person in zip(pairs[::2], pairs[1::2], strict=True):
            found.setdefault(key, set()).add(person)
        self.shared |= {key for key, people in found.items() if len(people) >= ENOUGH}

    def holds(self, column: str, value: object) -> bool:
        """Return whether at least ten people share a value."""
        return hash((column, value)) in self.shared
