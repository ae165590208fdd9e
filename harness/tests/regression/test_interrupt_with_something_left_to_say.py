"""Ctrl-C in a scenario of which a cassette has something to say ended that scenario alone, and the run went on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

RECORDED = '''
def test_one(people, pipeline, verify):
    """One visitor."""
    visitor = people.visitor()
    pipeline.visitor_to_lead(visitor)
    verify.became_lead(visitor)

def test_other(people, pipeline, verify):
    """Another one."""
    test_one(people, pipeline, verify)
'''


def test_an_interrupt_ends_the_run_whatever_is_left_to_say(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay differs from its recording by then; no other scenario is begun."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    pytester.makeini("[pytest]\naddopts = -p no:faker -p no:anyio -p no:cacheprovider\n")
    pytester.makefile(".toml", harness="pipeline = 'reference'\nstock_scenarios = false")
    pytester.mkdir("scenarios")
    flow = Path("scenarios/flow.py")
    flow.write_text(RECORDED)
    pytester.runpytest("--against", "sandbox", "--record").assert_outcomes(passed=2)
    again = "pipeline.visitor_to_lead(visitor)\n    pipeline.again()\n    raise KeyboardInterrupt"
    flow.write_text(RECORDED.replace("pipeline.visitor_to_lead(visitor)", again, 1))
    result = pytester.runpytest_inprocess("-v", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "test_other" not in "\n".join(result.outlines)
