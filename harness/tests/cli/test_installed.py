"""Two projects outside this repository, with the wheel installed: a red run, the fix, a green run, a replay.

One is a FastAPI service, one a Node script; each has unit tests of its own.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.tests.support.installed_harness import QUIET, Installed, install

SERVICE = '''
"""A shop's service: it moves a lead into the user who signed up."""

import os

import httpx
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()


class SignUp(BaseModel):
    user_id: str | None = None
    email: str | None = None
    external_id: str | None = None


def intercom() -> httpx.Client:
    token = os.environ["INTERCOM_ACCESS_TOKEN"]
    headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.14"}
    return httpx.Client(base_url=os.environ["INTERCOM_BASE_URL"], headers=headers, timeout=10)


@app.get("/health")
def health() -> dict[str, bool]:
    return {"well": True}


@app.post("/leads/{lead_id}/sign-up")
def sign_up(lead_id: str, who: SignUp) -> dict[str, str]:
    with intercom() as client:
        if who.user_id:
            answer = client.post("/contacts/merge", json={"from": lead_id, "TARGET": who.user_id})
        else:
            known = {"email": who.email} if who.email else {"external_id": who.external_id}
            answer = client.put(f"/contacts/{lead_id}", json={"role": "user", **known})
    if answer.is_error:
        raise HTTPException(502, answer.text)
    return {"contact": answer.json()["id"]}
