"""`harness exec` with cassettes: what a command asked is recorded, played, and told where it differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.tests.support.exec_process import ME, run_exec

CONVERSION = ("curl", "-sS", "-u", "any:", "-H", "Content-Type: application/json")


def lead_by_curl(email: str) -> tuple[str, ...]:
    """A command that creates a lead."""
    return (*CONVERSION, "-d", f'{{"role": "lead", "email": "{email}"}}', "https://api.intercom.io/contacts")


def test_what_a_command_asked_can_be_recorded_and_played(tmp_path: Path) -> None:
    """The replay needs no backend and gives the same answers; a second recording is the same to the byte."""
    cassette = tmp_path / "lead.json"
    before = ("--record", "--cassette", str(cassette), "--intercom-version", "2.14")
    recorded = run_exec(*lead_by_curl("ada@example.com"), before=before)
    assert recorded.returncode == 0, recorded.stderr
    first = cassette.read_bytes()
    played = run_exec(*lead_by_curl("ada@example.com"), before=("--cassette", str(cassette)))
    assert (played.returncode, '"role":"lead"' in played.stdout.replace(" ", "")) == (0, True), played.stderr
    assert run_exec(*lead_by_curl("ada@example.com"), before=before).returncode == 0
    assert cassette.read_bytes() == first
    assert b"sandbox-default" not in first


def test_a_replay_that_is_asked_something_else_fails_and_says_so(tmp_path: Path) -> None:
    """A request that was not recorded and a recorded one that is not asked for are both told."""
    cassette = tmp_path / "lead.json"
    assert run_exec(*lead_by_curl("ada@example.com"), before=("--record", "--cassette", str(cassette))).returncode == 0
    other = run_exec("curl", "-sS", "-u", "any:", ME, before=("--cassette", str(cassette)))
    assert other.returncode == 1
    assert "harness exec --record --cassette" in other.stderr


def test_a_command_that_failed_leaves_the_old_recording_alone(tmp_path: Path) -> None:
    """Half a recording is none."""
    cassette = tmp_path / "lead.json"
    assert run_exec(*lead_by_curl("ada@example.com"), before=("--record", "--cassette", str(cassette))).returncode == 0
    before = cassette.read_bytes()
    failed = run_exec(
        "sh", "-c", f"curl -sS -o /dev/null -u any: {ME}; exit 4", before=("--record", "--cassette", str(cassette))
    )
    assert (failed.returncode, cassette.read_bytes()) == (4, before)
    assert list(tmp_path.iterdir()) == [cassette], "nothing is left beside it"


def test_people_whom_nobody_here_made_do_not_reach_the_cassette(tmp_path: Path) -> None:
    """A real-looking address that the command names is a pseudonym in the file, and replay works all the same."""
    address = "grace.hopper" + "@" + "navy-mail.com"
    cassette = tmp_path / "lead.json"
    assert run_exec(*lead_by_curl(address), before=("--record", "--cassette", str(cassette))).returncode == 0
    assert address.encode() not in cassette.read_bytes()
    played = run_exec(*lead_by_curl(address), before=("--cassette", str(cassette)))
    assert played.returncode == 0, played.stderr


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (("--record",), "--cassette FILE"),
        (("--against", "cassette"), "--cassette FILE"),
        (("--against", "cassette", "--record", "--cassette", "x.json"), "would record nothing new"),
        (("--against", "sandbox", "--cassette", "x.json"), "neither record nor replay"),
        (("--cassette", "there-is-none.json"), "harness exec --record --cassette there-is-none.json"),
    ],
)
def test_what_cannot_be_recorded_or_played_ends_before_the_command_starts(before: tuple[str, ...], told: str) -> None:
    """Exit code 2 and the remedy."""
    done = run_exec("true", before=before)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert told in done.stderr
