"""`harness run` that is told to end in the middle: nothing of the pipeline stays behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from harness.tests.support import stock_scenarios
from harness.tests.support.processes import runs

WORDS = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); os.close(1); time.sleep(60)"


def test_a_run_that_is_told_to_end_ends_its_pipeline_first(tmp_path: Path) -> None:
    """Its command is gone, the run says that it was interrupted, and could not run to its end."""
    started = tmp_path / "started"
    (tmp_path / "slow.py").write_text(WORDS)
    (tmp_path / "slow.toml").write_text(
        f"[pipeline]\nvisitor_to_lead = \"'{sys.executable}' slow.py '{started}' {{visitor.user_id}}\"\n"
        'without = ["visitor_to_user", "lead_to_user"]\n'
    )
    words = ["run", "--pipeline", str(tmp_path / "slow.toml"), str(stock_scenarios.SCENARIOS / "visitor_to_lead.py")]
    with subprocess.Popen([sys.executable, "-m", "harness", *words], stdout=subprocess.PIPE, text=True) as run:
        deadline = time.monotonic() + 30
        while not (started.exists() and started.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(signal.SIGTERM)
        told, _ = run.communicate(timeout=30)
    assert (run.returncode, "interrupted" in told) == (2, True), told
    assert not runs(int(started.read_text()))
