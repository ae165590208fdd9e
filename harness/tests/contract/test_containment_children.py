"""Under plain `pytest`: the children of a Python pipeline are enclosed, its threads are watched, each attempt refutes.

Each way to start a child reaches a server outside where nothing holds it; the tests that hold it say what is named.
"""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.containment.enclosure import enclosure
from harness.tests.contract.test_containment_doors import FLOW, SOUND
from harness.tests.support.unprivileged import everyones_folder, unprivileged_python

SHOP = (
    SOUND
    + """
import asyncio, multiprocessing, shutil, socket, time

PORT = int(os.environ["OUTSIDE_PORT"])

def curl(host):
    url = f"http://{host}:{PORT}/contacts/1"
    return ["env", "-i", "/usr/bin/curl", "-sS", "-m", "3", "-X", "DELETE", url]

def connect(host):
    socket.create_connection((host, PORT), 3).close()
    time.sleep(0.2)

def forked(act):
    child = os.fork()
    if not child:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(child, 0)

def by(method, host):
    child = multiprocessing.get_context(method).Process(target=connect, args=(host,))
    child.start()
    child.join()

def daemon(host):
    os.setsid()
    forked(lambda: connect(host))

def on_a_thread(host):
    def work():
        try:
            connect(host)
        except OSError:
            pass
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

def native(host):
    import pycurl
    asked = pycurl.Curl()
    asked.setopt(asked.URL, f"http://{host}:{PORT}/")
    asked.setopt(asked.PROXY, "")
    try:
        asked.perform()
    except pycurl.error:
        pass

def in_asyncio(host):
    async def work():
        await (await asyncio.create_subprocess_exec(*curl(host))).wait()
    asyncio.run(work())

WAYS = {
    "subprocess": lambda host: subprocess.run(curl(host)),
    "shell": lambda host: subprocess.run(" ".join(curl(host)), shell=True),
    "system": lambda host: os.system(" ".join(curl(host))),
    "popen": lambda host: os.popen(" ".join(curl(host))).read(),
    "posix_spawn": lambda host: os.waitpid(os.posix_spawn("/usr/bin/env", curl(host), dict(os.environ)), 0),
    "posix_spawnp": lambda host: os.waitpid(os.posix_spawnp("env", curl(host), dict(os.environ)), 0),
    "spawnvp": lambda host: os.spawnvp(os.P_WAIT, "env", curl(host)),
    "fork": lambda host: forked(lambda: connect(host)),
    "fork-and-exec": lambda host: forked(lambda: os.execvp("env", curl(host))),
    "daemon": lambda host: forked(lambda: daemon(host)),
    "multiprocessing-fork": lambda host: by("fork", host),
    "multiprocessing-spawn": lambda host: by("spawn", host),
    "multiprocessing-forkserver": lambda host: by("forkserver", host),
    "asyncio": in_asyncio,
    "java": lambda host: subprocess.run(["java", "Out.java", host, str(PORT)]),
    "thread": on_a_thread,
    "here": connect,
    "pycurl": native,
}

def after():
    for one in filter(None, os.environ["WAYS"].split(",")):
        name, host = one.split("=")
        try:
            WAYS[name](host)
        except OSError:
            pass
"""
)
JAVA = (
    "public class Out { public static void main(String[] words) throws Exception {"
    " try (var out = new java.net.Socket(words[0], Integer.parseInt(words[1]))) { Thread.sleep(200); } } }"
)
CHILDREN = (
    "subprocess", "shell", "system", "popen", "posix_spawn", "posix_spawnp", "spawnvp", "fork", "fork-and-exec",
    "daemon", "multiprocessing-fork", "multiprocessing-spawn", "multiprocessing-forkserver", "asyncio", "java",
)  # fmt: skip
"""Ways to start a child that reaches out."""
WATCHED = ("thread", "here")
"""Ways out of this process itself, which the audit hook sees."""
ALL = (*CHILDREN, *WATCHED, "pycurl")
HOSTS = {name: f"127.0.3.{number}" for number, name in enumerate(ALL, 1)}
"""The address that each way reaches for."""
WAY_OF = {host: name for name, host in HOSTS.items()}


class UnreachedServer:
    """A server that is to stay unreached. `reached` holds the ways by which it was."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=100)
        self.port: int = self.listener.getsockname()[1]
        self.reached: list[str] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            self.reached.append(WAY_OF[caller.getsockname()[0]])
            caller.close()

    def close(self) -> None:
        """Stop, once whatever reached it was counted."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join()


