"""A recording carries its own proof: take a piece of it away, and the check fails."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from harness.cassette import Cassette, Interaction
from harness.cassette.review.check import inspect, reasons_to_record, unfinished, unrecorded
from harness.cassette.review.proof import missing_proof
from harness.cassette.review.staleness import StaleCheck, source_of_case, stale
from harness.core.http import Request
from harness.tests.support.recordings import (
    LEAD_ID,
    NEWEST,
    USER_ID,
    VISITOR_UUID,
    answer,
    ask,
    call,
    contact,
    header,
    lead_merged,
    read,
    refusal,
    visitor,
    visitor_to_lead,
    written,
)


def lead_converted_in_place() -> list[Interaction]:
    """A lead becomes a user by a change of role."""
    user = contact(LEAD_ID, "user")
    return [
        read("given", f"/contacts/{LEAD_ID}", 200, contact(LEAD_ID, "lead")),
        call("PUT", f"/contacts/{LEAD_ID}", {"role": "user"}, 200, user),
        read("then", f"/contacts/{LEAD_ID}", 200, user),
    ]


def lead_converted_in_1x() -> list[Interaction]:
    """The 1.x call, in whose dialect a lead is a contact and a user is a user."""
    user = {"type": "user", "id": USER_ID, "user_id": "u-1"}
    body = {"contact": {"user_id": VISITOR_UUID}, "user": {"user_id": "u-1"}}
    lead = {"type": "contact", "id": LEAD_ID, "user_id": VISITOR_UUID}
    return [
        read("given", f"/contacts?user_id={VISITOR_UUID}", 200, lead),
        call("POST", "/contacts/convert", body, 200, user),
        read("then", f"/contacts?user_id={VISITOR_UUID}", 404),
        read("then", "/users?user_id=u-1", 200, user),
    ]


def visitor_merged_by_a_boot() -> list[Interaction]:
    """The Messenger is booted with a user who exists: the visitor on the page is folded into them."""
    user = contact(USER_ID, "user", "u-1")
    told = {"anonymous_id": VISITOR_UUID, "user_id": "u-1"}
    form = urlencode({"app_id": "abc", "user_data": json.dumps(told)}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answered = answer(200, {"app": {}, "user": {"id": USER_ID, "role": "user", "anonymous_id": None}})
    return [
        read("given", f"/visitors?user_id={VISITOR_UUID}", 200, visitor()),
        read("given", f"/contacts/{USER_ID}", 200, user),
        Interaction(Request("POST", "/messenger/web/ping", kind, form), answered, "when", "pipeline"),
        read("then", f"/visitors?user_id={VISITOR_UUID}", 404),
        read("then", f"/contacts/{USER_ID}", 200, user),
    ]


FLOWS: dict[str, Callable[[], list[Interaction]]] = {
    "visitor to lead": visitor_to_lead,
    "lead merged": lead_merged,
    "lead in place": lead_converted_in_place,
    "1.x": lead_converted_in_1x,
    "boot": visitor_merged_by_a_boot,
    "refusal": refusal,
}


def of(interactions: list[Interaction]) -> list[str]:
    """What these lack as a proof."""
    return missing_proof(Cassette(header(), tuple(interactions)))


@pytest.mark.parametrize("flow", FLOWS)
def test_a_whole_recording_lacks_nothing(flow: str) -> None:
    """Source before, conversion, source gone, target there; or nothing changed."""
    assert of(FLOWS[flow]()) == []


@pytest.mark.parametrize(
    ("flow", "removed", "told"),
    [
        ("visitor to lead", 0, "no read shows the source before"),
        ("visitor to lead", 1, "shows a change: 200 before, 404 after"),
        ("visitor to lead", 2, "shows it gone afterwards"),
        ("visitor to lead", 3, "no read shows the target"),
        ("lead merged", 0, "no read shows the source before"),
        ("lead merged", 2, "shows a change: 200 before, 410 after"),
        ("lead merged", 3, "shows it gone afterwards"),
        ("lead merged", 4, "no read shows the target"),
        ("lead in place", 0, "no read shows the source before"),
        ("lead in place", 1, "shows a change"),
        ("lead in place", 2, "shows it gone afterwards"),
        ("1.x", 0, "no read shows the source before"),
        ("1.x", 2, "shows it gone afterwards"),
        ("1.x", 3, "no read shows the target"),
        ("boot", 0, "no read shows the source before"),
        ("boot", 2, "shows a change: 200 before, 404 after"),
        ("boot", 3, "shows it gone afterwards"),
        ("boot", 4, "no read shows the target"),
        ("refusal", 0, "no person is read both before and after"),
        ("refusal", 2, "no person is read both before and after"),
    ],
)
def test_without_any_one_piece_it_proves_nothing(flow: str, removed: int, told: str) -> None:
    """Each piece is needed, and what is missing is named."""
    interactions = FLOWS[flow]()
    del interactions[removed]
    assert told in " | ".join(of(interactions))


def test_a_404_proves_nothing_where_the_read_never_found_anybody() -> None:
    """Gone is what was there, by the same read."""
    interactions = lead_merged()
    interactions[3] = read("then", "/contacts/of-somebody-else", 404)
    assert "shows it gone afterwards" in " | ".join(of(interactions))


def test_the_wrong_role_is_no_proof() -> None:
    """A target that is still a lead is not the user who was wanted."""
    interactions = lead_merged()
    interactions[4] = read("then", f"/contacts/{USER_ID}", 200, contact(USER_ID, "lead"))
    assert f"no read shows the target {USER_ID} as a user" in " | ".join(of(interactions))


def test_what_the_pipeline_reads_is_no_witness() -> None:
    """Only the harness's own reads count."""
    own = [replace(found, caller="pipeline") if found.step == "then" else found for found in visitor_to_lead()]
    assert len(of(own)) == 2


