"""`harness tour` as a newcomer and as a script takes it: it does what it tells, and waits only for people."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from harness.cli import tour
from harness.cli.main import main


def test_every_step_comes_out_as_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Each status is the one that the step was written for, and the merge is shown with its link."""
    assert main(["tour", "--no-wait"]) == 0
    told = capsys.readouterr().out
    assert [int(number) for number in re.findall(r"^(\d+) of \d+", told, re.MULTILINE)] == [
        *range(1, len(tour.STOPS) + 1)
    ]
    assert re.findall(r"^  (\d{3})$", told, re.MULTILINE) == [str(stop.status) for stop in tour.STOPS]
    assert 'rel="canonical"' in told
    assert "None" not in told


def test_a_step_that_comes_out_otherwise_ends_the_tour(capsys: pytest.CaptureFixture[str]) -> None:
    """It says so instead of explaining what did not happen."""
    gateway, close = tour.sandbox_of_its_own()
    wrong = replace(tour.STOPS[0], status=418)
    assert tour.walk([wrong, *tour.STOPS[1:]], gateway, Console(highlight=False), wait=False) is False
    close()
    told = capsys.readouterr().out
    assert "It was to be 418" in told
    assert "2 of" not in told


def test_a_person_is_waited_for() -> None:
    """On a terminal it goes on with Enter, twice a step, and ends by itself after the last."""
    controlling, terminal = pty.openpty()
    command = [sys.executable, "-m", "harness", "tour"]
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        os.close(terminal)
        os.write(controlling, b"\n" * 2 * len(tour.STOPS))
        told, _ = running.communicate(timeout=60)
        os.close(controlling)
    assert running.returncode == 0, told
    assert told.count("Enter sends it.") == told.count("Enter goes on.") == len(tour.STOPS)
