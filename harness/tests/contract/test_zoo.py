"""The bug zoo: each wrong pipeline is refuted for its own bug, and no right one is touched."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.run import Run, RunOptions
from harness.scenario import ScenarioResult
from harness.tests import playing
from harness.tests.zoo import pipelines
from harness.verification import Claim, Verdict

ZOO = "harness.tests.zoo.pipelines"
COMMANDS = Path(__file__).parents[1] / "zoo" / "commands" / "convert.py"


@dataclass(frozen=True, slots=True)
class Bug:
    """A wrong pipeline, the scenario that kills it, the claim that names its bug, and what is found there."""

    pipeline: str
    scenario: str
    claim: str
    found: str = ""
    likely: str = ""


LEAD_NEW = "lead_to_user::test_a_lead_becomes_a_new_user[email]"
LEAD_MERGE = "lead_to_user::test_a_lead_who_chatted_merges_into_the_user_they_turn_out_to_be"
LEAD_NO_EMAIL = "lead_to_user::test_a_lead_who_never_gave_an_email_merges"
LEAD_OPT_OUT = "lead_to_user::test_an_opt_out_survives_a_merge[lead]"
LEAD_GAPS = "lead_to_user::test_a_user_with_gaps_gets_what_the_lead_carried"
THREE_LEADS = "lead_to_user::test_one_of_three_leads_with_the_same_email_merges"
TO_LEAD = "visitor_to_lead::test_a_visitor_becomes_a_lead[user_id]"
VISITOR_NEW = "visitor_to_user_create::test_a_visitor_becomes_a_new_user[email]"
VISITOR_NEW_ID = "visitor_to_user_create::test_a_visitor_becomes_a_new_user[external_id]"
VISITOR_MERGE = "visitor_to_user_merge::test_a_visitor_is_merged_into_a_user[by_both]"
UNKNOWN_VISITOR = "refusals::test_an_unknown_visitor_is_not_converted"
ARCHIVED_TWIN = "refusals::test_an_archived_twin_is_not_doubled"
IN_BETWEEN = "refusals::test_a_visitor_who_became_a_lead_in_between_is_not_converted"

WORKED, SAID_NO = "the pipeline says that it worked", "the pipeline says that it did not happen"
OTHERS = "no other contact came or went"
MERGED = "was merged into the target, not deleted"
WROTE_OVER = "converted, and then wrote over what was there"

BUGS = [
    Bug("CreatesInsteadOfConverting", VISITOR_NEW, OTHERS, "one too many: user", "created a new contact instead"),
    Bug("CreatesInsteadOfConverting", LEAD_NEW, "is no longer a lead", "lead, then lead", "created a new contact"),
    Bug("CreatesInsteadOfConverting", VISITOR_MERGE, "the visitor", "it is still there", "created a new contact"),
    Bug("DeletesTheLead", LEAD_MERGE, MERGED, "404: deleted", "deleted somebody"),
    Bug("DeletesTheLead", LEAD_MERGE, "every conversation is kept", "lost"),
    Bug("ArchivesTheLead", LEAD_MERGE, "is gone by id", "it is still there", "asked for no conversion"),
    Bug("MakesALeadOfEverybody", VISITOR_NEW, "the user exists under the source's id", "lead"),
    Bug("MergesIntoSomebodyElse", LEAD_MERGE, MERGED, "410, link"),
    Bug("MergesIntoSomebodyElse", LEAD_MERGE, "bystander user", "custom_attributes.campaign"),
    Bug("MergesTheFirstLeadWithTheEmail", THREE_LEADS, "is gone by id", "it is still there"),
    Bug("MergesTheNamesake", LEAD_MERGE, "is gone by id", "it is still there"),
    Bug("MergesBackwards", LEAD_MERGE, WORKED, "400", "Merging can only be performed on a lead into a user"),
    Bug("MergesBackwards1x", LEAD_MERGE, "is gone by id", "it is still there"),
    Bug("SaysToForInto", LEAD_MERGE, WORKED, "404"),
    Bug("UpgradedTheVersion", LEAD_NO_EMAIL, WORKED, "400", "only be merged when they are duplicates"),
    Bug("ForgetsTheVersion", LEAD_MERGE, WORKED, "400", "intercom_version_invalid"),
    Bug("TakesIntercomsIdForAUserId", LEAD_MERGE, "the user is the only one with the e-mail", "users"),
    Bug("TakesTheEmailForAUserId", VISITOR_MERGE, OTHERS, "one too many: user"),
    Bug("TakesAVisitorForAContact", VISITOR_MERGE, "the visitor", "it is still there", "404"),
    Bug("NamesTheUserByTheUuid", LEAD_NEW, "the uuid is no identifier of the user"),
    Bug("NamesTheUserByTheUuid", VISITOR_NEW_ID, "the user is found by the external id", "404"),
    Bug("KeepsTheUuid", LEAD_NEW, "the uuid is no identifier of the user"),
    Bug("TrustsTheStatus", VISITOR_NEW, "the visitor", "it is still there"),
    Bug("TrustsTheStatusAndTellsAll", VISITOR_NEW, WORKED, "it handed back a visitor", "a 200 alone proves nothing"),
    Bug("PutsTheEmailOnTheVisitor", VISITOR_NEW, "the user exists under the source's id", "lead"),
    Bug("ConvertsTwice", TO_LEAD, WORKED, "404", "Visitor Not Found"),
    Bug("ConvertsThenCreates", VISITOR_NEW, OTHERS, "one too many: user"),
    Bug("GoesHalfway", ARCHIVED_TWIN, OTHERS, "one too many: lead", "An archived contact matching those details"),
    Bug("LooksAtTheFirstPage", LEAD_MERGE, "is gone by id", "it is still there"),
    Bug("ForgetsToConvert", TO_LEAD, WORKED, "it handed back a visitor"),
    Bug("AsksNobody", TO_LEAD, "the visitor", "it is still there", "no request of the pipeline reached the gateway"),
    Bug("SendsUndefined", TO_LEAD, "the visitor", "it is still there", "Visitor Not Found"),
    Bug("SwallowsErrors", UNKNOWN_VISITOR, SAID_NO, "it ended as if all were well"),
    Bug("TakesNotFoundForDone", IN_BETWEEN, SAID_NO, "it ended as if all were well", "look at the answer's status"),
    Bug("HandsBackSomebodyElse", TO_LEAD, WORKED, "it handed back 6955"),
    Bug("Crashes", TO_LEAD, WORKED, "it raised KeyError: 'visitor_uuid'"),
    Bug("Hangs", TO_LEAD, WORKED, "it did not come back within 0.2 s"),
    Bug("Hangs", UNKNOWN_VISITOR, SAID_NO, "it did not come back within 0.2 s"),
    Bug("TouchesABystander", TO_LEAD, "bystander lead", "Tidy"),
    Bug("OverwritesTheUser", LEAD_MERGE, "custom_attributes.plan", "'trial'", WROTE_OVER),
    Bug("BlanksTheName", LEAD_MERGE, "name: the target's value stays", "None", WROTE_OVER),
    Bug("DropsTheCampaign", TO_LEAD, "custom_attributes.campaign", "None", WROTE_OVER),
    Bug("RenumbersTheUser", LEAD_MERGE, "external_id: the target's value stays", "renumbered-1", WROTE_OVER),
    Bug("MovesTheEmail", LEAD_MERGE, "the user is the only one with the e-mail", "", WROTE_OVER),
    Bug("ShoutsTheEmail", VISITOR_NEW, "the user's email is the one given", "@EXAMPLE.COM"),
    Bug("DropsATag", LEAD_MERGE, "every tag is kept", "lost", "took away what somebody had"),
    Bug("DetachesTheCompany", LEAD_GAPS, "every company is kept", "lost", "took away what somebody had"),
    Bug("ThrowsOptOutsAway", LEAD_OPT_OUT, "unsubscribed_from_emails", "False", WROTE_OVER),
    Bug("ResubscribesToTheNewsletter", LEAD_OPT_OUT, "no opt-out is lost", "lost", "took away what somebody had"),
    Bug("UnsubscribesEverybody", LEAD_MERGE, "unsubscribed_from_emails", "True", WROTE_OVER),
]  # fmt: skip

RIGHT = ("Sound", "Sound1x", "ByEmail", "LooksFirst", "TagsAndNotes", "SignsUpNow", "SaysNothing")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python pipeline finds the gateway in this process's environment; it is put back."""
    for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "")


