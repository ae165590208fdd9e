"""The bug zoo: each wrong pipeline is refuted for its stated reason, and no right one is touched."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.runner.run import Run
from harness.runner.session_config import DEFAULT_SEED, RunOptions
from harness.tests.support import stock_scenarios
from harness.verification import Verdict
from harness.zoo.bug import Bug, Kill, Right
from harness.zoo.expected_claims import TO_LEAD, WORKED
from harness.zoo.further_bugs import FURTHER, NOT_CAUGHT
from harness.zoo.judging import Ending, Ground, Judged, judge
from harness.zoo.specimens import Specimen, specimens

WRONG = [one for one in specimens() if isinstance(one.mark, Bug)]
RIGHT = [one for one in specimens() if isinstance(one.mark, Right)]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python pipeline finds the gateway in this process's environment; it is put back."""
    for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "")


def _judged(specimen: Specimen, version: str | None = None, seed: int = DEFAULT_SEED, *, whole: bool = False) -> Judged:
    if specimen.lacks:
        pytest.skip(specimen.lacks)
    return judge(specimen, Ground(stock_scenarios.SCENARIOS, whole=whole, seed=seed), version)


@pytest.mark.parametrize("specimen", WRONG, ids=lambda one: one.name)
def test_a_wrong_pipeline_is_refuted_by_the_claim_that_names_its_bug(specimen: Specimen) -> None:
    """Not by any claim: by the one that a person would look at, with what was found and why."""
    judged = _judged(specimen)
    assert (judged.ending, judged.missed) == (Ending.KILLED, [])


@pytest.mark.parametrize("specimen", RIGHT, ids=lambda one: one.name)
def test_a_right_pipeline_is_not_touched(specimen: Specimen) -> None:
    """Whatever its style, in the version that it sends by itself."""
    judged = _judged(specimen)
    assert (judged.ending, judged.deaths) == (Ending.UNHARMED, [])


@pytest.mark.soak
@pytest.mark.parametrize("specimen", RIGHT, ids=lambda one: one.name)
def test_a_right_pipeline_is_not_touched_in_any_version_it_claims(
    specimen: Specimen, count: Callable[[int, int], int]
) -> None:
    """Twenty times in each, with other people each time."""
    assert isinstance(specimen.mark, Right)
    for number in range(count(0, 20)):
        for version in specimen.mark.versions:
            judged = _judged(specimen, version, DEFAULT_SEED + number, whole=True)
            assert (version, judged.ending, judged.deaths) == (version, Ending.UNHARMED, [])


@pytest.mark.soak
@pytest.mark.parametrize("specimen", WRONG, ids=lambda one: one.name)
def test_a_wrong_pipeline_is_refuted_whoever_the_people_are(
    specimen: Specimen, count: Callable[[int, int], int]
) -> None:
    """Twenty times, with other people each time."""
    for number in range(count(0, 20)):
        judged = _judged(specimen, seed=DEFAULT_SEED + number)
        assert (judged.ending, judged.missed) == (Ending.KILLED, [])


@pytest.mark.parametrize(
    "kill", [Kill(TO_LEAD, "bystander"), Kill(TO_LEAD, WORKED, "404"), Kill(TO_LEAD, WORKED, "", "luck")]
)
def test_a_wrong_pipeline_that_dies_of_something_else_is_told_apart(kill: Kill) -> None:
    """Another claim, another finding, another reason: each counts as a miss, with what there was instead."""
    (crashes,) = [one for one in WRONG if one.name == "Crashes"]
    judged = _judged(replace(crashes, mark=Bug("crash", (kill,))))
    assert judged.ending is Ending.MISTAKEN
    assert judged.missed
    assert all("it raised KeyError" in missed for missed in judged.missed)


def test_the_zoo_holds_as_many_kinds_as_it_promises() -> None:
    """At least 24 kinds of bugs, each kind once, in Python and Node, and at least six right styles."""
    kinds = [one.mark.kind for one in WRONG if isinstance(one.mark, Bug)]
    assert len(kinds) >= 24
    assert len(set(kinds)) == len(kinds)
    assert len(RIGHT) >= 6
    assert len({one.name for one in specimens()}) == len(specimens())
    assert all(one.mark.kills for one in WRONG if isinstance(one.mark, Bug))


@pytest.mark.parametrize(("script", "page"), [("zoo", "zoo"), ("zoo_first_contact", "zoo-first-contact")])
def test_the_page_about_the_zoo_is_made_from_it(root: Path, script: str, page: str) -> None:
    """If this fails: make docs."""
    spec = importlib.util.spec_from_file_location(f"{script}_page", root / "docs" / f"{script}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (root / "docs" / f"{page}.md").read_text() == module.page()


def test_what_no_scenario_catches_stands_in_the_ledger_alone() -> None:
    """Each further wrong pipeline is held by what refutes it, or named with the reason why nothing does."""
    measured = json.loads((Path(__file__).parents[3] / "docs" / "zoo-first-contact.json").read_text())
    assert FURTHER.keys() | NOT_CAUGHT.keys() == measured.keys()
    assert not FURTHER.keys() & NOT_CAUGHT.keys()
    held = {one.name for one in WRONG}
    assert FURTHER.keys() <= held
    assert not NOT_CAUGHT.keys() & held


# --- the reference pipeline -----------------------------------------------------------------------


def _failures(options: RunOptions, cases: Sequence[stock_scenarios.Played]) -> dict[str, object]:
    run = Run(options)
    failures: dict[str, object] = {}
    assert cases
    try:
        for case in cases:
            result = stock_scenarios.play(run, case)
            if result.verdict is not Verdict.PROVED:
                failures[str(case)] = result.problem or [
                    f"{claim.verdict.value}: {claim.text}: {claim.found}"
                    for claim in result.claims
                    if claim.verdict is not Verdict.PROVED
                ]
    finally:
        run.close()
    return failures


@pytest.mark.parametrize("version", ["2.16", "1.4"])
def test_the_reference_is_proved_in_both_dialects(version: str) -> None:
    """Every case of every scenario."""
    assert _failures(RunOptions(intercom_version=version), stock_scenarios.all_cases()) == {}


@pytest.mark.parametrize("version", ["2.15", "2.7", "1.0"])
def test_the_reference_is_proved_in_other_versions(version: str) -> None:
    """A case of each scenario in which a lead becomes a user: there they differ, in what a merge needs and leaves."""
    cases = list(
        {case.key: case for case in reversed(stock_scenarios.all_cases()) if case.module == "lead_to_user"}.values()
    )
    assert _failures(RunOptions(intercom_version=version), cases) == {}
