"""Guesses: each is settled or says why not, probes ask what settles it, and committed evidence raises rows."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.assumptions.evidence import Evidence, committed, load, shown_by, standing
from harness.assumptions.probes import PROBES
from harness.assumptions.questions import Question, questions
from harness.assumptions.settling import SETTLING, Settled, Unsettled, settling
from harness.cli.unknowns import compare_with_sandbox, evidence_of, play_probe
from harness.core.errors import Problem
from harness.core.http import Outcome, Request
from harness.tests.support.intercom_stand_in import StandIn, answer, playing
from harness.tests.support.test_app_run import StandInRun

SAMPLE = ("change_to_an_unknown_role", "convert_without_type", "search_badly")
ROLE = Question("decisions", "PUT /contacts/{contact_id}: wanted: invalid")
TYPE = Question("decisions", "POST /visitors/convert: type: missing")


def test_each_guess_is_settled_or_says_why_not(root: Path) -> None:
    """No guess without an entry, no entry without a guess, no probe and no reason that nothing needs."""
    asked = list(questions())
    assert len(asked) == len(set(asked)) > 100
    assert {(q.section, q.key) for q in asked} == {(s, key) for s, rows in SETTLING.items() for key in rows}
    settled = [one for q in asked if isinstance(one := settling(q), Settled)]
    names = {name for one in settled for name in one.by}
    assert names >= PROBES.keys()
    reasons = {one for one in map(settling, asked) if isinstance(one, Unsettled)}
    assert reasons == set(Unsettled)
    for scenario in names - PROBES.keys():
        module, _, function = scenario.partition("::")
        assert f"def {function}(" in (root / module).read_text()


def _asked(folder: Path, names: tuple[str, ...], fault: Callable[[Request], Outcome | None] | None = None) -> Evidence:
    played = StandIn()
    live = played.ask("POST", "/contacts", {"role": "user", "email": "real@customer.example"})
    played.faults += [fault] if fault else []
    with playing(folder, played) as line:
        stand_in = StandInRun(played, line, folder)
        with stand_in.run() as run:
            found = [play_probe(run, name, name) for name in names]
            assert run.test_app.leftovers == ()
    assert [why for _, why in found] == [""] * len(names)
    assert played.people() == [live["id"]]
    comparison = compare_with_sandbox([result for result, _ in found if result is not None])
    return evidence_of(comparison, region="us", rehearsal=True)


def test_probes_are_asked_past_the_guard_and_leave_nothing(tmp_path: Path, count: Callable[[int, int], int]) -> None:
    """Where the TEST app answers as the sandbox does, what they settle holds."""
    names = SAMPLE if count(len(SAMPLE), len(PROBES)) == len(SAMPLE) else tuple(PROBES)
    found = _asked(tmp_path, names)
    assert found.differences == []
    held = [str(q) for q in questions() if standing(q, [found]).startswith("holds")]
    assert {str(ROLE), str(TYPE)} <= set(held)
    assert all(q for q in questions() if not isinstance(settling(q), Settled) and not standing(q, [found]))


def test_a_guess_that_does_not_hold_is_told_with_what_was_answered(tmp_path: Path) -> None:
    """Another status for one of two: that one, and not the other."""

    def otherwise(request: Request) -> Outcome | None:
        return answer(422, "role_unknown") if b'"customer"' in request.body else None

    found = _asked(tmp_path, SAMPLE[:2], otherwise)
    assert standing(ROLE, [found]) == f"does not hold ({found.day}): PUT /contacts/{{id}} status: 422"
    assert standing(TYPE, [found]) == f"holds ({found.day})"


# --- evidence -------------------------------------------------------------------------------------


def _evidence(**changes: Any) -> dict[str, Any]:
    written = {
        "format": 1,
        "recorded_at": "2026-12-01T10:00:00Z",
        "from": "TEST app",
        "region": "us",
        "harness": "0.1.0",
        "pipeline": "reference",
        "against": ["sandbox"],
        "scenarios": ["unknowns::change_to_an_unknown_role"],
        "not_compared": {},
        "operations": [{"operation": "updateVisitorById", "version": "2.16", "answers": 3, "differs": 0}],
        "differences": [],
    }
    return {**written, **changes}


def _committed(folder: Path, *files: dict[str, Any]) -> list[Evidence]:
    for place, content in enumerate(files):
        (folder / f"{place}.json").write_text(json.dumps(content))
    return committed(folder)


def test_a_rehearsal_is_refused_as_evidence(tmp_path: Path) -> None:
    """Something on this machine played Intercom: it raises nothing, and committing it is a mistake that is told."""
    with pytest.raises(Problem, match="rehearsal, and no evidence of Intercom") as caught:
        _committed(tmp_path, _evidence(**{"from": "rehearsal"}))
    assert "harness doctor --unknowns --evidence" in caught.value.remedy


@pytest.mark.parametrize("content", ["", "{}", "[]", json.dumps(_evidence(format=2)), json.dumps(_evidence(more=1))])
def test_what_is_no_evidence_is_told(tmp_path: Path, content: str) -> None:
    """Half a file, another format, a field that nobody knows."""
    (tmp_path / "e.json").write_text(content)
    with pytest.raises(Problem, match=r"e\.json"):
        load(tmp_path / "e.json")


def test_the_youngest_evidence_that_settles_a_guess_counts(tmp_path: Path) -> None:
    """An older answer does not speak against a younger one, nor does one that was not asked."""
    against: dict[str, Any] = {"operation": "PUT /contacts/{id}", "path": "", "tier": "error", "blame": "sandbox wrong"}
    against |= {"scenario": "unknowns::change_to_an_unknown_role", "asked_by": "pipeline", "test_app": 422}
    older = _evidence(recorded_at="2026-11-30T10:00:00Z", differences=[against])
    found = _committed(tmp_path, _evidence(), older, _evidence(recorded_at="2026-12-02T10:00:00Z", scenarios=[]))
    assert standing(ROLE, found) == "holds (2026-12-01)"
    assert standing(ROLE, found[:1]).startswith("does not hold (2026-11-30)")
    assert standing(TYPE, found) == ""


def test_evidence_raises_rows_of_both_pages(tmp_path: Path, root: Path) -> None:
    """An assumed operation becomes recorded, a guess is told to hold, and what was answered otherwise is listed."""
    wrong = {"operation": "POST /contacts", "path": "$.name", "tier": "warning", "blame": "sandbox wrong"}
    wrong |= {"scenario": "lead_to_user::a", "asked_by": "harness", "test_app": "Ada", "sandbox": "ada"}
    found = _committed(tmp_path, _evidence(differences=[wrong]))
    supported, assumed = _page(root, "supported"), _page(root, "assumed")
    row = r"\| updateVisitorById .*\|"
    before, after = (re.search(row, supported.page(known))[0] for known in ([], found))  # type: ignore[index]
    assert "what the Ruby library sends" in before
    assert "TEST app 2026-12-01 (2.16)" in after
    assert "what the Ruby library sends" not in after
    assert "Where a TEST app answered otherwise" in supported.page(found)
    assert "Where a TEST app answered otherwise" not in supported.page([])
    assert "`change_to_an_unknown_role`; **holds (2026-12-01)**" in assumed.page(found)
    assert "holds" not in assumed.page([]).partition("## Decisions")[2]


def test_an_operation_that_differs_anywhere_is_not_raised(tmp_path: Path) -> None:
    """Nor is one in a version that its row does not cover."""
    from harness.sandbox.rules.versions import span

    row = {"operation": "MergeContact", "version": "2.16", "answers": 3, "differs": 1}
    (found,) = _committed(tmp_path, _evidence(operations=[row, {**row, "version": "1.4", "differs": 0}]))
    assert shown_by("MergeContact", span(since="2.0"), [found]) == ()


def test_what_is_committed_here_can_be_read(root: Path) -> None:
    """Whatever lies in docs/evidence."""
    assert all(msgspec.to_builtins(one)["from"] == "TEST app" for one in committed(root / "docs" / "evidence"))


def _page(root: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, root / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
