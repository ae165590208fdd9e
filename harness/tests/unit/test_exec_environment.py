"""What a command finds in its environment: ways to the gateway for every runtime, and no real credential."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.hosts import ANSWERED
from harness.pipeline.environment import Way, command_environment, production_credentials
from harness.runner.command_session import PRELOAD

REAL_TOKEN = "dG9r" + "OmFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3"
"""Looks like an access token of Intercom's, and is put together here so that no scanner takes it for one."""


@pytest.fixture
def way(tmp_path: Path) -> Way:
    """A way to a door that nobody listens at."""
    alone, added, bundle = (tmp_path / name for name in ("ca.pem", "added.pem", "bundle.pem"))
    return Way("http://127.0.0.1:9", "sandbox-demo", alone, added, bundle, PRELOAD, ANSWERED)


def test_the_token_is_wherever_code_looks_for_it(way: Way) -> None:
    """In the guide's variable, the usual ones, and each that --env names, over whatever was there."""
    environment = command_environment({"AT": REAL_TOKEN, "PATH": "/bin"}, way, ["MY_TOKEN"])
    names = ("AT", "INTERCOM_ACCESS_TOKEN", "INTERCOM_API_KEY", "MY_TOKEN")
    assert {environment[name] for name in names} == {"sandbox-demo"}
    assert environment["INTERCOM_BASE_URL"] == way.url
    assert environment["PATH"] == "/bin"


def test_proxies_of_the_machine_do_not_lead_past_the_gateway(way: Way) -> None:
    """Ours replace them in both spellings, and NO_PROXY names loopback only."""
    base = {"NO_PROXY": "intercom.io", "no_proxy": "*", "ALL_PROXY": "socks5://x", "https_proxy": "http://corporate"}
    environment = command_environment(base, way)
    assert {environment[name] for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")} == {way.url}
    assert environment["NO_PROXY"] == environment["no_proxy"] == "localhost,127.0.0.1,::1"
    assert "ALL_PROXY" not in environment


def test_each_runtime_is_told_of_the_authority(way: Way) -> None:
    """Node adds our certificate to its own; the others read one file, so theirs holds the public ones too."""
    environment = command_environment({}, way)
    assert environment["NODE_EXTRA_CA_CERTS"] == str(way.ca_added)
    bundles = {environment[name] for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
    assert bundles == {str(way.ca_bundle)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERCOM_TOKEN", "something"),
        ("INTERCOM_TEST_ACCESS_TOKEN", "something"),
        ("PROD_INTERCOM_SECRET_KEY", "something"),
        ("NEXT_PUBLIC_INTERCOM_API_KEY", "something"),
        ("CRM_CREDENTIAL", REAL_TOKEN),
    ],
)
def test_real_credentials_are_taken_out_and_named(way: Way, name: str, value: str) -> None:
    """By their names, or by what an access token of Intercom's looks like."""
    base = {name: value, "PATH": "/bin"}
    assert production_credentials(base) == [name]
    assert name not in command_environment(base, way)
    assert production_credentials(base, [name]) == [], "what --env names is replaced, not taken out"
    assert command_environment(base, way, [name])[name] == "sandbox-demo"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERCOM_APP_ID", "abcd1234"),
        ("INTERCOM_TOKEN", "sandbox-other"),
        ("GITHUB_TOKEN", "x" * 40),
        ("HOME", "/root"),
    ],
)
def test_what_is_no_credential_of_intercoms_stays(way: Way, name: str, value: str) -> None:
    """App ids, tokens of the sandbox and other services' secrets are the command's own."""
    assert production_credentials({name: value}) == []
    assert command_environment({name: value}, way)[name] == value


def test_a_commands_own_node_options_and_python_path_stay(way: Way) -> None:
    """Ours are added to them."""
    environment = command_environment({"NODE_OPTIONS": "--max-old-space-size=512", "PYTHONPATH": "lib"}, way)
    assert environment["NODE_OPTIONS"].startswith("--max-old-space-size=512 --require ")
    assert environment["PYTHONPATH"] == os.pathsep.join([str(PRELOAD / "python"), "lib"])


def run_python(way: Way, code: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """A Python started with the environment of a command."""
    environment = command_environment({**os.environ, **extra}, way)
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_a_sitecustomize_that_was_there_still_runs(way: Way, tmp_path: Path) -> None:
    """Ours hides it and then runs it, under its own name."""
    (tmp_path / "sitecustomize.py").write_text("import builtins\nbuiltins.mine = __file__\n")
    code = "import sitecustomize; print(mine == sitecustomize.__file__, mine)"
    done = run_python(way, code, PYTHONPATH=str(tmp_path))
    assert done.stdout.split() == ["True", str(tmp_path / "sitecustomize.py")], done.stderr


def test_names_of_intercoms_resolve_to_the_door_and_others_as_ever(way: Way) -> None:
    """Whatever is asked of the resolver for Intercom's hosts, the door is the answer."""
    code = (
        "import socket\n"
        "hosts = 'api.intercom.io', b'api.eu.intercom.io', 'API.AU.INTERCOM.IO.', '127.0.0.1', 'intercom.io.invalid'\n"
        "for host in hosts:\n"
        "    try: print(socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)[0][4])\n"
        "    except OSError: print('unknown')\n"
    )
    done = run_python(way, code)
    door = "('127.0.0.1', 9)"
    assert done.stdout.splitlines() == [door, door, door, "('127.0.0.1', 443)", "unknown"], done.stderr


def test_a_resolver_that_goes_past_the_socket_module_finds_the_door_too(way: Way) -> None:
    """aiohttp's own, which asks name servers by itself wherever aiodns is installed."""
    pytest.importorskip("aiohttp", reason="needs client: aiohttp is not installed")
    code = (
        "import asyncio\n"
        "from aiohttp.resolver import AsyncResolver\n"
        "(found,) = asyncio.run(AsyncResolver.resolve(None, 'api.intercom.io', 443))\n"
        "print(found['hostname'], found['host'], found['port'])\n"
    )
    done = run_python(way, code)
    assert done.stdout.split() == ["api.intercom.io", "127.0.0.1", "9"], done.stderr


def test_an_event_loop_that_goes_past_the_socket_module_finds_the_door_too(way: Way) -> None:
    """uvloop's, whether a client looks the name up itself or leaves that to the loop."""
    pytest.importorskip("uvloop", reason="uvloop is not installed: pip install uvloop")
    code = (
        "import asyncio, uvloop\n"
        "async def main():\n"
        "    loop = asyncio.get_running_loop()\n"
        "    print((await loop.getaddrinfo('api.intercom.io', 443))[0][4][1])\n"
        "    try: await loop.create_connection(asyncio.Protocol, 'api.intercom.io', 443)\n"
        "    except ConnectionRefusedError: print('refused')\n"
        "uvloop.run(main())\n"
    )
    done = run_python(way, code)
    assert done.stdout.split() == ["9", "refused"], done.stderr


def test_the_preload_imports_nothing_on_its_own(way: Way) -> None:
    """A command that never opens a socket does not pay for one."""
    done = run_python(way, "import sys; print([m for m in ('socket', 'ssl', 'typing') if m in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


def test_without_a_door_the_preload_does_nothing() -> None:
    """A stray PYTHONPATH does no harm."""
    environment = {"PYTHONPATH": str(PRELOAD / "python"), "PATH": os.environ["PATH"]}
    code = "import socket; print(socket.getaddrinfo.__module__)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "socket"
    assert done.stderr == ""
