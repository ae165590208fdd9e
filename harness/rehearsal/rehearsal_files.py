"""The files of a rehearsal: the page to look at, the JSON for machines, the list for a colleague."""

from __future__ import annotations

from pathlib import Path

from harness.rehearsal.merge_list import write_list
from harness.rehearsal.rehearsal import Rehearsed
from harness.rehearsal.rehearsal_json import write_json
from harness.rehearsal.rehearsal_page import write_page


def write_rehearsal(done: Rehearsed, folder: Path, *, reveal: bool) -> Path:
    """Write the files into a folder, and return the page. reveal: with values of people."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "rehearsal.json").open("w", encoding="utf-8") as file:
        write_json(done.result, done.ledger, file)
    with (folder / "merges.csv").open("w", encoding="utf-8", newline="") as file:
        write_list(done.ledger, file, reveal=reveal)
    with (folder / "rehearsal.html").open("w", encoding="utf-8") as file:
        write_page(done.result, done.ledger, file, reveal=reveal)
    return folder / "rehearsal.html"
