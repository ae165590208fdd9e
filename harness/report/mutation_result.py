"""What a mutation run came to, as reports want it: plain values, the rate among them, ready to be written as JSON.

A key (operation, operator, field, person) counts once, however many scenarios have it, and is killed if one of them
kills it. What is loud, permitted, equivalent or inapplicable in all of them stands outside of the rate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, TypeAlias

FateName: TypeAlias = Literal["killed", "survived", "loud", "permitted", "equivalent", "inapplicable"]

FATES: Final[Sequence[FateName]] = ("killed", "survived", "loud", "permitted", "equivalent", "inapplicable")
"""What may become of a mutant; the first that came about in some scenario is that of its key."""


@dataclass(frozen=True, slots=True)
class MutantRow:
    """One mutant in one case. flow: what the case has the pipeline do. before, after: the request, or the answer."""

    case: str
    flow: str
    operation: str
    operator: str
    family: str
    field: str
    person: str
    number: int
    place: int
    fate: FateName
    claim: str = ""
    found: str = ""
    reason: str = ""
    names: bool = False
    hung: bool = False
    again: bool = False
    """Whether it is a survivor of a sample that was looked for in another scenario."""
    before: str = ""
    after: str = ""
    differs: str = ""
    needs: str = ""

    @property
    def key(self) -> str:
        """What counts once."""
        return " ".join(filter(None, (self.operation, self.operator, self.field, self.person)))

    @property
    def mutant(self) -> str:
        """The mutant's name within its case."""
        return f"{self.place}: {self.key}" + (f" #{self.number}" if self.number else "")


@dataclass(frozen=True, slots=True)
class Rate:
    """How many counted keys were killed, and how many survived."""

    killed: int
    survived: int

    @property
    def counted(self) -> int:
        """How many count."""
        return self.killed + self.survived

    @property
    def share(self) -> float:
        """The share of the killed; 1 where none counts."""
        return self.killed / self.counted if self.counted else 1.0

    @property
    def percent(self) -> str:
        """The share in percent, rounded down, so that 100 % means all of them."""
        return f"{int(self.share * 1000) / 10:g} %" if self.counted else "none counts"


@dataclass(frozen=True, slots=True)
class KeyFate:
    """What became of one key over all scenarios, with the rows behind it."""

    key: str
    fate: FateName
    rows: Sequence[MutantRow]

    @property
    def shown(self) -> MutantRow:
        """The row that tells of it."""
        return next(row for row in self.rows if row.fate == self.fate)


@dataclass(frozen=True)
class MutationResult:
    """Everything that a mutation run came to.

    observed: seconds that one unchanged run of each case took. not_mutated: cases that were left out, each with the
    reason. excused: the reasons of the ledger, by key. complaints: what speaks against the ledger.
    """

    pipeline: str
    version: str
    seed: int
    sample: int | None
    operators: Sequence[str]
    seconds: float
    rows: Sequence[MutantRow]
    cases: Sequence[str] = ()
    not_mutated: Mapping[str, str] = field(default_factory=dict)
    excused: Mapping[str, str] = field(default_factory=dict)
    complaints: Sequence[str] = ()
    workers: int = 1
    containment: str = "none"
    present: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The keys that each flow has, whether or not they were played there."""

    @cached_property
    def keys(self) -> Sequence[KeyFate]:
        """Each key with its fate, in the order of the table of operators."""
        return fates_by(self.rows, lambda row: row.key)

    @property
    def rate(self) -> Rate:
        """The rate over all keys."""
        return rate_of(self.keys)

    @cached_property
    def families(self) -> Mapping[str, Rate]:
        """The rate of each family of operators."""
        return {name: rate_of(fates_by(rows, lambda row: row.key)) for name, rows in _grouped(self.rows, "family")}

    @cached_property
    def flows(self) -> Mapping[str, Rate]:
        """The rate of each flow: of the keys that it has, each killed if a scenario kills it."""
        played = {name: {row.key for row in rows} for name, rows in _grouped(self.rows, "flow")}
        found = {name: keys | set(self.present.get(name, ())) for name, keys in played.items()}
        return {name: rate_of(one for one in self.keys if one.key in keys) for name, keys in found.items()}

    @cached_property
    def survivors(self) -> Sequence[KeyFate]:
        """The keys that no scenario killed and some let live, those without an excuse first."""
        alive = [one for one in self.keys if one.fate == "survived"]
        return sorted(alive, key=lambda one: one.key in self.excused)

    @property
    def unexcused(self) -> Sequence[KeyFate]:
        """The survivors that the ledger does not excuse."""
        return [one for one in self.survivors if one.key not in self.excused]

    @property
    def named(self) -> Rate:
        """Of the killed keys, how many have a reason that names the mutation."""
        killed = [one for one in self.keys if one.fate == "killed"]
        named = sum(any(row.names for row in one.rows if row.fate == "killed") for one in killed)
        return Rate(named, len(killed) - named)

    @property
    def hung(self) -> Sequence[MutantRow]:
        """The mutants that made the pipeline hang."""
        return [row for row in self.rows if row.hung]

    @property
    def exit_code(self) -> int:
        """1 where a mutant survived that the ledger does not excuse, or the ledger is not exact."""
        return 1 if self.unexcused or self.complaints else 0

    def count(self, fate: FateName) -> int:
        """Return how many keys had this fate."""
        return sum(one.fate == fate for one in self.keys)

    def matrix(self) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
        """Return for each operator and case how many mutants had which fate."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        for row in self.rows:
            counts = found.setdefault(row.operator, {}).setdefault(row.case, {})
            counts[row.fate] = counts.get(row.fate, 0) + 1
        return found


def fates_by(rows: Iterable[MutantRow], name: Callable[[MutantRow], str]) -> Sequence[KeyFate]:
    """Return the fate of each key: the first of `FATES` that came about in some scenario."""
    found: dict[str, list[MutantRow]] = {}
    for row in rows:
        found.setdefault(name(row), []).append(row)
    return [KeyFate(key, min((row.fate for row in ones), key=FATES.index), ones) for key, ones in found.items()]


def rate_of(keys: Iterable[KeyFate]) -> Rate:
    """Return how many of some keys were killed, and how many survived."""
    fates = [one.fate for one in keys]
    return Rate(fates.count("killed"), fates.count("survived"))


def _grouped(rows: Sequence[MutantRow], name: str) -> Sequence[tuple[str, Sequence[MutantRow]]]:
    found: dict[str, list[MutantRow]] = {}
    for row in rows:
        found.setdefault(str(getattr(row, name)), []).append(row)
    return list(found.items())
