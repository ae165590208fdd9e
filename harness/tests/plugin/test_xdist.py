"""The project's own cassettes under pytest-xdist: no run fails that passes alone. `make test` plays them so once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.soak
def test_two_processes_replay_without_a_failure(count: Callable[[int, int], int]) -> None:
    """All scenarios with `-n 2`, again and again."""
    quick = ("-p", "no:faker", "-p", "no:anyio", "-p", "no:cacheprovider", "-q", "-n", "2")
    for number in range(count(0, 20)):
        command = [sys.executable, "-m", "pytest", *quick, "scenarios"]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert ran.returncode == 0, f"run {number + 1}\n{ran.stdout[-3000:]}"