def _only(scenario: str) -> playing.Played:
    (case,) = playing.cases_of(scenario)
    return case


def _result(pipeline: str, scenario: str) -> ScenarioResult:
    run = Run(RunOptions(pipeline=f"{ZOO}:{pipeline}"))
    try:
        return playing.play(run, _only(scenario))
    finally:
        run.close()


@pytest.mark.parametrize("bug", BUGS, ids=[f"{bug.pipeline}-{n}" for n, bug in enumerate(BUGS)])
def test_a_wrong_pipeline_is_refuted_by_the_claim_that_names_its_bug(bug: Bug) -> None:
    """Not by any claim: by the one that a person would look at, with what was found and why."""
    result = _result(bug.pipeline, bug.scenario)
    assert (result.verdict, result.problem) == (Verdict.REFUTED, "")
    named = [claim for claim in result.claims if claim.verdict is Verdict.REFUTED and bug.claim in claim.text]
    assert named, [claim.text for claim in result.claims if claim.verdict is not Verdict.PROVED]
    assert any(bug.found in claim.found for claim in named), [claim.found for claim in named]
    assert any(bug.likely in claim.likely for claim in named), [claim.likely for claim in named]


def test_every_pipeline_of_the_zoo_is_judged() -> None:
    """A wrong one that no row names would never be missed."""
    there = {
        name
        for name, kind in vars(pipelines).items()
        if inspect.isclass(kind) and issubclass(kind, pipelines.Sound) and not name.startswith("_")
    }
    assert there == {bug.pipeline for bug in BUGS} | set(RIGHT)
    assert len({bug.pipeline for bug in BUGS}) >= 24


