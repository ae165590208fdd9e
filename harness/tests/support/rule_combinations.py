"""Every combination of the facts of a decision table, so that a table can be checked exhaustively."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from harness.sandbox.rules.decision_table import Table


def combinations(table: Table) -> Iterator[dict[str, str]]:
    """Yield every combination of facts there is."""
    for values in product(*table.facts.values()):
        yield dict(zip(table.facts, values, strict=True))
