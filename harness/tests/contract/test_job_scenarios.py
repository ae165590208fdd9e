"""Jobs that find their people themselves; the zoo holds wrong ones and other right ones."""

from __future__ import annotations

import pytest

from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support import stock_scenarios
from harness.verification import Verdict

JOBS = "harness.zoo.jobs"


@pytest.mark.parametrize("version", ["2.16", "2.7", "1.4"])
def test_the_reference_job_is_proved(version: str) -> None:
    """Every case, in both dialects."""
    run = Run(RunOptions(intercom_version=version))
    try:
        results = [stock_scenarios.play(run, case) for case in stock_scenarios.cases_in("jobs")]
    finally:
        run.close()
    assert {result.case.name for result in results if result.verdict is not Verdict.PROVED} == set()
    assert len(results) == 17


def test_a_job_is_not_asked_for_single_conversions() -> None:
    """What it does not do is not run, and said so."""
    run = Run(RunOptions(pipeline=f"{JOBS}:RunOnly"))
    try:
        reasons = {stock_scenarios.play(run, case).skipped for case in stock_scenarios.all_cases()}
    finally:
        run.close()
    assert reasons == {
        "the pipeline 'RunOnly' has no visitor_to_lead",
        "the pipeline 'RunOnly' has no visitor_to_user",
        "the pipeline 'RunOnly' has no lead_to_user",
    }


def test_a_pipeline_of_conversions_is_not_started_as_a_job() -> None:
    """The scenarios of jobs are not run with it, and say why."""
    run = Run(RunOptions(pipeline="harness.zoo.sound_requests:Sound"))
    try:
        reasons = {stock_scenarios.play(run, case).skipped for case in stock_scenarios.cases_in("jobs")}
    finally:
        run.close()
    (reason,) = reasons
    assert reason == "the pipeline 'Sound' is asked for each conversion; it is no job that finds its people itself"
