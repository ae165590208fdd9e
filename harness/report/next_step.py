"""What a person does next, told by how a run ended."""

from __future__ import annotations

from harness.report.causes import by_cause
from harness.report.result import RunRow


def next_step(run: RunRow) -> str:
    """Return the next step after a run in which something failed; empty where all is proved."""
    causes = by_cause(run.scenarios)
    if not causes:
        return ""
    first = causes[0]
    count = len(first.rows)
    many = (
        f"the cause of {count} of {sum(len(cause.rows) for cause in causes)} failures"
        if len(causes) > 1
        else "the cause"
    )
    again = next((row.again for row in first.rows if row.again), "harness run")
    later = "; to go on with what fails today: harness baseline write" if run.counts["proved"] else ""
    return f"mend {many}, then: {again}{later}"
