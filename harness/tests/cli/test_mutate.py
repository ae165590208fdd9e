"""`harness mutate`: what it finds, what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHOP = '''
"""A shop's pipeline on the requests library; what it was asked before is of no concern to it."""

import os
import time

import requests

URL, TOKEN = os.environ["INTERCOM_BASE_URL"], os.environ["INTERCOM_ACCESS_TOKEN"]


def ask(path, body):
    headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": "2.11"}
    answer = requests.post(URL + path, json=body, headers=headers, timeout=10)
    if not answer.ok:
        raise RuntimeError(f"Intercom said {answer.status_code}")
    return answer.json()


class Sound:
    without = ("visitor_to_user", "lead_to_user")

    def visitor_to_lead(self, visitor):
        return ask("/visitors/convert", {"visitor": {"user_id": visitor.user_id}, "type": "lead"})


class Wrong(Sound):
    def visitor_to_lead(self, visitor):
        return {"id": visitor.id}


class Hangs(Sound):
    def visitor_to_lead(self, visitor):
        if super().visitor_to_lead(visitor).get("role") != "lead":
            while True:
                time.sleep(0.01)
'''

SCENARIO = '''
import pytest


@pytest.fixture
def plan():
    """A fixture of the project's own."""
    return {"plan": "gold", "seats": 3}


def test_a_visitor_becomes_a_lead(people, pipeline, verify, plan):
    """A visitor becomes a lead."""
    visitor = people.visitor(custom_attributes=plan)
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)


def test_nobody_is_asked_for(people, pipeline, verify, clock):
    """A scenario in which the pipeline has nothing to do."""
    people.visitor()
    pipeline.begin()
    verify.untouched(people.bystanders[0])
'''

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pipeline, a scenario and a fixture of its own."""
    folder = tmp_path / "shop"
    (folder / "scenarios").mkdir(parents=True)
    (folder / "harness.toml").write_text('pipeline = "shop_code:Sound"\nstock_scenarios = false\n')
    (folder / "shop_code.py").write_text(SHOP)
    (folder / "scenarios" / "sign_up.py").write_text(SCENARIO)
    monkeypatch.chdir(folder)
    return folder


def mutate(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "harness", "mutate", "-n", "1", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def result_of(*words: str) -> dict[str, Any]:
    """Run the command, and return what it wrote as JSON."""
    ran = mutate(*words, "--json")
    found: dict[str, Any] = json.loads(ran.stdout)
    assert found["exit_code"] == ran.returncode
    return found


def test_a_mutant_is_told_by_what_became_of_it() -> None:
    """Killed by a claim with a reason that names it, loud where the pipeline complains, and each of them only once."""
    found = result_of("-k", "becomes_a_lead", "--operators", "identifiers,secrets,conversion")
    rows = {(row["operator"], row["field"], row["person"]): row for row in found["rows"]}
    stolen = rows["retargeted", "visitor.user_id", "bystander visitor"]
    assert (stolen["fate"], stolen["names"]) == ("killed", True)
    assert stolen["after"] != stolen["before"]
    assert rows["secret in the URL", "url", ""]["claim"] == "no credential was sent where people read it"
    assert rows["turned into delete", "", ""]["fate"] in ("killed", "loud")
    assert found["keys"]["killed"] + found["keys"]["survived"] == len(
        {
            row["operator"] + row["field"] + row["person"]
            for row in found["rows"]
            if row["fate"] in ("killed", "survived")
        }
    )
    assert found["exit_code"] == (1 if found["survivors"] else 0)


def test_a_sample_takes_as_many_as_asked_for_and_the_same_ones_again() -> None:
    """By its seed."""
    first, again = (result_of("--sample", "7", "--seed", "5") for _ in range(2))
    assert len(first["rows"]) == 7
    names = [
        [(row["case"], row["operator"], row["field"], row["person"]) for row in one["rows"]] for one in (first, again)
    ]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--sample", "0"], "--sample 0 leaves no mutant to play"),
        (["--operators", "swaped"], "there is no operator 'swaped'"),
        (["-n", "none"], "there is no such number of processes"),
        (["--pipeline", "shop_code:Wrong"], "the pipeline fails without a mutant"),
        (["-k", "nobody_is_asked_for"], "there is no request to mutate"),
        (["-k", "nothing_like_it"], "no scenario was collected"),
        (["-k", "(a or"], "is no expression"),
        (["--ledger", "missing.toml"], "there is no such file"),
    ],
)
def test_what_cannot_be_played_ends_with_2_and_the_reason(words: list[str], told: str) -> None:
    """And with no traceback."""
    ran = mutate(*words)
    assert (ran.returncode, told in ran.stderr) == (2, True), ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_a_mutant_that_makes_the_pipeline_hang_costs_its_time_limit_once_and_is_named() -> None:
    """It counts as killed, and the run goes on."""
    words = ["--pipeline", "shop_code:Hangs", "--time-limit", "0.5", "--operators", "error as 200,turned into update"]
    found = result_of("-k", "becomes_a_lead", *words)
    assert len(found["hung"]) == 1
    assert "turned into update" in found["hung"][0]
    assert len(mutate("--list").stdout.splitlines()) == 10


def test_the_ledger_is_exact_both_ways(shop: Path) -> None:
    """A survivor with a row is excused; a row whose mutant is killed fails the run."""
    words = ["-k", "becomes_a_lead", "--operators", "retargeted,another contact first"]
    alive = result_of(*words)["survivors"]
    assert alive
    rows = "".join(
        f'[[survives]]\nmutant = "{one["key"]}"\nreason = "the answer differs, and nothing else"\n' for one in alive
    )
    (shop / "mutation-ledger.toml").write_text(rows)
    excused = result_of(*words)
    assert (excused["exit_code"], {one["excused"] for one in excused["survivors"]}) == (
        0,
        {"the answer differs, and nothing else"},
    )
    killed = 'mutant = "convertVisitor retargeted visitor.user_id bystander visitor"'
    (shop / "mutation-ledger.toml").write_text(f'{rows}[[survives]]\n{killed}\nreason = "none"\n')
    told = result_of(*words)
    assert told["exit_code"] == 1
    assert "was killed: remove the row" in told["ledger"][0]


def test_the_report_is_a_page_and_two_files_for_programs(shop: Path) -> None:
    """The one is the harness's own, the other is what mutation-testing-elements reads."""
    mutate("-k", "becomes_a_lead", "--operators", "identifiers", "--report", "out")
    own = json.loads((shop / "out" / "mutation.json").read_text())
    elements = json.loads((shop / "out" / "mutation-testing-elements.json").read_text())
    assert (own["kind"], elements["schemaVersion"]) == ("mutation", "2")
    mutants = [mutant for file in elements["files"].values() for mutant in file["mutants"]]
    assert len(mutants) == sum(own["keys"].values())
    assert {mutant["status"] for mutant in mutants} <= {"Killed", "Survived", "RuntimeError", "Ignored", "Timeout"}
