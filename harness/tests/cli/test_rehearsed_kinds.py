"""Rehearsals of each kind of pipeline, and of two hundred thousand people."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.tests.support.peopled_state import peopled_state

ROOT = Path(__file__).resolve().parents[3]
JOBS = "harness.tests.support.rehearsed_jobs"
RUNS = "from harness.tests.support.rehearsed_jobs import SoundMergeJob\n"

COMMAND = f"{RUNS}SoundMergeJob().run()\n"
SERVICE = f"""
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

{RUNS}

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        SoundMergeJob().run()
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{{}}")

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
PAIR = f"""{RUNS}
class Pair:
    without = ["visitor_to_lead", "visitor_to_user"]

    def lead_to_user(self, lead, user):
        job = SoundMergeJob()
        job.convert({{"id": lead.id}}, {{"id": user.id}})
        if job.refused:
            raise RuntimeError(f"refused: {{lead.id}}")
"""
NODE = """
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
(async () => {
  for (let number = 0; number < 5; number += 1) {
    const headers = { Authorization: `Bearer ${process.env.INTERCOM_ACCESS_TOKEN}` };
    await (await fetch(`${process.env.INTERCOM_BASE_URL}/me`, { headers })).text();
    await wait(30000);
    await Promise.all([wait(10000), wait(10000), wait(10000)]);
  }
})();
"""
RUBY = """
require 'net/http'
5.times do
  token = { 'Authorization' => "Bearer #{ENV['INTERCOM_ACCESS_TOKEN']}" }
  Net::HTTP.get(URI("#{ENV['INTERCOM_BASE_URL']}/me"), token)
  sleep 40
end
"""


def _result(people: Path, folder: Path, job: str, *options: str, limit: float = 300) -> dict[str, Any]:
    words = [
        sys.executable,
        "-m",
        "harness",
        "rehearse",
        "--people",
        str(people),
        "--pipeline",
        job,
        "--json",
        *options,
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=limit, env=environment, cwd=folder, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("kind", ["command", "service", "pair"])
def test_each_kind_of_pipeline_can_be_rehearsed(tmp_path: Path, kind: str) -> None:
    """A command line, a service that the harness starts, and an object that is handed each lead with its user."""
    people = peopled_state(tmp_path / "people", 120)
    (tmp_path / "command.py").write_text(COMMAND)
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "pair_pipeline.py").write_text(PAIR)
    python = sys.executable
    (tmp_path / "command.toml").write_text(f'[pipeline]\njob = "{python} command.py"\n')
    service = f'service = "{python} service.py {{port}}"\njob = "http://127.0.0.1:{{port}}/run"\n'
    (tmp_path / "service.toml").write_text(f"[pipeline]\n{service}")
    spec = "pair_pipeline:Pair" if kind == "pair" else f"{kind}.toml"
    result = _result(people, tmp_path, spec)
    assert result["verdict"] == "proved", [one for one in result["claims"] if one["verdict"] != "proved"]
    assert result["census"]["merged"] > 40


@pytest.mark.parametrize(("language", "text"), [("node", NODE), ("ruby", RUBY)])
def test_waits_in_other_languages_count_in_full(tmp_path: Path, language: str, text: str) -> None:
    """Five waits of forty seconds, in Node some of them at the same time, are two hundred seconds at Intercom."""
    if shutil.which(language) is None:
        pytest.skip(f"{language} is not installed")
    people = peopled_state(tmp_path / "people", 30)
    (tmp_path / "sleep.txt").write_text(text)
    (tmp_path / "job.toml").write_text(f'[pipeline]\njob = "{language} sleep.txt"\n')
    bill = _result(people, tmp_path, "job.toml")["bill"]
    assert bill["requests"] == 5
    assert bill["waited"] == pytest.approx(200)
    assert bill["real_seconds"] < 100


@pytest.mark.soak
@pytest.mark.parametrize(
    ("job", "broken", "options"),
    [
        ("sound", "", ()),
        ("undoes_opt_outs", "no opt-out is undone", ()),
        ("takes_the_first", "nobody is merged into one of several users by guess", ()),
        ("stops_at_page_200", "everyone who could be converted was", ()),
        (
            "not_idempotent",
            "killed in the middle and started again, the job comes to the same end",
            ("--kill-at", "50"),
        ),
        ("merges_by_name", "nobody is merged into somebody with another e-mail", ()),
    ],
)
def test_two_hundred_thousand_people(
    tmp_path_factory: pytest.TempPathFactory,
    count: Callable[[int, int], int],
    job: str,
    broken: str,
    options: tuple[str, ...],
) -> None:
    """Among 200,000 people the sound job is proved, and each wrong one is named with everyone it hurt."""
    size, folder = count(0, 200_000), tmp_path_factory.getbasetemp() / "two-hundred-thousand"
    people = folder if folder.is_dir() else peopled_state(folder, size)
    result = _result(people, ROOT, f"{JOBS}:{job}", *options, limit=4 * 3600)
    refuted = [one["claim"] for one in result["claims"] if one["verdict"] == "refuted"]
    assert (broken in refuted) if broken else not refuted
    found = dict.fromkeys(result["findings"], 0)
    for person in result["people"]:
        for kind in person.get("found", ()):
            found[kind] += 1
    assert found == result["findings"], "each person that a count counts is named"