'''
PIPELINE = """
from fastapi.testclient import TestClient

from shop.service import app


class Pipeline:
    without = ["visitor_to_lead", "visitor_to_user"]

    def lead_to_user(self, lead, user):
        who = {"user_id": user.id, "email": user.email, "external_id": user.external_id}
        TestClient(app).post(f"/leads/{lead.id}/sign-up", json=who).raise_for_status()
"""
UNIT = """
from fastapi.testclient import TestClient

from shop.service import app


def test_the_service_is_well():
    assert TestClient(app).get("/health").json() == {"well": True}
"""
THREE_LINES = 'pipeline = "shop.conversions:Pipeline"\nlevels = ["flows"]\npython_path = ["src"]\n'

SCRIPT = """
// node convert.mjs LEAD USER EMAIL EXTERNAL_ID
import { bodyFor } from './body.mjs'

const [lead, user, email, externalId] = process.argv.slice(2)
const { path, method, body } = bodyFor(lead, user, email, externalId)
const answer = await fetch('https://api.intercom.io' + path, {
  method,
  headers: {
    authorization: `Bearer ${process.env.INTERCOM_ACCESS_TOKEN}`,
    'content-type': 'application/json',
    'intercom-version': '2.14',
  },
  body: JSON.stringify(body),
})
if (!answer.ok) {
  console.error(`refused: ${answer.status}`)
  process.exit(1)
}
"""
BODY = """
export function bodyFor (lead, user, email, externalId) {
  if (user) return { path: '/contacts/merge', method: 'POST', body: { from: lead, TARGET: user } }
  const known = email ? { email } : { external_id: externalId }
  return { path: `/contacts/${lead}`, method: 'PUT', body: { role: 'user', ...known } }
}
"""
NODE_TEST = """
import test from 'node:test'
import assert from 'node:assert'
import { bodyFor } from './body.mjs'

test('a new user is known by what they signed up with', () => {
  assert.equal(bodyFor('1', '', 'ada@example.com', '').body.email, 'ada@example.com')
})
"""
NODE_LINES = """[pipeline]
lead_to_user = "node convert.mjs {lead.id} {user.id} {user.email} {user.external_id}"
without = ["visitor_to_lead", "visitor_to_user"]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment with the wheel in it."""
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A FastAPI project with a bug: it names the target of a merge as Intercom does not read it."""
    package = tmp_path / "service" / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "service.py").write_text(SERVICE.replace("TARGET", "to"))
    (package / "conversions.py").write_text(PIPELINE)
    root = tmp_path / "service"
    (root / "tests").mkdir()
    (root / "tests" / "test_service.py").write_text(UNIT)
    (root / "pyproject.toml").write_text(
        "[project]\nname = 'shop'\nversion = '1'\n[tool.pytest.ini_options]\n"
        "pythonpath = ['src']\nfilterwarnings = ['error', 'ignore:Using .httpx. with']\n"
    )
    (root / "harness.toml").write_text(THREE_LINES)
    return root


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A Node project with the same bug."""
    if shutil.which("node") is None:
        pytest.skip("needs client: node is not on the PATH; install Node 20 or newer")
    root = tmp_path / "script"
    root.mkdir()
    (root / "convert.mjs").write_text(SCRIPT)
    (root / "body.mjs").write_text(BODY.replace("TARGET", "to"))
    (root / "body.test.mjs").write_text(NODE_TEST)
    (root / "package.json").write_text('{"name": "shop", "type": "module", "scripts": {"test": "node --test"}}\n')
    (root / "harness.toml").write_text(NODE_LINES)
    return root


def test_a_fastapi_project_from_red_to_replayed(installed: Installed, service: Path) -> None:
    """Three lines of configuration: the bug is refuted, its fix is proved, recorded, and replayed beside unit tests."""
    assert installed.result(service) == (1, {"refuted", "proved", "not run"})
    (service / "src/shop/service.py").write_text(SERVICE.replace("TARGET", "into"))
    assert installed.result(service) == (0, {"proved", "not run"})
    assert installed.result(service / "tests", "--record") == (0, {"proved", "not run"})
    recorded = len(list((service / "cassettes" / "@Pipeline").rglob("*.json")))
    assert recorded >= 10
    for folder, words in ((service, ()), (service / "tests", ("..",))):
        for start in (("python", "-P", "-m", "pytest"), ("python", "-m", "pytest")):  # -P: as `pytest` alone
            code, told = installed.run(folder, *start, *QUIET, *words)
            assert (code, f"{recorded + 1} passed" in told) == (0, True), told
    assert installed.result(service / "tests", "--against", "cassette") == (0, {"proved", "not run"})


def test_a_node_project_from_red_to_replayed(installed: Installed, script: Path) -> None:
    """The same with a script that has Intercom's address written into it, whose own tests are npm's."""
    flows = ("--level", "flows")
    assert installed.result(script, *flows) == (1, {"refuted", "proved", "not run"})
    (script / "body.mjs").write_text(BODY.replace("TARGET", "into"))
    assert installed.result(script, *flows) == (0, {"proved", "not run"})
    npm = subprocess.run(["npm", "test"], cwd=script, capture_output=True, text=True, timeout=60, check=False)
    assert npm.returncode == 0, npm.stdout
    (script / "below").mkdir()
    assert installed.result(script / "below", *flows, "--record") == (0, {"proved", "not run"})
    assert installed.result(script / "below", *flows, "--against", "cassette") == (0, {"proved", "not run"})
    code, told = installed.run(script, "python", "-m", "pytest", *QUIET, "-k", "lead_to_user")
    assert (code, " passed" in told, "failed" in told) == (0, True, False), told


def test_nothing_but_a_configuration_is_needed(installed: Installed, tmp_path: Path) -> None:
    """The wheel holds the stock scenarios and the reference pipeline; without either named, nothing runs."""
    code, told = installed.run(tmp_path, "harness", "run")
    assert (code, "No pipeline is configured" in told) == (2, True)
    assert installed.result(tmp_path, "--reference", "--level", "flows") == (0, {"proved"})
    code, told = installed.run(tmp_path, "harness", "scenarios", "copy", "visitor_to_lead")
    assert (code, (tmp_path / "scenarios/visitor_to_lead.py").is_file()) == (0, True), told
    (tmp_path / "harness.toml").write_text('pipeline = "reference"\n')
    assert installed.result(tmp_path, "--level", "flows") == (0, {"proved"})
