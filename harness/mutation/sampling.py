"""Which mutants of a case are played: all, or a sample that takes as many as it can of each family."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from math import ceil
from random import Random
from typing import Final

from harness.mutation.mutant import Mutant

PER_CASE: Final = 3
"""How many mutants of a sample come from one case at least, since each case has to be played unchanged before."""

ALIKE: Final = 3
"""How many requests of a case that ask for the same, with the same fields, are mutated: the first ones and the last."""


def quotas(cases: Sequence[str], sample: int, seed: int) -> dict[str, int]:
    """Return how many mutants of each case a sample takes; cases with none are left out."""
    chosen = list(cases)
    Random(f"cases {seed}").shuffle(chosen)  # noqa: S311  # a sample is no secret
    chosen = chosen[: min(len(chosen), max(1, ceil(sample / PER_CASE)))]
    base, rest = divmod(sample, len(chosen)) if chosen else (0, 0)
    return {case: base + (place < rest) for place, case in enumerate(chosen)}


def sampled(mutants: Sequence[Mutant], number: int, seed: int, case: str) -> Sequence[Mutant]:
    """Return so many mutants of a case, drawn by a seed, from one family after the other."""
    random = Random(f"{seed} {case}")  # noqa: S311  # a sample is no secret
    by_family: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_family.setdefault(mutant.operator.family, []).append(mutant)
    for members in by_family.values():
        random.shuffle(members)
    families = list(by_family.values())
    random.shuffle(families)
    mixed = chain.from_iterable(zip_longest(*families))
    return [mutant for mutant in mixed if mutant is not None][:number]
