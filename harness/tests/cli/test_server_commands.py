"""`harness sandbox` and `harness gateway` as real processes: the ready line, the end, what is in use."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from harness.cli.main import COMMANDS, main

HEADERS = {"Authorization": "Bearer sandbox-demo"}


@contextmanager
def started(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that serves, and the URL of its ready line; ended afterwards."""
    command = [sys.executable, "-m", "harness", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        try:
            yield process, url
        finally:
            process.kill()


def visitor_at(url: str) -> str:
    """A new visitor's `user_id`."""
    made = requests.post(f"{url}/_sandbox/visitors", json={"name": "Ada"}, headers=HEADERS, timeout=5)
    assert made.status_code == 201
    return str(made.json()["user_id"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [("sandbox",), ("gateway", "--against", "sandbox")])
def test_a_signal_ends_it_with_zero(words: tuple[str, ...], number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C are the ordinary end, with an idle connection open and without a word."""
    with started(*words) as (process, url), requests.Session() as session:
        assert session.get(f"{url}/_sandbox/health", timeout=5).status_code == 200
        process.send_signal(number)
        assert process.wait(5) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == ("", "")


def test_a_port_in_use_is_exit_code_two_and_named() -> None:
    """One message with the remedy, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "harness", "sandbox", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
    assert "--port 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_version_is_exit_code_two() -> None:
    """The known ones are listed."""
    command = [sys.executable, "-m", "harness", "sandbox", "--intercom-version", "9.9"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "2.16" in done.stderr


def test_state_in_a_folder_outlives_the_process(tmp_path: Path) -> None:
    """The next sandbox on the folder knows everyone; a second one at the same time is turned down."""
    with started("sandbox", "--state", str(tmp_path)) as (process, url):
        visitor = visitor_at(url)
        command = [sys.executable, "-m", "harness", "sandbox", "--state", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert (second.returncode, "Traceback" in second.stderr) == (2, False)
        process.terminate()
        assert process.wait(5) == 0
    with started("sandbox", "--state", str(tmp_path)) as (_, url):
        found = requests.get(f"{url}/visitors", {"user_id": visitor}, headers=HEADERS, timeout=5)
        assert found.json()["name"] == "Ada"


def test_the_same_seed_gives_the_same_ids() -> None:
    """Two sandboxes with one seed make the same visitor, another seed another one."""
    seen = []
    for seed in ("7", "7", "8"):
        with started("sandbox", "--seed", seed) as (_, url):
            seen.append(visitor_at(url))
    assert seen[0] == seen[1] != seen[2]


def test_the_port_is_an_https_proxy_whose_authority_can_be_written_down(tmp_path: Path) -> None:
    """--ca-file is all that a client needs to use the sandbox under Intercom's own name."""
    ca_file = tmp_path / "ca.pem"
    with started("sandbox", "--ca-file", str(ca_file)) as (_, url), requests.Session() as session:
        session.trust_env = False
        session.proxies, session.verify = {"https": url}, str(ca_file)
        answer = session.get("https://api.intercom.io/me", headers=HEADERS, timeout=5)
        assert answer.json()["type"] == "admin"


def test_a_gateway_stands_in_front_of_a_running_sandbox() -> None:
    """Whatever token arrives becomes the workspace's, so code with a token of its own works unchanged."""
    with started("sandbox") as (_, behind):
        visitor = visitor_at(behind)
        with started("gateway", "--against", behind, "--workspace", "demo") as (_, url):
            anyone = {"Authorization": "Bearer whatever-the-code-brings"}
            found = requests.get(f"{url}/visitors", {"user_id": visitor}, headers=anyone, timeout=5)
            assert found.json()["name"] == "Ada"


@pytest.mark.parametrize("name", ["sandbox", "gateway", "exec"])
def test_each_command_explains_itself(name: str) -> None:
    """Help tells what it does, every option, and shows an example."""
    command = [sys.executable, "-m", "harness", name, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert "Usage: harness" in done.stdout
    assert f"harness {name} " in done.stdout.partition("Options:")[0].partition("\n")[2], "there is an example"


def test_the_page_of_all_commands_says_each_in_a_whole_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """One that is longer than its line would be cut short."""
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.partition("Commands:")[2].strip().splitlines()
    assert len(lines) == len(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


def test_a_gateways_traffic_can_be_recorded_and_played(tmp_path: Path) -> None:
    """Whatever came through any door until the end is in the cassette; playing it asks no backend."""
    cassette = tmp_path / "traffic.json"
    taped = ("gateway", "--cassette", str(cassette))
    with started(*taped, "--record") as (process, url):
        first = requests.get(f"{url}/me", headers=HEADERS, timeout=5).json()
        process.terminate()
        assert process.wait(5) == 0
    with started(*taped) as (process, url):
        assert requests.get(f"{url}/me", headers=HEADERS, timeout=5).json()["app"] == first["app"]
        process.terminate()
        assert process.wait(5) == 0


def test_a_replay_that_was_not_asked_for_everything_ends_with_one(tmp_path: Path) -> None:
    """Leftovers are told at the end."""
    cassette = tmp_path / "traffic.json"
    with started("gateway", "--cassette", str(cassette), "--record") as (process, url):
        requests.get(f"{url}/me", headers=HEADERS, timeout=5)
        process.terminate()
        process.wait(5)
    with started("gateway", "--cassette", str(cassette)) as (process, _):
        process.terminate()
        assert process.wait(5) == 1
        assert process.stderr is not None
        assert "/me" in process.stderr.read()


def test_an_authority_that_cannot_be_written_down_is_exit_code_two(tmp_path: Path) -> None:
    """One message that names the file."""
    command = [sys.executable, "-m", "harness", "sandbox", "--ca-file", str(tmp_path / "none" / "ca.pem")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "ca.pem" in done.stderr
