"""Commands in a replay reach the gateway and nothing else, where the system has network namespaces."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.containment.enclosure import enclosure


@pytest.fixture(scope="module", autouse=True)
def _available() -> None:
    with enclosure(1, mechanism="namespace") as made:
        if made.door is None:
            pytest.skip(made.told)
        made.door.close()


@pytest.fixture
def outside() -> Iterator[int]:
    """The port of somebody else on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def harness(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    """The real command."""
    import os

    command = [sys.executable, "-m", "harness", *words]
    variables = {**os.environ, "PWD_OF_TEST": str(folder), **environment}
    ran = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_a_replayed_command_reaches_the_gateway_alone(tmp_path: Path, outside: int) -> None:
    """`harness exec --cassette`, through the proxy as well; the recording was made without an enclosure."""
    script = "import urllib.request as u, os, socket\n"
    script += "u.urlopen(u.Request('https://api.intercom.io/me', headers={'Authorization': 'Bearer x'})).read()\n"
    script += f"socket.create_connection(('127.0.0.1', {outside}), 2)\n"
    command = ("--cassette", "job.json", "--", sys.executable, "-c", script)
    assert harness(tmp_path, "exec", "--containment", "off", "--record", *command)[0] == 0
    code, told = harness(tmp_path, "exec", *command)
    assert code == 1
    assert "GET /me → 200" in told
    assert "ConnectionRefusedError" in told
    assert "containment: full (Linux namespaces" in told
    assert f"connected to 127.0.0.1:{outside}; it was blocked" in told


def test_without_the_tool_it_is_said_what_is_missing(tmp_path: Path) -> None:
    """A replay is possible all the same, by proxy, certificates and preloads."""
    script = "import urllib.request as u, os\n"
    script += "u.urlopen(u.Request('https://api.intercom.io/me', headers={'Authorization': 'Bearer x'})).read()\n"
    command = ("--cassette", "job.json", "--", sys.executable, "-c", script)
    assert harness(tmp_path, "exec", "--record", *command)[0] == 0
    code, told = harness(tmp_path, "exec", *command, PATH=str(tmp_path))
    assert (code, "no namespaces (nsenter is not installed" in told or "Landlock and seccomp" in told) == (0, True), (
        told
    )
    code, told = harness(tmp_path, "exec", "--containment", "require", *command, PATH=str(tmp_path))
    assert (code, "Full containment was required" in told) == (2, True), told


def test_many_threads_are_answered_inside(tmp_path: Path, count: Callable[[int, int], int]) -> None:
    """12 threads with many requests each, recorded as parallel and replayed in whatever order: all answered."""
    each = count(25, 100)
    script = (
        "import os, threading, requests\n"
        "url, token, seen = os.environ['INTERCOM_BASE_URL'], 'Bearer ' + os.environ['AT'], []\n"
        "def work(n):\n"
        "    session = requests.Session(); session.trust_env = False\n"
        f"    for m in range({each}):\n"
        "        got = session.post(url + '/tags', json={'name': f't{n}-{m}'}, headers={'Authorization': token})\n"
        "        seen.append(got.json()['name'] == f't{n}-{m}')\n"
        "all_of_them = [threading.Thread(target=work, args=(n,)) for n in range(12)]\n"
        "[t.start() for t in all_of_them]; [t.join() for t in all_of_them]\n"
        f"assert len(seen) == {12 * each} and all(seen)\n"
    )
    command = ("--cassette", "job.json", "--", sys.executable, "-c", script)
    code, told = harness(tmp_path, "exec", "--record", "--parallel", *command)
    assert code == 0, told[-2000:]
    code, told = harness(tmp_path, "exec", *command)
    assert (code, f"{12 * each} exchanges" in told) == (0, True), told[-2000:]
