"""What scenarios can say of batches, crowds, webhooks and versions: each finds the pipeline that gets it wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from harness.client import Reading
from harness.core.clock import ManualClock
from harness.core.http import Request
from harness.gateway.webhooks.posting import is_signed
from harness.runner import wiring
from harness.runner.case import ScenarioResult
from harness.runner.controls import RUN_SECRET, Faults
from harness.runner.notification_bodies import forged, notification_of
from harness.runner.run import Run
from harness.runner.session_config import RunOptions
from harness.tests.support import stock_scenarios
from harness.tests.support.stock_scenarios import cases_in
from harness.verification import Claim, Verdict
from harness.verification.checks.bystanders import untouched
from harness.verification.checks.visitor_writes import without_additions
from harness.verification.snapshot import PersonSnapshot
from harness.zoo.judging import TIME_SCALE


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python pipeline finds the gateway in this process's environment; it is put back."""
    for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "")


def results(pipeline: str | None, *names: str) -> list[ScenarioResult]:
    """Play these cases, each by its module and name, in one run."""
    run = Run(RunOptions(pipeline=pipeline, time_scale=TIME_SCALE))
    try:
        wanted = [next(case for case in cases_in(name.partition("::")[0]) if str(case) == name) for name in names]
        return [stock_scenarios.play(run, case) for case in wanted]
    finally:
        run.close()


def refuted(result: ScenarioResult) -> list[Claim]:
    """The claims of a scenario that were refuted."""
    return [claim for claim in result.claims if claim.verdict is Verdict.REFUTED]


@pytest.mark.parametrize(("number", "left"), [(155, 6), (205, 56)])
def test_each_of_a_crowd_counts(number: int, left: int) -> None:
    """A job that reads one page of leads leaves some: the claim says how many, and names a few."""
    (result,) = results(
        "harness.zoo.jobs:ReadsOnePageOfLeads", f"jobs::test_each_of_a_crowd_joins_its_own_user[{number}]"
    )
    found = {claim.text: claim.found for claim in refuted(result)}
    assert found[f"of {number} pairs, each lead is gone"].startswith(f"not {left} of {number}: pair.")
    assert len(found[f"of {number} pairs, each lead is gone"].split(", ")) == 4


def test_a_batch_that_hides_its_refusal_is_refuted() -> None:
    """A job that ends at the first refusal and says nothing of it is caught by what it told its caller."""
    (result,) = results("harness.zoo.jobs:StopsSilentlyAtTheFirstRefusal", "jobs::test_one_of_a_batch_is_refused")
    assert [claim.text for claim in refuted(result)] == ["the pipeline says that it did not happen"]


SHARED = "lead_to_user::test_several_users_share_an_email"
MERGED_AWAY = "resilience::test_the_user_was_merged_away_before_a_lead_joins"


def test_users_who_share_an_email_do_so_before_and_after() -> None:
    """The claim that nobody else has the e-mail speaks of those who had it before as well."""
    (result,) = results(None, SHARED)
    (claim,) = [claim for claim in result.claims if claim.text == "the user is the only one with the e-mail"]
    assert (result.verdict, claim.expected.count("6955")) == (Verdict.PROVED, 3)


@pytest.mark.parametrize(("pipeline", "skipped"), [("PinnedTo211", True), ("LogsLinesOfJson", False)])
def test_a_version_that_only_the_header_names_is_found_out(pipeline: str, skipped: bool) -> None:
    """Up to 2.15 nobody can find out who a merged contact became: the scenario is not run, and says why."""
    (result,) = results(f"harness.zoo.right_habits:{pipeline}", MERGED_AWAY)
    assert result.skipped == ("needs Intercom 2.16; this is 2.11" if skipped else "")
    assert skipped or result.verdict is Verdict.PROVED


def test_a_tag_that_the_pipeline_made_has_its_id_in_the_next_scenario() -> None:
    """A process that lives for the whole run may keep it; the workspace is another all the same."""
    names = [
        "lead_to_user::test_a_lead_becomes_a_new_user[email]",
        "visitor_to_lead::test_a_visitor_becomes_a_lead[user_id]",
    ]
    played = results("harness.zoo.right_habits:KeepsItsTagsId", *names)
    assert [result.verdict for result in played] == [Verdict.PROVED, Verdict.PROVED]
    made = [[one.request.path for one in result.exchanges if one.request.path == "/tags"] for result in played]
    asked = [
        [one for one in result.exchanges if one.request.caller == "pipeline" and one.request.path == "/tags"]
        for result in played
    ]
    assert made[0]
    assert [len(requests) for requests in asked] == [1, 0]


# --- webhooks -------------------------------------------------------------------------------------

