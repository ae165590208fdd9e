"""What a shell and a system meet first: completion, and a word about Windows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harness.cli.main import main


def _completed(instruction: str, words: str, place: int) -> str:
    variables = {"_HARNESS_COMPLETE": instruction, "COMP_WORDS": words, "COMP_CWORD": str(place)}
    done = subprocess.run(
        [sys.executable, "-c", "from harness.cli.main import main; main()"],
        env={**os.environ, **variables}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str) -> None:
    """The script that the guide has one put into the shell's settings."""
    assert "_HARNESS_COMPLETE" in _completed(f"{shell}_source", "", 0)


def test_commands_and_options_are_completed() -> None:
    """A subcommand by its first letters, and an option of a subcommand."""
    assert "plain,baseline" in _completed("bash_complete", "harness ba", 1)
    assert "plain,--against" in _completed("bash_complete", "harness run --ag", 2)
    assert "plain,flows" in _completed("bash_complete", "harness run --level fl", 3)


def test_windows_is_told_that_wsl_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first command ends with 2 and says where to go, whatever it was."""
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(["run"]) == 2
    assert "wsl --install" in capsys.readouterr().err
