"""`harness baseline write` and the runs after it, as processes in a project with a bug."""

from __future__ import annotations

import json
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from harness.tests.support.harness_process import run_harness
from harness.tests.support.shop_project import CONVERTS

SCENARIOS = '''
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_a_visitor_becomes_a_lead(people, pipeline, verify, number):
    """A visitor becomes a lead."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)

def test_a_lead_stays(people, pipeline, verify):
    """A lead who has nothing to do with it stays."""
    visitor, lead = people.visitor(), people.lead()
    pipeline.visitor_to_lead(visitor)
    verify.untouched(lead)
'''
RIGHT = textwrap.dedent(CONVERTS)
WRONG = RIGHT.replace('"/visitors/convert"', '"/visitors/convertt"')


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose pipeline asks the wrong path, so that two of three scenarios fail."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "mine.py").write_text(SCENARIOS)
    (tmp_path / "shop.py").write_text(WRONG)
    (tmp_path / "harness.toml").write_text('pipeline = "shop:Pipeline"\nstock_scenarios = false\n')
    return tmp_path


def test_from_red_to_green_in_steps(project: Path) -> None:
    """The known ones pass the run and look like it in each report, a new one fails it, a fixed one is told."""
    code, told = run_harness(project, "run", "--json", "result.json")
    assert (code, "next: mend the cause" in told) == (1, True), told
    code, told = run_harness(project, "baseline", "write", "--from", "result.json", "--reason", "ISSUE-12")
    assert (code, "known failures" in told) == (0, True), told
    known = len(json.loads((project / "harness-baseline.json").read_text())["known"])
    code, told = run_harness(project, "run", "--report", "out", "--junit", "out/junit.xml", "--json", "result.json")
    assert (code, f"≈ {known} known until" in told, "ISSUE-12" in told) == (0, True, True), told
    assert json.loads((project / "result.json").read_text())["counts"]["known"] == known
    assert f"{known} known failures" in (project / "out/report.md").read_text()
    assert "A known failure" in (project / "out/report.html").read_text()
    cases = ET.parse(project / "out/junit.xml").getroot().iter("testcase")
    kinds = [child.tag for case in cases for child in case if child.tag in ("failure", "error", "skipped")]
    assert kinds == ["skipped"] * known
    text = (project / "scenarios/mine.py").read_text()
    (project / "scenarios/mine.py").write_text(
        text + SCENARIOS.split("\n\n")[1].replace("test_a_visitor", "test_another")
    )
    code, told = run_harness(project, "run")
    assert (code, "2 refuted" in told) == (1, True), told
    (project / "shop.py").write_text(RIGHT)
    code, told = run_harness(project, "run")
    assert (code, f"{known} known failures are fixed" in told) == (0, True), told


def test_scenarios_that_are_gone_are_told_and_nothing_is_written_over(project: Path) -> None:
    """Exit code 2 with their names; `baseline write` takes them out."""
    run_harness(project, "baseline", "write", "--reason", "ISSUE-12")
    before = (project / "harness-baseline.json").read_bytes()
    text = (project / "scenarios/mine.py").read_text()
    (project / "scenarios/mine.py").write_text(text.replace("test_a_visitor_becomes_a_lead", "test_it"))
    (project / "shop.py").write_text(RIGHT)
    code, told = run_harness(project, "run")
    assert (code, "The baseline names 2 scenarios that are gone." in told) == (2, True), told
    assert (project / "harness-baseline.json").read_bytes() == before
    code, told = run_harness(project, "baseline", "write")
    assert (code, "2 gone" in told) == (0, True), told
    assert run_harness(project, "run")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--expires", "soon"), "is no date"),
        (("--expires", "2001-01-01"), "is over"),
        (("--from", "shop.py"), "is no result of a run"),
    ],
)
def test_bad_input_is_refused(project: Path, words: tuple[str, ...], told: str) -> None:
    """One message, exit code 2, and no file."""
    code, said = run_harness(project, "baseline", "write", *words)
    assert (code, told in said, (project / "harness-baseline.json").exists()) == (2, True, False), said


def test_a_configured_baseline_that_is_missing_stops_a_run(project: Path) -> None:
    """A name that was mistyped excuses nothing; one that says no baseline counts runs all the same."""
    with (project / "harness.toml").open("a") as file:
        file.write('baseline = "known.json"\n')
    code, told = run_harness(project, "run")
    assert (code, "there is no baseline at" in told) == (2, True), told
    assert run_harness(project, "run", "--no-baseline")[0] == 1
