"""Official clients, unmodified: the guide's own scripts and both current SDKs convert, and the sources are gone.

Each runs under `harness exec` against a sandbox that the test looks into before and after. Node's clients come from
`harness/tests/clients` (npm ci --prefix harness/tests/clients).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from harness.core.clock import WallClock
from harness.tests.support.sandbox_server import served

CLIENTS = Path(__file__).parents[1] / "clients"
BARE = "import os, sys; os.environ.pop('INTERCOM_BASE_URL'); os.execvp(sys.argv[1], sys.argv[1:])"
"""Starts a command without the base URL, so that the host written into its client is what it uses."""


class ClientWorkspace:
    """One workspace of a running sandbox, looked at with requests of the test's own."""

    def __init__(self, url: str, name: str, session: requests.Session) -> None:
        self.url = url
        self.name = name
        self._session = session

    def ask(self, method: str, path: str, body: Any = None, version: str = "2.14") -> requests.Response:
        """One request in a version."""
        headers = {"Authorization": f"Bearer sandbox-{self.name}", "Intercom-Version": version}
        return self._session.request(method, f"{self.url}{path}", json=body, headers=headers)

    def visitor(self) -> dict[str, Any]:
        """A visitor with something to lose."""
        made: dict[str, Any] = self.ask("POST", "/_sandbox/visitors", {"custom_attributes": {"seen": "pricing"}}).json()
        return made

    def contact(self, **traits: Any) -> dict[str, Any]:
        """A lead or user."""
        answer = self.ask("POST", "/contacts", traits)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def visitor_status(self, visitor: dict[str, Any]) -> int:
        """What a read of the visitor answers."""
        return self.ask("GET", f"/visitors?user_id={visitor['user_id']}").status_code

    def contact_status(self, contact_id: str, version: str = "2.14") -> int:
        """What a read of the contact answers."""
        return self.ask("GET", f"/contacts/{contact_id}", version=version).status_code

    def run(self, *words: str, version: str | None = None) -> subprocess.CompletedProcess[str]:
        """A command under `harness exec` against this workspace."""
        options = ["--against", self.url, "--workspace", self.name]
        if version is not None:
            self.ask("PUT", "/_sandbox/settings", {"intercom_version": version})
        command = [sys.executable, "-m", "harness", "exec", *options, "--", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return done

    def requests_seen(self) -> list[dict[str, Any]]:
        """What the sandbox was asked, without the test's own reads."""
        seen = self.ask("GET", "/_sandbox/exchanges").json()["data"]
        return [
            entry["request"] for entry in seen if "python-requests" not in entry["request"]["headers"]["user-agent"]
        ]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """The URL of a sandbox that all these tests share."""
    with served(WallClock()) as (_, server):
        yield server.url


@pytest.fixture
def workspace(sandbox: str, request: pytest.FixtureRequest) -> Iterator[ClientWorkspace]:
    """A workspace of the test's own."""
    with requests.Session() as session:
        session.trust_env = False
        name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower())
        yield ClientWorkspace(sandbox, name[-60:].strip("-"), session)


# --- the guide's three scripts, npm intercom-client 2.11: API 1.x, Basic, no version header, honours HTTPS_PROXY ------


@pytest.fixture
def guide(node_client: Callable[[str], Path]) -> Callable[[str], str]:
    """The path of one of the guide's scripts."""
    node_client("intercom-client")
    return lambda name: str(CLIENTS / "guide" / name)


def test_the_guides_visitor_to_lead(workspace: ClientWorkspace, guide: Callable[[str], str]) -> None:
    """It prints the lead's pseudonym; the visitor is gone, and the same person is a lead."""
    visitor = workspace.visitor()
    assert workspace.visitor_status(visitor) == 200
    done = workspace.run("node", guide("convert_lead.js"), visitor["user_id"])
    assert done.stdout.strip() == visitor["pseudonym"]
    assert workspace.visitor_status(visitor) == 404
    lead = workspace.ask("GET", f"/contacts/{visitor['id']}").json()
    assert (lead["role"], lead["external_id"]) == ("lead", visitor["user_id"])
    (sent,) = workspace.requests_seen()
    assert (sent["target"], sent["body"]["type"]) == ("/visitors/convert", "lead")
    assert "intercom-version" not in sent["headers"]
    assert sent["headers"]["user-agent"].startswith("intercom-node-client/")


@pytest.mark.parametrize("existing", [False, True], ids=["created", "merged"])
def test_the_guides_visitor_to_user(workspace: ClientWorkspace, guide: Callable[[str], str], existing: bool) -> None:
    """It prints the user's body; the visitor is gone, and there is one user with that e-mail."""
    visitor, email = workspace.visitor(), "ada@example.com"
    user = workspace.contact(role="user", email=email, name="Ada") if existing else None
    done = workspace.run("node", guide("convert_user.js"), visitor["user_id"], email)
    assert "type: 'user'" in done.stdout
    assert f"email: '{email}'" in done.stdout
    assert workspace.visitor_status(visitor) == 404
    query = {"query": {"field": "email", "operator": "=", "value": email}}
    (found,) = workspace.ask("POST", "/contacts/search", query).json()["data"]
    assert found["role"] == "user"
    assert found["id"] == (user["id"] if user else visitor["id"])


