"""A run judged by its baseline: known, new, other, fixed, expired and gone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from harness.cli.schema_files import SCHEMAS
from harness.core.errors import Problem
from harness.report.baseline import Baseline, judged, renewed, unjudged
from harness.report.baseline_file import read_baseline, write_baseline
from harness.report.markdown import markdown
from harness.report.result import ClaimRow, Ending, RunRow, ScenarioRow

TEXTS = ("module", "case", "intercom_version", "ending", "cause", "reason")
TODAY, LATER, BEFORE = date(2027, 1, 15), date(2027, 2, 1), date(2027, 1, 14)


def _row(case: str, ending: Ending = "refuted", claim: str = "the lead ada@example.com is gone by id") -> ScenarioRow:
    verdict = "proved" if ending == "proved" else "refuted"
    return ScenarioRow(
        "lead_to_user", case, f"Title of {case}", ending, claims=(ClaimRow(claim, verdict, "404", "200"),)
    )


def _run(*rows: ScenarioRow, against: str = "sandbox") -> RunRow:
    return RunRow("shop", against, ("2.16",), 1.0, (*rows, _row("proved", "proved")))


def _there(_module: str, case: str) -> bool:
    return case != "gone"


def _baseline(*rows: ScenarioRow, expires: date = LATER) -> Baseline:
    return renewed(_run(*rows), None, "ISSUE-12", expires, TODAY, _there)[0]


def test_a_known_failure_is_told_apart_from_a_new_one() -> None:
    """The known one does not fail the run, whatever addresses and ids it has this time; the new one does."""
    known = _baseline(_row("a"))
    same = _row("a", claim="the lead bob@example.com is gone by id")
    run = judged(_run(same, _row("c", "proved")), known, TODAY, _there)
    assert (run.exit_code, run.counts["known"], run.counts["refuted"]) == (0, 1, 0)
    assert run.scenarios[0].known is not None
    assert run.scenarios[0].known.text == "known until 2027-02-01: ISSUE-12"
    assert "known until 2027-02-01: ISSUE-12" in "\n".join(markdown(run))
    assert judged(_run(same, _row("b")), known, TODAY, _there).exit_code == 1
    assert judged(_run(same), known, TODAY, _there).exit_code == 0


def test_a_known_scenario_that_fails_otherwise_is_new() -> None:
    """A claim more than was known fails the run, and it is said; a claim less does not."""
    first, second = ClaimRow("every tag is kept", "refuted"), ClaimRow("every note is kept", "refuted")
    both = replace(_row("a"), claims=(first, second))
    known = _baseline(both)
    assert judged(_run(replace(both, claims=(first,))), known, TODAY, _there).exit_code == 0
    more = judged(_run(replace(both, claims=(first, second, ClaimRow("phone is kept", "refuted")))), known, TODAY, None)
    assert (more.exit_code, "fail for another cause now" in more.notes[-1]) == (1, True)
    assert judged(_run(replace(both, ending="unknown")), known, TODAY, _there).exit_code == 1


def test_an_expired_one_fails_and_a_fixed_one_is_told() -> None:
    """On its last day it is known still; on the next it fails, and says since when."""
    old = _baseline(_row("a"), expires=BEFORE)
    run = judged(_run(_row("a"), _row("b", "proved")), old, TODAY, _there)
    assert run.exit_code == 1
    assert "1 known failures have expired: lead_to_user: Title of a (since 2027-01-14)" in run.notes[0]
    assert judged(_run(_row("a")), old, BEFORE, _there).exit_code == 0
    fixed = judged(_run(_row("a", "proved")), _baseline(_row("a")), TODAY, _there)
    assert (fixed.exit_code, "1 known failures are fixed" in fixed.notes[0]) == (0, True)


def test_scenarios_that_are_gone_stop_a_whole_run_only() -> None:
    """A baseline that names a scenario which is gone is a problem with exit code 2, but not in a narrowed run."""
    known = Baseline("shop", (*_baseline(_row("a")).known, *_baseline(_row("gone")).known))
    run = judged(_run(_row("a"), _row("b", "proved")), known, TODAY, _there)
    assert (run.exit_code, "evidence: lead_to_user: gone" in run.problems[0]) == (2, True)
    assert judged(_run(_row("a")), known, TODAY, None).exit_code == 0


def test_another_pipeline_is_excused_nothing() -> None:
    """A baseline is of one pipeline, and a note says so where another one runs."""
    run = judged(replace(_run(_row("a")), pipeline="other"), _baseline(_row("a")), TODAY, _there)
    assert (run.exit_code, run.counts["known"]) == (1, 0)
    assert "the baseline is of pipeline shop" in run.notes[0]


def test_a_missing_cassette_of_a_known_failure_is_known() -> None:
    """Only what passed was recorded, so a replay has no cassette of what is known to fail."""
    missing = replace(_row("a"), ending="could not run", claims=(), reason="There is no cassette.")
    assert (
        judged(_run(missing, _row("b", "proved"), against="cassette"), _baseline(_row("a")), TODAY, None).exit_code == 0
    )
    assert judged(_run(missing), _baseline(_row("a")), TODAY, None).exit_code == 2


def test_judging_twice_is_judging_once() -> None:
    """Shards may have been judged before their merge is."""
    known, run = _baseline(_row("a")), _run(_row("a"), _row("b"))
    once = judged(run, known, TODAY, _there)
    assert judged(once, known, TODAY, _there) == once
    assert unjudged(once).scenarios == run.scenarios


def test_writing_anew_keeps_reasons_and_drops_what_is_fixed_or_gone() -> None:
    """A new failure gets the new reason; an expired one as well; what was not run stays known."""
    old = Baseline("shop", tuple(one for case in ("a", "b", "gone", "rest") for one in _baseline(_row(case)).known))
    run = _run(_row("a"), _row("b", "proved"), _row("c"))
    after, gone = renewed(run, old, "ISSUE-13", LATER, TODAY, _there)
    assert [(one.case, one.reason) for one in after.known] == [
        ("a", "ISSUE-12"),
        ("c", "ISSUE-13"),
        ("rest", "ISSUE-12"),
    ]
    assert list(gone) == ["lead_to_user: gone"]
    expired = _baseline(_row("a"), expires=BEFORE)
    assert renewed(run, expired, "ISSUE-13", LATER, TODAY, _there)[0].known[0].reason == "ISSUE-13"


def test_the_file_holds_what_was_written_and_its_schema_holds(tmp_path: Path) -> None:
    """A baseline is read back as it was written."""
    path = tmp_path / "below" / "baseline.json"
    write_baseline(path, _baseline(_row("a"), _row("b")))
    jsonschema.validate(json.loads(path.read_text()), SCHEMAS["baseline"]())
    assert read_baseline(path) == _baseline(_row("a"), _row("b"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no baseline"),
        ("[]", "it has no format"),
        ('{"format": 2, "known": []}', "has format 2"),
        ('{"format": 1, "known": [1]}', "a known failure is 1"),
        ('{"format": 1, "known": [{"module": "a", "case": "b"}]}', "a: b lacks intercom_version"),
        (
            json.dumps({"format": 1, "known": [dict.fromkeys(TEXTS, "") | {"claims": [], "expires": "soon"}]}),
            "expires on 'soon', which is no date",
        ),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """Each way of being none has its message."""
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(Problem) as caught:
        read_baseline(path)
    assert told in str(caught.value)
