"""`harness rehearse`: jobs on a copy of a workspace, the sound one and each kind of wrong one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.tests.support.peopled_state import peopled_state

JOBS = "harness.tests.support.rehearsed_jobs"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with three hundred people."""
    return peopled_state(tmp_path_factory.mktemp("rehearsal") / "people", 300)


def _rehearse(people: Path, job: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    words = [sys.executable, "-m", "harness", "rehearse", "--people", str(people), "--pipeline", job, *options]
    known = {**os.environ, **environment}
    return subprocess.run(words, capture_output=True, text=True, timeout=300, env=known, check=False)


def _result(people: Path, job: str, *options: str, **environment: str) -> dict[str, Any]:
    done = _rehearse(people, f"{JOBS}:{job}", "--json", *options, **environment)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["exit_code"] == done.returncode
    return found


def _refuted(result: dict[str, Any]) -> list[str]:
    return [claim["claim"] for claim in result["claims"] if claim["verdict"] == "refuted"]


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_a_sound_job_is_proved_and_the_folder_stays_as_it_was(people: Path) -> None:
    """The sound job merges everyone who can be merged; each claim is proved and no byte of the folder differs."""
    before = _digests(people)
    result = _result(people, "sound")
    assert result["verdict"] == "proved", _refuted(result)
    assert result["census"]["merged"] == result["bill"]["conversions"] > 100
    assert result["findings"].get("refused") == 2 or result["findings"].get("refused") == 1
    assert _digests(people) == before
    merged = [person for person in result["people"] if person["fate"] == "merged"]
    assert len(merged) == result["census"]["merged"]
    assert all(person["into"] for person in merged)


@pytest.mark.parametrize(
    ("job", "claim", "finding"),
    [
        ("undoes_opt_outs", "no opt-out is undone", "opt-out"),
        ("takes_the_first", "nobody is merged into one of several users by guess", "ambiguous"),
        ("merges_by_name", "nobody is merged into somebody with another e-mail", "other e-mail"),
        ("deletes_everybody", "nobody is lost", "gone"),
        ("notices_nothing", "the job noticed each conversion that was refused", "unnoticed"),
    ],
)
def test_a_wrong_job_is_refuted_with_the_people_it_hurt(people: Path, job: str, claim: str, finding: str) -> None:
    """Each wrong job is refuted by the claim that is about its mistake, which names the people it hurt."""
    result = _result(people, job)
    assert result["verdict"] == "refuted"
    assert claim in _refuted(result)
    hurt = [person["id"] for person in result["people"] if finding in person.get("found", ())]
    assert len(hurt) == result["findings"][finding] > 0
    (broken,) = [one for one in result["claims"] if one["claim"] == claim]
    assert set(broken["first_people"]) <= set(hurt)


def test_a_job_that_stops_at_page_200_leaves_people_behind(tmp_path: Path) -> None:
    """A job that reads two hundred pages of leads leaves the rest, and the rest is named."""
    many = peopled_state(tmp_path / "people", 480)
    result = _result(many, "stops_at_page_200", REHEARSED_PER_PAGE="1")
    assert _refuted(result) == ["everyone who could be converted was"]
    left = result["findings"]["left behind"]
    assert left == len([one for one in result["people"] if "left behind" in one.get("found", ())])
    assert left > 20


def test_waits_of_a_job_pass_in_a_moment_and_count_in_full(people: Path) -> None:
    """A minute of waiting after each conversion is hours at Intercom and seconds here."""
    bill = _result(people, "sleepy")["bill"]
    assert bill["waited"] == pytest.approx(60 * bill["conversions"], rel=0.02)
    assert bill["seconds"] > 60 * bill["conversions"]
    assert bill["real_seconds"] < 120


def test_a_job_that_reaches_elsewhere_is_blocked_and_told(people: Path) -> None:
    """An address that was not named is not reached, and the attempt refutes."""
    result = _result(people, "reaches_elsewhere")
    if result["containment"] != "full":
        pytest.skip("this system gives no full containment")
    assert "the job reached nothing but the sandbox" in _refuted(result)


def test_a_job_can_be_cut_off_after_some_conversions(people: Path) -> None:
    """With --stop-after the job ends there, what happened until then is told, and its end is unknown."""
    result = _result(people, "sound", "--stop-after", "10")
    assert result["census"]["merged"] == 10
    assert result["verdict"] == "unknown"
    assert "as asked" in result["stopped"]


def test_what_cannot_be_rehearsed_ends_with_2(people: Path, tmp_path: Path) -> None:
    """No folder, no pipeline and a pipeline that cannot be imported could not run, and no traceback is shown."""
    for folder, job in ((tmp_path, f"{JOBS}:sound"), (people, f"{JOBS}:nobody"), (people, "nowhere.at_all:job")):
        done = _rehearse(folder, job)
        assert done.returncode == 2, done.stdout
        assert "Traceback" not in done.stderr
