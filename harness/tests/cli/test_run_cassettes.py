"""`harness run` with cassettes: recorded, played, damaged, never made."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.tests.cli.conftest import FLOW, ZOO, Harness, files_in

CASSETTE = Path("cassettes/visitor_to_lead/a_visitor_becomes_a_lead-id.json")


def test_a_recording_can_be_played_and_made_anew_to_the_byte(harness: Harness, flows: Path) -> None:
    """Recorded twice, the same bytes; played, the same verdicts."""
    assert harness("run", FLOW, "--record").code == 0
    first = {path: (flows / path).read_bytes() for path in files_in(flows) if path.startswith("cassettes")}
    assert len(first) == 2
    assert harness("run", FLOW, "--against", "cassette").code == 0
    assert harness("run", FLOW, "--record").code == 0
    assert {path: (flows / path).read_bytes() for path in first} == first


def test_a_refuted_scenario_leaves_no_cassette_and_harms_none(harness: Harness, flows: Path) -> None:
    """Neither a new one nor the one that was there."""
    assert harness("run", FLOW, "--record").code == 0
    good = (flows / CASSETTE).read_bytes()
    (flows / "shop_wrong.py").write_text(
        f"from {ZOO}.losses import DropsTheCampaign\nclass Wrong(DropsTheCampaign): pass\nreference = Wrong()\n"
    )
    before = files_in(flows)
    assert harness("run", FLOW, "--record", "--pipeline", "shop_wrong:Wrong").code == 1
    assert files_in(flows) == before
    assert (flows / CASSETTE).read_bytes() == good


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "missing": (lambda _: b"", "is empty"),
    "truncated": (lambda data: data[: len(data) // 2], "stops in the middle"),
    "not JSON": (lambda _: b"version: 1\ninteractions: []\n", "not a readable cassette"),
    "not UTF-8": (lambda data: data.replace(b"{", b"\xff{", 1), "not a readable cassette"),
    "another's": (lambda _: b'{"interactions": []}', "not a cassette of the harness"),
    "edited": (lambda data: data.replace(b'"lead"', b'"user"', 1), "was changed after it was recorded"),
}


@pytest.mark.parametrize(("damage", "what"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_cassette_is_told_and_left_alone(
    harness: Harness, flows: Path, damage: Callable[[bytes], bytes], what: str
) -> None:
    """Exit code 2, a remedy, and the file as it was; the other case is played all the same."""
    harness("run", FLOW, "--record")
    (flows / CASSETTE).write_bytes(damage((flows / CASSETTE).read_bytes()))
    damaged = (flows / CASSETTE).read_bytes()
    ran = harness("run", FLOW, "--against", "cassette")
    assert ran.code == 2
    assert what in ran.out
    assert re.search(r"harness run .*--record", ran.out)
    assert "1 proved" in ran.out
    assert "Traceback" not in ran.out
    assert (flows / CASSETTE).read_bytes() == damaged


def test_a_cassette_that_was_never_recorded_says_how(harness: Harness, flows: Path) -> None:
    """The command that makes it."""
    ran = harness("run", FLOW, "--against", "cassette")
    assert ran.code == 2
    assert "There is no cassette for this case" in ran.out
    assert "harness run" in ran.out
    assert "--record" in ran.out
    assert not (flows / "cassettes").exists()
