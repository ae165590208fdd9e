"""What only the end of a replay can tell: cassettes without a scenario, declarations that excused nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.tests.plugin.conftest import RunPytest
from harness.tests.support.pytest_process import pytest_in

TWO = '''
def test_one(people, pipeline, verify):
    """One visitor."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)

def test_other(people, pipeline, verify):
    """Another visitor."""
    test_one(people, pipeline, verify)
'''
SHOP = """
import os, time, uuid
import requests

class Shop:
    varying = [{varying}]

    def visitor_to_lead(self, visitor):
        session = requests.Session()
        session.headers["Authorization"] = "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"]
        session.headers["Intercom-Version"] = "2.14"
        body = {{"visitor": {{"user_id": visitor.user_id}}, "type": "lead", "sent": str(uuid.uuid4())}}
        answer = session.post(os.environ["INTERCOM_BASE_URL"] + "/visitors/convert", json=body)
        return answer.json()

    visitor_to_user = lead_to_user = None
    without = ["visitor_to_user", "lead_to_user"]
"""
SENT = '{"path": "$.sent", "type": "uuid", "reason": "an idempotency key, new for each request"}'
NEVER = '{"path": "$.visitor.signed_up_at", "type": "time", "reason": "the day of the sign-up"}'


@pytest.fixture(autouse=True)
def _flow(project: Path) -> None:
    """One module of two scenarios, not recorded yet."""
    (project / "scenarios/flow.py").write_text(TWO)


def recorded(run_pytest: RunPytest, *arguments: str) -> None:
    """Record all scenarios of the project."""
    assert run_pytest("--against", "sandbox", "--record", *arguments)[0] == 0


def in_both_ways(project: Path, run_pytest: RunPytest, *arguments: str) -> Iterator[tuple[int, str]]:
    """Run pytest in one process and in two."""
    yield run_pytest(*arguments)
    yield pytest_in(project, *arguments, "-n", "2")


def shop(project: Path, *varying: str) -> None:
    """The project's own pipeline, which sends another uuid each time."""
    (project / "shop.py").write_text(SHOP.format(varying=", ".join(varying)))


def test_orphans_fail_both_ways(project: Path, run_pytest: RunPytest) -> None:
    """A scenario that was renamed lacks its cassette, and its old cassette lacks a scenario: both are named."""
    recorded(run_pytest)
    assert run_pytest()[0] == 0
    (project / "scenarios/flow.py").write_text(TWO.replace("test_other", "test_renamed"))
    for code, told in in_both_ways(project, run_pytest):
        assert code == 1
        assert told.count("it was never recorded, or the case was renamed") == 1
        assert told.count("other.json: no scenario plays this cassette") == 1
    (project / "scenarios/flow.py").write_text(TWO.partition("def test_other")[0])
    for code, told in in_both_ways(project, run_pytest):
        assert (code, "1 passed" in told, told.count("no scenario plays this cassette")) == (1, True, 1)


def test_what_was_not_collected_whole_is_not_judged(project: Path, run_pytest: RunPytest) -> None:
    """Picking a case, or a module, says nothing of the others; a module that is gone does."""
    (project / "scenarios/more.py").write_text(TWO)
    recorded(run_pytest)
    assert run_pytest("scenarios/flow.py::test_one")[0] == 0
    assert run_pytest("-k", "one")[0] == 0
    assert run_pytest("scenarios/flow.py")[0] == 0
    (project / "scenarios/more.py").unlink()
    assert run_pytest("-k", "one")[0] == 0
    code, told = run_pytest("scenarios/flow.py")
    assert (code, told.count("no scenario plays this cassette")) == (1, 2)


def test_what_differs_by_nature_is_declared_once_for_all_scenarios(project: Path, run_pytest: RunPytest) -> None:
    """Undeclared it is a mismatch that proposes the line; declared it replays; a declaration never of use fails."""
    shop(project)
    spec = ("--pipeline", "shop:Shop")
    recorded(run_pytest, *spec)
    code, told = run_pytest(*spec)
    assert (code, told.count("[[pipeline.varying]]")) == (1, 2)
    assert 'path = "$.sent"' in told
    shop(project, SENT)
    assert run_pytest(*spec)[0] == 0
    shop(project, SENT, NEVER)
    # Two processes play one scenario each: what either found of use is put together at the end.
    for code, told in in_both_ways(project, run_pytest, *spec):
        assert (code, "2 passed" in told) == (1, True)
        assert told.count("$.visitor.signed_up_at: this matched no field of any request") == 1
        assert "$.sent: this matched" not in told
    assert [code for code, _ in in_both_ways(project, run_pytest, *spec, "-k", "one")] == [0, 0]


def test_a_declaration_in_toml_counts_as_well(project: Path) -> None:
    """`[[pipeline.varying]]`, and `harness run` says so with exit code 2."""
    shop(project)
    call = "shop.Shop().visitor_to_lead(types.SimpleNamespace(user_id=sys.argv[1]))"
    (project / "job.py").write_text(f"import sys, shop, types\n{call}\n")
    lines = f'[pipeline]\nvisitor_to_lead = "{sys.executable} job.py {{visitor.user_id}}"\n'
    lines += 'without = ["visitor_to_user", "lead_to_user"]\n'
    row = '[[pipeline.varying]]\npath = "{}"\ntype = "uuid"\nreason = "an idempotency key"\n'
    harness = [sys.executable, "-m", "harness", "run", "--pipeline", "shop.toml"]

    def ran(*rows: str, arguments: tuple[str, ...]) -> tuple[int, str]:
        (project / "shop.toml").write_text(lines + "".join(map(row.format, rows)))
        done = subprocess.run(
            [*harness, *arguments], cwd=project, capture_output=True, text=True, timeout=120, check=False
        )
        return done.returncode, done.stdout + done.stderr

    assert ran("$.sent", arguments=("--record",))[0] == 0
    replay = ("--against", "cassette")
    code, told = ran(arguments=replay)
    assert (code, told.count("the body differs"), told.count('path = "$.sent"')) == (1, 4, 2), "each is told once"
    assert ran("$.sent", arguments=replay)[0] == 0
    code, told = ran("$.sent", "$.nonce", arguments=replay)
    assert (code, told.count("$.nonce: this matched no field")) == (2, 1), told
    code, told = ran("sent", arguments=replay)
    assert (code, "A varying field is declared wrongly" in told) == (2, True), told


def test_a_permission_that_no_scenario_needs_fails_the_run(project: Path, run_pytest: RunPytest) -> None:
    """Not where scenarios were picked, for others may need it."""
    permits = "    may_write, may_print = ['phone'], ['email']\n    def visitor_to_lead"
    (project / "shop.py").write_text(SHOP.format(varying="").replace("    def visitor_to_lead", permits))
    harness = [sys.executable, "-m", "harness", "run", "--pipeline", "shop:Shop"]
    done = subprocess.run(harness, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.count("was needed by no scenario")) == (2, 2), done.stdout + done.stderr
    assert "the pipeline's permission may_write: phone was needed by no scenario" in done.stdout
    assert run_pytest("--pipeline", "shop:Shop", "--against", "sandbox", "-k", "one")[0] == 0
