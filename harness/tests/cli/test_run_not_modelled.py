"""A pipeline that uses what the sandbox lacks: the run names the gap, and proves nothing of what used it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.tests.cli.conftest import FLOW, Harness

READER = """
import os
import requests

SENT = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.16"}

def ask(method, path, body=None):
    return requests.request(method, os.environ["INTERCOM_BASE_URL"] + path, json=body, headers=SENT, timeout=10)

class Reader:
    without = ["visitor_to_user", "lead_to_user"]

    def visitor_to_lead(self, visitor):
        ask("GET", "/macros")
        answer = ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor.user_id}, "type": "lead"})
        answer.raise_for_status()
        return answer.json()

class Deleter(Reader):
    def visitor_to_lead(self, visitor):
        lead = super().visitor_to_lead(visitor)
        ask("DELETE", "/contacts/" + lead["id"]).raise_for_status()
        return lead
"""


@pytest.fixture
def reader(flows: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with pipelines that read the workspace's macros."""
    (flows / "reading.py").write_text(READER)
    monkeypatch.syspath_prepend(flows)
    return flows


def test_a_scenario_that_would_be_proved_is_not_run_and_the_run_ends_with_2(harness: Harness, reader: Path) -> None:
    """The report names the operation as the sandbox's gap, and tells how to accept it."""
    ran = harness("run", FLOW, "-k", "user_id", "--pipeline", "reading:Reader", "--json")
    data = json.loads(ran.out)
    assert (ran.code, data["exit_code"]) == (2, 2)
    assert [row["ending"] for row in data["scenarios"]] == ["not run"]
    assert "listMacros" in data["scenarios"][0]["reason"]
    assert 'accept_not_modelled = ["listMacros"]' in data["problems"][0]
    assert any("listMacros" in note for note in data["notes"])


def test_an_accepted_gap_does_not_stop_the_run(harness: Harness, reader: Path) -> None:
    """It is told all the same."""
    (reader / "harness.toml").write_text('accept_not_modelled = ["listMacros"]\n')
    (reader / "pyproject.toml").unlink()
    ran = harness("run", FLOW, "-k", "user_id", "--pipeline", "reading:Reader", "--json")
    data = json.loads(ran.out)
    assert (ran.code, [row["ending"] for row in data["scenarios"]]) == (0, ["proved"])
    assert any("listMacros" in note for note in data["notes"])


def test_a_refutation_stands_beside_a_gap(harness: Harness, reader: Path) -> None:
    """What is wrong whatever the operation would have answered is refuted."""
    ran = harness("run", FLOW, "-k", "user_id", "--pipeline", "reading:Deleter", "--json")
    data = json.loads(ran.out)
    assert (ran.code, [row["ending"] for row in data["scenarios"]]) == (1, ["refuted"])
    assert any("listMacros" in note for note in data["notes"])
