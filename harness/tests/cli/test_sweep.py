"""Runs against a TEST app as processes: killed at any point, interrupted, swept; nothing else is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from harness.assumptions.evidence import load
from harness.config import ACCESS_TOKEN, APP_ID
from harness.core.http import Outcome, Request
from harness.tests.support.intercom_stand_in import answer
from harness.tests.support.test_app_project import SCENARIO, Project


def _kill_at(
    project: Project, process: Callable[[], int], number: int, *, after: bool
) -> Callable[[Request], Outcome | None]:
    """A fault that kills the run at its n-th request: before Intercom hears of it, or after Intercom has done it."""
    seen = 0

    def fault(request: Request) -> Outcome | None:
        nonlocal seen
        seen += 1
        if seen != number:
            return None
        outcome = None
        if after:
            bearer = f"Bearer sandbox-{project.played.workspace}"
            outcome = Outcome(project.played.sandbox.handle(request.with_headers(authorization=bearer)))
        os.kill(process(), signal.SIGKILL)
        return outcome

    return fault


def _killed(project: Project, number: int = 60, *, after: bool = True) -> None:
    """Let a run be killed at its n-th request, if it comes so far."""
    running: list[subprocess.Popen[str]] = []
    project.played.faults[:] = [_kill_at(project, lambda: running[0].pid, number, after=after)]
    running.append(project.start("run", "--against", "test-app"))
    out, err = running[0].communicate(timeout=120)
    assert running[0].returncode in (-signal.SIGKILL, 0), out + err
    project.played.faults.clear()


def test_a_run_of_the_command_line_passes_and_leaves_nothing(project: Project) -> None:
    """`harness run --against test-app` with nothing but a `.env`."""
    status, told = project.run("run", "--against", "test-app")
    assert status == 0, told
    assert "1 proved" in told
    assert project.played.token not in told
    project.is_as_it_was()


def test_a_run_is_compared_and_kept_as_evidence(project: Project) -> None:
    """`--compare sandbox` runs once, tells what differs, and `--evidence` keeps it with its date."""
    status, told = project.run("run", "--against", "test-app", "--compare", "sandbox,cassette", "--evidence", "e.json")
    assert status == 0, told
    assert "compared with sandbox and cassette: 1 scenarios, 0 places differ" in told
    assert "there is no cassette" in told
    assert "it raises nothing" in told
    kept = load(project.folder / "e.json")
    assert (kept.source, kept.scenarios) == ("rehearsal", ["one::test_a_lead_merges"])
    assert {"MergeContact", "CreateContact", "ShowContact"} <= {one.operation for one in kept.operations}
    project.is_as_it_was()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--compare", "sandbox"),
        ("run", "--against", "test-app", "--compare", "elsewhere"),
        ("run", "--against", "test-app", "--compare", "cassette", "--record"),
        ("run", "--against", "test-app", "--evidence", "e.json"),
    ],
)
def test_a_comparison_that_cannot_be_meant_is_refused(project: Project, words: tuple[str, ...]) -> None:
    """Before anything is asked of the TEST app."""
    status, told = project.run(*words)
    assert (status, "remedy" in told) == (2, True)
    assert project.played.seen == []


def test_ctrl_c_in_mid_run_clears_away_or_says_how(project: Project) -> None:
    """SIGINT while people are being made: nothing is left, or the run names the command that finishes the job."""
    process = project.start("run", "--against", "test-app")
    deadline = time.monotonic() + 60
    while len(project.played.writes) < 12 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "interrupted" in (out + err)
    if project.played.people() != project.live:
        assert "harness sweep" in out + err
        assert project.sweep() == []
    project.is_as_it_was()


def test_sweep_asks_first_and_a_new_run_waits_for_it(project: Project) -> None:
    """No: nothing is deleted, and no run begins. Yes: everything of the ledger goes, and nothing else."""
    _killed(project)
    there = project.played.people()
    assert there != project.live
    status, told = project.run("run", "--against", "test-app")
    assert status == 2
    assert "harness sweep" in told
    status, told = project.run("sweep", "--settled-after", "0", says="n\n")
    assert status == 1
    assert project.played.people() == there
    status, told = project.run("sweep", "--list")
    assert (status, project.played.people()) == (1, there)
    status, told = project.run("sweep", "--settled-after", "0", says="y\n")
    assert status == 0, told
    assert "proved to be gone" in told
    project.is_as_it_was()
    status, told = project.run("sweep")
    assert (status, "Nothing is left" in told) == (0, True)


def test_sweep_says_what_it_could_not_finish(project: Project) -> None:
    """Deletions that Intercom refuses stay in the ledger, with the reason."""
    _killed(project)
    project.played.faults.append(lambda request: _refusal() if request.method == "DELETE" else None)
    status, told = project.run("sweep", "--yes", "--settled-after", "0")
    assert status == 1
    assert "still there" in told
    project.played.faults.clear()
    assert project.sweep() == []
    project.is_as_it_was()


def _refusal() -> Outcome:
    return answer(409, "conflict", "not now")


def test_a_run_ends_with_the_test_app(project: Project) -> None:
    """A token that is revoked in mid-run: told once, the rest is counted and not tried, and the sweep is named."""
    scenarios = "\n\n".join(SCENARIO.partition("\n\n\n")[2].replace("_merges", f"_merges_{n}") for n in range(3))
    (project.folder / "scenarios" / "one.py").write_text(scenarios)
    seen = 0

    def revoked(request: Request) -> Outcome | None:
        nonlocal seen
        seen += 1
        return answer(401, "token_revoked") if seen > 20 else None

    project.played.faults.append(revoked)
    status, told = project.run("run", "--against", "test-app")
    assert status == 2
    assert "stopped: The access token was revoked. 2 scenarios after this one did not run." in told
    assert "1 could not run" in told
    assert "harness sweep" in told
    assert told.count("remedy: take the token anew") == 1
    asked = len(project.played.seen)
    status, told = project.run("run", "--against", "test-app")
    assert (status, told.count("remedy: finish it"), len(project.played.seen)) == (2, 1, asked)
    project.played.faults.clear()
    assert project.sweep() == []
    project.is_as_it_was()


@pytest.mark.parametrize("command", [("run", "--against", "test-app"), ("sweep",), ("sweep", "--yes")])
def test_without_settings_nothing_starts(project: Project, command: tuple[str, ...]) -> None:
    """An absent or half-filled `.env` refuses loudly, with exit code 2."""
    for text in ("", f"{APP_ID}={project.played.app_id}\n", f"{ACCESS_TOKEN}=\n{APP_ID}=\n"):
        (project.folder / ".env").write_text(text)
        status, told = project.run(*command)
        assert status == 2, told
        assert "do not name a TEST app" in told
    assert project.played.seen == []
