"""`harness exec` and `harness gateway` in front of a TEST app: guarded, recorded in the ledger, cleared away after."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from harness.config import APP_ID
from harness.core.http import Outcome
from harness.test_app.visitors.by_hand import LivePage
from harness.test_app.visitors.page import MessengerPlace
from harness.tests.support.intercom_stand_in import answer, new_token
from harness.tests.support.test_app_project import Project

JOB = """
import os, sys, requests
base, token = os.environ["INTERCOM_BASE_URL"], sys.argv[2] or os.environ["AT"]
email = f"ada.{os.environ['HARNESS_MARKER']}@example.com"

def ask(method, path, body=None):
    return requests.request(method, base + path, json=body, headers={"Authorization": f"Bearer {token}"}).json()

ask("GET", "/me")
sent = {"role": "lead", "email": email}
headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.16"}
requests.post(base + "/contacts", json=sent, headers=headers)
if sys.argv[1]:
    ask("DELETE", "/contacts/" + sys.argv[1])
sys.exit(int(sys.argv[3]))
"""


def _exec(project: Project, *words: str, victim: str = "", token: str = "", status: int = 0) -> tuple[int, str]:
    (project.folder / "job.py").write_text(JOB)
    command = [sys.executable, "job.py", victim, token, str(status)]
    return project.run("exec", *words, "--", *command)


def test_a_command_makes_people_under_the_marker_and_they_are_cleared_away(project: Project) -> None:
    """It is told the marker; its exit status is passed on; the real token is shown nowhere."""
    status, told = _exec(project, "--against", "test-app")
    assert status == 0, told
    assert re.search(r"HARNESS_MARKER=hx[0-9a-f]{10}:", told)
    assert "POST /contacts → 200" in told
    assert project.played.token not in told
    assert any(request.method == "DELETE" for request in project.played.writes)
    project.is_as_it_was()
    assert _exec(project, "--against", "test-app", status=7)[0] == 7


@pytest.mark.parametrize("own", [False, True])
def test_a_command_that_reaches_for_others_is_stopped(project: Project, own: bool) -> None:
    """Somebody whom it did not make, or another token: it never reaches Intercom, and the exit code is 1."""
    status, told = _exec(project, "--against", "test-app", victim=project.live[0], token="" if own else new_token())
    assert status == 1, told
    assert "The guard stopped" in told
    assert ("own entities" if own else "rule: token") in told
    project.is_as_it_was()


def test_what_a_command_leaves_is_told_with_the_command_that_finishes_it(project: Project) -> None:
    """Deletions that Intercom refuses: exit code 1, the entries, `harness sweep`, and no new session before."""
    project.played.faults.append(lambda request: _refused() if request.method == "DELETE" else None)
    status, told = _exec(project, "--against", "test-app")
    assert status == 1
    assert "1 entries may still be in the TEST app: contact" in told
    assert "harness sweep" in told
    project.played.faults.clear()
    status, told = _exec(project, "--against", "test-app")
    assert (status, "An earlier run left 1 entries" in told) == (2, True)
    assert project.sweep() == []
    project.is_as_it_was()


def _refused() -> Outcome:
    return answer(409, "conflict", "not now")


def test_what_a_command_asked_is_recorded_and_replayed_under_its_marker(project: Project) -> None:
    """The cassette says that a rehearsal is no recording of Intercom; the replay hands out the recorded marker."""
    status, told = _exec(project, "--against", "test-app", "--record", "--cassette", "job.json")
    assert status == 0, told
    kept = (project.folder / "job.json").read_text()
    assert json.loads(kept)["metadata"]["recorded_from"] == "sandbox"
    assert project.played.token not in kept
    project.is_as_it_was()
    before = len(project.played.seen)
    status, told = _exec(project, "--cassette", "job.json")
    assert status == 0, told
    assert len(project.played.seen) == before


def test_a_gateway_serves_a_test_app_until_it_is_told_to_end(project: Project) -> None:
    """Requests over several processes' lives belong to one session; SIGTERM clears away and ends with 0."""
    process = project.start("gateway", "--against", "test-app")
    assert process.stdout is not None
    assert process.stderr is not None
    url = process.stdout.readline().removeprefix("ready ").strip()
    process.stderr.readline()
    found = re.search(r"hx[0-9a-f]{10}", process.stderr.readline())
    assert found
    token = re.search(r"HARNESS_TOKEN=(\S+):", process.stderr.readline())
    assert token

    def ask(method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token[1]}", "Intercom-Version": "2.16"}
        return requests.request(method, url + path, json=body, headers=headers, timeout=30)

    email = f"ada.{found[0]}@example.com"
    user, lead = (ask("POST", "/contacts", {"role": role, "email": email}).json() for role in ("user", "lead"))
    assert ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]}).status_code == 200
    assert len(project.played.people()) == len(project.live) + 1
    assert ask("POST", "/_sandbox/visitors", {}).status_code == 400
    status, told = project.run("exec", "--against", "test-app", "--", "true")
    assert (status, "harness gateway, process" in told) == (2, True)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    project.is_as_it_was()


