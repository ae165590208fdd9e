"""The ledger of a project: which mutants may survive, and why; exact both ways.

`mutation-ledger.toml` at the project's root. A survivor without a row fails the run, and so does a row whose mutant is
killed, or in a whole run does not survive.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.core.errors import Problem
from harness.report.mutation_result import KeyFate

FILE: Final = "mutation-ledger.toml"


@dataclass(frozen=True, slots=True)
class Excuse:
    """One row: the key of a mutant that may survive, why, and for which versions; for all, where none is named."""

    mutant: str
    reason: str
    versions: Sequence[str] = ()

    def holds_for(self, version: str) -> bool:
        """Return whether it excuses a survivor of a run with this version."""
        return not self.versions or version in self.versions


@dataclass(frozen=True, slots=True)
class MutationLedger:
    """All rows. operators: the operators that there have to be; removed: those that were removed, with reasons."""

    excuses: Sequence[Excuse] = ()
    operators: Sequence[str] = ()
    removed: Mapping[str, str] = ()  # type: ignore[assignment]

    def excused(self, version: str) -> Mapping[str, str]:
        """Return the reasons by key."""
        return {one.mutant: one.reason for one in self.excuses if one.holds_for(version)}

    def complaints(
        self, keys: Iterable[KeyFate], version: str, operators: Collection[str], *, whole: bool
    ) -> Iterator[str]:
        """Yield what is not exact. operators: those that there are; whole: whether all of all scenarios was played."""
        fates = {one.key: one.fate for one in keys}
        for name in self.operators:
            if name not in operators and name not in self.removed:
                yield f"the operator {name!r} is gone, and no [[removed]] row says why"
        for name in self.removed:
            if name in operators:
                yield f"the operator {name!r} is said to be removed, and is there"
        for mutant in self.excused(version):
            fate = fates.get(mutant)
            if fate == "killed":
                yield f"{mutant} is excused, and was killed: remove the row"
            elif whole and fate != "survived":
                yield f"{mutant} is excused, and did not survive ({fate or 'there is no such mutant'}): remove the row"


def read_ledger(path: Path) -> MutationLedger:
    """Return the ledger in a file; an empty one where there is none.

    Raises:
        Problem: the file cannot be read, or a row lacks what it needs.
    """
    if not path.is_file():
        return MutationLedger(removed={})
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(f"{path.name} cannot be read", evidence=str(error), remedy="correct it: it is TOML") from error
    excuses = [
        Excuse(_text(row, "mutant", path), _text(row, "reason", path), tuple(row.get("versions", ())))
        for row in _rows(data, "survives", path)
    ]
    twice = [one.mutant for place, one in enumerate(excuses) if any(_overlap(one, other) for other in excuses[:place])]
    if twice:
        raise Problem(f"{path.name} excuses {twice[0]} twice", remedy="leave one of the rows")
    removed = {_text(row, "operator", path): _text(row, "reason", path) for row in _rows(data, "removed", path)}
    return MutationLedger(excuses, tuple(data.get("operators", ())), removed)


def _overlap(one: Excuse, other: Excuse) -> bool:
    both = set(one.versions) & set(other.versions)
    return one.mutant == other.mutant and bool(both or not one.versions or not other.versions)


def _rows(data: Mapping[str, Any], name: str, path: Path) -> Sequence[Mapping[str, Any]]:
    rows = data.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Problem(f"{path.name}: {name} must be a list of tables", remedy=f"write each row as [[{name}]]")
    return rows


def _text(row: Mapping[str, Any], name: str, path: Path) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Problem(f"{path.name}: a row has no {name}", evidence=str(dict(row)), remedy=f'give it {name} = "…"')
    return value
