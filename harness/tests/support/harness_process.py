"""The command line as a process, in a folder, without credentials and as if nobody watched a CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run_harness(folder: Path, *words: str, answers: str = "") -> tuple[int, str]:
    """Run `harness` in a folder; return its exit code and what it printed."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("INTERCOM_") and name != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words], cwd=folder, env=variables, input=answers, capture_output=True,
        text=True, timeout=180, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
