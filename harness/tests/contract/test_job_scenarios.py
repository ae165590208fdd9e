"""Jobs that find their people themselves: wrong ones are refuted for their own bug, right ones never."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import pytest

from harness.run import Run, RunOptions
from harness.scenario import ScenarioResult
from harness.tests import playing
from harness.tests.zoo import jobs
from harness.verification import Verdict

JOBS = "harness.tests.zoo.jobs"


@dataclass(frozen=True, slots=True)
class Bug:
    """A wrong job, the scenario that kills it, the claim that names its bug, what is found there, and why."""

    job: str
    scenario: str
    claim: str
    found: str
    likely: str


PAGES_OF_LEADS = "test_more_people_than_a_page_shows[lead]"
PAGES_OF_USERS = "test_more_people_than_a_page_shows[user]"
STILL = "it is still there"
BASIC = "test_a_lead_joins_the_user_with_the_same_email"

BUGS = [
    Bug("ReadsOnePageOfLeads", PAGES_OF_LEADS, "is gone by id", STILL, "it read the first page only (150 of 160)"),
    Bug("ReadsOnePageOfUsers", PAGES_OF_USERS, "is gone by id", STILL, "it read the first page only (50 of 159)"),
    Bug("KeepsOneLeadPerEmail", "test_each_of_several_leads_with_one_email_joins_the_user", "is gone by id", STILL, ""),
    Bug("MatchesByName", "test_a_batch_joins_each_its_own_user", "not deleted", "link </contacts/", "of the same name"),
    Bug("ComparesLettersExactly", "test_an_email_in_capitals", "is gone by id", STILL, "asked for no conversion"),
    Bug("MakesUsersOfTheRest", BASIC, "bystander lead", "role", "people who were not meant"),
    Bug("TidiesUp", BASIC, "no other contact", "missing: lead", "has nothing"),
    Bug("TidiesUp", "test_leads_who_share_an_email_with_each_other_alone_stay", "no other", "missing: lead", "deleted"),
    Bug("StopsSilentlyAtTheFirstRefusal", "test_a_batch_joins_each_its_own_user", "is gone by id", STILL, ""),
    Bug("FailsWhereThereIsNothing", "test_there_is_nothing_to_do", "says that it worked", "it raised LookupError", ""),
]  # fmt: skip


def _result(job: str, scenario: str) -> ScenarioResult:
    (case,) = [case for case in playing.cases_in("jobs") if scenario in (case.name, case.function.__name__)]
    run = Run(RunOptions(pipeline=f"{JOBS}:{job}"))
    try:
        return playing.play(run, case)
    finally:
        run.close()


@pytest.mark.parametrize("bug", BUGS, ids=[f"{bug.job}-{n}" for n, bug in enumerate(BUGS)])
def test_a_wrong_job_is_refuted_by_the_claim_that_names_its_bug(bug: Bug) -> None:
    """By the claim that a person would look at, with what was found and why."""
    result = _result(bug.job, bug.scenario)
    assert (result.verdict, result.problem) == (Verdict.REFUTED, "")
    named = [claim for claim in result.claims if claim.verdict is Verdict.REFUTED and bug.claim in claim.text]
    assert named, [claim.text for claim in result.claims if claim.verdict is not Verdict.PROVED]
    assert any(bug.found in claim.found for claim in named), [claim.found for claim in named]
    assert any(bug.likely in claim.likely for claim in named), [claim.likely for claim in named]


def test_every_wrong_job_is_judged() -> None:
    """A wrong one that no row names would never be missed."""
    there = {name for name, kind in vars(jobs).items() if inspect.isclass(kind) and kind.__module__ == JOBS}
    assert there == {bug.job for bug in BUGS} | {"SoundJob", "RunOnly"}


@pytest.mark.parametrize("version", ["2.16", "2.7", "1.4"])
def test_the_reference_job_is_proved(version: str) -> None:
    """Every case, in both dialects."""
    run = Run(RunOptions(intercom_version=version))
    try:
        results = [playing.play(run, case) for case in playing.cases_in("jobs")]
    finally:
        run.close()
    assert {result.case.name for result in results if result.verdict is not Verdict.PROVED} == set()
    assert len(results) == 10


@pytest.mark.parametrize("job", ["SoundJob", "RunOnly"])
def test_a_right_job_in_another_style_is_proved(job: str) -> None:
    """A search for each lead instead of two lists; a class with `run` alone."""
    run = Run(RunOptions(pipeline=f"{JOBS}:{job}"))
    try:
        results = [playing.play(run, case) for case in playing.cases_in("jobs")]
    finally:
        run.close()
    assert {result.case.name for result in results if result.verdict is not Verdict.PROVED} == set()


def test_a_job_is_not_asked_for_single_conversions() -> None:
    """What it does not do is not run, and said so."""
    run = Run(RunOptions(pipeline=f"{JOBS}:RunOnly"))
    try:
        reasons = {playing.play(run, case).skipped for case in playing.all_cases()}
    finally:
        run.close()
    assert reasons == {
        "the pipeline 'RunOnly' has no visitor_to_lead",
        "the pipeline 'RunOnly' has no visitor_to_user",
        "the pipeline 'RunOnly' has no lead_to_user",
    }


def test_a_pipeline_of_conversions_is_not_started_as_a_job() -> None:
    """The scenarios of jobs are not run with it, and say why."""
    run = Run(RunOptions(pipeline="harness.tests.zoo.pipelines:Sound"))
    try:
        reasons = {playing.play(run, case).skipped for case in playing.cases_in("jobs")}
    finally:
        run.close()
    (reason,) = reasons
    assert reason == "the pipeline 'Sound' is asked for each conversion; it is no job that finds its people itself"
