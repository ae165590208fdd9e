"""What `harness run --record` may write, and where: secrets, committed cassettes in CI, and only what is stale."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from harness.tests.support.pytest_process import OWN_SCENARIOS

FLOW = '''
def test_one(people, pipeline, verify):
    """One visitor."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)

def test_two(people, pipeline, verify):
    """Another visitor."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
'''
LEAKY = '''
import base64, gzip, json, os
import requests
from urllib.parse import quote
from harness.tests.support.pytest_process import OWN_SCENARIOS
from harness.tests.support.pytest_process import OWN_SCENARIOS

class Leaky:
    """Tells a secret of its own in every way there is."""

    without = ["visitor_to_user", "lead_to_user"]

    def visitor_to_lead(self, visitor):
        secret = open("own-secret").read()
        url, session = os.environ["INTERCOM_BASE_URL"], requests.Session()
        session.headers["Authorization"] = "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"]
        session.headers["Intercom-Version"] = "2.14"
        session.headers["X-Own"] = secret
        session.get(url + "/tags?q=" + quote(secret, safe=""))
        session.post(url + "/tags", json={"name": "a " + secret})
        session.post(url + "/tags", json={"name": base64.b64encode(("x:" + secret).encode()).decode()})
        packed = gzip.compress(json.dumps({"name": secret}).encode())
        kinds = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        session.post(url + "/tags", data=packed, headers=kinds)
        body = {"visitor": {"user_id": visitor.user_id}, "type": "lead"}
        return session.post(url + "/visitors/convert", json=body).json()
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two scenarios."""
    (tmp_path / "pyproject.toml").write_text(OWN_SCENARIOS)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/flow.py").write_text(FLOW)
    return tmp_path


