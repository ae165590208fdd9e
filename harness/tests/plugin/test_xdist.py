"""The project's own cassettes under pytest-xdist: no run fails that passes alone. `make test` plays them so once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.tests.support.pytest_process import pytest_in

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.soak
def test_two_processes_replay_without_a_failure(count: Callable[[int, int], int]) -> None:
    """All scenarios with `-n 2`, again and again."""
    for number in range(count(0, 20)):
        code, told = pytest_in(ROOT, "-n", "2", "scenarios")
        assert code == 0, f"run {number + 1}\n{told[-3000:]}"