@pytest.mark.parametrize("existing", [False, True], ids=["created", "merged"])
def test_the_guides_lead_to_user(workspace: ClientWorkspace, guide: Callable[[str], str], existing: bool) -> None:
    """It prints the user's body; the lead is gone as such, and a user has the identifier."""
    lead = workspace.contact(role="lead", email="ada@example.com", name="Ada")
    user = workspace.contact(role="user", external_id="u-1") if existing else None
    done = workspace.run("node", guide("lead_user.js"), lead["id"], "u-1")
    assert "user_id: 'u-1'" in done.stdout
    if user:
        assert workspace.contact_status(lead["id"]) == 404
        assert workspace.contact_status(lead["id"], "2.16") == 410
        found = workspace.ask("GET", f"/contacts/{user['id']}").json()
        assert found["name"] is None  # recorded: in 1.x a user without a name gets none from the lead
    else:
        found = workspace.ask("GET", f"/contacts/{lead['id']}").json()
        assert (found["role"], found["external_id"]) == ("user", "u-1")
    assert workspace.ask("GET", f"/contacts/{lead['id']}", version="1.4").status_code == 404, "no lead any more"


# --- the current SDKs: API 2.14 ---------------------------------------------------------------------------------------


def node_7(node_client: Callable[[str], Path]) -> tuple[str, ...]:
    """npm intercom-client 7.0.3: fetch, Bearer, sends 2.14."""
    node_client("intercom-client-7")
    return "node", str(CLIENTS / "intercom_client_7.cjs")


def python_5(node_client: Callable[[str], Path]) -> tuple[str, ...]:
    """PyPI python-intercom 5.0.1: httpx, Bearer, sends no version."""
    pytest.importorskip("intercom", reason="needs client: python-intercom is not installed")
    return sys.executable, str(CLIENTS / "python_intercom_5.py")


SDKS = {"intercom-client-7": node_7, "python-intercom-5": python_5}


@pytest.fixture(params=[f"{name}, {host}" for name in SDKS for host in ("base URL", "own host")])
def sdk(request: pytest.FixtureRequest, node_client: Callable[[str], Path]) -> tuple[str, ...]:
    """Each SDK's command, with the base URL and with the host that it has written into it."""
    name, _, host = request.param.partition(", ")
    command = SDKS[name](node_client)
    return command if host == "base URL" else (sys.executable, "-c", BARE, *command)


def printed(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The contact that the SDK made of the answer."""
    contact: dict[str, Any] = json.loads(done.stdout)
    return contact


def test_an_sdk_turns_a_visitor_into_a_lead(workspace: ClientWorkspace, sdk: tuple[str, ...]) -> None:
    """The visitor is gone, and a lead has its uuid."""
    visitor = workspace.visitor()
    lead = printed(workspace.run(*sdk, "visitor_to_lead", visitor["user_id"], version="2.14"))
    assert (lead["role"], lead["external_id"]) == ("lead", visitor["user_id"])
    assert workspace.visitor_status(visitor) == 404


@pytest.mark.parametrize("existing", [False, True], ids=["created", "merged"])
def test_an_sdk_turns_a_visitor_into_a_user(workspace: ClientWorkspace, sdk: tuple[str, ...], existing: bool) -> None:
    """The visitor is gone; the user is the visitor's successor, or the one who was there."""
    visitor = workspace.visitor()
    there = workspace.contact(role="user", external_id="u-1") if existing else None
    user = printed(workspace.run(*sdk, "visitor_to_user", visitor["user_id"], "u-1", version="2.14"))
    assert (user["role"], user["external_id"]) == ("user", "u-1")
    assert user["id"] == (there["id"] if there else visitor["id"])
    assert workspace.visitor_status(visitor) == 404


def test_an_sdk_turns_a_lead_into_a_user(workspace: ClientWorkspace, sdk: tuple[str, ...]) -> None:
    """The same contact has the new role."""
    lead = workspace.contact(role="lead", name="Ada")
    user = printed(workspace.run(*sdk, "lead_to_user", lead["id"], "ada@example.com", version="2.14"))
    assert (user["id"], user["role"], user["email"]) == (lead["id"], "user", "ada@example.com")


def test_an_sdk_merges_a_lead_into_a_user(workspace: ClientWorkspace, sdk: tuple[str, ...]) -> None:
    """The lead is gone: 404, and 410 with the way to its successor from 2.16 on."""
    lead = workspace.contact(role="lead", email="ada@example.com", name="Ada")
    there = workspace.contact(role="user", email="ada@example.com")
    user = printed(workspace.run(*sdk, "lead_into_user", lead["id"], there["id"], version="2.14"))
    assert (user["id"], user["name"]) == (there["id"], "Ada")
    assert workspace.contact_status(lead["id"]) == 404
    assert workspace.contact_status(lead["id"], "2.16") == 410


@pytest.mark.parametrize("package", ["axios", "axios-0"])
def test_axios_is_answered_under_intercoms_own_name(
    workspace: ClientWorkspace, node_client: Callable[[str], Path], package: str
) -> None:
    """New ones tunnel through the proxy, old ones send it the whole URL."""
    node_client(package)
    done = workspace.run("node", str(CLIENTS / "axios.cjs"), package, "https://api.intercom.io/me")
    assert done.stdout == "admin\n"
