"""Recorded requests asked again: ids bound as they come, and each kind of difference in its tier."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness.cassette import Cassette, Recorder
from harness.cassette.format.bodies import tree_of
from harness.cassette.format.id_names import IdNames
from harness.cassette.review.drift import Drift, drifts
from harness.cassette.review.drift_ignores import line_for, read_ignores, without_ignored
from harness.core.clock import RUN_START, ManualClock
from harness.core.errors import Problem
from harness.core.http import Handler, Outcome, Request, Response
from harness.runner.wiring import OpenBackend, sandbox_backend
from harness.tests.support.recordings import Stage, ask, header

LATER = RUN_START + 86_400 * 90


@pytest.fixture
def backend() -> Iterator[OpenBackend]:
    """A sandbox of another day and another seed than the recording's."""
    found = sandbox_backend(ManualClock(LATER), seed=99)
    yield found
    found.close()


@pytest.fixture
def cassette() -> Iterator[Cassette]:
    """A visitor converted, a lead merged, a tag and a note, as a sandbox answered it."""
    found = sandbox_backend(ManualClock(), seed=1)
    recorder = Recorder(Stage())

    def go(method: str, target: str, body: Any = None) -> Any:
        request = ask(method, target, body, authorization="Bearer sandbox-rec", content_type="application/json")
        response = recorder.middleware(request, found.handle).response
        assert response is not None
        return response.json()

    assert found.controls is not None
    visitor = found.controls.workspace("rec").create_visitor({"location": {"city_name": "Quito"}})
    go("GET", f"/visitors?user_id={visitor['user_id']}")
    lead = go("POST", "/visitors/convert", {"visitor": {"user_id": visitor["user_id"]}, "type": "lead"})
    go("GET", f"/visitors?user_id={visitor['user_id']}")
    user = go("POST", "/contacts", {"role": "user", "email": "kim@example.com"})
    tag = go("POST", "/tags", {"name": "spring"})
    go("POST", f"/contacts/{lead['id']}/tags", {"id": tag["id"]})
    go("POST", f"/contacts/{lead['id']}/notes", {"body": "called"})
    go("PUT", f"/contacts/{lead['id']}", {"email": "kim@example.com"})
    go("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    go("GET", f"/contacts/{lead['id']}")
    go("GET", f"/contacts/{user['id']}/tags")
    yield Cassette(header(), tuple(recorder.interactions))
    found.close()


def compare(cassette: Cassette, backend: OpenBackend, ask_it: Handler | None = None) -> list[Drift]:
    """The drift of a backend."""
    assert backend.controls is not None
    make = backend.controls.workspace("now").create_visitor
    return drifts(cassette, ask_it or backend.handle, "sandbox-now", make)


def test_a_whole_flow_holds_on_another_day_with_other_ids(cassette: Cassette, backend: OpenBackend) -> None:
    """Create, convert, read the new id, merge: every id is another, and nothing drifted."""
    used_up = ask(
        "POST", "/tags", {"name": "other"}, authorization="Bearer sandbox-now", content_type="application/json"
    )
    backend.handle(used_up)  # so that the tag's number is another too
    assert compare(cassette, backend) == []


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "a new field": (lambda body: body.update(fresh=1), "info", "added"),
    "a field less": (lambda body: body.pop("email"), "warning", "removed"),
    "another value": (lambda body: body.update(email="x@example.com"), "warning", "value"),
    "another type": (lambda body: body.update(email=7), "error", "type"),
    "another role": (lambda body: body.update(role="lead"), "error", "role"),
    "somebody else": (lambda body: body.update(id="f" * 24), "error", "id"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_difference_has_its_tier(name: str, cassette: Cassette, backend: OpenBackend) -> None:
    """Added: information. Removed, other value: warning. Type, role, identity: error."""
    change, tier, kind = CHANGES[name]

    def changed(request: Request) -> Outcome:
        outcome = backend.handle(request)
        if request.path != "/contacts/merge":
            return outcome
        assert isinstance(outcome.answer, Response)
        body = outcome.answer.json()
        change(body)
        return Outcome(replace(outcome.answer, body=json.dumps(body).encode()))

    found = compare(cassette, backend, changed)
    assert [(drift.tier, drift.kind, drift.operation) for drift in found] == [(tier, kind, "POST /contacts/merge")]


def test_another_status_or_code_is_an_error(cassette: Cassette, backend: OpenBackend) -> None:
    """A merge that only looks like a deletion is told apart."""

    def plain_404(request: Request) -> Outcome:
        outcome = backend.handle(request)
        if not isinstance(outcome.answer, Response) or outcome.answer.status != 410:
            return outcome
        body = outcome.answer.json()
        body["errors"][0]["code"] = "not_found"
        return Outcome(replace(outcome.answer, status=404, body=json.dumps(body).encode()))

    found = compare(cassette, backend, plain_404)
    assert [(drift.kind, drift.recorded, drift.live) for drift in found] == [
        ("status", 410, 404),
        ("code", "contact_merged", "not_found"),
    ]


def test_ids_have_names_that_hold_across_url_body_and_answer(cassette: Cassette) -> None:
    """The visitor keeps a name through the conversion, and a tag's number is no note's."""
    names = IdNames(cassette.interactions)
    targets = [names.text(found.request.target) for found in cassette.interactions]
    assert targets[0] == "/visitors?user_id={visitor_1.user_id}"
    assert targets[5] == "/contacts/{visitor_1}/tags"
    made = cassette.interactions[4].outcome.response
    tag = tree_of(made.body) if made else None
    assert isinstance(tag, dict)
    assert names.name_of(tag) == "tag_1"
    assert names.name_of({**tag, "type": "note"}) == ""


DRIFT = Drift("value", "GET /contacts/{id}", "$.avatar", "a", "b")
TODAY = date(2026, 6, 1)


def test_the_line_to_paste_accepts_the_difference_until_its_day(tmp_path: Path) -> None:
    """With a reason filled in it is read again; afterwards, or when it covers nothing, it is told as useless."""
    path = tmp_path / "drift.toml"
    assert read_ignores(path) == []
    path.write_text(line_for(DRIFT, TODAY))
    with pytest.raises(Problem, match="cannot be understood"):
        read_ignores(path)
    path.write_text(line_for(DRIFT, TODAY).replace('reason = ""', 'reason = "their own picture"'))
    ignores = read_ignores(path)
    assert without_ignored([DRIFT], ignores, TODAY) == ([], [])
    assert without_ignored([DRIFT], ignores, date(2027, 6, 1)) == ([DRIFT], ignores)
    assert without_ignored([], ignores, TODAY) == ([], ignores)
    assert without_ignored([replace(DRIFT, kind="type")], ignores, TODAY)[0], "another kind is not accepted"


@pytest.mark.parametrize("text", ["[[ignore]]\npath = 1", "ignore = 3", "[[ignore", "\udcff"])
def test_a_wrong_list_of_ignores_is_a_problem(text: str, tmp_path: Path) -> None:
    """It is never taken for an empty one."""
    path = tmp_path / "drift.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Problem, match="cannot be understood"):
        read_ignores(path)
