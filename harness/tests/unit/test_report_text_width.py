"""Rows of the report in terminals of any width: whole words, nothing wider than the terminal, figures at the right."""

from __future__ import annotations

import pytest
from rich.text import Text

from harness.report.text_width import fitted

TITLE = "A lead becomes a new user with their conversation, tags, notes and companies  external_id, 2.15"
FIGURES = " 25 claims     22 ms"


def _shown(width: int, *, wraps: bool = True, title: str = TITLE, figures: str = FIGURES) -> list[str]:
    return [line.plain for line in fitted(Text("  ✓ "), Text(title), figures, width, wraps=wraps)]


@pytest.mark.parametrize("width", [*range(40, 125), 200])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_cut(width: int) -> None:
    """At each width all that is told is there, in its order, and the figures end at the right edge."""
    lines = _shown(width)
    assert max(map(len, lines)) <= width
    assert " ".join(lines).split() == ["✓", *TITLE.split(), *FIGURES.split()]
    assert len(lines[-1]) == width
    assert all(line.startswith("    ") for line in lines[1:])


def test_what_is_no_terminal_gets_one_line() -> None:
    """However long it is."""
    assert _shown(80, wraps=False) == [f"  ✓ {TITLE}  {FIGURES}"]


def test_without_figures_the_words_have_all_the_room() -> None:
    """A scenario that was not run has none."""
    assert _shown(80, title="A flow  not run: needs a browser", figures="") == ["  ✓ A flow  not run: needs a browser"]
    assert len(_shown(80, figures="")) == 2
