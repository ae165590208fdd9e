"""No secret leaves a run, whatever way the result takes: terminal, JSON, JUnit, report, receipt, other commands."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests

from harness.tests.support.sandbox_server import served

SHOP = """
import base64, os, sys, urllib.request
KEY, BROUGHT = os.environ["SHOP_SK"], os.environ["SHOP_BROUGHT"]

class Pipeline:
    without = ("visitor_to_user", "lead_to_user")

    def visitor_to_lead(self, visitor):
        print("key", KEY, "encoded", base64.b64encode(b"x" + KEY.encode()).decode(), "plain", os.environ["SHOP_PLAIN"])
        print("brought", BROUGHT, file=sys.stderr)
        headers = {"Authorization": f"Bearer {BROUGHT}"}
        urllib.request.urlopen(urllib.request.Request(os.environ["INTERCOM_BASE_URL"] + "/me", None, headers)).read()
        raise RuntimeError(f"cannot go on with {KEY} and {BROUGHT}")
"""
FLOW = """
import os

def test_one(people, pipeline, verify):
    \"\"\"A visitor becomes a lead.\"\"\"
    visitor = people.visitor()
    print("scenario", os.environ["SHOP_SK"])
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
"""
PLAIN = "plain-words-that-stay"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A pipeline that prints and raises what it must not, and brings a token of its own."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/flow.py").write_text(FLOW)
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "harness.toml").write_text('pipeline = "shop:Pipeline"\nstock_scenarios = false\n')
    return tmp_path


@pytest.fixture
def variables() -> Mapping[str, str]:
    """An environment with a secret under a name that says so, and a token that only the pipeline's requests show."""
    secret = f"sk-{secrets.token_hex(12)}"
    return {**os.environ, "SHOP_SK": secret, "SHOP_BROUGHT": f"tk-{secrets.token_hex(12)}", "SHOP_PLAIN": PLAIN}


def _leaked(text: str, variables: Mapping[str, str]) -> list[str]:
    secret, brought = variables["SHOP_SK"], variables["SHOP_BROUGHT"]
    encoded = base64.b64encode(b"x" + secret.encode()).decode()
    return [name for name, form in (("key", secret), ("base64", encoded[4:-4]), ("brought", brought)) if form in text]


def _run(project: Path, variables: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, timeout=120, check=False)


def test_the_pipeline_does_leak_what_nothing_calls_a_secret(project: Path, variables: Mapping[str, str]) -> None:
    """Otherwise the tests below would prove nothing."""
    renamed = {**variables, "SHOP_SK": "words-only-here", "SHOP_BROUGHT": variables["SHOP_BROUGHT"]}
    done = _run(project, renamed, "harness", "run", "scenarios", "--verbose")
    assert "words-only-here" in done.stdout
    assert PLAIN in done.stdout


@pytest.mark.parametrize("processes", ["1", "2"])
def test_no_output_of_a_run_holds_a_secret(project: Path, variables: Mapping[str, str], processes: str) -> None:
    """Terminal, JSON file, JUnit, HTML, Markdown, picture and receipt; what is no secret stays readable."""
    files = ["--json", "result.json", "--junit", "junit.xml", "--report", "report", "--receipt", "receipt.json"]
    done = _run(project, variables, "harness", "run", "scenarios", "-n", processes, "--verbose", *files)
    assert done.returncode == 1, done.stdout + done.stderr
    assert _leaked(done.stdout + done.stderr, variables) == []
    assert PLAIN in done.stdout
    written = [
        "result.json",
        "junit.xml",
        "receipt.json",
        *(f"report/report.{kind}" for kind in ("html", "md", "json")),
    ]
    for name in (*written, "report/run.svg"):
        assert _leaked((project / name).read_text(), variables) == [], name
    assert PLAIN in (project / "result.json").read_text()
    assert "[redacted]" in (project / "junit.xml").read_text()


def test_json_on_stdout_holds_none_and_stays_json(project: Path, variables: Mapping[str, str]) -> None:
    """A program reads it; each text is cleaned by itself."""
    done = _run(project, variables, "harness", "run", "scenarios", "--json")
    assert _leaked(done.stdout + done.stderr, variables) == []
    assert json.loads(done.stdout)["counts"]["refuted"] == 1


def test_plain_pytest_shows_none(project: Path, variables: Mapping[str, str]) -> None:
    """Its own terminal, with captured output and locals, and its own JUnit file."""
    words = [
        "scenarios",
        "--against",
        "sandbox",
        "--junitxml",
        "own.xml",
        "--showlocals",
        "-rA",
        "-p",
        "no:cacheprovider",
    ]
    done = _run(project, variables, "pytest", *words)
    assert done.returncode == 1, done.stdout
    assert _leaked(done.stdout + done.stderr, variables) == []
    assert _leaked((project / "own.xml").read_text(), variables) == []


@pytest.mark.parametrize(
    "words", [["run", "--pipeline", "{secret}:x"], ["run", "{secret}"], ["{secret}"], ["run", "--{secret}"]]
)
def test_errors_hold_none(project: Path, variables: Mapping[str, str], words: list[str]) -> None:
    """What is wrong is said with the value covered, in text and in JSON."""
    filled = [word.format(secret=variables["SHOP_SK"]) for word in words]
    for more in ([], ["--json"]):
        done = _run(project, variables, "harness", *filled, *more)
        assert done.returncode == 2
        assert _leaked(done.stdout + done.stderr, variables) == []


def test_exec_says_none_of_what_it_saw(project: Path, variables: Mapping[str, str]) -> None:
    """A path that holds the token that the command brought, in the list of exchanges."""
    script = (
        "import os, urllib.request as u, urllib.error\n"
        "token = os.environ['SHOP_BROUGHT']\n"
        "url = os.environ['INTERCOM_BASE_URL'] + '/contacts/' + token\n"
        "try: u.urlopen(u.Request(url, headers={'Authorization': 'Bearer ' + token})).read()\n"
        "except urllib.error.HTTPError: pass\n"
    )
    done = _run(project, variables, "harness", "exec", "--", sys.executable, "-c", script)
    assert "GET /contacts/[redacted]" in done.stderr, done.stderr
    assert _leaked(done.stdout + done.stderr, variables) == []


def test_the_exchanges_of_a_server_hold_none() -> None:
    """What a request brought as its credential is covered where it stands in a body or in a path."""
    brought, own = f"tk-{secrets.token_hex(12)}", {"Authorization": "Bearer sandbox-default"}
    with served() as (_, server):
        requests.get(f"{server.url}/me", headers={"Authorization": f"Bearer {brought}"}, timeout=10)
        requests.post(f"{server.url}/tags", json={"name": f"of {brought}"}, headers=own, timeout=10)
        requests.get(f"{server.url}/contacts/{brought}", headers=own, timeout=10)
        told = requests.get(f"{server.url}/_sandbox/exchanges", headers=own, timeout=10).text
    assert "of [redacted]" in told
    assert brought not in told
