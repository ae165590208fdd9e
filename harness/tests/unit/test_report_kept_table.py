"""What was kept, lost and moved, in terminals of any width."""

from __future__ import annotations

import pytest

from harness.report.kept_table import kept_table
from harness.report.result import KeptRow

NOTES = KeptRow("notes", "Spoke to Ada about the spring launch and more", "Spoke to Bo\nat length", "", "1 lost", False)
PHONE = KeptRow("phone", "+12025550136", "", "+12025550136", "moved", True)


def _told(width: int | None) -> list[str]:
    return [line.plain for line in kept_table((NOTES, PHONE), width)]


@pytest.mark.parametrize("width", [None, 118, 200])
def test_where_there_is_room_it_is_a_table(width: int | None) -> None:
    """A line for each thing below the head, long values cut."""
    head, notes, phone = _told(width)
    assert head.split() == ["source", "target", "afterwards"]
    assert notes.index("Spoke to Bo at length") == head.index("target")
    assert "…" in notes
    assert notes.endswith("1 lost")
    assert phone.index("+12025550136") == head.index("source")


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_narrow_terminal_has_a_few_lines_for_each_thing(width: int) -> None:
    """No line is wider than it, and what somebody did not have is left out."""
    told = _told(width)
    assert max(map(len, told)) <= width
    assert told[0] == "      notes: 1 lost"
    assert told[1].startswith("        source      Spoke to Ada")
    assert told[3:] == ["      phone: moved", "        source      +12025550136", "        afterwards  +12025550136"]
