"""Run Python as a user without any privilege, by setpriv, where the tests themselves run as root."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")
CHECKOUT = Path(__file__).resolve().parents[3]
PROBE = "import os, subprocess, sys, pytest, harness; subprocess.run([sys.executable, '-c', ''], check=True)"


@functools.lru_cache(maxsize=1)
def unprivileged_python() -> tuple[Sequence[str], Mapping[str, str]]:
    """Return the words that start Python as such a user, and its environment; skip the test where that cannot be."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    before = NOBODY if os.geteuid() == 0 else ()
    found = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT), sysconfig.get_path("purelib")]),
        "HOME": "/tmp",
    }
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # The interpreter of the environment may lie in the home of root, where nobody else can start it.
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        words = [*before, "/usr/bin/env", python]
        if not subprocess.run([*words, "-c", PROBE], cwd="/", env=found, capture_output=True, check=False).returncode:
            return words, found
    pytest.skip("another user cannot start this Python, or cannot read this checkout")


@contextmanager
def everyones_folder() -> Iterator[Path]:
    """Make a folder that every user can write into; pytest's own are its user's alone."""
    with tempfile.TemporaryDirectory(prefix="harness-everyones-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
