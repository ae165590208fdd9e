"""The ledger: written before, struck off after, and readable from whatever a dead process left of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.errors import Problem
from harness.test_app.cleanup.ledger import Ledger
from harness.tests.support.properties import UNHURRIED

NOW = 1_767_225_600.0


def _open(path: Path) -> Ledger:
    return Ledger(path, lambda: NOW)


def _filled(path: Path) -> bytes:
    ledger = _open(path)
    first = ledger.intend("hx0000000001", "a", "contact", {"email": "a.hx0000000001@example.com"})
    ledger.made(first, "c1", "uuid-1")
    second = ledger.intend("hx0000000001", "a", "visitor", {"uuid": "uuid-2"})
    third = ledger.intend("hx0000000001", "b", "tag", {"name": "trial hx0000000001"})
    ledger.not_made(second, "POST was answered 409")
    ledger.made(third, "t1")
    ledger.gone(first, "GET /contacts/c1 answered 404")
    ledger.close()
    return path.read_bytes()


def test_an_intention_is_on_the_disk_before_anything_is_made(tmp_path: Path) -> None:
    """Another reader finds it while the ledger is still open."""
    ledger = _open(tmp_path / "ledger")
    ledger.intend("hx0000000001", "a", "contact", {"email": "a@example.com"})
    (entry,) = _open(tmp_path / "ledger").open_entries()
    assert entry.by == {"email": "a@example.com"}
    assert (entry.run, entry.scenario, entry.at) == ("hx0000000001", "a", NOW)
    ledger.close()


def test_what_is_struck_off_is_no_longer_open(tmp_path: Path) -> None:
    """Gone, or never made: both with the proof."""
    _filled(tmp_path / "ledger")
    ledger = _open(tmp_path / "ledger")
    assert [str(entry) for entry in ledger.open_entries()] == ["tag t1"]
    assert [entry.closed for entry in ledger.entries] == [
        "gone: GET /contacts/c1 answered 404",
        "not made: POST was answered 409",
        "",
    ]
    assert ledger.open_entries(scenario="a") == ()
    ledger.close()


def test_one_person_is_one_entry(tmp_path: Path) -> None:
    """A visitor who became a contact under the same id is not counted twice."""
    ledger = _open(tmp_path / "ledger")
    visitor = ledger.intend("hx0000000001", "a", "visitor", {"uuid": "u"})
    ledger.made(visitor, "p1", "u")
    contact = ledger.intend("hx0000000001", "a", "contact", {"email": "a@example.com"})
    ledger.made(contact, "p1")
    assert [entry.number for entry in ledger.open_entries()] == [visitor]
    ledger.close()


@settings(UNHURRIED, max_examples=60)
@given(cut=st.integers(min_value=0, max_value=10_000))
def test_a_ledger_that_was_cut_off_is_read_to_its_last_whole_line(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    """A process can die in the middle of a line: what was complete counts, and the next line follows it."""
    path = tmp_path_factory.mktemp("cut") / "ledger"
    whole = _filled(path)
    path.write_bytes(whole[: cut % (len(whole) + 1)])
    complete = path.read_bytes().count(b"\n")
    ledger = _open(path)
    ledger.intend("hx0000000002", "c", "contact", {"email": "b@example.com"})
    ledger.close()
    assert path.read_bytes().count(b"\n") == complete + 1
    assert _open(path).entries[-1].run == "hx0000000002"


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a word changed": lambda text: text.replace(b'"intend"', b'"intent"', 1),
    "a beginning cut off": lambda text: text[30:],
    "a blank line": lambda text: b"\n" + text,
    "lines twice": lambda text: text + text,
    "other bytes": lambda text: b"\xff\xfe" + text,
    "a number changed": lambda text: text.replace(b'"number":1', b'"number":9', 1),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_ledger_that_was_edited_is_not_guessed_at(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A line that cannot be understood stops everything: what it held may still be in the TEST app."""
    path = tmp_path / "ledger"
    path.write_bytes(damage(_filled(path)))
    with pytest.raises(Problem, match="damaged") as caught:
        _open(path)
    assert caught.value.remedy


def test_a_ledger_that_cannot_be_written_lets_nothing_be_made(tmp_path: Path) -> None:
    """No folder, no ledger, no run."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match="nothing may be made"):
        _open(tmp_path / "file" / "ledger")


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """It names people, made up as they are."""
    _filled(tmp_path / "state" / "ledger")
    assert (tmp_path / "state" / "ledger").stat().st_mode & 0o077 == 0
