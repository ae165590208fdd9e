"""What libraries wait for before they try again passes in a moment in a replay, in process and in commands."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import pytest

from harness.tests.support.shop_project import SCENARIO, shop_project

WAIT: Final = 4
"""Seconds that a library waits."""

HEAD = """
    import os, sys, time
    import requests

    HEADERS = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.14"}
    URL = os.environ["INTERCOM_BASE_URL"] + "/visitors/convert"

    def ask(user_id, session=requests):
        answer = session.post(URL, json={"visitor": {"user_id": user_id}, "type": "lead"}, headers=HEADERS)
        answer.raise_for_status()
        return answer.json()
"""

LIBRARIES: Final = {
    "tenacity": """
    import tenacity

    @tenacity.retry(wait=tenacity.wait_fixed(WAIT), stop=tenacity.stop_after_attempt(3))
    def convert(user_id):
        return ask(user_id)
    """,
    "stamina": """
    import stamina

    @stamina.retry(on=requests.HTTPError, attempts=3, wait_initial=WAIT, wait_jitter=0, wait_exp_base=1)
    def convert(user_id):
        return ask(user_id)
    """,
    "urllib3.Retry": """
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry

    def convert(user_id):
        session = requests.Session()
        retries = Retry(total=3, status_forcelist=[429], allowed_methods=None, respect_retry_after_header=True)
        session.mount("http://", HTTPAdapter(max_retries=retries))
        return ask(user_id, session)
    """,
}
"""For each library a way to try again that waits so long after a 429."""

PIPELINE = """
    class Pipeline:
        without = ("visitor_to_user", "lead_to_user")

        def visitor_to_lead(self, visitor):
            return convert(visitor.user_id)
"""
COMMAND = """
    if __name__ == "__main__":
        convert(sys.argv[1])
"""
TOML = """
    [pipeline]
    visitor_to_lead = "PYTHON shop.py {visitor.user_id}"
    without = ["visitor_to_user", "lead_to_user"]
"""
LIMITED = SCENARIO.replace("pipeline, verify)", "pipeline, verify, faults)").replace(
    "        pipeline.visitor",
    f"""        faults.arm("conversion", "status", status=429, times=1, retry_after={WAIT})
        pipeline.visitor""",
)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("way", ["in process", "command"])
def test_a_library_does_not_really_wait_in_a_replay(tmp_path: Path, library: str, way: str) -> None:
    """It waits for the time that a 429 asks for when it is recorded, and only then."""
    code = HEAD + LIBRARIES[library].replace("WAIT", str(WAIT))
    files = {"shop.py": code + (PIPELINE if way == "in process" else COMMAND), "scenarios/leads.py": LIMITED}
    project = shop_project(tmp_path, {**files, "shop.toml": TOML.replace("PYTHON", sys.executable)})
    chosen = ["--pipeline", "shop:Pipeline" if way == "in process" else "shop.toml"]
    recorded = project.pytest("scenarios", "--against", "sandbox", "--record", "--durations=0", "-vv", *chosen)
    assert recorded.code == 0, recorded.out
    replayed = project.pytest("scenarios", "--durations=0", "-vv", *chosen)
    assert replayed.code == 0, replayed.out
    assert _seconds(recorded.out) >= WAIT
    assert _seconds(replayed.out) < _seconds(recorded.out) - WAIT / 2


def _seconds(out: str) -> float:
    """Return how long the scenario itself took."""
    found = re.search(r"([\d.]+)s call", out)
    assert found is not None, out
    return float(found[1])
