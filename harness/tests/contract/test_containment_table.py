"""Each attack through each door: a table of what came of it, printed (`pytest -s`), and each cell held by a test."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.containment.enclosure import enclosure

ATTACKS = (
    "curl-noproxy", "curl-env-i", "java", "node-options", "python-I", "setsid-double-fork", "hard-coded", "udp",
    "own-netns", "no-ld-preload", "pycurl", "unix-socket", "outlives-its-call",
)  # fmt: skip
HOSTS = {name: f"127.0.5.{number}" for number, name in enumerate(ATTACKS, 1)}
WAY_OF = {host: name for name, host in HOSTS.items()}
NOT_NAMED = {"udp": "a datagram to loopback is dropped", "unix-socket": "the socket is hidden"}
"""Attacks that are held and leave no trace that the mechanism can tell."""

CODE = """
import json, os, shutil, subprocess, sys, time, urllib.request

PORT, UNIX = os.environ["ATTACK_PORT"], os.environ["ATTACK_UNIX"]
CONNECT = "import socket; socket.create_connection(({host!r}, {port}), 3); import time; time.sleep(0.2)"
FORK = (
    "import os, time\\nif os.fork() == 0:\\n os.setsid()\\n if os.fork() == 0:\\n  {connect}\\n os._exit(0)\\n"
    "os.wait(); time.sleep(0.5)"
)
NETNS = (
    "import ctypes; own = open('/proc/self/ns/net'); libc = ctypes.CDLL(None); "
    "libc.unshare(0x40000000); libc.setns(own.fileno(), 0); "
)
NODE = (
    "require('net').connect({port}, '{host}').on('error', () => {{}})"
    ".on('connect', function () {{ setTimeout(() => process.exit(0), 200) }})"
)
UDP = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'udp', ({host!r}, {port}))"
CURL = "import pycurl; c = pycurl.Curl(); c.setopt(c.URL, 'http://{host}:{port}/'); c.setopt(c.PROXY, ''); c.perform()"

def python(code, *before):
    return [*before, sys.executable, *(["-I"] if not before else []), "-c", code]

def words(name, host):
    connect = CONNECT.format(host=host, port=PORT)
    url = f"http://{host}:{PORT}/"
    return {
        "curl-noproxy": ["curl", "-sS", "-m", "3", "--noproxy", "*", "-X", "DELETE", url],
        "curl-env-i": ["env", "-i", "/usr/bin/curl", "-sS", "-m", "3", url],
        "java": ["java", os.environ["ATTACK_JAVA"], host, PORT],
        "node-options": ["env", "NODE_OPTIONS=", "node", "-e", NODE.format(host=host, port=PORT)],
        "python-I": python(connect),
        "setsid-double-fork": python(FORK.format(connect=connect)),
        "hard-coded": python(connect, "env"),
        "udp": python(UDP.format(host=host, port=PORT)),
        "own-netns": python(NETNS + connect),
        "no-ld-preload": python(connect, "env", "-u", "LD_PRELOAD"),
        "pycurl": python(CURL.format(host=host, port=PORT), "env"),
        "unix-socket": python(f"import socket; socket.socket(socket.AF_UNIX).connect({UNIX!r})"),
        "outlives-its-call": python("import time; time.sleep(0.3); " + connect),
    }[name]

def attack():
    last = None  # goes on in a session of its own while the work does, and is waited for at the very end
    for one in filter(None, os.environ["ATTACKS"].split(",")):
        name, host = one.split("=")
        child = subprocess.Popen(words(name, host), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 start_new_session=name == "outlives-its-call")
        if name == "outlives-its-call":
            last = child
        else:
            child.wait(20)
    return last

def ask(method, path, sent=None):
    headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}
    body = None if sent is None else json.dumps(sent).encode()
    headers |= {"Content-Type": "application/json"} if body else {}
    request = urllib.request.Request(os.environ["INTERCOM_BASE_URL"] + path, body, headers, method=method)
    with urllib.request.urlopen(request) as got:
        return json.load(got)

def merge(lead, user):
    ask("POST", "/contacts/merge", {"from": lead, "into": user})
    if (last := attack()) is not None:
        last.wait(20)
