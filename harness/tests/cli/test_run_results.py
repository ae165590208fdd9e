"""Where the result of `harness run` goes: the terminal, JSON, JUnit, a folder, a summary."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from harness.tests.cli.conftest import FLOW, ZOO, Harness


def test_explain_shows_the_evidence_of_what_passed(harness: Harness) -> None:
    """Each claim with its reads; without it only a line."""
    short, long = (harness("run", FLOW, "-k", "user_id", *more).out for more in ((), ("--explain",)))
    assert "GET /visitors?user_id=" not in short
    assert "GET /visitors?user_id=" in long
    assert "the lead exists under the visitor's id" in long


def _check(data: dict[str, Any], exit_code: int) -> None:
    assert data["exit_code"] == exit_code
    (row,) = data["scenarios"]
    assert (row["module"], row["case"]) == ("visitor_to_lead", "test_a_visitor_becomes_a_lead[user_id]")
    assert row["ending"] == ("proved" if exit_code == 0 else "refuted")
    assert row["asked"][0]["request"] == "POST /visitors/convert"
    assert {claim["verdict"] for claim in row["claims"]} >= {"proved"}


@pytest.mark.parametrize(("name", "code"), [("sound_requests:Sound", 0), ("losses:DropsTheCampaign", 1)])
def test_json_on_stdout_is_nothing_but_json(harness: Harness, name: str, code: int) -> None:
    """What a person reads goes to stderr then."""
    ran = harness("run", FLOW, "-k", "user_id", "--pipeline", f"{ZOO}.{name}", "--json")
    assert ran.code == code
    _check(json.loads(ran.out), code)
    assert "harness run" in ran.err


def test_the_result_goes_into_the_files_that_are_named(harness: Harness, flows: Path) -> None:
    """JSON, JUnit, and a folder with a summary and a picture; the terminal still tells."""
    ran = harness("run", FLOW, "-k", "user_id", "--json", "a.json", "--junit", "b.xml", "--report", "out")
    assert ran.code == 0
    assert "1 proved" in ran.out
    _check(json.loads((flows / "a.json").read_text()), 0)
    assert json.loads((flows / "out" / "report.json").read_text())["exit_code"] == 0
    assert [case.get("name") for case in ET.parse(flows / "b.xml").iter("testcase")] == [
        "test_a_visitor_becomes_a_lead[user_id]"
    ]
    assert "1 proved" in (flows / "out" / "report.md").read_text()
    assert ET.parse(flows / "out" / "run.svg").getroot().tag.endswith("svg")


def test_the_summary_of_a_failure_holds_its_evidence(
    harness: Harness, flows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a pull request: claim, expectation, finding, reads; and where GitHub names a file it is shown there."""
    (flows / "step.md").write_text("# another step\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(flows / "step.md"))
    harness(
        "run",
        FLOW,
        "-k",
        "user_id",
        "--pipeline",
        f"{ZOO}.losses:DropsTheCampaign",
        "--report",
        "out",
        "--junit",
        "b.xml",
    )
    summary = (flows / "out" / "report.md").read_text()
    assert "custom_attributes.campaign" in summary
    assert "found None" in summary
    assert (flows / "step.md").read_text() == f"# another step\n{summary}"
    assert next(ET.parse(flows / "b.xml").iter("failure")) is not None


def test_no_token_reaches_a_result(harness: Harness, flows: Path) -> None:
    """Neither terminal nor files show an authorization."""
    ran = harness("run", FLOW, "-k", "user_id", "--explain", "--json", "a.json", "--report", "out")
    files = (flows / name for name in ("a.json", "out/report.json", "out/report.md", "out/run.svg"))
    everything = ran.out + ran.err + "".join(file.read_text() for file in files)
    assert "sandbox-run" not in everything
    assert "Bearer" not in everything
