"""Faults and waits on the time line of a report; an armed fault that nothing met refutes; the figures of resilience."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]

UNMET = '''"""A fault that nobody meets."""


def test_a_fault_that_nobody_meets(people, pipeline, verify, faults):
    """A fault is armed for something that is never asked."""
    visitor = people.visitor()
    faults.arm("DeleteContact", "reset_after")
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)


def test_a_fault_that_cannot_be(people, pipeline, verify, faults):
    """A fault is armed for an operation that does not exist."""
    faults.arm("explodeContact", "reset_after")
'''


def run(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`harness run` with these words."""
    command = [sys.executable, "-m", "harness", "run", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_faults_and_waits_are_on_the_time_line() -> None:
    """Which answer was spoiled, by what, and how long the pipeline waited by the scenario's clock."""
    shown = run("scenarios/resilience.py", "-k", "rate_limit and lead_joins", "--explain")
    assert shown.returncode == 0, shown.stdout
    assert "429 (fault: rate_limit)" in shown.stdout
    assert "3 s later" in shown.stdout


def test_an_armed_fault_that_never_fired_refutes(tmp_path: Path) -> None:
    """And one that cannot be armed is named, with what was likely meant."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "unmet.py").write_text(UNMET)
    result = run("scenarios", "--reference", "--json", folder=tmp_path)
    rows = {row["case"]: row for row in json.loads(result.stdout)["scenarios"]}
    unmet = rows["test_a_fault_that_nobody_meets"]
    assert unmet["ending"] == "refuted"
    (refuted,) = [claim for claim in unmet["claims"] if claim["verdict"] == "refuted"]
    assert (refuted["text"], refuted["found"]) == ("every armed fault fired", "never: reset_after of DeleteContact")
    assert rows["test_a_fault_that_cannot_be"]["ending"] == "could not run"
    assert "no operation 'explodeContact'" in rows["test_a_fault_that_cannot_be"]["reason"]
    assert result.returncode == 1


def test_waits_cost_no_time() -> None:
    """Scenarios in which hours go by take less than a second each, on any machine."""
    result = run("scenarios/resilience.py", "-k", "lost_in_another_way or rate_limit", "--json")
    rows: list[dict[str, Any]] = json.loads(result.stdout)["scenarios"]
    assert len(rows) == 30
    assert max(row["asked"][-1]["at"] for row in rows) >= 60
    assert all(row["seconds"] < 2 for row in rows), [row["seconds"] for row in rows]
