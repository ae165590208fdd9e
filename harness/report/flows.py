"""The run as a table: a line for each flow, with how its scenarios ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.result import ENDINGS, Ending, RunRow, ScenarioRow


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One flow: how many scenarios ended how, with how many claims, in how many seconds."""

    flow: str
    endings: Sequence[int]
    claims: int
    seconds: float


def endings_of(run: RunRow) -> list[Ending]:
    """The endings that the table has a column for: those that occurred."""
    return [ending for ending in ENDINGS if run.counts[ending]]


def flows(run: RunRow) -> list[FlowRow]:
    """A row for each flow, in the order in which they ran; none where there is only one, whose total says it all."""
    by_flow: dict[str, list[ScenarioRow]] = {}
    for row in run.scenarios:
        by_flow.setdefault(row.module, []).append(row)
    if len(by_flow) < 2:
        return []
    columns = endings_of(run)
    return [
        FlowRow(
            flow,
            [sum(row.ending == ending for row in rows) for ending in columns],
            sum(len(row.claims) for row in rows),
            sum(row.seconds for row in rows),
        )
        for flow, rows in by_flow.items()
    ]
