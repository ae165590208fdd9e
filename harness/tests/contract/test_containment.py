"""What an enclosure holds: attacks by commands inside, against a server outside that counts what reaches it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.containment.addresses import declared_address
from harness.containment.enclosure import Enclosure, enclosure
from harness.core.errors import Problem
from harness.tests.support.unprivileged import everyones_folder, unprivileged_python


@dataclass
class Outside:
    """A host that is to stay unreached: TCP and UDP on one port of loopback, and a unix socket."""

    port: int
    unix: Path
    reached: list[str] = field(default_factory=list)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    """Listen outside, and note each caller."""
    listener = socket.create_server(("127.0.0.1", 0))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(listener.getsockname())
    local = socket.socket(socket.AF_UNIX)
    path = Path("/tmp") / f"harness-outside-{listener.getsockname()[1]}.sock"
    local.bind(str(path))
    local.listen()
    found = Outside(listener.getsockname()[1], path)

    def accept(server: socket.socket, kind: str) -> None:
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            found.reached.append(kind)
            caller.close()

    def receive() -> None:
        while data := datagrams.recv(100):
            if data == b"end":
                return
            found.reached.append("udp")

    threads = [
        threading.Thread(target=accept, args=(listener, "tcp"), daemon=True),
        threading.Thread(target=accept, args=(local, "unix"), daemon=True),
        threading.Thread(target=receive, daemon=True),
    ]
    for thread in threads:
        thread.start()
    yield found
    datagrams.sendto(b"end", datagrams.getsockname())
    for server in (listener, local):
        server.shutdown(socket.SHUT_RDWR)
        server.close()
    for thread in threads:
        thread.join()
    datagrams.close()
    path.unlink()


def _python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


CONNECT = "import socket; socket.create_connection(('127.0.0.1', {port}), 3)"
DOUBLE_FORK = (
    "import os, time\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    "        time.sleep(0.1)\n"
    "        import socket; socket.create_connection(('127.0.0.1', {port}), 3)\n"
    "    os._exit(0)\n"
    "os.wait(); time.sleep(0.4)\n"
)
OWN_NAMESPACE = (
    "import ctypes, os; own = os.open('/proc/self/ns/net', 0); libc = ctypes.CDLL(None)\n"
    "libc.unshare(0x40000000); libc.setns(own, 0)\n"
) + CONNECT
BACK_OUT = (
    "import ctypes, os\n"
    "for name in ('user', 'net'):\n"
    "    try: ctypes.CDLL(None).setns(os.open('/proc/1/ns/' + name, 0), 0)\n"
    "    except OSError: pass\n"
) + CONNECT
DATAGRAM = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))"
NATIVE = (
    "import ctypes, socket, struct; libc = ctypes.CDLL(None); handle = libc.socket(2, 1, 0); "
    "libc.connect(handle, struct.pack('=HH4s8x', 2, socket.htons({port}), bytes([127, 0, 0, 1])), 16)"
)
UNIX = "import socket; socket.socket(socket.AF_UNIX).connect('{unix}')"
NODE = "require('net').connect({port}, '127.0.0.1').on('error', () => {{}}).on('connect', () => process.exit(0))"

ATTACKS: dict[str, tuple[str, Callable[[Outside], Sequence[str]]]] = {
    "curl --noproxy": ("tcp", lambda o: ["curl", "-sS", "-m", "3", "--noproxy", "*", f"http://127.0.0.1:{o.port}/"]),
    "env -i curl": ("tcp", lambda o: ["env", "-i", "/usr/bin/curl", "-sS", "-m", "3", f"http://127.0.0.1:{o.port}/"]),
    "python -I": ("tcp", lambda o: _python(CONNECT.format(port=o.port))),
    "libc from Python": ("tcp", lambda o: _python(NATIVE.format(port=o.port))),
    "setsid and a double fork": ("tcp", lambda o: _python(DOUBLE_FORK.format(port=o.port))),
    "an own network namespace, and out of it again": ("tcp", lambda o: _python(OWN_NAMESPACE.format(port=o.port))),
    "back into the namespaces of process 1": ("tcp", lambda o: _python(BACK_OUT.format(port=o.port))),
    "a datagram": ("udp", lambda o: _python(DATAGRAM.format(port=o.port))),
    "a unix socket": ("unix", lambda o: _python(UNIX.format(unix=o.unix))),
    "node without options": ("tcp", lambda o: ["env", "NODE_OPTIONS=", "node", "-e", NODE.format(port=o.port)]),
    "LD_PRELOAD cleared": ("tcp", lambda o: ["env", "-u", "LD_PRELOAD", *_python(CONNECT.format(port=o.port))]),
}
"""Each attack with the kind of contact that it makes outside, where nothing holds it."""

HELD_BY = {"namespace": {"tcp", "udp", "unix"}, "sandlock": {"tcp", "udp"}}


def _attack(made: Enclosure, words: Sequence[str]) -> None:
    subprocess.run([*made.prefix(Path.cwd()), *words], capture_output=True, timeout=20, check=False)


@pytest.fixture(params=sorted(HELD_BY))
def mechanism(request: pytest.FixtureRequest) -> str:
    """One mechanism, forced; the test is skipped where this system does not have it."""
    with enclosure(1, mechanism=request.param) as made:
        if made.level == "none":
            pytest.skip(f"{request.param}: {made.told}")
    return str(request.param)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_from_inside_reaches_nothing(name: str, mechanism: str, outside: Outside) -> None:
    """No packet of an enclosed command arrives outside, whatever the command does."""
    kind, words = ATTACKS[name]
    if kind not in HELD_BY[mechanism]:
        pytest.skip(f"{mechanism} does not hold {kind} sockets, and says so")
    with enclosure(1, mechanism=mechanism) as made:  # type: ignore[arg-type]
        _attack(made, words(outside))
    assert outside.reached == []


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_works_where_nothing_holds_it(name: str, outside: Outside) -> None:
    """Otherwise the test above would prove nothing."""
    if shutil.which(ATTACKS[name][1](outside)[0]) is None:
        pytest.skip(f"{ATTACKS[name][1](outside)[0]} is not installed")
    with enclosure(1, wish="off") as made:
        _attack(made, ATTACKS[name][1](outside))
    deadline = threading.Event()
    deadline.wait(0.3)
    assert outside.reached == [ATTACKS[name][0]]


def test_an_attempt_is_named_with_address_process_and_request() -> None:
    """A plain request names its method and path; a name that is looked up is named as well."""
    with enclosure(1, mechanism="namespace") as made:
        if made.level == "none":
            pytest.skip(made.told)
        _attack(made, ["curl", "-sS", "-m", "3", "-X", "DELETE", "http://192.0.2.7/contacts/5?email=x"])
        _attack(made, ["curl", "-sS", "-m", "3", "https://api.intercom.io/contacts"])
        told = [(one.protocol, one.host, one.port, one.process, one.call) for one in made.attempts()]
    assert told[0] == ("tcp", "192.0.2.7", 80, "curl", "DELETE /contacts/5")
    assert ("dns", "api.intercom.io", 53, "curl", "") in told


def test_the_gateways_port_and_declared_addresses_are_reached(mechanism: str, outside: Outside) -> None:
    """What is declared is led out; the unix socket that is declared stays visible."""
    declared = [declared_address(f"127.0.0.1:{outside.port}"), declared_address(f"unix:{outside.unix}")]
    with enclosure(1, declared, mechanism=mechanism) as made:  # type: ignore[arg-type]
        _attack(made, _python(CONNECT.format(port=outside.port)))
        _attack(made, _python(UNIX.format(unix=outside.unix)))
        assert made.attempts() == ()
    assert sorted(outside.reached) == ["tcp", "unix"]


def test_a_command_serves_itself_inside() -> None:
    """A server that the run itself starts is reached on loopback, by TCP and by a unix socket, and is no attempt."""
    code = (
        "import socket, tempfile, os\n"
        "server = socket.create_server(('127.0.0.1', 0)); socket.create_connection(server.getsockname())\n"
        "path = tempfile.mkdtemp() + '/own.sock'\n"
        "local = socket.socket(socket.AF_UNIX); local.bind(path); local.listen()\n"
        "socket.socket(socket.AF_UNIX).connect(path); print('served', os.getcwd())\n"
    )
    with enclosure(1, mechanism="namespace") as made:
        if made.level == "none":
            pytest.skip(made.told)
        words = [*made.prefix(Path.cwd()), *_python(code)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
        assert (done.stdout.strip(), made.attempts()) == (f"served {Path.cwd()}", ())


def test_full_containment_that_cannot_be_had_is_a_problem() -> None:
    """`require` never runs anything at a lower level."""
    with (
        pytest.raises(Problem, match="Full containment was required"),
        enclosure(1, wish="require", mechanism="sandlock"),
    ):
        pytest.fail("it was entered")


@pytest.mark.parametrize(
    "text",
    [
        "api.intercom.io:443",
        "API.Intercom.IO.",
        "api.inter\u00adcom.io:443",
        "*.io",
        ".com",
        "x:0",
        "x:99999",
        "unix:a",
    ],
)
def test_what_may_never_be_declared_is_refused(text: str) -> None:
    """Intercom's own hosts in any spelling, whole top-level domains, ports that are none."""
    with pytest.raises(Problem, match="cannot be declared"):
        declared_address(text)


def test_all_of_it_holds_for_a_user_without_privileges() -> None:
    """Each attack and each mechanism again, as a user who has no capability at all."""
    words, variables = unprivileged_python()
    here = Path(__file__)
    with everyones_folder() as folder:
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--basetemp", str(folder / "base")]
        command = [*words, "-m", "pytest", *options, str(here), "-k", "not without_privileges"]
        done = subprocess.run(
            command, cwd=here.parents[3], env=variables, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
