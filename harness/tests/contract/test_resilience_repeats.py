"""The same scenario with the same seed says the same to the byte, faults, waits and all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.gateway.control_api.serialization import exchange_tree
from harness.runner.case import Case
from harness.runner.run import Run
from harness.runner.session_config import RunOptions

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios" / "resilience.py"


def transcript() -> bytes:
    """Everything that passed in one scenario with faults of several kinds and a webhook that comes twice, as bytes."""
    import json

    run = Run(RunOptions())
    try:
        case = Case("resilience", "a_rough_day", "A rough day", "resilience.py::a_rough_day", SCENARIOS)
        with run.scenario(case) as scenario:
            scenario.intercom.subscribe()
            user = scenario.people.user()
            lead = scenario.people.lead(email=user.email)
            scenario.faults.arm("MergeContact", "rate_limit", retry_after=7)
            scenario.faults.arm("MergeContact", "reset_before")
            scenario.faults.arm("MergeContact", "garbled")
            scenario.faults.arm("ShowContact", "stall")
            scenario.faults.arm("ShowContact", "status", status=503, times=2)
            scenario.pipeline.lead_to_user(lead, user)
            scenario.webhooks.tell(lead, "contact.lead.created", times=2)
            scenario.verify.merged(lead, into=user)
            scenario.finish(passed=True)
            return json.dumps([exchange_tree(exchange) for exchange in scenario.exchanges], sort_keys=True).encode()
    finally:
        run.close()


@pytest.mark.soak
def test_repeated_runs_are_the_same_to_the_byte(count: Callable[[int, int], int]) -> None:
    """Ids, times, errors, waits: nothing comes from chance or from the machine's clock."""
    first = transcript()
    assert b"garbled" in first
    assert b"receiver.invalid" in first
    assert all(transcript() == first for _ in range(count(4, 999)))