def test_a_refusal_in_which_somebody_changed_is_told() -> None:
    """Refused means: nothing changed."""
    changed = refusal()
    changed[2] = read("then", f"/visitors?user_id={VISITOR_UUID}", 200, {**visitor(), "name": "Other"})
    assert '$.name: recorded "Violet Suitcase", now "Other"' in " | ".join(of(changed))


def test_an_unconverted_answer_is_no_conversion() -> None:
    """Intercom has answered 200 with the visitor it did not convert (facts §2)."""
    interactions = visitor_to_lead()
    interactions[1] = replace(interactions[1], outcome=answer(200, visitor()))
    assert "no conversion succeeds in it" in " | ".join(of(interactions))


def test_a_chain_is_judged_by_its_end() -> None:
    """A visitor who becomes a lead and then a user is no lead at the end, and need not be."""
    user = contact("695563800000000000000001", "user")
    chain = [
        *visitor_to_lead()[:2],
        read("when", "/contacts/695563800000000000000001", 200, contact("695563800000000000000001", "lead")),
        call("PUT", "/contacts/695563800000000000000001", {"role": "user"}, 200, user),
        read("then", f"/visitors?user_id={VISITOR_UUID}", 404),
        read("then", "/contacts/695563800000000000000001", 200, user),
    ]
    assert of(chain) == []


NOW = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
MODULE = '''import pytest


@pytest.mark.parametrize("known_by", ["user_id", "id"])
def test_a_visitor_becomes_a_lead(known_by):
    """A visitor becomes a lead."""
    assert known_by
'''


def test_each_cause_of_staleness_is_told_by_its_name(tmp_path: Path) -> None:
    """Version, source, rules, format and age; a pinned version is not stale, and the sandbox does not age."""
    (tmp_path / "scenarios").mkdir()
    module = tmp_path / "scenarios" / "visitor_to_lead.py"
    module.write_text(MODULE)
    today = StaleCheck(NOW, "2.17", lambda scenario: source_of_case(tmp_path, scenario))
    fresh = header(redaction=1, intercom_version="2.17", scenario_source=source_of_case(tmp_path, header().scenario))
    assert fresh.scenario_source
    assert stale(fresh, today) == []
    old = replace(
        fresh, redaction=0, format=0, intercom_version="2.16", scenario_source="other", recorded_from="test-app"
    )
    assert [found.cause for found in stale(old, today)] == [
        "harness format",
        "redaction rules",
        "API version",
        "scenario source",
        "age",
    ]
    pinned = replace(fresh, intercom_version="2.15")
    assert stale(pinned, today, version_is_pinned=True) == []


@pytest.mark.parametrize(("day", "fails"), [("2026-12-01", None), ("2026-05-01", False), ("2025-12-01", True)])
def test_age_warns_first_and_then_fails(day: str, fails: bool | None) -> None:
    """Half a year, then a whole one, unless told otherwise."""
    found = stale(header(redaction=1, recorded_from="test-app", recorded_at=f"{day}T00:00:00Z"), StaleCheck(NOW))
    assert [one.fails for one in found] == ([] if fails is None else [fails])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one scenario and its cassette."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "visitor_to_lead.py").write_text(MODULE)
    path = tmp_path / "cassettes" / "visitor_to_lead" / "a_visitor_becomes_a_lead-user_id.json"
    written(path, visitor_to_lead())
    return path


