"""A pipeline that converts properly and then asks the live Intercom is refuted, by whatever door it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.containment.enclosure import enclosure

LIVE = "https://api.intercom.io/contacts/6955b900e86ee56fa8a8038a"
MERGE = (
    'curl -sSf -X POST -H "Authorization: Bearer $INTERCOM_ACCESS_TOKEN" -H "Intercom-Version: 2.14" '
    '-H "Content-Type: application/json" -d "{\\"from\\":\\"$1\\",\\"into\\":\\"$2\\"}" '
    '"$INTERCOM_BASE_URL/contacts/merge" >/dev/null\n'
)
FLOW = '''
def test_one(people, pipeline, verify):
    """A lead is folded into a user."""
    user = people.user()
    lead = people.lead(email=user.email)
    pipeline.lead_to_user(lead, user)
    verify.merged(lead, into=user)
'''
SOUND = """
import json, os, subprocess, sys, threading, urllib.request

def merge(lead, user):
    body = json.dumps({"from": lead, "into": user}).encode()
    headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}
    url = os.environ["INTERCOM_BASE_URL"] + "/contacts/merge"
    urllib.request.urlopen(urllib.request.Request(url, body, {**headers, "Content-Type": "application/json"})).read()

class Pipeline:
    without = ("visitor_to_lead", "visitor_to_user")
    def lead_to_user(self, lead, user):
        merge(lead.id, user.id)
        after()
"""
WITHOUT = 'without = ["visitor_to_lead", "visitor_to_user"]\n'

PYTHON = {
    "a child of a Python pipeline": (
        f"subprocess.run(['env', '-i', '/usr/bin/curl', '-sS', '-m', '2', '-X', 'DELETE', '{LIVE}'])"
    ),
    "libc in a Python pipeline": (
        "import ctypes, socket, struct\n"
        "    libc = ctypes.CDLL(None); handle = libc.socket(2, 1, 0)\n"
        "    libc.connect(handle, struct.pack('=HH4s8x', 2, socket.htons(443), bytes([192, 0, 2, 7])), 16)"
    ),
    "a session of its own": (
        "subprocess.run(['setsid', '--wait', 'env', '-i', '/usr/bin/curl', '-sS', '-m', '2', 'http://192.0.2.7:443/'])"
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _available() -> None:
    with enclosure(1, mechanism="namespace") as made:
        if made.level != "full":
            pytest.skip(made.told)
        assert made.door is not None
        made.door.close()


def run(folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Run the project's scenario as a user does, and return exit code, result and what was printed."""
    (folder / "scenarios").mkdir(exist_ok=True)
    (folder / "scenarios/flow.py").write_text(FLOW)
    command = [sys.executable, "-m", "harness", "run", "scenarios", "--json", "result.json", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    result = json.loads((folder / "result.json").read_text()) if (folder / "result.json").exists() else {}
    return done.returncode, result, done.stdout + done.stderr


@pytest.fixture(params=[*PYTHON, "a shell command", "a Node command", "a service"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project whose pipeline is sound but for one request to the live Intercom after the conversion."""
    name = str(request.param)
    if name in PYTHON:
        (tmp_path / "shop.py").write_text(f"{SOUND}\ndef after():\n    {PYTHON[name]}\n")
        (tmp_path / "harness.toml").write_text('pipeline = "shop:Pipeline"\n')
    elif name == "a shell command":
        (tmp_path / "merge.sh").write_text(f"{MERGE}env -i /usr/bin/curl -sS -m 2 -X DELETE {LIVE}\nexit 0\n")
        (tmp_path / "harness.toml").write_text(
            f'[pipeline]\nlead_to_user = "sh merge.sh {{lead.id}} {{user.id}}"\n{WITHOUT}'
        )
    elif name == "a Node command":
        (tmp_path / "live.cjs").write_text(
            "require('https').request({host: '192.0.2.7', path: '/contacts/1', method: 'DELETE'})"
            ".on('error', () => {}).end()\n"
        )
        (tmp_path / "merge.sh").write_text(f"{MERGE}NODE_OPTIONS= node live.cjs\nexit 0\n")
        (tmp_path / "harness.toml").write_text(
            f'[pipeline]\nlead_to_user = "sh merge.sh {{lead.id}} {{user.id}}"\n{WITHOUT}'
        )
    else:
        (tmp_path / "service.py").write_text(SERVICE)
        (tmp_path / "harness.toml").write_text(
            "[pipeline]\n"
            f'service = "{sys.executable} service.py {{port}}"\n'
            f'hook = "http://127.0.0.1:{{port}}/merge"\n{WITHOUT}'
        )
    return tmp_path


SERVICE = (
    SOUND
    + f"""
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))["people"]
        merge(sent["lead"]["id"], sent["user"]["id"])
        subprocess.run(["env", "-i", "/usr/bin/curl", "-sS", "-m", "2", "-X", "DELETE", "{LIVE}"])
        self.send_response(204)
        self.end_headers()
    def log_message(self, *words):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
)