@dataclass
class PlayedProject:
    """A run of the project: its exit code, what it printed, the ways by which the outside was reached."""

    code: int
    told: str
    reached: Sequence[str]
    port: int

    def names(self, way: str) -> bool:
        """Return whether the report names the address that a way reached for."""
        return f"connected to {HOSTS[way]}:{self.port}" in self.told


@pytest.fixture
def outside() -> Iterator[UnreachedServer]:
    """A server on this machine that belongs to nobody of the run."""
    found = UnreachedServer()
    yield found
    found.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A sound pipeline that reaches out after its conversion."""
    return make_project(tmp_path)


def make_project(folder: Path) -> Path:
    """Write the project into a folder."""
    (folder / "scenarios").mkdir()
    (folder / "scenarios/flow.py").write_text(FLOW)
    (folder / "shop.py").write_text(SHOP)
    (folder / "Out.java").write_text(JAVA)
    (folder / "harness.toml").write_text('pipeline = "shop:Pipeline"\n')
    return folder


def _run(
    command: Sequence[str],
    project: Path,
    ways: Sequence[str],
    outside: UnreachedServer,
    base: Mapping[str, str] = os.environ,
) -> PlayedProject:
    wanted = ",".join(f"{way}={HOSTS[way]}" for way in ways)
    variables = {**base, "WAYS": wanted, "OUTSIDE_PORT": str(outside.port)}
    before = len(outside.reached)
    ran = subprocess.run(
        command, cwd=project, env=variables, capture_output=True, text=True, timeout=240, check=False
    )  # fmt: skip
    return PlayedProject(ran.returncode, ran.stdout + ran.stderr, outside.reached[before:], outside.port)


PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "scenarios")


def play(project: Path, ways: Sequence[str], outside: UnreachedServer, *words: str) -> PlayedProject:
    """Play the project's scenario with plain pytest."""
    return _run([*PYTEST, *words], project, ways, outside)


def _skip_missing(way: str) -> None:
    if way == "java" and shutil.which("java") is None:
        pytest.skip("java is not installed")
    if way == "pycurl":
        pytest.importorskip("pycurl")


def _require_namespaces() -> None:
    with enclosure(1, mechanism="namespace") as made:
        if made.level != "full":
            pytest.skip(made.told)
        assert made.door is not None
        made.door.close()


@pytest.fixture
def _available() -> None:
    _require_namespaces()


def _played(folder: Path, how: str) -> PlayedProject:
    """Play all ways at once, as most of the tests below look at one of them only."""
    project, outside = make_project(folder), UnreachedServer()
    try:
        if how == "off":
            (project / "harness.toml").write_text('pipeline = "shop:Pipeline"\ncontainment = "off"\n')
            return play(project, ALL, outside, "--against", "sandbox")
        if how == "whole":
            return _run([sys.executable, "-m", "harness", "run", "scenarios"], project, ALL, outside)
        if how == "replay":
            recorded = play(project, (), outside, "--against", "sandbox", "--record")
            assert recorded.code == 0, recorded.told
            return play(project, CHILDREN, outside)
        return play(project, ALL, outside, "--against", "sandbox")
    finally:
        outside.close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], PlayedProject]:
    """Play the project once for each mode."""
    return functools.cache(lambda how: _played(tmp_path_factory.mktemp(how), how))


Plays = Callable[[str], PlayedProject]


@pytest.mark.parametrize("way", ALL)
def test_each_way_out_works_where_nothing_holds_it(way: str, played: Plays) -> None:
    """Otherwise the tests below would prove nothing; the result says that nothing was contained."""
    _skip_missing(way)
    found = played("off")
    assert (found.code, "containment: none (switched off)" in found.told) == (0, True), found.told
    assert way in found.reached, found.told


@pytest.mark.usefixtures("_available")
@pytest.mark.parametrize("way", CHILDREN)
@pytest.mark.parametrize("how", ["live", "replay"])
def test_a_child_reaches_nothing_and_refutes(way: str, how: str, played: Plays) -> None:
    """However the child is started: the kernel holds it, and the address stands in the report."""
    _skip_missing(way)
    found = played(how)
    assert (found.code, way in found.reached, found.names(way)) == (1, False, True), found.told
    assert "the processes that it starts are enclosed by Linux namespaces" in found.told


@pytest.mark.parametrize("way", WATCHED)
def test_this_process_is_watched_in_a_live_run(way: str, played: Plays) -> None:
    """The audit hook refuses and names what code under test reaches for, on whichever thread, though it swallows it."""
    found = played("live")
    assert (found.code, way in found.reached, found.names(way)) == (1, False, True), found.told
    assert "containment: partial (code in this process is watched by Python's audit hook" in found.told