# --- no false alarm -------------------------------------------------------------------------------


def _one_each() -> list[playing.Played]:
    """The first case of each scenario."""
    return list({case.key: case for case in reversed(playing.all_cases())}.values())


def _failures(options: RunOptions, cases: Sequence[playing.Played]) -> dict[str, object]:
    run = Run(options)
    failures: dict[str, object] = {}
    assert cases
    try:
        for case in cases:
            result = playing.play(run, case)
            if result.verdict is not Verdict.PROVED:
                failures[f"{case.module}::{case.name}"] = result.problem or list(map(_brief, _open(result)))
    finally:
        run.close()
    return failures


def _open(result: ScenarioResult) -> list[Claim]:
    return [claim for claim in result.claims if claim.verdict is not Verdict.PROVED]


def _brief(claim: Claim) -> str:
    return f"{claim.verdict.value}: {claim.text}: {claim.found}"


@pytest.mark.parametrize("version", ["2.16", "1.4"])
def test_the_reference_is_proved_in_both_dialects(version: str) -> None:
    """Every case of every scenario."""
    assert _failures(RunOptions(intercom_version=version), playing.all_cases()) == {}


@pytest.mark.parametrize("version", ["2.15", "2.14", "2.7", "1.0"])
def test_the_reference_is_proved_in_other_versions(version: str) -> None:
    """A case of each scenario; what a merged lead answers and what a merge needs differ between them."""
    assert _failures(RunOptions(intercom_version=version), _one_each()) == {}


@pytest.mark.parametrize("pipeline", RIGHT)
def test_a_right_pipeline_is_proved_everywhere(pipeline: str) -> None:
    """Whatever its style: by e-mail, looking first, silent, or leaving a tag, a note or a time of its own."""
    assert _failures(RunOptions(pipeline=f"{ZOO}:{pipeline}"), _one_each()) == {}


def test_a_right_pipeline_of_command_lines_is_proved_everywhere(tmp_path: Path) -> None:
    """Another process for each conversion, over HTTP; the refusals are its exit status."""
    line = f"'{sys.executable}' -I -S '{COMMANDS}'"
    user = "{user.id} {user.email} {user.external_id}"
    (tmp_path / "shop.toml").write_text(
        "[pipeline]\n"
        f'visitor_to_lead = "{line} visitor_to_lead {{visitor.user_id}}"\n'
        f'visitor_to_user = "{line} visitor_to_user {{visitor.user_id}} {user}"\n'
        f'lead_to_user = "{line} lead_to_user {{lead.id}} {user}"\n'
    )
    cases = [*playing.cases_of("visitor_to_lead"), *playing.cases_of("visitor_to_user_create")]
    cases += [*map(_only, (LEAD_NEW, LEAD_MERGE, VISITOR_MERGE, UNKNOWN_VISITOR, ARCHIVED_TWIN))]
    assert _failures(RunOptions(pipeline=str(tmp_path / "shop.toml")), cases) == {}