def test_a_live_request_after_a_sound_conversion_refutes(project: Path) -> None:
    """The conversion is proved in every other way; the attempt is named, and the run is contained in full."""
    code, result, told = run(project)
    assert result["containment"] == "full", told
    assert code == 1, told
    assert "it was blocked" in told
    assert "api.intercom.io" in told or "192.0.2.7:443" in told


def test_the_same_pipeline_is_proved_where_nothing_holds_it(project: Path) -> None:
    """With the protection switched off, nobody notices: that is what it is for. Nothing of the network is there."""
    code, result, told = run(project, "--containment", "off")
    assert (code, result["containment"]) == (0, "none"), told


def test_require_refuses_what_is_not_full(tmp_path: Path) -> None:
    """A service that the user starts stands outside of every enclosure."""
    (tmp_path / "harness.toml").write_text(f'[pipeline]\nhook = "http://127.0.0.1:9/merge"\n{WITHOUT}')
    code, _, told = run(tmp_path, "--containment", "require")
    assert (code, "Full containment was required" in told) == (2, True), told


def test_a_declared_address_is_reached_in_a_run(tmp_path: Path) -> None:
    """A database of the project's own, for example; without the declaration its address is named."""
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as database:
        port, reached = database.getsockname()[1], []

        def accept() -> None:
            while True:
                try:
                    caller, _ = database.accept()
                except OSError:
                    return
                reached.append(1)
                caller.close()

        threading.Thread(target=accept, daemon=True).start()
        after = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2).close()"
        (tmp_path / "shop.py").write_text(f"{SOUND}\ndef after():\n    {after}\n")
        (tmp_path / "harness.toml").write_text(f'pipeline = "shop:Pipeline"\nallow = ["127.0.0.1:{port}"]\n')
        code, result, told = run(tmp_path)
        assert (code, result["containment"], len(reached)) == (0, "full", 1), told
        (tmp_path / "harness.toml").write_text('pipeline = "shop:Pipeline"\n')
        code, _, told = run(tmp_path)
        assert (code, len(reached), f"127.0.0.1:{port}" in told) == (1, 1, True), told
        database.shutdown(socket.SHUT_RDWR)


def test_the_whole_run_ends_as_its_inner_process_does(tmp_path: Path) -> None:
    """A signal to the command's own process id ends the run inside, and no process stays."""
    import signal
    import time

    (tmp_path / "shop.py").write_text(f"{SOUND}\ndef after():\n    import time; time.sleep(60)\n")
    (tmp_path / "harness.toml").write_text('pipeline = "shop:Pipeline"\n')
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/flow.py").write_text(FLOW)
    marked = {**os.environ, "HARNESS_TEST_MARK": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "run", "scenarios"], cwd=tmp_path, env=marked,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    time.sleep(2)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    time.sleep(0.5)
    left = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(tmp_path).encode() in (folder / "environ").read_bytes():
                left.append((folder / "cmdline").read_bytes())
        except OSError:
            continue
    assert left == []