def test_a_gateway_takes_the_token_that_it_printed_and_no_other(project: Project) -> None:
    """Each process of the machine can ask a port of loopback: a guessed token reads nothing and counts against it."""
    process = project.start("gateway", "--against", "test-app")
    assert process.stdout is not None
    assert process.stderr is not None
    url = process.stdout.readline().removeprefix("ready ").strip()
    told = "".join(process.stderr.readline() for _ in range(3))
    token = re.search(r"HARNESS_TOKEN=(sandbox-test-app-[0-9a-f]{32}):", told)
    assert token

    def ask(path: str, token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.16"}
        return requests.get(url + path, headers=headers, timeout=30)

    assert "real@customer.example" in ask("/contacts", token[1]).text
    for guessed in ("sandbox-default", "sandbox-run", "sandbox-test-app", "anything"):
        assert ask("/contacts", guessed).status_code == 403
        assert "real@customer.example" not in ask("/_sandbox/exchanges", guessed).text
    assert "real@customer.example" in ask("/_sandbox/exchanges", token[1]).text
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 1


def test_a_gateway_of_a_test_app_listens_on_loopback_alone(project: Project) -> None:
    """Whoever reaches its port could change the workspace; nothing is asked of Intercom."""
    status, told = project.run("gateway", "--against", "test-app", "--host", "0.0.0.0")
    assert (status, "listens on loopback alone" in told, project.played.seen) == (2, True, [])


def test_one_run_at_a_time_whatever_the_state_folder_is(project: Project, tmp_path: Path) -> None:
    """Another XDG_STATE_HOME is another ledger, and the workspace is the same."""
    process = project.start("gateway", "--against", "test-app")
    assert process.stdout is not None
    process.stdout.readline()
    variables = {**project.environment, "XDG_STATE_HOME": str(tmp_path / "other")}
    command = [sys.executable, "-m", "harness", "exec", "--against", "test-app", "--", "true"]
    second = subprocess.run(
        command, cwd=project.folder, env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert (second.returncode, "The TEST app is in use by another run" in second.stderr) == (2, True), second.stderr
    assert "harness gateway" in second.stderr


@pytest.mark.parametrize(
    "command", [("exec", "--against", "test-app", "--", "true"), ("gateway", "--against", "test-app")]
)
def test_neither_starts_without_settings(project: Project, command: tuple[str, ...], tmp_path: Path) -> None:
    """A half-filled `.env` refuses before anything is asked or started."""
    (tmp_path / ".env").write_text(f"{APP_ID}={project.played.app_id}\n")
    status, told = project.run(*command)
    assert (status, "do not name a TEST app" in told) == (2, True)
    assert project.played.seen == []


CONVERTS = """
import os, requests
sent = {"visitor": {"user_id": os.environ["HARNESS_VISITORS"]}, "type": "lead"}
token = os.environ["AT"]
headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.16"}
requests.post(os.environ["INTERCOM_BASE_URL"] + "/visitors/convert", json=sent, headers=headers).raise_for_status()
"""


def test_a_command_converts_who_visited_for_it(project: Project) -> None:
    """By hand here: the visitor's id comes from the live page, is handed on, and is the command's own."""
    (project.folder / "converts.py").write_text(CONVERTS)
    command = ("exec", "--against", "test-app", "--visitors", "1", "--", sys.executable, "converts.py")
    status, told = project.run(*command)
    assert (status, "visitors come from a browser" in told, "live-visitor" in told) == (2, True, True)
    state = project.folder / "state" / "intercom-conversion-harness" / project.played.app_id
    page = LivePage(MessengerPlace.of(project.played.settings), state, saw=lambda _: None)
    uuid = project.played.visit({})["user_id"]
    with page.serving():
        page._take_in(uuid)
        status, told = project.run(*command)
    assert status == 0, told
    assert f"HARNESS_VISITORS={uuid}" in told
    assert "POST /visitors/convert → 200" in told
    project.is_as_it_was()
