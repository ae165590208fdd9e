"""What a report says of its run as a whole: whose it was, of which commit, when, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.report.result import RunRow


@dataclass(frozen=True, slots=True)
class RunAbout:
    """Where and when a run was: the project, its commit (empty where there is none), and the time in UTC."""

    project: str = ""
    commit: str = ""
    written_at: str = ""

    @property
    def short_commit(self) -> str:
        """The commit as people write it."""
        return self.commit[:10]


NOWHERE: Final = RunAbout()
"""Of a run of which nothing is known."""


def verdict_of(run: RunRow) -> str:
    """Return the verdict of a run in words, for a title."""
    if run.incomplete:
        return "incomplete"
    if not run.scenarios:
        return "nothing was run"
    if run.exit_code == 0:
        return "proved, with known failures" if run.counts["known"] else "proved"
    if run.exit_code == 2:
        return "could not run"
    return "refuted" if run.counts["refuted"] else "unknown"
