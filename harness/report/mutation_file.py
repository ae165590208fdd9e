"""The JSON that `harness mutate` writes: its shape, and its schema's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from harness.report.mutation_result import FATES, KeyFate, MutantRow, MutationResult, Rate

MUTATION_FORMAT: Final = 1
"""The version of the file."""


@dataclass(frozen=True, slots=True)
class RateRow:
    """How many counted keys were killed and survived, and the share of the killed, from 0 to 1."""

    killed: int
    survived: int
    share: float


@dataclass(frozen=True, slots=True)
class SurvivorRow:
    """A key that survived: the ledger's reason, the cases that let it live, and one of its mutants."""

    key: str
    excused: str
    cases: Sequence[str]
    before: str
    after: str
    differs: str
    needs: str


@dataclass(frozen=True, slots=True)
class MutationFile:
    """The result of `harness mutate`.

    keys: how many keys had which fate. matrix: for each operator and case, how many mutants had which fate.
    """

    format: int
    kind: str
    pipeline: str
    intercom_version: str
    seed: int
    sample: int | None
    operators: Sequence[str]
    workers: int
    containment: str
    seconds: float
    mutants: int
    looked_for_elsewhere: int
    keys: Mapping[str, int]
    rate: RateRow
    families: Mapping[str, RateRow]
    flows: Mapping[str, RateRow]
    reason_names_mutation: RateRow
    cases: Sequence[str]
    not_mutated: Mapping[str, str]
    survivors: Sequence[SurvivorRow]
    hung: Sequence[str]
    ledger: Sequence[str]
    matrix: Mapping[str, Mapping[str, Mapping[str, int]]]
    rows: Sequence[MutantRow]
    exit_code: int


def mutation_data(result: MutationResult) -> dict[str, object]:
    """Return a result as its file holds it."""
    again = sum(row.again for row in result.rows)
    return asdict(
        MutationFile(
            format=MUTATION_FORMAT,
            kind="mutation",
            pipeline=result.pipeline,
            intercom_version=result.version,
            seed=result.seed,
            sample=result.sample,
            operators=list(result.operators),
            workers=result.workers,
            containment=result.containment,
            seconds=round(result.seconds, 2),
            mutants=len(result.rows) - again,
            looked_for_elsewhere=again,
            keys={fate: result.count(fate) for fate in FATES},
            rate=_rate(result.rate),
            families={name: _rate(rate) for name, rate in result.families.items()},
            flows={name: _rate(rate) for name, rate in result.flows.items()},
            reason_names_mutation=_rate(result.named),
            cases=list(result.cases),
            not_mutated=dict(result.not_mutated),
            survivors=[_survivor(one, result.excused.get(one.key, "")) for one in result.survivors],
            hung=[f"{row.case} {row.mutant}" for row in result.hung],
            ledger=list(result.complaints),
            matrix=result.matrix(),
            rows=list(result.rows),
            exit_code=result.exit_code,
        )
    )


def _rate(rate: Rate) -> RateRow:
    return RateRow(rate.killed, rate.survived, round(rate.share, 4))


def _survivor(one: KeyFate, excuse: str) -> SurvivorRow:
    row = one.shown
    alive = sorted({other.case for other in one.rows if other.fate == "survived"})
    return SurvivorRow(one.key, excuse, alive, row.before, row.after, row.differs, row.needs)
