"""What is under way, on a terminal and elsewhere."""

from __future__ import annotations

import io
import os

import pytest
from rich.console import Console

from harness.report.flows import flows
from harness.report.progress import Progress
from harness.report.result import RunRow, ScenarioRow
from harness.report.terminal import TerminalReport


def test_a_terminal_shows_what_runs_and_takes_it_away_again() -> None:
    """The line fits the terminal, hides no result, and is not in a recording."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=40, record=True, color_system=None)
    report = TerminalReport(console)
    report.running(3, 19, "A very long title of a scenario that takes its time\x1b[2J")
    begun = written.getvalue()
    assert "3 of 19  A very long title" in begun
    assert "\x1b[2J" not in begun
    assert max(map(len, begun.split("\x1b[K"))) <= 40
    report.scenario(ScenarioRow("lead_to_user", "test", "A title", "proved"))
    assert written.getvalue().startswith(begun + "\r\x1b[K")
    assert "3 of 19" not in console.export_text()


def test_what_is_left_is_told_once_it_can_be_known() -> None:
    """From the second scenario on, by how long those before took; and what is waited for stands in the same line."""
    written, now = io.StringIO(), [100.0]
    progress = Progress(Console(file=written, force_terminal=True, width=120, color_system=None), lambda: now[0])
    progress.show(1, 31, "first")
    assert "left" not in written.getvalue()
    for number, left in ((2, "about 3 min left"), (31, "about 6 s left")):
        now[0] = 100.0 + 6 * (number - 1)
        progress.show(number, 31, "another")
        assert f"  {number} of 31, {left}  another" in written.getvalue()
    progress.note("waiting for the search index: at most 80 s more")
    assert written.getvalue().endswith("at most 80 s more    31 of 31, about 6 s left  another")
    quick = io.StringIO()
    progress = Progress(Console(file=quick, force_terminal=True, width=120, color_system=None), lambda: 1.0)
    progress.show(1, 88, "first")
    progress.show(2, 88, "second")
    assert "left" not in quick.getvalue()


def test_where_nobody_watches_there_is_no_progress() -> None:
    """A file or a pipe gets results only."""
    written = io.StringIO()
    progress = Progress(Console(file=written))
    progress.show(1, 2, "title")
    progress.clear()
    assert written.getvalue() == ""


def test_in_ci_there_is_no_progress() -> None:
    """A terminal that a CI pretends to have gets results only."""
    written = io.StringIO()
    report = TerminalReport(Console(file=written, force_terminal=True), quiet=True)
    report.running(1, 2, "title")
    assert written.getvalue() == ""


def test_progress_goes_to_standard_error_where_that_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results may be piped then, and what is under way is seen all the same."""
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        written = io.StringIO()
        Progress(Console(file=written)).show(3, 19, "A title")
        assert "3 of 19  A title" in os.read(ours, 1000).decode()
    os.close(ours)
    assert written.getvalue() == ""


def test_the_flows_stand_in_a_table_at_the_end() -> None:
    """A line for each flow with what occurred; where there is one flow, its total says it all."""
    written = io.StringIO()
    report = TerminalReport(Console(file=written, width=100))
    rows = [
        ScenarioRow("lead_to_user", "a", "A", "proved", 0.5),
        ScenarioRow("lead_to_user", "b", "B", "refuted", 0.25),
        ScenarioRow("refusals", "c", "C", "proved", 1.0),
    ]
    report.end(RunRow("p", "sandbox", ("2.16",), 2.0, rows))
    lines = [line.split() for line in written.getvalue().splitlines()]
    assert ["proved", "refuted", "claims"] in lines
    assert ["lead_to_user", "1", "1", "0", "0.75", "s"] in lines
    assert ["refusals", "1", "0", "1.00", "s"] in lines
    assert flows(RunRow("p", "sandbox", ("2.16",), 2.0, rows[:2])) == []
