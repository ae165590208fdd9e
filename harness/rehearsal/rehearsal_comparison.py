"""Two rehearsals held against each other by their JSON files: what another version of the job does to whom.

The people of both files are read line by line, in the order of ids, so that neither is in memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.core.errors import Problem
from harness.rehearsal.rehearsal_json import COUNTED
from harness.rehearsal.rehearsal_result import FORMAT

BEGIN: Final = ' "people": ['
FIRST: Final = 5
"""How many people are named of each difference; the JSON names all."""


@dataclass(frozen=True, slots=True)
class RehearsalDifference:
    """A person to whom the second job does something else. what: in words, the same for all of a kind."""

    person_id: str
    what: str
    first: str
    second: str


@dataclass(slots=True)
class RehearsalComparison:
    """What differs between two rehearsals."""

    heads: tuple[Mapping[str, Any], Mapping[str, Any]]
    differences: list[RehearsalDifference] = field(default_factory=list)

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many people there are of each difference."""
        return dict(Counter(one.what for one in self.differences).most_common())

    @property
    def claims(self) -> list[tuple[str, str, str]]:
        """The claims whose verdict differs: the claim, the first verdict, the second."""
        first, second = ({one["claim"]: one["verdict"] for one in head["claims"]} for head in self.heads)
        names = dict.fromkeys([*first, *second])
        found = [(name, first.get(name, "not claimed"), second.get(name, "not claimed")) for name in names]
        return [one for one in found if one[1] != one[2]]

    @property
    def is_worse(self) -> bool:
        """Whether a claim fails in the second that does not in the first."""
        good = ("proved", "not claimed")
        return any(first in good and second not in good for _, first, second in self.claims)

    def as_data(self) -> dict[str, Any]:
        """Return the comparison for programs."""
        return {
            "format": FORMAT,
            "exit_code": int(self.is_worse),
            "claims": [dict(zip(("claim", "first", "second"), one, strict=True)) for one in self.claims],
            "differences": self.kinds,
            "people": [
                {"id": one.person_id, "what": one.what, "first": one.first, "second": one.second}
                for one in self.differences
            ],
        }


def compare_rehearsals(first: Path, second: Path) -> RehearsalComparison:
    """Compare two JSON files of rehearsals.

    Raises:
        Problem: One of them is none.
    """
    one, other = _Reading(first), _Reading(second)
    comparison = RehearsalComparison((one.head, other.head))
    for before, after in _joined(one.people(), other.people()):
        comparison.differences.extend(_differences(before, after))
    return comparison


class _Reading:
    """A JSON file that is read line by line; one that was written anew by somebody else is read whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._all: list[dict[str, Any]] | None = None
        self.head = self._read_head()
        if "census" not in self.head or self.head.get("format") != FORMAT:
            raise _no_rehearsal(path, "it has no census" if "census" not in self.head else "another format")

    def _read_head(self) -> Mapping[str, Any]:
        lines: list[str] = []
        try:
            with self._path.open(encoding="utf-8") as file:
                for line in file:
                    if line.rstrip() == BEGIN:
                        return _object("".join(lines).rstrip().removesuffix(",") + "}", self._path)
                    lines.append(line)
        except UnicodeDecodeError as error:
            raise _no_rehearsal(self._path, str(error)) from None
        found = _object("".join(lines), self._path)
        people = found.get("people", [])
        self._all = sorted(people, key=lambda person: person["id"]) if isinstance(people, list) else []
        return found

    def people(self) -> Iterator[dict[str, Any]]:
        """Yield the people in the order of their ids."""
        if self._all is not None:
            yield from self._all
            return
        with self._path.open(encoding="utf-8") as file:
            for line in file:
                if line.rstrip() == BEGIN:
                    break
            for line in file:
                if line.startswith("]"):
                    return
                yield json.loads(line.rstrip().removesuffix(","))
        raise _no_rehearsal(self._path, "it is cut off")


def _joined(
    one: Iterator[dict[str, Any]], other: Iterator[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    first, second = next(one, None), next(other, None)
    while first is not None or second is not None:
        if second is None or (first is not None and first["id"] < second["id"]):
            yield first, None
            first = next(one, None)
        elif first is None or second["id"] < first["id"]:
            yield None, second
            second = next(other, None)
        else:
            yield first, second
            first, second = next(one, None), next(other, None)


def _differences(first: dict[str, Any] | None, second: dict[str, Any] | None) -> Iterator[RehearsalDifference]:
    one, other = first or {"fate": "unchanged"}, second or {"fate": "unchanged"}
    person_id = str((first or second or {})["id"])
    if one["fate"] != other["fate"]:
        what = f"{one['fate']} → {other['fate']}"
        yield RehearsalDifference(person_id, what, one["fate"], other["fate"])
    elif one.get("into") != other.get("into"):
        yield RehearsalDifference(person_id, "merged into another person", str(one.get("into")), str(other.get("into")))
    for kind in sorted({*one.get("found", ()), *other.get("found", ())}):
        had, has = kind in one.get("found", ()), kind in other.get("found", ())
        if had != has:
            what = f"found: {kind}, {'no more' if had else 'new'}"
            yield RehearsalDifference(person_id, what, kind if had else "", kind if has else "")
    for name in COUNTED:
        if one["fate"] == other["fate"] and one.get(name, 0) != other.get(name, 0):
            yield RehearsalDifference(
                person_id, f"{name}: another number", str(one.get(name, 0)), str(other.get(name, 0))
            )


def _object(text: str, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_rehearsal(path, str(error)) from None
    if not isinstance(found, dict):
        raise _no_rehearsal(path, "it is no object")
    return found


def _no_rehearsal(path: Path, evidence: str) -> Problem:
    return Problem(f"{path} is no rehearsal.", evidence=evidence, remedy="write one: harness rehearse … --json FILE")
