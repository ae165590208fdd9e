"""`--shard K/N`: which scenarios fall to which of several machines, the same on each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import click

from harness.core.errors import Problem

MOST_SHARDS: Final = 1000


@dataclass(frozen=True, slots=True)
class ShardChoice:
    """One of several parts of a run: number 1 to `total`."""

    number: int
    total: int

    def __str__(self) -> str:
        """Return it as the command line says it."""
        return f"{self.number}/{self.total}"


def shard_choice(_context: click.Context, _parameter: click.Parameter, value: str | None) -> ShardChoice | None:
    """Return the value of `--shard`.

    Raises:
        Problem: it names no part of a whole.
    """
    if value is None:
        return None
    number, slash, total = value.partition("/")
    if slash and all(part.isascii() and part.isdigit() and len(part) < 5 for part in (number, total)):
        choice = ShardChoice(int(number), int(total))
        if 1 <= choice.number <= choice.total <= MOST_SHARDS:
            return choice
    raise Problem(
        f"--shard {value}: this is no part of a run",
        why=f"a shard is K/N, with K from 1 to N and N up to {MOST_SHARDS}",
        remedy="for example --shard 1/3, --shard 2/3 and --shard 3/3, one on each machine",
    )


@dataclass(slots=True)
class ShardCut:
    """Cuts the scenarios of a run into parts of about the same length.

    seconds: how long scenarios took, by node id; one that is not in it counts as an average one. Without any, each
    counts the same. Equal scenarios go to one part after another, so that those beside each other, which are alike, are
    spread.
    """

    chosen: ShardChoice
    seconds: Mapping[str, float] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)
    """What the sessions before have given to each part."""

    def __post_init__(self) -> None:
        """Begin with parts that are empty."""
        self.loads = list(self.loads) or [0.0] * self.chosen.total

    def assign(self, nodes: Sequence[str]) -> Mapping[str, int]:
        """Return the number of the part to which each scenario falls, in the order of `nodes`."""
        loads, found = list(self.loads), dict.fromkeys(nodes, 0)
        for node in sorted(nodes, key=self._weight, reverse=True):
            part = loads.index(min(loads))
            loads[part] += self._weight(node)
            found[node] = part + 1
        return found

    def learn(self, assigned: Iterable[tuple[str, int]]) -> None:
        """Take note of what a session gave to each part: the next one goes on from there."""
        for node, part in assigned:
            self.loads[part - 1] += self._weight(node)

    def _weight(self, node: str) -> float:
        average = sum(self.seconds.values()) / len(self.seconds) if self.seconds else 1.0
        return self.seconds.get(node, average) or average or 1.0
