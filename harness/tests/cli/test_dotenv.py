"""A `.env` with a malformed line stops every subcommand with exit code 2, whatever the subcommand needs of it."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from harness.cli.main import COMMANDS, group


@pytest.mark.parametrize("name", [name for name in COMMANDS if name in group.list_commands(None)])  # type: ignore[arg-type]
def test_a_malformed_line_stops_each_subcommand(tmp_path: Path, name: str) -> None:
    """The line is named, what stands on it is not shown, and there is no traceback; the help page still opens."""
    secret = uuid.uuid4().hex
    (tmp_path / ".env").write_text(f"# mine\nINTERCOM_TEST_ACCESS_TOKEN {secret}\n")

    def harness(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "harness", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30)

    stopped = harness(name, *{"cassettes": ["list"], "exec": ["--", "true"]}.get(name, []))
    assert stopped.returncode == 2
    assert ".env, line 2, cannot be understood" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert secret not in stopped.stdout + stopped.stderr
    assert harness(name, "--help").returncode == 0
