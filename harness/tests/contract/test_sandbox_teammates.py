"""Teammates and what clients ask around a conversion: away mode, activity logs, counts, messages to several."""

from __future__ import annotations

import pytest

from harness.tests.support.sandbox_client import Asker, refused


@pytest.fixture
def asker() -> Asker:
    """A sandbox of its own."""
    return Asker.new()


def test_a_new_workspace_has_two_teammates_and_a_team_of_both(asker: Asker) -> None:
    """Official clients' own suites need as many."""
    admins = asker.ask("GET", "/admins")["admins"]
    (team,) = asker.ask("GET", "/teams")["teams"]
    assert len({admin["id"] for admin in admins}) == 2
    assert admins[0]["id"] == asker.ask("GET", "/me")["id"]
    assert team["admin_ids"] == [int(admin["id"]) for admin in admins]
    assert all(admin["team_ids"] == [int(team["id"])] for admin in admins)
    assert asker.ask("GET", f"/admins/{admins[1]['id']}") == admins[1]


def test_the_second_teammate_does_what_the_first_may(asker: Asker) -> None:
    """Notes, tags of conversations, owners, assignments and messages name either."""
    second = asker.ask("GET", "/admins")["admins"][1]["id"]
    user = asker.user(owner_id=int(second))
    assert user["owner_id"] == second
    note = asker.ask("POST", f"/contacts/{user['id']}/notes", {"body": "Hello", "admin_id": second})
    assert note["author"]["id"] == second
    conversation = asker.give(user["id"], "word")["conversation"]
    assigning = {"type": "admin", "message_type": "assignment", "admin_id": second, "assignee_id": second}
    assigned = asker.ask("POST", f"/conversations/{conversation}/parts", assigning)
    assert assigned["admin_assignee_id"] == int(second)
    counted = asker.ask("GET", "/counts?type=conversation&count=admin")["conversation"]["admin"]
    assert [(one["id"], one["open"]) for one in counted][1] == (second, 1)


def test_a_teammate_goes_away_and_the_log_tells(asker: Asker) -> None:
    """By the description's shapes; both parameters are required, and only teammates go away."""
    first, second = (admin["id"] for admin in asker.ask("GET", "/admins")["admins"])
    away = {"away_mode_enabled": True, "away_mode_reassign": False}
    assert asker.ask("PUT", f"/admins/{second}/away", away)["away_mode_enabled"] is True
    assert [one["away_mode_enabled"] for one in asker.ask("GET", "/admins")["admins"]] == [False, True]
    (logged,) = asker.ask("GET", "/admins/activity_logs?created_at_after=0")["activity_logs"]
    assert (logged["activity_type"], logged["performed_by"]["id"]) == ("admin_away_mode_change", second)
    asking = {"created_at_after": 0, "event_types": ["app_name_change"]}
    assert asker.ask("POST", "/admins/activity_logs/search", asking)["activity_logs"] == []
    asking["event_types"] = ["admin_away_mode_change"]
    assert asker.ask("POST", "/admins/activity_logs/search", asking)["activity_logs"] == [logged]
    assert "admin_away_mode_change" in asker.ask("GET", "/admins/activity_log_event_types")["event_types"]
    assert refused(asker, "PUT", "/admins/7/away", away)[2] == "Admin for admin_id not found"
    assert refused(asker, "PUT", f"/admins/{first}/away", {"away_mode_enabled": True})[0] == 400
    assert refused(asker, "GET", "/admins/activity_logs")[0] == 400


def test_activity_logs_are_no_teammate(asker: Asker) -> None:
    """In no version: a fixed path is never taken for an id (facts 61)."""
    assert asker.using("2.0").ask("GET", "/admins/activity_logs?created_at_after=0")["type"] == "activity_log.list"
    assert asker.using("1.4").refusal("GET", "/admins/activity_logs")[:2] == (400, "intercom_version_invalid")


def test_counts_are_there_in_2_x(asker: Asker) -> None:
    """Clients of 2.x call them (facts 60)."""
    asker.user()
    assert asker.using("2.11").ask("GET", "/counts")["user"] == {"count": 1}


def test_a_message_goes_to_several_from_2_14_on(asker: Asker) -> None:
    """A conversation with each of them, and none with anybody where one of them is unknown."""
    admin = asker.ask("GET", "/me")["id"]
    user, lead = asker.user(), asker.lead()
    to = [{"type": "user", "id": user["id"]}, {"type": "lead", "id": lead["id"]}]
    body = {"from": {"type": "admin", "id": admin}, "message_type": "inapp", "body": "Hello", "to": to}
    assert refused(asker.using("2.13"), "POST", "/messages", body)[0] == 400
    assert asker.using("2.14").ask("POST", "/messages", body)["type"] == "admin_message"
    assert all(len(asker.ids_of(one["id"], "conversations")) == 1 for one in (user, lead))
    unknown = {**body, "to": [*to, {"type": "user", "id": "f" * 24}]}
    assert refused(asker, "POST", "/messages", unknown)[0] == 404
    assert refused(asker, "POST", "/messages", {**body, "to": []})[0] == 400