def test_native_code_of_this_process_passes_by_and_the_level_says_so(project: Path, outside: UnreachedServer) -> None:
    """That is why it is called partial: pycurl opens its sockets without Python."""
    pytest.importorskip("pycurl")
    found = play(project, ["pycurl"], outside, "--against", "sandbox")
    assert (found.code, found.reached) == (0, ["pycurl"]), found.told
    assert "containment: partial (code in this process is watched by Python's audit hook, which native" in found.told


@pytest.mark.usefixtures("_available")
@pytest.mark.parametrize("way", ALL)
def test_a_whole_run_holds_all_of_them(way: str, played: Plays) -> None:
    """`harness run` goes inside as a whole: native code of this process is held too."""
    _skip_missing(way)
    found = played("whole")
    assert (found.code, found.reached, found.names(way)) == (1, [], True), found.told
    assert "containment: full" in found.told


def test_a_process_that_starts_nothing_is_not_said_to_have_children(project: Path, outside: UnreachedServer) -> None:
    """What is told is what was there."""
    found = play(project, (), outside, "--against", "sandbox")
    assert (found.code, "it started no other process" in found.told) == (0, True), found.told


@pytest.mark.parametrize("way", ["subprocess", "fork", "posix_spawn", "here"])
def test_an_unprivileged_user_needs_no_more(way: str, outside: UnreachedServer) -> None:
    """Without root, and without a capability, children are enclosed all the same."""
    words, variables = unprivileged_python()
    command = [*words, *PYTEST[1:], "--against", "sandbox"]
    with everyones_folder() as folder:
        found = _run(command, make_project(folder), [way], outside, variables)
    if "are not enclosed" in found.told:
        pytest.skip("this system gives namespaces to root alone")
    assert (found.code, found.reached, found.names(way)) == (1, [], True), found.told


@pytest.mark.usefixtures("_available")
def test_a_child_is_led_to_the_gateway_and_a_fork_is_answered_by_it(project: Path, outside: UnreachedServer) -> None:
    """A child with Intercom's host written into it is answered; what a fork changes is there afterwards."""
    led = (
        "import urllib.request as u; token = {'Authorization': 'Bearer x', 'Content-Type': 'application/json'}\\n"
        "u.urlopen(u.Request('https://api.intercom.io/tags', b'{\\\"name\\\": \\\"of a child\\\"}', token)).read()"
    )
    after = f"""
def ask(body=None, name="/tags"):
    headers = {{"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Content-Type": "application/json"}}
    url = os.environ["INTERCOM_BASE_URL"] + name
    return urllib.request.urlopen(urllib.request.Request(url, body, headers)).read().decode()

def after():
    led = "{led}"
    subprocess.run([sys.executable, "-c", led], check=True)
    subprocess.run([sys.executable, "-c", led.replace("a child", "another")], env=dict(os.environ), check=True)
    forked(lambda: ask(b'{{"name": "of a fork"}}'))
    kept = ask()
    missing = [name for name in ("of a child", "of another", "of a fork") if name not in kept]
    if missing:
        raise RuntimeError(f"missing: {{missing}}")
"""
    (project / "shop.py").write_text((project / "shop.py").read_text() + after)
    for command in (["pytest", "-q", "-p", "no:cacheprovider", "--against", "sandbox"], ["harness", "run"]):
        found = _run([sys.executable, "-m", *command, "scenarios"], project, (), outside)
        assert found.code == 0, found.told


def test_the_run_is_not_replaced_by_another_program(project: Path, outside: UnreachedServer) -> None:
    """`os.exec…` in the process that plays the scenarios would end the run with that program's exit status."""
    (project / "shop.py").write_text(
        (project / "shop.py").read_text() + "\ndef after():\n    os.execv('/bin/true', ['true'])\n"
    )
    found = play(project, (), outside, "--against", "sandbox")
    assert (found.code, "would replace the process that plays the scenarios" in found.told) == (1, True), found.told


def test_other_tests_of_the_session_are_left_alone(project: Path, outside: UnreachedServer) -> None:
    """Their children reach what they like, before, between and after scenarios, and count for nothing."""
    (project / "test_others.py").write_text(
        "import subprocess\nfrom shop import curl, connect\n\n"
        f"def test_of_their_own():\n    subprocess.run(curl('{HOSTS['fork']}'))\n    connect('{HOSTS['here']}')\n"
    )
    (project / "harness.toml").write_text('pipeline = "shop:Pipeline"\nallow = []\n')
    (project / "shop.py").write_text((project / "shop.py").read_text() + "\ndef after():\n    pass\n")
    files = ["test_others.py", "scenarios", "--against", "sandbox"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *files]
    found = _run(command, project, (), outside)
    assert (found.code, found.reached) == (0, ["fork", "here"]), found.told
