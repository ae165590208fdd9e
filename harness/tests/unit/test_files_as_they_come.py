"""Files with a byte order mark, with the line ends of Windows, and with git's conflict marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cassette import load
from harness.cassette.cassette_errors import UnmergedCassette
from harness.core.errors import Problem
from harness.core.text_files import Unmerged, text_of
from harness.pipeline import load_pipeline
from harness.tests.support.recordings import visitor_to_lead, written

PIPELINE = '[pipeline]\nvisitor_to_lead = "true"\nwithout = ["visitor_to_user", "lead_to_user"]\n'


def _conflict(text: str, other: str) -> str:
    return f"<<<<<<< HEAD\n{text}=======\n{other}>>>>>>> theirs\n"


@pytest.mark.parametrize("change", ["mark", "windows", "both"])
def test_a_mark_and_other_line_ends_change_nothing(tmp_path: Path, change: str) -> None:
    """In a cassette and in the file of a pipeline."""
    written(tmp_path / "a.json", visitor_to_lead())
    plain = load(tmp_path / "a.json")
    (tmp_path / "p.toml").write_text(PIPELINE)
    for path in (tmp_path / "a.json", tmp_path / "p.toml"):
        data = path.read_bytes()
        data = data.replace(b"\n", b"\r\n") if change != "mark" else data
        path.write_bytes(b"\xef\xbb\xbf" + data if change != "windows" else data)
    assert load(tmp_path / "a.json") == plain
    assert load_pipeline(str(tmp_path / "p.toml")).name == "p"


def test_a_cassette_with_conflict_marks_says_how_to_take_a_side(tmp_path: Path) -> None:
    """And how to record it again."""
    path = tmp_path / "a.json"
    written(path, visitor_to_lead())
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:3], _conflict(lines[3], lines[3]), *lines[4:]]))
    with pytest.raises(UnmergedCassette) as caught:
        load(path)
    told = str(caught.value)
    assert "is unmerged: git has left both sides of a conflict in it" in told
    assert "line 4 begins with <<<<<<<" in told
    assert f"git checkout --ours {path}" in told
    assert "--record" in told


def test_the_file_of_a_pipeline_with_conflict_marks_says_so(tmp_path: Path) -> None:
    """And not that its TOML is wrong."""
    (tmp_path / "p.toml").write_text(_conflict(PIPELINE, PIPELINE))
    with pytest.raises(Problem, match="is unmerged"):
        load_pipeline(str(tmp_path / "p.toml"))


def test_marks_inside_of_a_line_are_text() -> None:
    """Only whole lines between two marks are a conflict."""
    assert text_of(b"a = '<<<<<<< >>>>>>> '\n", "a.toml") == "a = '<<<<<<< >>>>>>> '\n"
    with pytest.raises(Unmerged, match=r"line 2"):
        text_of(b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n", "a.toml")
