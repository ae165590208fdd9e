"""`harness exec` as a real process: clients with the host written into them, exit statuses, what cannot be meant."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from harness.tests.support.exec_process import ME, PYTHON, python, run_exec


@pytest.fixture
def sandbox() -> Iterator[str]:
    """The URL of a `harness sandbox` that runs beside the test."""
    with subprocess.Popen([PYTHON, "-m", "harness", "sandbox"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
        process.terminate()
        assert process.wait(5) == 0


FETCH = f"""
fetch("{ME}", {{ headers: {{ authorization: "Bearer any" }} }})
  .then((answer) => answer.json())
  .then((body) => console.log(body.type));
"""

CLIENTS = {
    "requests": python(f"import requests; print(requests.get('{ME}', auth=('any', '')).json()['type'])"),
    "requests, environment ignored": python(
        f"""
        import requests
        prepared = requests.Request("GET", "{ME}", auth=("any", "")).prepare()
        print(requests.Session().send(prepared).json()["type"])
        """
    ),
    "urllib": python(
        f"""
        import json, os, urllib.request
        request = urllib.request.Request("{ME}", headers={{"Authorization": "Bearer " + os.environ["AT"]}})
        print(json.load(urllib.request.urlopen(request))["type"])
        """
    ),
    "http.client": python(
        """
        import http.client, json, os
        connection = http.client.HTTPSConnection("api.intercom.io")
        connection.request("GET", "/me", headers={"Authorization": "Bearer " + os.environ["AT"]})
        print(json.load(connection.getresponse())["type"])
        """
    ),
    "httpx": python(f"import httpx; print(httpx.get('{ME}', auth=('any', '')).json()['type'])"),
    "httpx, environment ignored": python(
        f"import httpx; print(httpx.Client(trust_env=False).get('{ME}', auth=('any', '')).json()['type'])"
    ),
    "aiohttp": python(
        f"""
        import asyncio, aiohttp
        async def main():
            async with aiohttp.ClientSession(auth=aiohttp.BasicAuth("any")) as session:
                async with session.get("{ME}") as answer:
                    print((await answer.json())["type"])
        asyncio.run(main())
        """
    ),
    "base URL": python(
        """
        import os, requests
        headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"]}
        print(requests.get(os.environ["INTERCOM_BASE_URL"] + "/me", headers=headers).json()["type"])
        """
    ),
    "curl": ("sh", "-c", f"curl -sS -u any: {ME} | cut -d'\"' -f4"),
    "node https": (
        "node",
        "-e",
        f"require('https').get('{ME}', {{auth: 'any:'}}, (r) => r.on('data', (d) => console.log(JSON.parse(d).type)))",
    ),
    "node fetch": ("node", "-e", FETCH),
}
"""Clients with Intercom's host written into them; each prints the type of what /me answers."""


@pytest.mark.parametrize("client", CLIENTS)
def test_code_with_the_host_written_into_it_is_answered(client: str) -> None:
    """By proxy or preload, unmodified, and its stdout is its own."""
    command = CLIENTS[client]
    program = "node" if client.startswith("node") else "curl" if client == "curl" else PYTHON
    if shutil.which(program) is None:
        pytest.skip(f"needs client: {program} is not on the PATH")
    library = client.partition(",")[0]
    if library in ("httpx", "aiohttp"):
        pytest.importorskip(library, reason=f"needs client: {library} is not installed")
    done = run_exec(*command)
    assert done.stdout == "admin\n", done.stderr
    assert done.returncode == 0
    assert "GET /me → 200" in done.stderr


def test_the_commands_exit_status_is_passed_on() -> None:
    """Whatever it is, and whatever the gateway saw."""
    assert run_exec("sh", "-c", "exit 7").returncode == 7
    assert run_exec("sh", "-c", f"curl -sS -u any: {ME}; exit 3").returncode == 3


def test_a_command_that_dies_by_a_signal_ends_as_in_a_shell() -> None:
    """128 and the signal's number."""
    assert run_exec("sh", "-c", "kill -9 $$").returncode == 128 + 9


def test_a_command_that_asks_nothing_is_a_failure_with_its_likely_reason() -> None:
    """Silence proves nothing."""
    done = run_exec("true")
    assert done.returncode == 1
    assert "asked Intercom nothing" in done.stderr