FOLD = """
import json, os, sys, urllib.request

def ask(method, path, sent=None):
    headers = {"Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"], "Intercom-Version": "2.16",
               "Content-Type": "application/json"}
    body = None if sent is None else json.dumps(sent).encode()
    url = os.environ["INTERCOM_BASE_URL"] + path
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method)) as answer:
        return json.load(answer)

item = json.load(sys.stdin)["data"]["item"]
lead = ask("GET", "/contacts/" + item["id"])
query = {"field": "email", "operator": "=", "value": lead["email"]}
(user,) = [one for one in ask("POST", "/contacts/search", {"query": query})["data"] if one["role"] == "user"]
ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
"""


@pytest.mark.parametrize("signature", ["wrong", "missing"])
def test_a_worker_that_looks_at_no_signature_is_refuted(tmp_path: Path, signature: str) -> None:
    """Whoever knows its address makes it merge; one in Node that looks at the signature does nothing."""
    (tmp_path / "fold.py").write_text(FOLD)
    spec = tmp_path / "worker.toml"
    spec.write_text(f'[pipeline]\nwebhook = "{sys.executable} fold.py"\n')
    (result,) = results(str(spec), f"webhooks::test_a_webhook_is_not_intercoms[{signature}]")
    assert any("is untouched" in claim.text or "came or went" in claim.text for claim in refuted(result))


def test_a_pipeline_that_is_handed_notifications_already_read_sees_no_signature() -> None:
    """The scenario is not run with it, and says what it needs."""
    names = ["webhooks::test_a_webhook_is_not_intercoms[wrong]", "webhooks::test_intercom_looks_at_the_address"]
    assert [result.skipped for result in results(None, *names)] == [
        "needs a receiver that is handed the body; this one gets the notification",
        "needs a receiver that is handed the request; this one gets the notification",
    ]


@pytest.mark.parametrize("name", ["a_delivery_breaks_and_comes_again", "a_worker_is_slower_than_intercom_waits"])
def test_what_intercom_took_for_a_failure_is_told_twice(name: str) -> None:
    """An answer that is lost, or comes after five seconds, brings the notification a second time."""
    (result,) = results("harness.zoo.right_habits:LogsLinesOfJson", f"webhooks::test_{name}")
    told = [answer for answer in result.answers if answer.operation == "webhook"]
    assert (result.verdict, len(told)) == (Verdict.PROVED, 2)


def test_a_forged_notification_is_signed_by_another_secret_or_by_none() -> None:
    """What is sent is Intercom's own notification, byte for byte, but for its signature."""
    notification = notification_of("ping", {"type": "ping", "message": "something something interzen"}, 1767225600)
    wrong, missing = forged(notification, "wrong"), forged(notification, "missing")
    assert isinstance(wrong, Request)
    assert json.loads(wrong.body) == json.loads(missing.body) == notification
    assert not is_signed(wrong.body, RUN_SECRET, wrong.headers["x-hub-signature"])
    assert "x-hub-signature" not in missing.headers


# --- what may be written before a refusal, and faults that end ---------------------------------------


def visitor_with(updated_at: int, **attributes: object) -> PersonSnapshot:
    """A visitor as a read by uuid shows them."""
    body = {"type": "visitor", "id": "65a1", "custom_attributes": attributes, "updated_at": updated_at}
    return PersonSnapshot(by_uuid=Reading("GET", "/visitors?user_id=u", None, 200, body))


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (visitor_with(2, plan="browsing", seats=1), Verdict.PROVED),
        (visitor_with(2, plan="pro", seats=1), Verdict.REFUTED),
        (visitor_with(2, plan=None, seats=1), Verdict.REFUTED),
        (visitor_with(2, seats=1), Verdict.REFUTED),
        (visitor_with(2, plan="browsing"), Verdict.REFUTED),
    ],
    ids=["one more", "another value", "blanked", "gone", "touched for nothing"],
)
def test_a_visitor_may_have_more_after_a_refusal_and_not_less(after: PersonSnapshot, verdict: Verdict) -> None:
    """An attribute that was empty may be filled before the conversion; what they had stays."""
    before = visitor_with(1, plan="browsing", seats=None)
    assert untouched("the visitor", before, without_additions(before, after)).verdict is verdict


def test_faults_end_and_are_missed_where_they_had_to_fire() -> None:
    """What was cleared and never fired still counts, unless it was optional."""
    faults = Faults(wiring.fault_table(ManualClock()))
    faults.arm("MergeContact", "reset_before", optional=True)
    faults.arm("convertVisitor", "empty")
    faults.clear()
    faults.arm("UpdateContact", "lost")
    assert [fault.kind for fault in faults.unfired] == ["empty", "lost"]
    assert [one.fault.kind for one in faults.armed] == ["lost"]
