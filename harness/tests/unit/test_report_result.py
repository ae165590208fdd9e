"""What a run came to: its exit code by every combination of endings, and what its rows tell."""

from __future__ import annotations

import json
from itertools import product
from typing import get_args

import pytest

from harness.report.matrix import matrix
from harness.report.result import ClaimRow, Ending, RunRow, ScenarioRow

ALL: tuple[Ending, ...] = get_args(Ending)


def _row(ending: Ending, case: str = "test_x", version: str = "", likely: str = "", reason: str = "") -> ScenarioRow:
    claims = (ClaimRow("c", "refuted" if ending == "refuted" else "proved", likely=likely),)
    return ScenarioRow("flow", case, "A flow", ending, claims=claims, intercom_version=version, reason=reason)


def _run(*endings: Ending, problems: tuple[str, ...] = ()) -> RunRow:
    return RunRow("reference", "sandbox", ("2.16",), 0.1, tuple(map(_row, endings)), problems)


@pytest.mark.parametrize("endings", [*product(ALL, repeat=2), *((ending,) for ending in ALL), ()])
def test_0_needs_something_proved_and_nothing_else_but_what_was_not_run(endings: tuple[Ending, ...]) -> None:
    """1 for refuted or unknown, 2 for what could not run or for nothing at all."""
    code = _run(*endings).exit_code
    if {"refuted", "unknown"} & set(endings):
        assert code == 1
    elif "could not run" in endings or "proved" not in endings:
        assert code == 2
    else:
        assert code == 0


@pytest.mark.parametrize(("endings", "code"), [(("proved",), 2), (("refuted",), 1), ((), 2)])
def test_a_problem_beside_the_scenarios_is_never_0(endings: tuple[Ending, ...], code: int) -> None:
    """A module that could not be read, an interruption."""
    assert _run(*endings, problems=("interrupted",)).exit_code == code


def test_the_run_as_data_holds_its_code_and_counts() -> None:
    """And is JSON."""
    data = json.loads(json.dumps(_run("proved", "refuted", "not run").as_data()))
    assert (data["exit_code"], data["counts"]["proved"], data["counts"]["not run"]) == (1, 1, 1)
    assert [row["ending"] for row in data["scenarios"]] == ["proved", "refuted", "not run"]


@pytest.mark.parametrize(
    ("case", "parameters"), [("test_x", ""), ("test_x[id]", "id"), ("test_x[a b]", "a b"), ("test_x[a[b]]", "a[b]")]
)
def test_a_row_tells_its_parameters(case: str, parameters: str) -> None:
    """As its name shows them in brackets."""
    assert _row("proved", case).parameters == parameters


def test_versions_side_by_side_tell_from_when_on_it_fails() -> None:
    """Only where several were run; with the reason of the one that failed."""
    rows = (_row("proved", version="2.15"), _row("refuted", version="2.16", likely="no longer allowed"))
    (row,) = matrix(RunRow("p", "sandbox", ("2.15", "2.16"), 0.1, rows))
    assert row.endings == {"2.15": "proved", "2.16": "refuted"}
    assert [(change.since, change.ending) for change in row.changes] == [("2.16", "refuted")]
    assert "no longer allowed" in row.changes[0].why
    assert matrix(_run("proved")) == []


def test_what_a_version_cannot_have_is_told_with_its_reason() -> None:
    """A scenario that was not run says why, before and after; one that ends the same in each has nothing to say."""
    needs = {"2.14": "needs 2.15", "2.15": "", "2.16": "not after 2.15"}
    rows = tuple(_row("not run" if why else "proved", version=version, reason=why) for version, why in needs.items())
    (row,) = matrix(RunRow("p", "sandbox", tuple(needs), 0.1, rows))
    told = [(change.since, change.ending, change.why) for change in row.changes]
    assert told == [("2.15", "proved", "before: needs 2.15"), ("2.16", "not run", "not after 2.15")]
    assert row.alike is None
    (same,) = matrix(RunRow("p", "sandbox", tuple(needs), 0.1, tuple(_row("not run", version=one) for one in needs)))
    assert (same.alike, same.changes) == ("not run", ())


def test_what_fails_otherwise_in_a_newer_version_is_told_as_well() -> None:
    """With each reason, ids aside; what fails from the first version on says so, what is mended says what it was."""
    told = {
        "2.10": ("refuted", "answered 200 with the visitor, unconverted"),
        "2.11": ("refuted", "answered 400: 6955b900e86ee56fa8a8038a"),
        "2.12": ("refuted", "answered 400: 6955b901e86ee56fa8a80389"),
        "2.13": ("proved", ""),
    }
    rows = tuple(_row(ending, version=version, likely=why) for version, (ending, why) in told.items())  # type: ignore[arg-type] # a word
    (row,) = matrix(RunRow("p", "sandbox", tuple(told), 0.1, rows))
    assert [(change.since, change.ending, change.first) for change in row.changes] == [
        ("2.10", "refuted", True),
        ("2.11", "refuted", False),
        ("2.13", "proved", False),
    ]
    assert [change.why for change in row.changes[:2]] == [told["2.10"][1], told["2.11"][1]]
    assert row.changes[2].why == f"before: {told['2.12'][1]}"
    assert row.changes_as(row)
    assert not row.changes_as(None)