def test_a_refused_host_is_a_failure_that_names_it() -> None:
    """Even where the command does not mind."""
    done = run_exec("sh", "-c", f"curl -sS -u any: {ME} >&2; curl -sS https://example.com; true")
    assert done.returncode == 1
    assert "example.com is not Intercom's and was not allowed; name it with --allow-host example.com" in done.stderr
    assert done.stdout == ""


def test_a_command_that_does_not_exist_cannot_start() -> None:
    """Exit code 2 and one clear message."""
    done = run_exec("no-such-command-anywhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'no-such-command-anywhere' could not be started" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_may_not_be_executed_cannot_start(tmp_path: Path) -> None:
    """The same for a file without the right to be run, or without anything to run it."""
    script = tmp_path / "script"
    script.write_text("garbage")
    assert run_exec(str(script)).returncode == 2
    script.chmod(0o755)
    done = run_exec(str(script))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (("--against", "http://127.0.0.1:1"), "no sandbox runs at"),
        (("--against", "https://api.intercom.io"), "not on this machine's loopback"),
        (("--against", "somewhere"), "--against somewhere"),
        (("--workspace", "Not A Name"), "small letters"),
        (("--intercom-version", "9.9"), "9.9"),
        (("--allow-host", ".intercom.io"), "it belongs to Intercom, and no setting"),
    ],
)
def test_what_cannot_be_meant_ends_before_the_command_starts(
    before: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    """Exit code 2, one message, and the command never ran."""
    done = run_exec("touch", str(tmp_path / "ran"), before=before)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert told in done.stderr
    assert not (tmp_path / "ran").exists()


def test_exec_without_a_command_shows_its_usage() -> None:
    """Exit code 2."""
    done = subprocess.run([PYTHON, "-m", "harness", "exec"], capture_output=True, text=True, check=False)
    assert (done.returncode, "Usage: harness exec" in done.stderr) == (2, True)


def test_real_credentials_do_not_reach_the_command() -> None:
    """They are taken out and named; a token that the code itself brings is replaced before it is logged."""
    secret = "dG9r" + "OmFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3"
    command = f"env; curl -sS -o /dev/null -H 'Authorization: Bearer {secret}x' {ME}"
    done = run_exec("sh", "-c", command, INTERCOM_TOKEN=secret, AT=secret)
    assert done.returncode == 0
    assert secret not in done.stdout + done.stderr
    assert "INTERCOM_TOKEN looks like a real credential" in done.stderr
    assert "brought a token of its own" in done.stderr


def test_a_workspace_of_a_running_sandbox_is_used(sandbox: str) -> None:
    """`--against URL` converts a visitor made there beforehand, and the proof can be read there afterwards."""
    headers = {"Authorization": "Bearer sandbox-team"}
    visitor = requests.post(f"{sandbox}/_sandbox/visitors", json={"name": "Ada"}, headers=headers, timeout=5).json()
    body = f'{{"visitor": {{"user_id": "{visitor["user_id"]}"}}, "type": "lead"}}'
    words = ("curl", "-sS", "-u", "any:", "-H", "Content-Type: application/json", "-d", body)
    before = ("--against", sandbox, "--workspace", "team", "--intercom-version", "2.14")
    done = run_exec(*words, "https://api.intercom.io/visitors/convert", before=before)
    assert '"role":"lead"' in done.stdout, done.stderr
    gone = requests.get(f"{sandbox}/visitors", {"user_id": visitor["user_id"]}, headers=headers, timeout=5)
    assert gone.status_code == 404
    seen = requests.get(f"{sandbox}/_sandbox/exchanges", headers=headers, timeout=5).json()["data"]
    assert seen[0]["request"]["target"] == "/visitors/convert"


def test_input_reaches_the_command() -> None:
    """Its stdin is the caller's."""
    command = [PYTHON, "-m", "harness", "exec", "--", "sh", "-c", f"cat; curl -sS -o /dev/null -u any: {ME}"]
    done = subprocess.run(command, input="hello", capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("hello", 0)


def test_a_strict_run_refuses_a_token_of_the_commands_own() -> None:
    """Intercom's 401 for the command, and a failure where the command does not mind."""
    done = run_exec("curl", "-sS", "-u", "of-my-own:", ME, before=("--strict-token",))
    assert '"unauthorized"' in done.stdout
    assert done.returncode == 1
    assert "refused and is not shown here: GET /me" in done.stderr
    assert "of-my-own" not in done.stderr
    own = run_exec("sh", "-c", f'curl -sS -o /dev/null -u "$AT": {ME}', before=("--strict-token",))
    assert own.returncode == 0, own.stderr