"""
COMMAND = "import sys\nfrom attacks import merge\nmerge(*sys.argv[1:])\n"
OBJECT = (
    "from attacks import merge\n\nclass Pipeline:\n    without = ('visitor_to_lead', 'visitor_to_user')\n"
    "    def lead_to_user(self, lead, user):\n        merge(lead.id, user.id)\n"
)
JOB = (
    "from attacks import ask, merge\n"
    "people = ask('GET', '/contacts?per_page=150')['data']\n"
    "users = {one['email']: one['id'] for one in people if one['role'] == 'user'}\n"
    "for one in people:\n"
    "    if one['role'] == 'lead' and one['email'] in users:\n        merge(one['id'], users[one['email']])\n"
)
WORKER = (
    "import json, sys\nfrom attacks import ask, merge\nitem = json.load(sys.stdin)['data']['item']\n"
    "people = ask('GET', '/contacts?per_page=150')['data']\n"
    "user = next(one['id'] for one in people if one['role'] == 'user' and one['email'] == item['email'])\n"
    "merge(item['id'], user)\n"
)
SERVICE = (
    "import json, sys\nfrom http.server import BaseHTTPRequestHandler, ThreadingHTTPServer\n"
    "from attacks import merge\n\n"
    "class Handler(BaseHTTPRequestHandler):\n"
    "    def do_POST(self):\n"
    "        sent = json.loads(self.rfile.read(int(self.headers['content-length'])))['people']\n"
    "        merge(sent['lead']['id'], sent['user']['id'])\n"
    "        self.send_response(204)\n        self.end_headers()\n"
    "    def log_message(self, *words):\n        pass\n\n"
    "ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n"
)
EXEC = "from attacks import ask, attack\nask('GET', '/me')\nlast = attack()\nif last is not None:\n    last.wait(20)\n"
WITHOUT = 'without = ["visitor_to_lead", "visitor_to_user"]\n'
FLOW = '''
def test_one(people, pipeline, verify{more}):
    """A lead is folded into a user."""
    user = people.user()
    lead = people.lead(email=user.email)
    {act}
    verify.{claim}
'''
CALL = ("", "pipeline.lead_to_user(lead, user)", "merged(lead, into=user)")
PYTHON = sys.executable
DOORS: dict[str, tuple[str, str, tuple[str, str, str]]] = {
    "command": (COMMAND, f'[pipeline]\nlead_to_user = "{PYTHON} pipe.py {{lead.id}} {{user.id}}"\n{WITHOUT}', CALL),
    "hook and service": (
        SERVICE,
        f'[pipeline]\nservice = "{PYTHON} pipe.py {{port}}"\nhook = "http://127.0.0.1:{{port}}/merge"\n{WITHOUT}',
        CALL,
    ),
    "worker": (
        WORKER,
        f'[pipeline]\nwebhook = "{PYTHON} pipe.py"\n',
        (", webhooks", 'webhooks.tell(lead, "contact.lead.created")', "merged(lead, into=user)"),
    ),
    "job": (JOB, f'[pipeline]\njob = "{PYTHON} pipe.py"\n', ("", "pipeline.run()", "merged(lead, into=user)")),
    "Python object": (OBJECT, 'pipeline = "pipe:Pipeline"\n', CALL),
    "exec": (EXEC, "", CALL),
    "exec, replayed": (EXEC, "", CALL),
}


@dataclass
class Cell:
    """What came of the attacks through one door: its exit code, what it printed, what was reached."""

    code: int
    told: str
    reached: frozenset[str]
    port: int

    def result(self, attack: str) -> str:
        """Return the cell of the table."""
        if attack in self.reached:
            return "REACHED"
        named = f"connected to {HOSTS[attack]}:{self.port}" in self.told
        return "held, named" if named else "held"


class AttackedHost:
    """TCP, UDP and a unix socket that are to stay unreached."""

    def __init__(self, folder: Path) -> None:
        self.reached: list[str] = []
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=100)
        self.port: int = self.listener.getsockname()[1]
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("0.0.0.0", self.port))
        self.unix = f"/tmp/harness-attack-{self.port}.sock"
        self.local = socket.socket(socket.AF_UNIX)
        self.local.bind(self.unix)
        self.local.listen(100)
        for take in (self._tcp, self._unix):
            threading.Thread(target=take, daemon=True).start()
        self.thread = threading.Thread(target=self._udp, daemon=True)
        self.thread.start()

    def _tcp(self) -> None:
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            self.reached.append(WAY_OF[caller.getsockname()[0]])
            caller.close()

    def _udp(self) -> None:
        while self.datagrams.recv(100) != b"end":
            self.reached.append("udp")

    def _unix(self) -> None:
        while True:
            try:
                caller, _ = self.local.accept()
            except OSError:
                return
            self.reached.append("unix-socket")
            caller.close()

    def close(self) -> None:
        """Stop."""
        self.datagrams.sendto(b"end", ("127.0.0.1", self.port))
        for server in (self.listener, self.local):
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        self.thread.join(5)
        self.datagrams.close()
        Path(self.unix).unlink()


def _missing() -> dict[str, str]:
    found = {"java": "java", "node": "node-options", "curl": "curl-noproxy"}
    lacking = {attack: f"{tool} is not installed" for tool, attack in found.items() if shutil.which(tool) is None}
    if find_spec("pycurl") is None:
        lacking["pycurl"] = "pycurl is not installed"
    if os.geteuid() != 0:
        lacking["own-netns"] = "another network namespace can be entered by root alone"
    return lacking


def _play(folder: Path, door: str, *, held: bool = True) -> Cell:
    code, toml, (more, act, claim) = DOORS[door]
    (folder / "scenarios").mkdir()
    (folder / "attacks.py").write_text(CODE)
    (folder / "pipe.py").write_text(code)
    (folder / "Out.java").write_text(JAVA)
    (folder / "harness.toml").write_text(("" if held else 'containment = "off"\n') + toml)
    (folder / "scenarios/flow.py").write_text(FLOW.format(more=more, act=act, claim=claim))
    target = AttackedHost(folder)
    wanted = ",".join(f"{name}={HOSTS[name]}" for name in ATTACKS if name not in _missing())
    try:
        variables = {**os.environ, "ATTACK_PORT": str(target.port), "ATTACK_UNIX": target.unix, "ATTACKS": wanted}
        variables |= {"ATTACK_JAVA": str(folder / "Out.java")}
        if door == "exec, replayed":
            words = ["exec", "--record", "--cassette", "job.json", "--", PYTHON, "pipe.py"]
            recorded = _harness(folder, {**variables, "ATTACKS": ""}, words)
            assert recorded.returncode == 0, recorded.stderr
            words = ["exec", "--cassette", "job.json", "--", PYTHON, "pipe.py"]
        elif door == "exec":
            words = ["exec", *(() if held else ("--containment", "off")), "--", PYTHON, "pipe.py"]
        else:
            words = ["run", "scenarios", "--verbose"]
        done = _harness(folder, variables, words)
        return Cell(done.returncode, done.stdout + done.stderr, frozenset(target.reached), target.port)
    finally:
        target.close()


JAVA = (
    "public class Out { public static void main(String[] words) throws Exception {"
    " try (var out = new java.net.Socket(words[0], Integer.parseInt(words[1]))) { Thread.sleep(200); } } }"
)


def _harness(folder: Path, variables: dict[str, str], words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *words]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=240, check=False)


Cells = Callable[..., Cell]


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """Play each door once, with all attacks one after the other."""
    with enclosure(1, mechanism="namespace") as made:
        if made.level != "full":
            pytest.skip(made.told)
        assert made.door is not None
        made.door.close()
    return functools.cache(lambda door, held=True: _play(tmp_path_factory.mktemp("door"), door, held=held))


@pytest.mark.parametrize("door", ["command", "exec"])
def test_each_attack_works_where_nothing_holds_it(door: str, cells: Cells) -> None:
    """Otherwise the table would prove nothing."""
    cell = cells(door, held=False)
    assert cell.reached == set(ATTACKS) - set(_missing()), cell.told


@pytest.mark.parametrize("door", DOORS)
def test_no_attack_reaches_anything_by_any_door(door: str, cells: Cells) -> None:
    """Each is held; each that the mechanism can tell is named with its address; the run is refuted."""
    cell, missing = cells(door), _missing()
    results = {attack: cell.result(attack) for attack in ATTACKS if attack not in missing}
    rows = [f"  {attack:20} {results.get(attack) or missing[attack]}" for attack in ATTACKS]
    sys.stdout.write("\n".join(["", door, *rows, ""]))
    expected = {attack: "held" if attack in NOT_NAMED else "held, named" for attack in results}
    assert (cell.code, results) == (1, expected), cell.told
    assert "containment: full" in cell.told
