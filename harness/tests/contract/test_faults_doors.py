"""Faults through the doors: what the control plane arms is what a client of any language meets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from harness.gateway.server.server import Server
from harness.tests.support.sandbox_server import served

FAULTS = "/_sandbox/faults"


class FaultyService:
    """A sandbox behind its server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, method: str, path: str, body: Any = None, token: str = "sandbox-one") -> requests.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.16"}
        return self.session.request(method, self.server.url + path, json=body, headers=headers, timeout=5)

    def count(self) -> int:
        """How many contacts there are."""
        return int(self.ask("GET", "/contacts").json()["total_count"])


@pytest.fixture
def service() -> Iterator[FaultyService]:
    """A sandbox with its control plane on a port."""
    with served() as (_, server):
        opened = FaultyService(server)
        with opened.session:
            yield opened


def test_a_fault_is_armed_told_and_cleared(service: FaultyService) -> None:
    """POST answers 201, GET tells how often each fired, DELETE clears."""
    armed = service.ask("POST", FAULTS, {"operation": "identifyAdmin", "kind": "status", "status": 503, "times": 2})
    assert (armed.status_code, armed.json()["fired"]) == (201, 0)
    assert [service.ask("GET", "/me").status_code for _ in range(3)] == [503, 503, 200]
    (told,) = service.ask("GET", FAULTS).json()["data"]
    assert (told["operation"], told["met"], told["fired"]) == ("identifyAdmin", 3, 2)
    assert service.ask("DELETE", FAULTS).status_code == 204
    assert service.ask("GET", FAULTS).json()["data"] == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"operation": "identifyAdmin", "kind": "boom"}, "boom"),
        ({"operation": "nothing", "kind": "empty"}, "nothing"),
        ({"operation": "*", "kind": "empty", "times": -3}, "-3"),
        ({}, "kind"),
    ],
)
def test_what_is_unknown_is_refused(service: FaultyService, body: dict[str, Any], says: str) -> None:
    """400 with the reason, and nothing is armed."""
    refused = service.ask("POST", FAULTS, body)
    assert (refused.status_code, service.ask("GET", FAULTS).json()["total_count"]) == (400, 0)
    assert says in refused.json()["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["reset_after", "empty", "truncated", "lost"])
def test_work_done_and_answer_lost(service: FaultyService, kind: str) -> None:
    """The client sees a broken connection; the contact exists all the same."""
    options = {"seconds": 0} if kind == "lost" else {}
    service.ask("POST", FAULTS, {"operation": "CreateContact", "kind": kind, **options})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        service.ask("POST", "/contacts", {"role": "lead"})
    assert service.count() == 1


def test_a_reset_before_the_work_leaves_nothing_behind(service: FaultyService) -> None:
    """The client sees a reset, and nobody was made."""
    service.ask("POST", FAULTS, {"operation": "CreateContact", "kind": "reset_before"})
    with pytest.raises(requests.ConnectionError):
        service.ask("POST", "/contacts", {"role": "lead"})
    assert service.count() == 0


def test_faulted_exchanges_are_marked(service: FaultyService) -> None:
    """The control plane's list of exchanges says which answers were spoiled, and by what."""
    service.ask("POST", FAULTS, {"operation": "identifyAdmin", "kind": "garbled"})
    service.ask("GET", "/me")
    service.ask("GET", "/me")
    exchanges = service.ask("GET", "/_sandbox/exchanges").json()["data"]
    assert [exchange["fault"] for exchange in exchanges] == ["garbled", None]


def test_a_dribbled_answer_arrives_whole(service: FaultyService) -> None:
    """Slow is not broken."""
    service.ask("POST", FAULTS, {"operation": "identifyAdmin", "kind": "dribble", "at": 100})
    assert service.ask("GET", "/me").json()["type"] == "admin"


def test_exec_takes_a_file_of_faults_and_tells_of_one_that_never_fired(tmp_path: Path) -> None:
    """`--faults` arms them for the command; one that nothing met makes the exit status 1."""
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\noperation = "identifyAdmin"\nkind = "status"\nstatus = 503\n')

    def run(code: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "harness", "exec", "--faults", str(path), "--", sys.executable, "-c", code]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    asking = (
        "import os, requests; print(requests.get(os.environ['INTERCOM_BASE_URL'] + '%s', auth=('t', '')).status_code)"
    )
    met, unmet = run(asking % "/me"), run(asking % "/admins")
    assert (met.stdout.strip(), met.returncode) == ("503", 0)
    assert "(fault: status 503)" in met.stderr
    assert (unmet.stdout.strip(), unmet.returncode) == ("200", 1)
    assert "never fired" in unmet.stderr
