"""Whoever reads JSON from stdout gets JSON there too when a command could not run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["run", "nowhere", "--json"], "there is no scenario at nowhere"),
        (["run", "--json", "--against", "elsewhere"], "No pipeline is configured"),
        (["run", "--json", "--unheard-of"], "No such option"),
        (["receipt", "nowhere.json", "--json"], "nowhere.json"),
        (["cassettes", "list", "--json", "--cassettes", "nowhere"], "nowhere"),
    ],
)
def test_a_problem_is_json_for_programs_and_text_for_people(
    words: list[str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One document on stdout with the exit code and what is known, the text on stderr as ever."""
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["exit_code"] == 2
    assert set(told["problem"]) == {"what", "evidence", "why", "remedy"}
    assert what in said.err
    assert what in " ".join(told["problem"].values())


@pytest.mark.parametrize("words", [["run", "nowhere"], ["run", "nowhere", "--json", "result.json"]])
def test_without_a_reader_nothing_stands_on_stdout(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text alone, and where JSON goes to a file, no file of a run that was none."""
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "result.json").exists()
