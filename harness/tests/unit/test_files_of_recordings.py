"""Files of a recording: made for this user alone, through no link; what a killed one left is recovered or removed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from harness.cassette.cassette_errors import CannotRecord, UndecodableCassette
from harness.cassette.format.document import Header
from harness.cassette.recording.journal import Journal, journal_path
from harness.cassette.vcr.plain_yaml import read

GOOD = """
interactions:
- request: &same {method: GET, uri: "https://api.intercom.io/me", headers: {accept: ["*/*"]}, body: null}
  response: {status: {code: 200}, headers: {}, body: {string: "{}"}}
- request: *same
  response: {status: {code: 200}, headers: {}, body: {string: "{}"}}
version: 1
"""


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask says; and one that lay there with more rights loses them."""
    cassette, before = tmp_path / "a.json", os.umask(0)
    try:
        journal_path(cassette).touch(0o666)
        journal = Journal(cassette)
        assert _mode(journal.path) == 0o600
        journal.close()
    finally:
        os.umask(before)


def test_a_journal_follows_no_link(tmp_path: Path) -> None:
    """A link in its place would have something else written over."""
    target = tmp_path / "elsewhere.txt"
    target.write_text("kept")
    journal_path(tmp_path / "a.json").symlink_to(target)
    with pytest.raises(CannotRecord, match=r"a\.json"):
        Journal(tmp_path / "a.json")
    assert target.read_text() == "kept"


def test_a_journal_with_a_second_name_is_refused(tmp_path: Path) -> None:
    """What is written here would be written there as well."""
    target = tmp_path / "elsewhere.txt"
    target.write_text("kept")
    os.link(target, journal_path(tmp_path / "a.json"))
    with pytest.raises(CannotRecord, match="cannot be recorded"):
        Journal(tmp_path / "a.json")
    assert target.read_text() == "kept"


def test_what_a_killed_recording_left_is_kept_apart(tmp_path: Path) -> None:
    """In a file of this user's alone, made anew: a link in its place is taken away, not followed."""
    cassette, target = tmp_path / "a.json", tmp_path / "elsewhere.txt"
    target.write_text("kept")
    journal_path(cassette).write_bytes(b"{}\n")
    old = journal_path(cassette).with_name("a.json.journal.old")
    old.symlink_to(target)
    Journal(cassette).close()
    assert (target.read_text(), old.read_bytes(), _mode(old), old.is_symlink()) == ("kept", b"{}\n", 0o600, False)


def test_halves_of_files_that_a_killed_process_left_are_removed(tmp_path: Path) -> None:
    """Those of this cassette; another cassette's may be written at this moment."""
    half, other = tmp_path / ".a.json.x1y2.tmp", tmp_path / ".b.json.x1y2.tmp"
    half.write_text("half")
    other.write_text("half")
    Journal(tmp_path / "a.json").close()
    assert (half.exists(), other.exists()) == (False, True)


def _bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join([*lines, "interactions: []", "version: 1"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (_bomb(12), "stand for more than"),
        ("interactions: &a [*a]\nversion: 1", "leads into itself"),
        ("interactions: " + "[" * 5_000 + "*a", "Error"),
    ],
)
def test_an_alias_bomb_is_refused(text: str, why: str, tmp_path: Path) -> None:
    """Before anything of it is loaded."""
    (tmp_path / "bomb.yaml").write_text(text)
    with pytest.raises(UndecodableCassette) as told:
        read(tmp_path / "bomb.yaml", Header(scenario=""))
    assert why in told.value.evidence


def test_aliases_of_an_honest_file_are_read(tmp_path: Path) -> None:
    """PyYAML writes one wherever two values are the same object."""
    (tmp_path / "good.yaml").write_text(GOOD)
    assert len(read(tmp_path / "good.yaml", Header(scenario="")).interactions) == 2
