"""What nobody should send and no folder should hold, put to `harness sandbox` as a process: a clear answer each time.

After each the same sandbox answers as before, and what it keeps is unharmed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

HEADERS = {"Authorization": "Bearer sandbox-demo", "Intercom-Version": "2.16"}
HEAD = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()) + "Host: x\r\n"
FIRST = "first@example.com"


@contextmanager
def serving(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox, and its URL."""
    command = [sys.executable, "-m", "harness", "sandbox", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("ready ")
        try:
            yield process, url
        finally:
            process.kill()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A sandbox in which somebody is, who may not come to harm; nothing may have been said on stderr at the end."""
    with serving() as (process, url):
        assert post(url, json.dumps({"email": FIRST}).encode()).status_code == 200
        yield url
        process.terminate()
        assert process.wait(5) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def post(url: str, body: bytes, path: str = "/contacts") -> requests.Response:
    """Send a body as it is."""
    headers = HEADERS | {"Content-Type": "application/json"}
    return requests.post(f"{url}{path}", data=body, headers=headers, timeout=20)


def emails(url: str) -> set[str]:
    """Who is there."""
    listed = requests.get(f"{url}/contacts?per_page=150", headers=HEADERS, timeout=5).json()["data"]
    return {person["email"] for person in listed}


DEEP = b"[" * 10_000 + b"]" * 10_000
BODIES = {
    "10 MB": (b'{"email": "' + b"a" * 10_000_000 + b'@example.com"}', 413),
    "more than 10 MB": (b" " * 10_500_000, 413),
    "depth 10,000": (b'{"email": ' + DEEP + b"}", 400),
    "invalid UTF-8": (b'{"email": "\xff\xfe@example.com"}', 400),
    "NaN": (b'{"email": "n@example.com", "signed_up_at": NaN}', 400),
    "infinity": (b'{"email": "n@example.com", "signed_up_at": 1e999}', 400),
    "a lone surrogate": (b'{"email": "s@example.com", "name": "\\ud800"}', 400),
    "cut": (b'{"email": "c@example.com"', 400),
    "no object": (b'["email"]', 400),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_nobody_should_send_is_refused(url: str, name: str) -> None:
    """In Intercom's envelope, with a reason, and nobody was made."""
    body, status = BODIES[name]
    answer = post(url, body)
    assert answer.status_code == status
    told = answer.json()
    assert told["errors"][0]["message"] if told.get("type") == "error.list" else told["error"]
    assert FIRST in emails(url)
    assert not emails(url) & {"n@example.com", "s@example.com", "c@example.com"}


def test_repeated_keys_and_nul_are_taken_as_they_are(url: str) -> None:
    """The last of a repeated key counts, as JSON parsers have it; NUL is a character."""
    answer = post(url, b'{"email": "one@example.com", "email": "two@example.com", "name": "a\\u0000b"}')
    assert (answer.json()["email"], answer.json()["name"]) == ("two@example.com", "a\0b")
    found = requests.get(f"{url}/contacts/{answer.json()['id']}", headers=HEADERS, timeout=5).json()
    assert found["name"] == "a\0b"
    assert "one@example.com" not in emails(url)


def exchange(url: str, *pieces: bytes, close_writing: bool = False) -> bytes:
    """Send bytes, one piece after the other, and read until the other side closes or keeps still."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=3) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if close_writing:
            connection.shutdown(socket.SHUT_WR)
        parts = []
        try:
            while part := connection.recv(65_536):
                parts.append(part)
        except (TimeoutError, ConnectionResetError):
            pass
        return b"".join(parts)


def test_ten_thousand_headers_are_answered(url: str) -> None:
    """Answered or turned down, with a status, and the next request is served."""
    many = "".join(f"x-{number}: {number}\r\n" for number in range(10_000))
    answer = exchange(url, f"GET /me HTTP/1.1\r\n{HEAD}{many}connection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in (b"200", b"400", b"431")
    assert requests.get(f"{url}/me", headers=HEADERS, timeout=5).status_code == 200


def test_a_slow_connection_holds_nobody_up(url: str) -> None:
    """A request that comes byte by byte is answered when it is whole; others are served meanwhile."""
    host, _, port = url.removeprefix("http://").partition(":")
    request = f"GET /me HTTP/1.1\r\n{HEAD}connection: close\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=5) as slow:
        for number in range(len(request)):
            slow.sendall(request[number : number + 1])
            if number % 40 == 0:
                assert requests.get(f"{url}/me", headers=HEADERS, timeout=5).status_code == 200
        assert slow.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_connection_closed_in_mid_request_changes_nothing(url: str) -> None:
    """A body of which half came is no request: nobody is made."""
    body = json.dumps({"email": "half@example.com"})
    head = (
        f"POST /contacts HTTP/1.1\r\n{HEAD}content-type: application/json\r\ncontent-length: {len(body) + 100}\r\n\r\n"
    )
    exchange(url, head.encode(), body.encode(), close_writing=True)
    assert "half@example.com" not in emails(url)
    assert FIRST in emails(url)


def test_a_client_that_stops_writing_still_gets_its_answer(url: str) -> None:
    """Half closed after a whole request: the request is done, and at most the answer is lost."""
    body = json.dumps({"email": "whole@example.com"})
    head = f"POST /contacts HTTP/1.1\r\n{HEAD}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    exchange(url, (head + body).encode(), close_writing=True)
    assert "whole@example.com" in emails(url)


def test_a_spent_budget_is_a_429_with_all_that_a_client_waits_by(url: str) -> None:
    """The limit, nothing left, and the seconds until the window ends, in a workspace of its own; an envelope."""
    headers = HEADERS | {"Authorization": "Bearer sandbox-budget"}
    requests.put(f"{url}/_sandbox/settings", json={"rate_limit": 5}, headers=headers, timeout=5)
    answers = [requests.get(f"{url}/me", headers=headers, timeout=5) for _ in range(12)]
    spent = next(answer for answer in answers if answer.status_code == 429)
    assert {answer.status_code for answer in answers} == {200, 429}
    assert spent.json()["errors"][0]["code"] == "rate_limit_exceeded"
    assert (spent.headers["x-ratelimit-limit"], spent.headers["x-ratelimit-remaining"]) == ("5", "0")
    assert 1 <= int(spent.headers["retry-after"]) <= 10


# --- the state folder -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder with somebody in it, left by a sandbox that ended."""
    with serving("--state", str(tmp_path)) as (process, url):
        post(url, json.dumps({"email": FIRST}).encode())
        process.terminate()
        assert process.wait(5) == 0
    return tmp_path


def refused(folder: Path, *prefix: str) -> str:
    """What a sandbox says that cannot begin with a folder: exit code 2 and one message."""
    command = [*prefix, sys.executable, "-m", "harness", "sandbox", "--state", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "remedy" in done.stderr
    return done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """The state files of a folder."""
    return {path.name: path.read_bytes() for path in folder.glob("*.sqlite")}


@pytest.mark.parametrize("length", [0, 100, 5_000, 20_480])
def test_a_truncated_state_file_is_told_at_the_start(folder: Path, length: int) -> None:
    """By name, and it is left as it is."""
    file = folder / "demo.sqlite"
    os.truncate(file, length)
    before = contents(folder)
    assert "demo.sqlite" in refused(folder)
    assert contents(folder) == before


def test_a_state_file_of_a_newer_schema_is_told_at_the_start(folder: Path) -> None:
    """With both versions."""
    with closing(sqlite3.connect(folder / "demo.sqlite")) as database:
        database.execute("PRAGMA user_version = 99")
    before = contents(folder)
    assert "version 99" in refused(folder)
    assert contents(folder) == before


def as_anybody() -> tuple[str, ...]:
    """A prefix that takes from root the right to write what may not be written; nothing for anybody else."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("needs root's rights taken away: setpriv is not installed")
    return setpriv, "--inh-caps=-dac_override", "--bounding-set=-dac_override"


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_state_folder_that_cannot_be_written_is_told_at_the_start(folder: Path, what: str) -> None:
    """Which one, and what to do."""
    target = folder / "demo.sqlite" if what == "file" else folder
    before = contents(folder)
    target.chmod(0o444 if what == "file" else 0o555)
    try:
        assert str(target) in refused(folder, *as_anybody())
    finally:
        target.chmod(0o755)
    assert contents(folder) == before


def test_a_state_folder_in_use_is_told_at_the_start(folder: Path) -> None:
    """The one that has it goes on undisturbed."""
    with serving("--state", str(folder)) as (_, url):
        assert "Another sandbox uses the state folder" in refused(folder)
        assert emails(url) == {FIRST}


def test_a_disk_that_takes_no_more_is_told_and_forgiven(folder: Path) -> None:
    """By the file's name, each time; what was answered with 200 is there, and with room again everything goes on."""
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("needs Linux: no other system limits a process from outside")
    made = {FIRST}
    with serving("--state", str(folder)) as (process, url):
        unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (400_000, unlimited[1]))
        refused_for = ""
        for number in range(30):
            email = f"{number}@example.com"
            answer = post(url, json.dumps({"email": email, "name": "x" * 20_000}).encode())
            if answer.status_code == 200:
                made.add(email)
            else:
                refused_for = answer.json()["errors"][0]["message"]
        assert "state file" in refused_for
        assert "demo.sqlite" in refused_for
        assert emails(url) == made
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert post(url, b'{"email": "later@example.com"}').status_code == 200
        process.terminate()
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    with serving("--state", str(folder)) as (_, url):
        assert emails(url) == made | {"later@example.com"}


def test_a_folder_that_was_refused_is_free_again(folder: Path) -> None:
    """Once the file is whole, the next sandbox has it."""
    whole = (folder / "demo.sqlite").read_bytes()
    os.truncate(folder / "demo.sqlite", 5_000)
    refused(folder)
    (folder / "demo.sqlite").write_bytes(whole)
    with serving("--state", str(folder)) as (_, url):
        assert emails(url) == {FIRST}
