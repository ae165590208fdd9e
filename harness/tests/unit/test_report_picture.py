"""The picture of a run shows all that was printed."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.text import Text

from harness.report.picture import svg_of


def test_what_is_wider_than_the_console_is_in_the_picture_whole() -> None:
    """A run whose output goes to a file has no width, and its picture cuts no title."""
    console = Console(file=StringIO(), width=40, record=True)
    title = "A lead with the e-mail of a user is folded into them; one whose e-mail no user has is left alone"
    console.print(Text(title), soft_wrap=True)
    console.print(Text("short"))
    assert title.replace(" ", "&#160;") in svg_of(console, "harness run")
