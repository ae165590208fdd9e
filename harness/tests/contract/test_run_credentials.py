"""Real credentials in a run: hidden from the pipeline, replaced or refused at the doors, told, never shown."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

import pytest

from harness.runner.case import ScenarioResult
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support import stock_scenarios
from harness.verification import Verdict

PIPELINE = """
import json, os, pathlib, sys, urllib.error, urllib.request

SEEN = dict(os.environ)

class Pipeline:
    without = ["visitor_to_user", "lead_to_user"]

    def visitor_to_lead(self, visitor):
        return convert(visitor.user_id)

def convert(user_id):
    token = pathlib.Path(__file__).with_name("token.txt").read_text()
    request = urllib.request.Request(
        os.environ["INTERCOM_BASE_URL"] + "/visitors/convert",
        json.dumps({"visitor": {"user_id": user_id}, "type": "lead"}).encode(),
        {"Authorization": "Bearer " + token, "Content-Type": "application/json", "Intercom-Version": "2.16"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        raise

if __name__ == "__main__":
    print(sorted(name for name in os.environ if "LIVE" in name), file=sys.stderr)
    convert(sys.argv[1])
"""


def real_looking() -> str:
    """A token of the shape of Intercom's, made here so that no file holds one."""
    return base64.b64encode(b"tok:0123abcd_4567_89ef_0123_456789abcdef:1:0").decode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline that reads its token from a file, in an environment that holds a real one."""
    (tmp_path / "keeps_a_token.py").write_text(PIPELINE)
    (tmp_path / "token.txt").write_text(real_looking())
    line = f"'{sys.executable}' keeps_a_token.py {{visitor.user_id}}"
    (tmp_path / "shop.toml").write_text(
        f'[pipeline]\nvisitor_to_lead = "{line}"\nwithout = ["visitor_to_user", "lead_to_user"]\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "keeps_a_token", raising=False)
    monkeypatch.setenv("INTERCOM_LIVE_TOKEN", real_looking())
    monkeypatch.setenv("INTERCOM_API_KEY", real_looking())
    return tmp_path


def _play(pipeline: str, *, strict: bool = False) -> tuple[ScenarioResult, list[str]]:
    run = Run(RunOptions(pipeline=pipeline, strict_token=strict))
    try:
        result = stock_scenarios.play(run, stock_scenarios.cases_of("visitor_to_lead")[1])
        return result, [note for note in run.pipeline.notes if not note.startswith("containment: ")]
    finally:
        run.close()


HIDDEN = "INTERCOM_LIVE_TOKEN looks like a credential of a real workspace: the pipeline did not see it"


def _spec(kind: str, folder: Path) -> str:
    return "keeps_a_token:Pipeline" if kind == "object" else str(folder / "shop.toml")


@pytest.mark.parametrize("kind", ["object", "commands"])
def test_a_token_of_the_pipelines_own_is_replaced_and_told(folder: Path, kind: str) -> None:
    """It converts in the sandbox; the notes say how the token came and where from, and nothing shows it."""
    result, notes = _play(_spec(kind, folder))
    assert result.verdict is Verdict.PROVED
    assert notes[0] == HIDDEN
    (told,) = notes[1:]
    assert told.startswith("the pipeline brought a token of its own (POST /visitors/convert, from ")
    assert told.endswith("which was replaced by the sandbox's")
    assert "the variable INTERCOM_API_KEY" in told  # the file holds the same one
    assert real_looking() not in f"{notes}{result.exchanges}{result.claims}"


@pytest.mark.parametrize("kind", ["object", "commands"])
def test_a_token_of_the_pipelines_own_is_refused_where_that_was_asked_for(folder: Path, kind: str) -> None:
    """`--strict-token`: nobody is converted, and the reason is the likely one."""
    result, notes = _play(_spec(kind, folder), strict=True)
    assert result.verdict is Verdict.REFUTED
    assert notes[1].endswith("which was refused")
    (exchange,) = [exchange for exchange in result.exchanges if exchange.request.caller == "pipeline"]
    assert exchange.outcome.refused == "it brought a token that is none of the sandbox's"
    assert any("none of the sandbox's" in claim.likely for claim in result.claims)
    assert real_looking() not in f"{notes}{result.exchanges}{result.claims}"


def test_a_token_from_nowhere_is_told_as_one(folder: Path) -> None:
    """Where no variable has it, the code or a file of its own does."""
    (folder / "token.txt").write_text(real_looking()[:-4] + "AAAA")
    _, notes = _play("keeps_a_token:Pipeline")
    assert "from no variable: the code itself, or a file it reads" in notes[1]


def test_a_python_pipeline_sees_no_real_credential_and_the_process_gets_them_back(folder: Path) -> None:
    """From its import on; the names that code looks for hold the sandbox's token."""
    before = dict(os.environ)
    _play("keeps_a_token:Pipeline")
    seen = sys.modules["keeps_a_token"].SEEN
    assert "INTERCOM_LIVE_TOKEN" not in seen
    assert {seen[name] for name in ("AT", "INTERCOM_ACCESS_TOKEN", "INTERCOM_API_KEY")} == {"sandbox-run"}
    assert dict(os.environ) == before


def test_a_command_sees_no_real_credential(folder: Path) -> None:
    """What it printed is in the answer."""
    result, _ = _play(str(folder / "shop.toml"))
    assert result.answers[0].stderr.strip() == "[]"


def test_the_sandboxs_own_token_is_no_reason_for_a_note() -> None:
    """A pipeline that takes what it is given has nothing to be told."""
    run = Run(RunOptions(pipeline="harness.zoo.sound_requests:Sound", strict_token=True))
    try:
        result = stock_scenarios.play(run, stock_scenarios.cases_of("visitor_to_lead")[0])
        notes = [note for note in run.pipeline.notes if not note.startswith("containment: ")]
        assert (result.verdict, notes) == (Verdict.PROVED, [])
    finally:
        run.close()
