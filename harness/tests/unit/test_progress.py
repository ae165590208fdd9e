"""What is under way, on a terminal and elsewhere."""

from __future__ import annotations

import io

from rich.console import Console

from harness.report.progress import Progress
from harness.report.result import ScenarioRow
from harness.report.terminal import TerminalReport


def test_a_terminal_shows_what_runs_and_takes_it_away_again() -> None:
    """The line fits the terminal, hides no result, and is not in a recording."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=40, record=True, color_system=None)
    report = TerminalReport(console)
    report.running(3, 69, "A very long title of a scenario that takes its time\x1b[2J")
    begun = written.getvalue()
    assert "3 of 69  A very long title" in begun
    assert "\x1b[2J" not in begun
    assert max(map(len, begun.split("\x1b[K"))) <= 40
    report.scenario(ScenarioRow("lead_to_user", "test", "A title", "proved"))
    assert written.getvalue().startswith(begun + "\r\x1b[K")
    assert "3 of 69" not in console.export_text()


def test_where_nobody_watches_there_is_no_progress() -> None:
    """A file or a pipe gets results only."""
    written = io.StringIO()
    progress = Progress(Console(file=written))
    progress.show(1, 2, "title")
    progress.clear()
    assert written.getvalue() == ""
