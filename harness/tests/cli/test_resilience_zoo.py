"""Pipelines that are sound until something goes wrong: each is refuted where it fails, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

REFUTED = {
    "ReportsALostAnswerAsFailure": ("an_answer_is_lost", "lead_joins_user", "the pipeline says that it worked"),
    "GivesUpAtTheFirstBreak": ("breaks_before", "lead_joins_user", "the pipeline says that it worked"),
    "IgnoresTheRateLimit": ("rate_limit", "lead_joins_user", "the pipeline says that it worked"),
    "CreatesWhereNobodyIsFound": ("an_answer_is_lost", "lead_joins_user", "no other contact came or went"),
    "TakesAnErrorForDone": ("server_fails_twice", "lead_joins_user", "is gone by id"),
    "SearchesBeforeItMerges": ("search_does_not_show", "lead_joins", "is gone by id"),
    "InsistsOnTheOldId": ("merged_away", "lead_joins", "the pipeline says that it worked"),
    "TakesEachNotificationForNew": ("a_webhook_tells_of_a_lead", "twice", "no other contact came or went"),
    "BelievesTheNotification": ("webhook_is_followed", "lost_answer", "the pipeline says that it worked"),
}


def run(pipeline: str, expression: str, out: Path, *more: str) -> dict[str, object]:
    """`harness run` over some resilience scenarios, as its JSON."""
    words = [
        "run",
        "scenarios/resilience.py",
        "scenarios/webhooks.py",
        "-k",
        expression,
        "--pipeline",
        f"harness.zoo.unsteady:{pipeline}",
    ]
    command = [sys.executable, "-m", "harness", *words, *more, "--json", str(out)]
    subprocess.run(
        command, cwd=ROOT, env={**os.environ, "COLUMNS": "120"}, capture_output=True, check=False, timeout=120
    )
    result: dict[str, object] = json.loads(out.read_text())
    return result


@pytest.mark.parametrize("pipeline", REFUTED)
def test_an_unsteady_pipeline_is_refuted_where_it_fails(pipeline: str, tmp_path: Path) -> None:
    """By the claim that names what went wrong."""
    scenario, flow, claim = REFUTED[pipeline]
    result = run(pipeline, f"{scenario} and {flow}", tmp_path / "result.json", "--time-scale", "1")
    rows = result["scenarios"]
    assert isinstance(rows, list)
    assert rows
    refuted = [c["text"] for row in rows for c in row["claims"] if c["verdict"] == "refuted"]
    assert any(claim in text for text in refuted), refuted
    assert result["exit_code"] == 1


def test_a_steady_pipeline_with_a_clock_of_its_own_passes(tmp_path: Path) -> None:
    """It really waits, a part of what it was told, and nothing is refuted."""
    flows = "(an_answer_is_lost or breaks_before or server_fails or rate_limit) and lead_joins_user"
    result = run("Steady", flows, tmp_path / "result.json", "--time-scale", "0.3")
    assert result["exit_code"] == 0, result
    assert result["counts"]["proved"] == 4  # type: ignore[index]
