"""A pipeline that asks again until it is satisfied: strict unless declared, then as often as it likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.tests.plugin.conftest import RunPytest

FLOW = '''
def test_plain(people, pipeline, verify):
    """Asked as often as before."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)

def test_polled(people, pipeline, verify):
    """Asked as often as it takes."""
    visitor = people.visitor()
    with pipeline.polling():
        pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)
'''
SHOP = """
import os, requests

class Shop:
    without = ["visitor_to_user", "lead_to_user"]

    def visitor_to_lead(self, visitor):
        session = requests.Session()
        session.headers["Authorization"] = "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"]
        session.headers["Intercom-Version"] = "2.14"
        url = os.environ["INTERCOM_BASE_URL"]
        for _ in range(READS):
            session.get(url + "/visitors", params={"user_id": visitor.user_id})
        body = {"visitor": {"user_id": visitor.user_id}, "type": "lead"}
        for _ in range(WRITES):
            answer = session.post(url + "/visitors/convert", json=body)
        for _ in range(READS):
            session.get(url + "/visitors", params={"user_id": visitor.user_id})
        return answer.json()
"""


@pytest.mark.parametrize(
    ("reads", "writes", "outcome"), [(2, 1, "2 passed"), (5, 1, "1 failed, 1 passed"), (5, 2, "2 failed")]
)
def test_reads_may_be_repeated_where_that_is_declared(
    project: Path, run_pytest: RunPytest, reads: int, writes: int, outcome: str
) -> None:
    """Reads within `pipeline.polling()`; a conversion that is asked for twice is a failure there too."""
    (project / "scenarios/flow.py").write_text(FLOW)

    def run(reads: int, writes: int, *arguments: str) -> str:
        (project / "shop.py").write_text(SHOP.replace("READS", str(reads)).replace("WRITES", str(writes)))
        return run_pytest("--pipeline", "shop:Shop", *arguments)[1]

    assert "2 passed" in run(2, 1, "--against", "sandbox", "--record")
    assert outcome in run(reads, writes)
