"""The run as files in a folder: `report.html` to look at, `report.json` for machines, `report.md` for a pull request.

`run.svg` is what the terminal showed. All of them are redacted as cassettes are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from harness.report.about import NOWHERE, RunAbout
from harness.report.exchange_rows import RowEvidence
from harness.report.html import Foot, page
from harness.report.markdown import markdown
from harness.report.result import RunRow
from harness.report.secret_cleaning import SecretCleaner


def write_report(
    folder: Path,
    run: RunRow,
    evidence: Sequence[RowEvidence],
    picture: str,
    cleaner: SecretCleaner,
    version: str,
    about: RunAbout = NOWHERE,
) -> Path:
    """Write the files and tell the one to read first; `evidence` stands beside the scenarios of `run`."""
    folder.mkdir(parents=True, exist_ok=True)
    run, evidence, about = cleaner.clean(run), cleaner.clean(tuple(evidence)), cleaner.clean(about)
    foot = Foot(version, cleaner.changed, cleaner.redactor.strangers)
    cleaner.write(folder / "report.json", json.dumps(run.as_data(), indent=1) + "\n")
    cleaner.write(folder / "run.svg", cleaner.clean(picture))
    cleaner.write(folder / "report.md", "\n".join(markdown(run, about)) + "\n")
    made = page(run, evidence, foot, about)
    cleaner.write(folder / "report.html", made.text, made.searched)
    return folder / "report.html"
