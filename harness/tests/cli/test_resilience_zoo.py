"""Unsteady pipelines in real time: what waits as it is told is proved, what does not is refuted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


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


def test_a_pipeline_that_does_not_wait_is_told_so_in_real_time(tmp_path: Path) -> None:
    """It asks again at once, four times, and is refused each time; the zoo judges the others of its kind."""
    result = run("IgnoresTheRateLimit", "rate_limit and lead_joins_user", tmp_path / "result.json", "--time-scale", "1")
    rows = result["scenarios"]
    assert isinstance(rows, list)
    refuted = [claim["text"] for row in rows for claim in row["claims"] if claim["verdict"] == "refuted"]
    assert "the pipeline says that it worked" in refuted
    assert result["exit_code"] == 1


def test_a_steady_pipeline_with_a_clock_of_its_own_passes(tmp_path: Path) -> None:
    """It really waits, a part of what it was told, and nothing is refuted."""
    flows = "(an_answer_is_lost or breaks_before or server_fails_twice or rate_limit) and lead_joins_user"
    result = run("Steady", flows, tmp_path / "result.json", "--time-scale", "0.3")
    assert result["exit_code"] == 0, result
    assert result["counts"]["proved"] == 9  # type: ignore[index]
