"""`harness doctor`: every state of a set-up, each with its remedy; `--init` writes only what was verified."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.assumptions.evidence import load as load_evidence
from harness.assumptions.probes import PROBES
from harness.config import ACCESS_TOKEN, APP_ID, LIVE_APP_IDS, REGION, REHEARSAL_CA, REHEARSAL_PROXY, STATE, load
from harness.core.clock import ManualClock
from harness.test_app.cleanup.ledger import Ledger
from harness.test_app.doctor import DoctorFinding, Examination
from harness.test_app.env_file import write_dotenv
from harness.test_app.test_app_backend import ProxyRoute
from harness.tests.support.intercom_stand_in import StandIn, answer, new_token, page, playing
from harness.tests.support.test_app_project import Project


@pytest.fixture
def there(tmp_path: Path) -> Iterator[tuple[StandIn, ProxyRoute]]:
    """A TEST app, played."""
    played = StandIn()
    with playing(tmp_path, played) as line:
        yield played, line


def _dotenv(folder: Path, played: StandIn, **changes: str) -> None:
    values = {ACCESS_TOKEN: played.token, APP_ID: played.app_id, LIVE_APP_IDS: "zz99live", **changes}
    write_dotenv(folder / ".env", values)


def _look(folder: Path, line: ProxyRoute, now: Callable[[], float] | None = None) -> dict[str, DoctorFinding]:
    import time

    found = load(folder, {STATE: str(folder / "state"), "PATH": os.environ["PATH"]})
    findings = Examination(found, line, now=now or time.time).run()
    return {finding.name: finding for finding in findings}


def test_a_whole_set_up_is_all_right(tmp_path: Path, there: tuple[StandIn, ProxyRoute]) -> None:
    """Token, workspace, version, permissions and room are looked at, and nothing is written."""
    played, line = there
    _dotenv(tmp_path, played)
    found = _look(tmp_path, line)
    for name in ("settings", "live apps", "token", "API version", "permissions", "room"):
        assert found[name].state == "ok", found[name]
    assert played.writes == []
    assert all(finding.remedy for finding in found.values() if finding.state == "bad")
    assert not any(played.token in finding.told for finding in found.values())


FAULTS: dict[str, tuple[Callable[[StandIn], Any], str, str]] = {
    "a wrong token": (lambda _: answer(401, "unauthorized"), "token", "not accepted"),
    "an expired token": (lambda _: answer(401, "token_expired"), "token", "expired"),
    "a captive portal": (lambda _: page(), "token", "web page"),
    "an outage": (lambda _: answer(503, "service_unavailable"), "token", "503"),
    "an unknown version": (lambda _: answer(400, "intercom_version_invalid"), "API version", "does not know"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_trouble_with_intercom_is_named(tmp_path: Path, there: tuple[StandIn, ProxyRoute], name: str) -> None:
    """What is wrong, and what to do."""
    played, line = there
    _dotenv(tmp_path, played)
    make, where, said = FAULTS[name]
    played.faults.append(lambda request: make(played) if request.path == "/me" else None)
    finding = _look(tmp_path, line)[where]
    assert finding.state == "bad"
    assert said in finding.told
    assert finding.remedy


def test_a_token_of_another_app_is_named(tmp_path: Path, there: tuple[StandIn, ProxyRoute]) -> None:
    """The app that the token opens is told, so that the mistake can be seen."""
    played, line = there
    _dotenv(tmp_path, played, **{APP_ID: "other123"})
    finding = _look(tmp_path, line)["TEST app"]
    assert finding.state == "bad"
    assert played.app_id in finding.told


def test_missing_permissions_are_named(tmp_path: Path, there: tuple[StandIn, ProxyRoute]) -> None:
    """Each by the name that the Developer Hub gives it."""
    played, line = there
    _dotenv(tmp_path, played)
    played.faults.append(lambda r: answer(401, "token_unauthorized") if r.path in ("/tags", "/companies") else None)
    finding = _look(tmp_path, line)["permissions"]
    assert finding.state == "bad"
    assert "read tags, read companies" in finding.told


def test_a_full_workspace_and_a_wrong_clock_are_worth_a_look(tmp_path: Path) -> None:
    """Neither stands in the way."""
    played = StandIn(clock=ManualClock())
    for number in range(15):
        played.ask("POST", "/contacts", {"role": "lead", "email": f"a{number}@example.com"})
    _dotenv(tmp_path, played)
    with playing(tmp_path, played) as line:
        found = _look(tmp_path, line, lambda: played.clock.now() + 3600)
    assert found["room"].state == "look"
    assert found["clock"].state == "look"


def test_leftovers_and_a_readable_file_are_in_the_way(tmp_path: Path, there: tuple[StandIn, ProxyRoute]) -> None:
    """Both have a command as their remedy."""
    played, line = there
    _dotenv(tmp_path, played)
    (tmp_path / ".env").chmod(0o644)
    ledger = Ledger(tmp_path / "state" / "intercom-conversion-harness" / played.app_id / "ledger.jsonl", lambda: 0.0)
    ledger.intend("hx0000000001", "a", "contact", {"email": "a.hx0000000001@example.com"})
    ledger.close()
    found = _look(tmp_path, line)
    assert (found[".env"].state, found[".env"].remedy) == ("bad", "chmod 600 .env")
    assert (found["ledger"].state, found["ledger"].remedy) == ("bad", "harness sweep")


# --- the command ----------------------------------------------------------------------------------


def _doctor(folder: Path, line: ProxyRoute | None, *words: str, says: str = "") -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTERCOM", "HARNESS"))}
    rehearsal = {REHEARSAL_PROXY: line.proxy, REHEARSAL_CA: line.ca_bundle} if line else {}
    done = subprocess.run(
        [sys.executable, "-m", "harness", "doctor", *words],
        cwd=folder,
        env={**kept, **rehearsal, STATE: str(folder / "state")},
        input=says,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_command_says_what_is_possible(tmp_path: Path, there: tuple[StandIn, ProxyRoute]) -> None:
    """Findings first, then a table of what can be done."""
    played, line = there
    _dotenv(tmp_path, played)
    status, told = _doctor(tmp_path, line)
    assert status == 0, told
    assert "leads and users on the TEST app" in told
    assert "harness run --against test-app" in told
    status, told = _doctor(tmp_path, line, "--json")
    assert {row["name"] for row in json.loads(told)["findings"]} >= {"settings", "token", "TEST app", "Node"}


def test_without_a_dotenv_the_sandbox_is_still_possible(tmp_path: Path) -> None:
    """Exit code 2, and the way to set a TEST app up."""
    status, told = _doctor(tmp_path, None)
    assert status == 2
    assert "harness doctor --init" in told
    assert "scenarios on the sandbox" in told


def test_init_verifies_and_writes_for_its_owner_only(tmp_path: Path, there: tuple[StandIn, ProxyRoute]) -> None:
    """The file has mode 600, keeps other lines, and git leaves it alone."""
    played, line = there
    if shutil.which("git"):
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".env").write_text("OTHER=1\n")
    status, told = _doctor(tmp_path, line, "--init", says=f"{played.token}\n{played.app_id}\nus\nzz99live\n")
    assert status == 0, told
    assert played.token not in told
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    found = load(tmp_path, {})
    assert (found.test_app().app_id, found.dotenv["OTHER"]) == (played.app_id, "1")
    if shutil.which("git"):
        assert ".env" in (tmp_path / ".gitignore").read_text()


@pytest.mark.parametrize("wrong", ["token", "app", "live"])
def test_init_writes_nothing_that_does_not_hold(tmp_path: Path, there: tuple[StandIn, ProxyRoute], wrong: str) -> None:
    """A token that is refused, another app, or an app that is listed as live."""
    played, line = there
    token = new_token() if wrong == "token" else played.token
    app_id = "other123" if wrong == "app" else played.app_id
    live = played.app_id if wrong == "live" else ""
    status, told = _doctor(tmp_path, line, "--init", says=f"{token}\n{app_id}\nus\n{live}\n")
    assert status == 2, told
    assert not (tmp_path / ".env").exists()
    assert token not in told
    assert REGION not in os.environ


@pytest.mark.soak
def test_whatever_settles_a_guess_is_asked_and_kept(
    project: Project, root: Path, count: Callable[[int, int], int]
) -> None:
    """All scenarios and probes that need no visitor: none differs, each verdict is told, a rehearsal says so."""
    assert count(0, 1)
    shutil.copytree(root / "scenarios", project.folder / "scenarios", dirs_exist_ok=True)
    status, told = project.run("doctor", "--unknowns", "--evidence", "e.json")
    assert status == 0, told
    assert re.search(r"[4-9]\d guesses hold, 0 do not", told)
    assert "can be settled by no scenario" in told
    assert "a rehearsal: it raises nothing" in told
    assert len(load_evidence(project.folder / "e.json").scenarios) > len(PROBES) // 2
    project.is_as_it_was()


def test_evidence_without_unknowns_is_refused(project: Project) -> None:
    """Before anything is asked."""
    status, told = project.run("doctor", "--evidence", "e.json")
    assert (status, "harness doctor --unknowns" in told) == (2, True)
    assert project.played.seen == []
