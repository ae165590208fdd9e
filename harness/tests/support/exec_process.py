"""`harness exec` as a real process, for tests of what it runs, records and ends."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

PYTHON = sys.executable
ME = "https://api.intercom.io/me"


def run_exec(*words: str, before: tuple[str, ...] = (), **extra: str) -> subprocess.CompletedProcess[str]:
    """`harness exec` with these words, to its end."""
    command = [PYTHON, "-m", "harness", "exec", *before, "--", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **extra}, check=False)


def python(code: str) -> tuple[str, ...]:
    """A Python command of these lines."""
    return PYTHON, "-c", textwrap.dedent(code)
