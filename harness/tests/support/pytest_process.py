"""pytest as a process of its own, in a project of a test's own, without the plugins that cost most."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def pytest_in(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and everything it printed. No compiled code is kept: a module may be written anew in no time."""
    quick = ("-p", "no:faker", "-p", "no:anyio", "-p", "no:cacheprovider", "-q")
    command = [sys.executable, "-B", "-m", "pytest", *quick, *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return ran.returncode, ran.stdout + ran.stderr


OWN_SCENARIOS = '[tool.harness]\npipeline = "reference"\nstock_scenarios = false\n'
"""The `pyproject.toml` of a project whose own scenarios, and no others, run with the pipeline of the harness."""