def run(project: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """`harness`, or pytest where that is asked for, as a process of its own in the project."""
    module = "harness" if arguments[0] != "pytest" else "pytest"
    words = arguments if module == "harness" else (*arguments[1:], "-p", "no:cacheprovider", "-p", "no:faker")
    variables = {name: value for name, value in os.environ.items() if name != "CI"} | environment
    command = [sys.executable, "-m", module, *words]
    ran = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, timeout=120, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def written(project: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file under the project that a recording may have made."""
    for path in sorted(project.rglob("*")):
        if path.is_file() and path.name not in (".env", "own-secret"):
            yield path, path.read_bytes()


# --- secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".env", "environment"])
def test_a_secret_that_the_pipeline_tells_does_not_reach_the_disk(project: Path, place: str) -> None:
    """In URL, header or body, in whatever form; the recording replays with another secret in its place."""
    secret = f"dG9r{secrets.token_hex(20)}/+&x"
    (project / "leaky.py").write_text(LEAKY)
    (project / "own-secret").write_text(secret)
    known = {}
    if place == ".env":
        (project / ".env").write_text(f"SHOP_API_TOKEN='{secret}'\n")
    else:
        known = {"SHOP_API_TOKEN": secret}
    spec = ("--pipeline", "leaky:Leaky", "-k", "one")
    code, told = run(project, "run", "--record", "--report", "report", *spec, **known)
    assert code == 0, told
    forms = {secret, quote(secret, safe=""), base64.b64encode(f"x:{secret}".encode()).decode()}
    assert len(list((project / "cassettes").rglob("*.json"))) == 1
    for path, content in written(project):
        for form in forms:
            assert form.encode() not in content, path
    assert secret not in told
    assert run(project, "run", "--against", "cassette", *spec, **known)[0] == 0
    other = f"dG9r{secrets.token_hex(20)}/+&y"
    (project / "own-secret").write_text(other)
    if place == ".env":
        (project / ".env").write_text(f"SHOP_API_TOKEN='{other}'\n")
    assert run(project, "run", "--against", "cassette", *spec, **dict.fromkeys(known, other))[0] == 0


# --- where CI is set ------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["run", "pytest"])
def test_in_ci_nothing_takes_the_place_of_a_cassette(project: Path, shell: str) -> None:
    """Unless told so explicitly; what has no cassette yet is recorded."""
    words = ("run",) if shell == "run" else ("pytest", "--against", "sandbox")
    assert run(project, *words, "--record", "-k", "one", CI="true")[0] == 0
    (one,) = (project / "cassettes").rglob("*.json")
    before = one.stat().st_ino
    code, told = run(project, *words, "--record", CI="true")
    assert code == (2 if shell == "run" else 1)
    assert "is not recorded over where CI is set" in told
    assert "--record-in-ci" in told
    assert one.stat().st_ino == before
    assert (one.parent / "two.json").exists()
    assert run(project, *words, "--record", "--record-in-ci", CI="true")[0] == 0
    assert one.stat().st_ino != before


def test_in_ci_a_command_is_not_recorded_over_either(project: Path) -> None:
    """`harness exec --record`, before the command is started."""
    script = "import os, urllib.request as u; u.urlopen(u.Request(os.environ['INTERCOM_BASE_URL'] + '/me', "
    script += "headers={'Authorization': 'Bearer ' + os.environ['AT']})); open('ran', 'a').write('x')"
    words = ("exec", "--record", "--cassette", "job.json")
    command = ("--", sys.executable, "-c", script)
    assert run(project, *words, *command, CI="1")[0] == 0
    code, told = run(project, *words, *command, CI="1")
    assert (code, "is not recorded over where CI is set" in told) == (2, True)
    assert (project / "ran").read_text() == "x"
    assert run(project, *words, "--record-in-ci", *command, CI="1")[0] == 0


def test_in_ci_no_test_app_is_contacted(project: Path) -> None:
    """There is no option against that."""
    (project / ".env").write_text(
        f"INTERCOM_TEST_ACCESS_TOKEN={secrets.token_hex(30)}\nINTERCOM_TEST_APP_ID=abcd1234\n"
    )
    code, told = run(project, "run", "--against", "test-app", CI="true", HOME=str(project))
    assert (code, "where CI is set no TEST app is contacted" in told) == (2, True)


# --- only what is stale ---------------------------------------------------------------------------


def test_only_what_is_stale_is_recorded_and_the_difference_told_first(project: Path) -> None:
    """A changed scenario, a missing cassette; nothing else is touched, and if there is nothing that is no failure."""
    assert run(project, "run", "--record")[0] == 0
    one, two = sorted((project / "cassettes").rglob("*.json"))
    kept = two.stat().st_ino
    code, told = run(project, "run", "--record", "--stale")
    assert (code, "nothing is stale: 2 cassette(s)" in told) == (0, True)
    flow = project / "scenarios/flow.py"
    flow.write_text(
        flow.read_text().replace(
            "pipeline.visitor_to_lead(visitor)", "pipeline.visitor_to_lead(visitor)\n    pipeline.again()", 1
        )
    )
    code, told = run(project, "run", "--record", "--stale")
    assert code == 0, told
    assert "one.json: scenario source: scenarios/flow.py::test_one was changed since" in told
    assert "changes: when, pipeline: new: " in told
    assert told.index("changes: ") < told.index("1 proved")
    assert two.stat().st_ino == kept
    one.unlink()
    code, told = run(project, "run", "--record", "--stale")
    assert (code, "one.json: There is no cassette for this case" in told) == (0, True)
    assert one.exists()
    assert run(project, "run", "--stale")[0] == 2


# --- what goes wrong ------------------------------------------------------------------------------

PATIENT = """
import os, sys, urllib.error, urllib.request as u
token = {"Authorization": "Bearer " + os.environ["AT"], "Content-Type": "application/json"}
for attempt in range(5):
    try:
        with u.urlopen(u.Request(os.environ["INTERCOM_BASE_URL"] + "/me", headers=token), timeout=1) as answer:
            print("answered", answer.status)
            break
    except urllib.error.HTTPError as error:
        print("error", error.code, error.headers["retry-after"])
    except OSError:
        print("no answer")
"""
FAULTS = """
[[fault]]
operation = "*"
kind = "rate_limit"
retry_after = 0

[[fault]]
operation = "*"
kind = "reset_before"

[[fault]]
operation = "*"
kind = "stall"
"""


def test_what_went_wrong_for_a_command_goes_wrong_again_in_its_replay(project: Path) -> None:
    """A rate limit, a reset and a silence are in the recording; the replay needs no faults and waits for nothing."""
    (project / "faults.toml").write_text(FAULTS)
    words = ("exec", "--cassette", "job.json")
    command = ("--", sys.executable, "-c", PATIENT)
    code, told = run(project, *words, "--record", "--faults", "faults.toml", *command)
    assert code == 0, told
    met = [line for line in told.splitlines() if line.startswith(("error", "no answer", "answered"))]
    assert sorted(met) == ["answered 200", "error 429 0", "no answer", "no answer"]
    started = time.monotonic()
    code, told = run(project, *words, *command)
    assert code == 0, told
    assert [line for line in told.splitlines() if line.startswith(("error", "no answer", "answered"))] == met
    assert time.monotonic() - started < 20