def kinds(path: Path) -> list[str]:
    """What an inspection finds."""
    folder = path.parents[2]
    return [
        found.kind for found in inspect(path, folder / "cassettes", StaleCheck(NOW, NEWEST), folder=folder).findings
    ]


def test_a_good_cassette_has_no_findings(project: Path) -> None:
    """Proof, scan, headers, place and scenario: all well."""
    assert kinds(project) == []


def test_a_cassette_in_the_wrong_place_or_without_a_scenario_is_an_orphan(project: Path) -> None:
    """Renaming a case leaves its cassette behind, and moving a file takes it away from its case."""
    moved = project.with_name("other.json")
    project.rename(moved)
    assert kinds(moved) == ["place"]
    moved.rename(project)
    (project.parents[2] / "scenarios" / "visitor_to_lead.py").write_text("def test_other(): pass\n")
    assert kinds(project) == ["orphan"]


def test_a_scenario_without_a_cassette_is_told_with_the_command(project: Path) -> None:
    """Orphans are looked for both ways."""
    folder = project.parents[2]
    (folder / "scenarios" / "visitor_to_lead.py").write_text(MODULE + "\n\ndef test_other(): pass\n")
    (found,) = unrecorded(folder / "cassettes", folder / "scenarios")
    assert found.remedy == "harness run scenarios/visitor_to_lead.py::test_other --record"


def test_of_another_pipeline_a_scenario_without_a_cassette_is_a_warning(project: Path) -> None:
    """It may lack the operation; the reference pipeline lacks none, and was not recorded here at all."""
    folder = project.parents[2]
    (folder / "cassettes" / "@ours").mkdir()
    project.parent.rename(folder / "cassettes" / "@ours" / "visitor_to_lead")
    assert list(unrecorded(folder / "cassettes", folder / "scenarios")) == []
    (folder / "scenarios" / "visitor_to_lead.py").write_text(MODULE + "\n\ndef test_other(): pass\n")
    (found,) = unrecorded(folder / "cassettes", folder / "scenarios")
    assert found.level == "warning"
    assert "@ours" in str(found.path)


def test_a_recording_that_did_not_end_is_told(project: Path) -> None:
    """Its journal lies there, and the command that saves it is named."""
    project.with_name(project.name + ".journal").write_text("")
    (found,) = unfinished(project.parents[1])
    assert found.remedy.startswith(f"harness cassettes recover {project}")


def test_an_unreadable_cassette_is_no_finding_like_the_others(project: Path) -> None:
    """It could not be checked at all; one that was edited was checked and found wrong."""
    text = project.read_text()
    folder = project.parents[2]
    for damaged, level in ((text[:100], "unreadable"), (text.replace("lead@", "load@"), "error")):
        project.write_text(damaged)
        (found,) = inspect(project, folder / "cassettes", StaleCheck(NOW)).findings
        assert found.level == level


def test_a_case_is_recorded_anew_for_a_reason(project: Path) -> None:
    """Missing, unreadable and stale are reasons; a fresh cassette gives none."""
    assert reasons_to_record(project, StaleCheck(NOW, NEWEST)) == []
    assert reasons_to_record(project, StaleCheck(NOW, "2.17")) == ["API version: recorded with 2.16, now 2.17"]
    project.write_text("{")
    assert "stops in the middle" in reasons_to_record(project, StaleCheck(NOW))[0]
    assert "no cassette for this case" in reasons_to_record(project.with_name("other.json"), StaleCheck(NOW))[0]


def test_known_secrets_are_looked_for_in_what_is_committed(project: Path) -> None:
    """A value that is secret on this machine is found in any form, in a cassette that looks clean."""
    hidden = base64.b64encode(b"Violet Suitcase")
    folder = project.parents[2]
    written(project, [*visitor_to_lead(), read("then", "/me", 200, {"note": hidden.decode()})])
    found = inspect(project, folder / "cassettes", StaleCheck(NOW), folder=folder, secrets=["Violet Suitcase"]).findings
    assert {one.kind for one in found} == {"leak"}
    assert len(found) == 2


def test_a_recording_without_a_scenario_claims_nothing(tmp_path: Path) -> None:
    """What `exec` recorded is not asked for a proof."""
    path = tmp_path / "free.json"
    written(path, [Interaction(ask("GET", "/me"), answer(200, {}))], scenario="")
    assert inspect(path, tmp_path, StaleCheck(NOW)).findings == ()
