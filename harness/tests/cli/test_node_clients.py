"""Official Node clients of three generations live whole lives: visitors, people, conversions, deletions, refusals.

The scripts in `harness/tests/clients/lives` use the clients' own methods and stop at the first answer that is not what
it should be. What each client asks for is held, in both directions, against the table that the page of supported
operations shows as driven.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from harness.core.clock import WallClock
from harness.tests.support.driven_operations import DRIVEN
from harness.tests.support.sandbox_server import served

LIVES = Path(__file__).parents[1] / "clients" / "lives"
PACKAGES = {
    "intercom-client 2.11.0": ("intercom-client", "intercom_client_2.cjs"),
    "intercom-client 4.0.0": ("intercom-client-4", "intercom_client_4.cjs"),
    "intercom-client 7.0.3": ("intercom-client-7", "intercom_client_7.cjs"),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """The URL of a sandbox."""
    with served(WallClock()) as (_, server):
        yield server.url


def ask(session: requests.Session, method: str, url: str, workspace: str, body: Any = None) -> Any:
    """One request of the test's own to the control plane."""
    answer = session.request(method, url, json=body, headers={"Authorization": f"Bearer sandbox-{workspace}"})
    assert answer.ok, answer.text
    return answer.json()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_life_with_an_official_node_client(
    name: str, sandbox: str, node_client: Callable[[str], Path], tmp_path: Path
) -> None:
    """Every answer is what the client's own methods make of Intercom's; it asks for all that the table says."""
    package, script = PACKAGES[name]
    node_client(package)
    workspace = package
    with requests.Session() as session:
        session.trust_env = False
        control = f"{sandbox}/_sandbox"
        ask(session, "PUT", f"{control}/settings", workspace, {"intercom_version": DRIVEN[name].version})
        made = [ask(session, "POST", f"{control}/visitors", workspace) for _ in range(4)]
        words = [*(visitor["user_id"] for visitor in made[:3]), made[3]["id"]]
        token = f"sandbox-{workspace}"
        environment = os.environ | {"INTERCOM_BASE_URL": sandbox, "INTERCOM_ACCESS_TOKEN": token}
        done = subprocess.run(
            ["node", str(LIVES / script), *words],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "lived\n"), done.stderr
        seen = ask(session, "GET", f"{control}/exchanges", workspace)["data"]
        operations = {one["operation"] for one in seen if "/_sandbox/" not in one["request"]["target"]}
    assert operations == set(DRIVEN[name].operations)
