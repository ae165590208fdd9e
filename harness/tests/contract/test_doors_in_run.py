"""A Python pipeline that names Intercom's own host runs in `harness run` as one with a base URL does."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("both_paths")

HARD_CODED = """
    import http.client, json, os
    import requests

    def ask(path, body):
        headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}
        answer = requests.post("https://api.intercom.io" + path, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    class Pipeline:
        def visitor_to_lead(self, visitor):
            BEFORE
            return ask("/visitors/convert", {"visitor": {"user_id": visitor.user_id}, "type": "lead"})

        def visitor_to_user(self, visitor, user):
            raise NotImplementedError

        def lead_to_user(self, lead, user):
            raise NotImplementedError

    pipeline = Pipeline()
"""


def run_with(folder: Path, root: Path, before: str = "pass") -> subprocess.CompletedProcess[str]:
    """`harness run` of the visitor → lead scenarios with this pipeline."""
    (folder / "hard_coded.py").write_text(textwrap.dedent(HARD_CODED).replace("BEFORE", before))
    words = ["run", "scenarios/visitor_to_lead.py", "--pipeline", "hard_coded:pipeline"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(root)])}
    environment.pop("PYTEST_CURRENT_TEST", None)
    return subprocess.run(
        [sys.executable, "-m", "harness", *words],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pipeline_that_names_intercoms_own_host_is_judged(tmp_path: Path, root: Path) -> None:
    """Its requests reach the gateway, and every claim is proved."""
    done = run_with(tmp_path, root)
    if "fixture 'people' not found" in done.stdout:
        pytest.skip("the harness is not installed here, so pytest does not know its plugin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 refuted" in done.stdout


def test_a_connection_past_the_patched_clients_never_leaves(tmp_path: Path, root: Path) -> None:
    """It fails inside the pipeline with a reason, and the scenario is not proved."""
    by_hand = 'http.client.HTTPSConnection("api.intercom.io", timeout=5).request("GET", "/me")'
    done = run_with(tmp_path, root, by_hand)
    if "fixture 'people' not found" in done.stdout:
        pytest.skip("the harness is not installed here, so pytest does not know its plugin")
    assert done.returncode == 1
    assert "is not reached from a harness run" in done.stdout
