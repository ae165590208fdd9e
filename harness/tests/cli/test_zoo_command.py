"""`harness zoo`: what it prints, its JSON and its exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.tests.support import stock_scenarios


@pytest.fixture(autouse=True)
def _here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the project's folder, with an environment that is put back."""
    monkeypatch.chdir(root)
    for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "")


def test_the_kill_matrix_says_who_dies_where_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Plain where there is no terminal: a sign for each scenario, and the claim and reason of each death."""
    assert main(["zoo", "--quick", "SendsUndefined", "SaysTo"]) == 0
    printed = capsys.readouterr()
    (row,) = [line for line in printed.out.splitlines() if line.startswith("SendsUndefined  ")]
    assert row.split()[1] == "X"
    assert "1  lead_to_user::test_a_lead_who_chatted_merges_into_the_user_they_turn_out_to_be" in printed.out
    assert "it sent `to`; Intercom reads `into`" in printed.out
    assert "2 of 2 wrong pipelines killed for their stated reason, 0 of 0 right ones unharmed" in printed.out
    assert "\x1b" not in printed.out + printed.err


def test_the_whole_matrix_shows_where_a_pipeline_lives(capsys: pytest.CaptureFixture[str]) -> None:
    """Every scenario of its modules, the one that its bug names as a capital."""
    assert main(["zoo", "DropsTheCampaign"]) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("DropsTheCampaign  ")]
    assert row.split()[1].count("X") == 1
    assert row.split()[1].count(".") >= 15


def test_json_is_nothing_but_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With each pipeline's ending, what was played, and what killed it."""
    assert main(["zoo", "--quick", "--json", "SendsUndefined"]) == 0
    printed = capsys.readouterr()
    data = json.loads(printed.out)
    (one,) = data["pipelines"]
    assert (data["exit_code"], one["ending"], one["wrong"], one["missed"]) == (0, "killed", True, [])
    assert [death["scenario"] for death in one["killed_by"]] == one["stated"] == one["played"]


def test_a_wrong_pipeline_that_lives_ends_it_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Scenarios that claim too little let it live, and it is said what was wanted."""
    folder = tmp_path / "scenarios"
    shutil.copytree(stock_scenarios.SCENARIOS, folder)
    module = folder / "visitor_to_lead.py"
    module.write_text(module.read_text().replace("verify.became_lead(visitor)", "verify.untouched(visitor)"))
    assert main(["zoo", "--quick", "--scenarios", str(folder), "SendsUndefined"]) == 1
    printed = capsys.readouterr().out
    assert "SendsUndefined: undefined visitor id, lives" in printed
    assert "nothing refuted" in printed


def test_a_right_pipeline_that_is_touched_ends_it_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A false alarm is as bad as a bug that lives."""
    folder = tmp_path / "scenarios"
    shutil.copytree(stock_scenarios.SCENARIOS, folder)
    module = folder / "visitor_to_lead.py"
    module.write_text(module.read_text().replace("verify.became_lead(visitor)", "verify.untouched(visitor)"))
    assert main(["zoo", "--quick", "--scenarios", str(folder), "SaysNothing"]) == 1
    assert "SaysNothing: right, touched" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["NobodyHere"], "there is no pipeline NobodyHere in the zoo"),
        (["--scenarios", "elsewhere", "SaysTo"], "there is no scenario module lead_to_user in elsewhere"),
    ],
)
def test_what_cannot_be_played_ends_it_with_2(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    assert main(["zoo", *words]) == 2
    assert told in capsys.readouterr().err
