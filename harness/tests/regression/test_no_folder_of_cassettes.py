"""Where there was no folder of cassettes, `harness cassettes list` ended with a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.main import main


@pytest.mark.parametrize("subcommand", ["list", "check"])
def test_a_missing_folder_is_told_with_what_makes_one(
    tmp_path: Path, subcommand: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the folder's name, and the command that records."""
    assert main(["cassettes", subcommand, "--cassettes", str(tmp_path / "none")]) == 2
    told = capsys.readouterr().err
    assert f"There are no cassettes in {tmp_path / 'none'}" in told
    assert "harness run --record" in told
