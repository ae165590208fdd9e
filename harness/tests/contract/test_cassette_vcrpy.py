"""Cassettes and vcrpy: exports play in an unmodified vcrpy, its files come in, its patches use our engine."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from harness.cassette import Header, Redactor, ReplayFailed, load
from harness.cassette.recording.writer import write
from harness.cassette.vcr.plain_yaml import export, read
from harness.tests.support.recordings import VISITOR_ID, VISITOR_UUID, visitor_to_lead, written

API = "https://api.intercom.io"
NEWEST = {"Intercom-Version": "2.16"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cassette of a visitor who became a lead."""
    written(tmp_path / "a.json", visitor_to_lead())
    return tmp_path / "a.json"


def convert() -> list[int]:
    """What was recorded, asked again by requests."""
    body = {"visitor": {"user_id": VISITOR_UUID}, "type": "lead"}
    lookup = f"{API}/visitors?user_id={VISITOR_UUID}"
    return [
        requests.get(lookup, headers=NEWEST, timeout=2).status_code,
        requests.post(f"{API}/visitors/convert", json=body, headers=NEWEST, timeout=2).status_code,
        requests.get(lookup, headers=NEWEST, timeout=2).status_code,
        requests.get(f"{API}/contacts/{VISITOR_ID}", headers=NEWEST, timeout=2).status_code,
    ]


def test_an_export_plays_in_an_unmodified_vcrpy(path: Path) -> None:
    """Plain YAML, nothing of ours in it, played by `vcr.use_cassette` with nothing going out."""
    import vcr

    plain = path.with_suffix(".yaml")
    plain.write_text(export(load(path)))
    assert "harness" not in plain.read_text()
    with vcr.use_cassette(str(plain), record_mode="none") as tape:
        assert convert() == [200, 200, 404, 200]
        assert tape.all_played


def test_what_vcrpy_wrote_comes_back_as_it_was(path: Path) -> None:
    """There and back again, requests and answers are the same."""
    plain = path.with_suffix(".yaml")
    plain.write_text(export(load(path)))
    back = write(path.with_name("b.json"), read(plain, Header(scenario="")), Redactor())
    before = load(path)
    assert [(i.request.target, i.request.body) for i in back.interactions] == [
        (i.request.target, i.request.body) for i in before.interactions
    ]
    assert [i.outcome.answer for i in back.interactions] == [i.outcome.answer for i in before.interactions]


def test_vcrpy_reads_and_writes_our_files_by_the_serializer(path: Path, intercom: str) -> None:
    """One line of registration; what it records that way is clean."""
    import vcr

    from harness.cassette.vcr import serializer

    recorder = vcr.VCR(serializer="harness")
    recorder.register_serializer("harness", serializer)
    with recorder.use_cassette(str(path), record_mode="none"):
        assert convert() == [200, 200, 404, 200]
    fresh = path.with_name("fresh.json")
    with recorder.use_cassette(str(fresh), record_mode="once"):
        requests.post(
            f"{intercom}/contacts", json={"email": "jane@corp.co"}, headers={"Authorization": "Bearer abc"}, timeout=2
        )
    text = fresh.read_text()
    assert "corp.co" not in text
    assert "authorization" not in text.lower()
    assert json.loads(load(fresh).interactions[0].request.body)["email"].endswith("@pseudonym.example")


def test_vcrpys_patches_over_our_engine_are_strict(path: Path) -> None:
    """Body and order are matched, misses go nowhere, and one that was swallowed is raised at the end."""
    from harness.cassette.vcr.cassette import use_cassette

    free = path.with_name("free.json")
    written(free, [visitor_to_lead()[1], visitor_to_lead()[1]], scenario="")
    body = {"visitor": {"user_id": VISITOR_UUID}, "type": "lead"}
    with use_cassette(free):
        for _ in range(2):
            assert (
                requests.post(f"{API}/visitors/convert", json=body, headers=NEWEST, timeout=2).json()["role"] == "lead"
            )
    with pytest.raises(ReplayFailed, match="body"):
        _with_a_swallowed_miss(free)


def _with_a_swallowed_miss(path: Path) -> None:
    from harness.cassette.vcr.cassette import use_cassette

    body = {"visitor": {"user_id": VISITOR_UUID}, "type": "lead"}
    with use_cassette(path):
        with pytest.raises(ReplayFailed):
            requests.post(f"{API}/visitors/convert", json={**body, "type": "user"}, headers=NEWEST, timeout=2)
        for _ in range(2):
            requests.post(f"{API}/visitors/convert", json=body, headers=NEWEST, timeout=2)


@pytest.fixture
def intercom() -> Iterator[str]:
    """A server that answers everything with a contact."""

    class EchoHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = b'{"type": "contact", "role": "lead", "email": "jane@corp.co"}'
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), EchoHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_recording_through_vcrpys_patches_writes_one_of_ours(tmp_path: Path, intercom: str) -> None:
    """Recorded once from a real server, then played without it."""
    from harness.cassette.vcr.cassette import use_cassette

    path = tmp_path / "a.json"
    for record in (True, False):
        with use_cassette(path, record=record):
            answered = requests.post(f"{intercom}/contacts", json={"email": "jane@corp.co"}, timeout=2)
            assert answered.json()["role"] == "lead"
    assert "corp.co" not in path.read_text()


def test_the_engine_does_not_import_vcrpy() -> None:
    """Importing it alone costs more than a whole replay."""
    code = (
        "import sys, harness.cassette as c; [getattr(c, name) for name in c.__all__];"
        "print([m for m in ('vcr', 'yaml', 'requests', 'harness.gateway') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
