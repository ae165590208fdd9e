"""`harness rehearse`: jobs on a copy of a workspace, the sound one and each kind of wrong one."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.cli.schema_files import file_of
from harness.tests.support.peopled_state import peopled_state

JOBS = "harness.tests.support.rehearsed_jobs"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with three hundred people."""
    return peopled_state(tmp_path_factory.mktemp("rehearsal") / "people", 300)


def _rehearse(people: Path, job: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
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


def test_the_json_is_as_its_schema_says(people: Path) -> None:
    """A program finds each key where the published schema has it."""
    jsonschema = pytest.importorskip("jsonschema")
    result = _result(people, "undoes_opt_outs", "--kill-at", "40")
    jsonschema.validate(result, json.loads(file_of("rehearsal").read_text()))


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


def test_a_job_that_repeats_itself_after_a_kill_is_named_with_whom_it_hurt(people: Path, tmp_path: Path) -> None:
    """Killed in the middle, a sound job comes to the same end; one that writes its notes again does not."""
    claim = "killed in the middle and started again, the job comes to the same end"
    sound = _result(people, "sound", "--kill-at", "50")
    assert sound["verdict"] == "proved", _refuted(sound)
    assert sound["kill"]["killed"]
    assert sound["kill"]["different"] == 0
    wrong = _result(people, "not_idempotent", "--kill-at", "50")
    assert claim in _refuted(wrong)
    hurt = [person["id"] for person in wrong["people"] if "killed" in person.get("found", ())]
    assert len(hurt) == wrong["kill"]["different"] > 0


def test_two_versions_of_a_job_are_compared(people: Path, tmp_path: Path) -> None:
    """The comparison names who is treated otherwise, and its exit code says whether a claim got worse."""
    for job in ("sound", "takes_the_first"):
        _rehearse(people, f"{JOBS}:{job}", "--json", str(tmp_path / f"{job}.json"))
    names = [str(tmp_path / "sound.json"), str(tmp_path / "takes_the_first.json")]
    words = [sys.executable, "-m", "harness", "rehearse", "compare"]
    done = subprocess.run([*words, *names, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    guessed = {one["id"] for one in found["people"] if one["what"] == "found: ambiguous, new"}
    first = json.loads((tmp_path / "takes_the_first.json").read_text())
    assert guessed == {one["id"] for one in first["people"] if "ambiguous" in one.get("found", ())}
    back = subprocess.run([*words, *reversed(names)], capture_output=True, text=True, check=False)
    assert back.returncode == 0, "no claim got worse"
    (tmp_path / "other.json").write_text("[]")
    wrong = subprocess.run(
        [*words, names[0], str(tmp_path / "other.json")], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "is no rehearsal" in wrong.stderr


def test_an_interrupted_rehearsal_tells_what_happened_so_far(people: Path, tmp_path: Path) -> None:
    """Ctrl-C ends the job and leaves a report; what was merged until then is told, and the end is unknown."""
    words = ["rehearse", "--people", str(people), "--pipeline", f"{JOBS}:never_ends", "--report", str(tmp_path / "out")]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *words], stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stderr is not None
    with process:
        while b"at work" not in process.stderr.readline():
            pass
        time.sleep(4)
        os.killpg(process.pid, signal.SIGINT)
        process.stderr.read()
        assert process.wait(60) == 1
    result = json.loads((tmp_path / "out" / "rehearsal.json").read_text())
    assert result["stopped"] == "it was interrupted"
    assert result["verdict"] in ("unknown", "refuted")
    assert (tmp_path / "out" / "rehearsal.html").is_file()


def test_a_job_that_never_ends_is_cut_off(people: Path) -> None:
    """A job that goes on without end is ended after its time, and that refutes it."""
    result = _result(people, "never_ends", "--time-limit", "5")
    assert "the job came to its end" in _refuted(result)
    assert "did not end" in result["stopped"]


def test_no_value_of_a_person_is_shown_unless_it_is_asked_for(people: Path, tmp_path: Path) -> None:
    """The report holds ids and no e-mail or name; with --reveal the list for a colleague shows them."""
    quiet, loud = tmp_path / "quiet", tmp_path / "loud"
    done = _rehearse(people, f"{JOBS}:sound", "--report", str(quiet))
    told = done.stdout + done.stderr + "".join(path.read_text() for path in quiet.iterdir() if path.suffix != ".html")
    assert "@example" not in told.lower()
    _rehearse(people, f"{JOBS}:sound", "--report", str(loud), "--reveal")
    assert "@example.com" in (loud / "merges.csv").read_text().lower()
    lines = (quiet / "merges.csv").read_text().splitlines()
    assert len(lines) - 1 == json.loads((quiet / "rehearsal.json").read_text())["census"]["merged"]


def test_a_permission_that_was_not_needed_refutes(people: Path) -> None:
    """What a job may do is said once it does it: a permission for nothing is a mistake."""
    assert _refuted(_result(people, "sound", "--permit", "deleted")) == ["every permission was needed"]
    assert _result(people, "takes_the_first", "--permit", "ambiguous")["verdict"] == "proved"


def test_a_limit_of_the_workspace_is_met_and_waited_for(tmp_path: Path) -> None:
    """A job that heeds Retry-After comes through a tight limit, and the bill counts its 429s and its waits."""
    limited = peopled_state(tmp_path / "people", 120, rate_limit=20)
    bill = _result(limited, "sound", "--latency", "0.1")["bill"]
    assert bill["limit"] == 20
    assert bill["limited"] == bill["retries"] > 0
    assert bill["waited"] > 0
    assert bill["seconds"] >= bill["at_least"] > 0


def test_what_a_pipeline_may_write_is_no_loss(people: Path, tmp_path: Path) -> None:
    """A job that renames users is refuted; where its file permits the name, that claim holds."""
    refuted = _refuted(_result(people, "renames_users"))
    assert "nothing that anybody had is lost or overwritten" in refuted
    file = tmp_path / "job.toml"
    words = f"{sys.executable} -c 'from {JOBS} import renames_users; renames_users.run()'"
    file.write_text(f'[pipeline]\njob = "{words}"\nmay_write = ["name"]\n')
    done = _rehearse(people, str(file), "--json", PYTHONPATH=str(Path(__file__).parents[3]))
    assert "nothing that anybody had is lost or overwritten" not in _refuted(json.loads(done.stdout)), done.stderr
