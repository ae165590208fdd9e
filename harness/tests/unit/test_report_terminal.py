"""The report in the terminal: what failed whole, what passed short, and nothing that could pass for something else."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.report.console import ReportConsole
from harness.report.result import AnswerRow, AskedRow, ClaimRow, RunRow, ScenarioRow, WitnessRow
from harness.report.terminal import KEPT_LINES, TerminalReport

REFUTED = ClaimRow(
    "the visitor is gone", "refuted", "404", "it is still there", "no conversion was asked for", "facts §3", True,
    (WitnessRow("after", "GET /visitors?user_id=u → 200", "visitor v"),),
)  # fmt: skip
PROVED = ClaimRow("the lead exists", "proved", witnesses=(WitnessRow("after", "GET /contacts/v → 200", "lead v"),))


def _row(**changes: object) -> ScenarioRow:
    fields: dict[str, object] = {
        "module": "flow", "case": "test_x[id]", "title": "A flow", "ending": "refuted", "claims": (REFUTED, PROVED),
        "asked": (AskedRow("GET /visitors", "", "404", '{"type":"error.list"}'),),
        "answers": (AnswerRow("visitor_to_lead", "it raised KeyError", "out", "err"),),
    }  # fmt: skip
    return ScenarioRow(**{**fields, **changes})  # type: ignore[arg-type]


def _told(row: ScenarioRow, *, explain: bool = False, encoding: str = "utf-8", terminal: bool = False) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    console = ReportConsole(file=stream, force_terminal=terminal, width=100)
    report = TerminalReport(console, explain=explain)
    report.begin("reference", "sandbox", ("2.16",))
    report.scenario(row)
    report.end(RunRow("reference", "sandbox", ("2.16",), 0.25, (row,)))
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(encoding)


def test_what_failed_is_told_with_all_its_evidence() -> None:
    """Claim, expectation, finding, reason, rule, witnesses; what the pipeline asked and answered; the totals."""
    told = _told(_row())
    for part in (
        "REFUTED  flow: A flow  id", "✗ the visitor is gone", "expected  404", "found     it is still there",
        "no conversion was asked for", "facts §3, assumed", "GET /visitors?user_id=u → 200  visitor v",
        "1 other claims proved", "GET /visitors", "→ 404", "it raised KeyError", "out", "err", "0 proved  1 refuted",
    ):  # fmt: skip
        assert part in told
    assert "the lead exists" not in told


def _run_of(rows: Sequence[ScenarioRow], *, verbose: bool = False) -> list[str]:
    stream = io.StringIO()
    report = TerminalReport(ReportConsole(file=stream, width=100), verbose=verbose)
    report.begin("mine", "sandbox", ("2.16",))
    for number, row in enumerate(rows, 1):
        report.running(number, len(rows), row.title)
        report.scenario(row)
    report.end(RunRow("mine", "sandbox", ("2.16",), 0.25, tuple(rows)))
    return stream.getvalue().splitlines()


def test_failures_are_grouped_by_cause_the_most_frequent_first() -> None:
    """One scenario of each cause is told, the others are named; ids and addresses make no other cause."""
    often = [_failing(f"it erased the phone of {number}@example.com", f"often {number}") for number in range(3)]
    lines = _run_of([_failing("it deleted somebody", "once"), *often])
    heads = [line for line in lines if line.startswith("REFUTED")]
    assert heads == ["REFUTED  flow: often 0  id", "REFUTED  flow: once  id"]
    assert "  and 2 more fail for the same cause" in lines
    assert [line.strip() for line in lines if line.startswith("      flow: often")] == [
        "flow: often 1  id", "flow: often 2  id",
    ]  # fmt: skip


@pytest.mark.parametrize("causes", [1, 3, 12, 60])
def test_a_run_prints_sixty_lines_at_most_unless_all_is_wanted(causes: int) -> None:
    """However many scenarios fail, for however many causes; `--verbose` tells everything of each."""
    rows = [_failing(f"cause {'x' * (number % causes)}", f"scenario {number}") for number in range(70)]
    lines = _run_of(rows)
    assert len(lines) <= 60
    assert any("--verbose" in line for line in lines)
    whole = _run_of(rows, verbose=True)
    assert len([line for line in whole if line.startswith("REFUTED")]) == 70
    assert not any("--verbose" in line for line in whole)


def _failing(likely: str, title: str) -> ScenarioRow:
    return _row(title=title, claims=(replace(REFUTED, likely=likely), PROVED))


@pytest.mark.parametrize("explain", [True, False])
def test_what_passed_is_a_line_unless_it_is_to_be_explained(explain: bool) -> None:
    """With `--explain` each claim and its witnesses."""
    told = _told(_row(ending="proved", claims=(PROVED,)), explain=explain)
    assert "✓ A flow" in told
    assert ("GET /contacts/v → 200" in told) == explain


def test_what_was_not_run_says_why() -> None:
    """In its line."""
    assert "not run: the pipeline has no run" in _told(
        _row(ending="not run", claims=(), reason="the pipeline has no run")
    )


def test_colour_is_for_terminals() -> None:
    """None elsewhere."""
    assert "\x1b[" in _told(_row(), terminal=True)
    assert "\x1b" not in _told(_row())


def test_another_encoding_gets_marks_that_it_has() -> None:
    """Words and ASCII signs; what it lacks is a question mark."""
    told = _told(_row(), encoding="ascii")
    assert "XX the visitor is gone" in told
    assert "-> 404" in told


HOSTILE = "\x1b[2J\x1b[1A\r✓ proved\x07\x9b31m\x00"


@pytest.mark.parametrize("terminal", [True, False])
def test_what_a_pipeline_prints_cannot_move_the_cursor_or_write_over_a_verdict(terminal: bool) -> None:
    """Control characters are shown as signs, wherever they come from."""
    claim = ClaimRow(
        HOSTILE, "refuted", HOSTILE, HOSTILE, HOSTILE, HOSTILE, witnesses=(WitnessRow("a", HOSTILE, HOSTILE),)
    )
    row = _row(
        title=HOSTILE, reason=HOSTILE, claims=(claim,), additions=(HOSTILE,),
        asked=(AskedRow(HOSTILE, HOSTILE, "200", HOSTILE),), answers=(AnswerRow("run", HOSTILE, HOSTILE, HOSTILE),),
    )  # fmt: skip
    told = _told(row, terminal=terminal)
    assert not set("\r\x07\x00\x9b") & set(told)
    assert "\x1b[2J" not in told
    assert "\x1b[1A" not in told
    assert "␛[2J" in told


def test_markup_of_others_is_text() -> None:
    """Square brackets mean nothing here."""
    assert "[bold red]x[/]" in _told(_row(reason="[bold red]x[/]"))


def test_a_flood_of_output_is_cut_to_its_last_lines() -> None:
    """With how many went before."""
    told = _told(_row(answers=(AnswerRow("run", "", "\n".join(f"line {n}" for n in range(100))),)))
    assert f"… {100 - KEPT_LINES} lines before" in told
    assert "line 99" in told
    assert "line 79" not in told
