"""`use_cassette` under threads, and blocks that raise."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from harness.cassette import load
from harness.cassette.vcr.cassette import use_cassette


@pytest.fixture
def arrived() -> list[str]:
    """What really arrived at the service."""
    return []


@pytest.fixture
def service(arrived: list[str]) -> str:  # type: ignore[misc]  # a generator, as fixtures are
    """A service on loopback: its URL."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            arrived.append(self.path)
            body = json.dumps({"type": "contact", "path": self.path}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def by_requests(url: str) -> str:
    """Read by requests."""
    return str(requests.get(url, timeout=10).json()["path"])


def by_urllib(url: str) -> str:
    """Read by urllib."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(json.load(answer)["path"])


def by_http_client(url: str) -> str:
    """Read by http.client, without a library."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", parts.path)
    found = str(json.load(connection.getresponse())["path"])
    connection.close()
    return found


@pytest.mark.parametrize("read", [by_requests, by_urllib, by_http_client])
def test_forty_requests_of_eight_threads_are_played_and_none_goes_out(
    tmp_path: Path, service: str, arrived: list[str], read: Callable[[str], str]
) -> None:
    """Recorded by eight threads, and replayed by eight others, each with a connection of its own."""
    urls = [f"{service}/contacts/{number}" for number in range(40)]

    def all_of_them() -> list[str]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(read, urls))

    with use_cassette(tmp_path / "a.json", record=True):
        recorded = all_of_them()
    assert sorted(arrived) == sorted(recorded)
    arrived.clear()
    with use_cassette(tmp_path / "a.json") as tape:
        assert all_of_them() == recorded
        assert len(tape) == tape.play_count == 40
    assert arrived == []


def test_a_block_that_raises_keeps_the_cassette_that_was_there(tmp_path: Path, service: str) -> None:
    """And leaves nothing beside it."""
    path = tmp_path / "a.json"
    with use_cassette(path, record=True):
        by_requests(f"{service}/contacts/1")
    good = path.read_bytes()
    with pytest.raises(ZeroDivisionError), use_cassette(path, record=True):
        assert len(by_requests(f"{service}/contacts/2")) / 0
    assert path.read_bytes() == good
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    assert [found.request.path for found in load(path).interactions] == ["/contacts/1"]
