"""The names that scenarios and pipelines may rely on."""

from __future__ import annotations

import subprocess
import sys

import pytest

import harness

NAMES = [
    "Answer", "Faults", "Intercom", "Lead", "NotProved", "People", "Pipeline", "Problem", "User", "Verify", "Visitor",
]  # fmt: skip


def test_the_public_names_are_these() -> None:
    """Nothing comes to the public API, or goes, by accident."""
    assert harness.__all__ == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_public_name_is_there_and_documented(name: str) -> None:
    """Each name can be imported and says what it is."""
    assert getattr(harness, name).__doc__


def test_another_name_is_told() -> None:
    """A name that does not exist is told as Python tells it."""
    with pytest.raises(AttributeError, match="no attribute 'Visitors'"):
        _ = harness.Visitors


def test_importing_it_loads_nothing() -> None:
    """`import harness` costs nothing: no part of it is loaded."""
    code = "import sys, harness; print([m for m in sys.modules if m.startswith('harness.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
