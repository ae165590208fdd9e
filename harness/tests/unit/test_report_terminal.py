"""The report in the terminal: what failed whole, what passed short, and nothing that could pass for something else."""

from __future__ import annotations

import io

import pytest

from harness.report.result import AnswerRow, AskedRow, ClaimRow, RunRow, ScenarioRow, WitnessRow
from harness.report.terminal import KEPT_LINES, ReportConsole, TerminalReport

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
