"""A call that can neither end nor be interrupted: the result is written all the same, and the process ends with 1."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.tests.support.pytest_process import pytest_in

SCENARIOS = '''
def test_first(people, pipeline, verify):
    """A visitor becomes a lead."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)

def test_second(people, pipeline, verify):
    """Another visitor becomes a lead."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
'''

HANGS = '''
import ctypes, itertools

class Hangs:
    """Hangs in its second call, where no exception reaches it."""
    without = ("visitor_to_user", "lead_to_user")
    time_limit = 0.3
    calls = 0

    def visitor_to_lead(self, visitor):
        Hangs.calls += 1
        if Hangs.calls == 2:
            HANG

def holding_the_lock():
    sum(itertools.repeat(1))

def without_the_lock():
    library, lock = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    for _ in range(2):
        library.pthread_mutex_lock(lock)
'''


@pytest.mark.parametrize("how", ["holding_the_lock", "without_the_lock"])
def test_the_result_names_the_case_and_keeps_what_came_before(tmp_path: Path, how: str) -> None:
    """Text, JSON and the exit code, also if the code holds the interpreter's lock for ever."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "hanging.py").write_text(SCENARIOS)
    (tmp_path / "hangs.py").write_text(HANGS.replace("HANG\n", f"{how}()\n"))
    command = [sys.executable, "-m", "harness", "run", "--pipeline", "hangs:Hangs", "--json", "result.json"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 1
    assert "pipeline.visitor_to_lead() never came back in hanging::test_second" in ran.stdout
    result = json.loads((tmp_path / "result.json").read_text())
    assert [(row["case"], row["ending"]) for row in result["scenarios"]] == [
        ("test_first", "refuted"),
        ("test_second", "refuted"),
    ]


def test_under_pytest_the_message_names_the_case(tmp_path: Path) -> None:
    """Whatever pytest captures."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "hanging.py").write_text(SCENARIOS)
    (tmp_path / "hangs.py").write_text(HANGS.replace("HANG\n", "without_the_lock()\n"))
    (tmp_path / "harness.toml").write_text('pipeline = "hangs:Hangs"\n')
    code, out = pytest_in(tmp_path, "scenarios/hanging.py", "--against", "sandbox")
    assert code == 1
    assert "pipeline.visitor_to_lead() never came back in scenarios/hanging.py::test_second" in out
