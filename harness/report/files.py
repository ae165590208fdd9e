"""The run as files in a folder: `report.html` to look at, `report.json` for machines, `report.md` for a pull request.

`run.svg` is what the terminal showed. All of them are redacted as cassettes are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.report.cleaning import Cleaner
from harness.report.evidence import Evidence
from harness.report.html import Foot, page
from harness.report.result import KeptRow, RunRow, ScenarioRow

MARKS = {"proved": "✅", "refuted": "❌", "unknown": "❓", "could not run": "⚠️", "not run": "⏭️"}


def write_report(
    folder: Path, run: RunRow, evidence: Sequence[Evidence], picture: str, cleaner: Cleaner, version: str
) -> Path:
    """Write the files and tell the one to read first; `evidence` stands beside the scenarios of `run`."""
    folder.mkdir(parents=True, exist_ok=True)
    run, evidence = cleaner.clean(run), cleaner.clean(tuple(evidence))
    foot = Foot(version, cleaner.changed, cleaner.redactor.strangers)
    cleaner.write(folder / "report.json", json.dumps(run.as_data(), indent=1) + "\n")
    cleaner.write(folder / "run.svg", cleaner.clean(picture))
    cleaner.write(folder / "report.md", "\n".join(markdown(run)) + "\n")
    cleaner.write(folder / "report.html", page(run, evidence, foot))
    return folder / "report.html"


def markdown(run: RunRow) -> Iterator[str]:
    """A summary that a pull request can show."""
    counts = ", ".join(f"{number} {ending}" for ending, number in run.counts.items() if number)
    yield f"## Conversions: {counts or 'nothing was run'}"
    yield ""
    versions = ", ".join(run.intercom_versions)
    yield f"Pipeline `{run.pipeline}` against {run.against}, Intercom {versions}, {run.seconds:.1f} s."
    yield ""
    yield "| | flow | scenario | claims |"
    yield "|---|---|---|---|"
    for row in run.scenarios:
        proved = sum(claim.verdict == "proved" for claim in row.claims)
        name = _cell(f"{row.title} ({row.parameters})" if row.parameters else row.title)
        yield f"| {MARKS[row.ending]} | {row.module} | {name} | {proved} of {len(row.claims)} |"
    for row in run.scenarios:
        if row.failed:
            yield from _failure(row)
    for note in run.notes:
        yield from ("", f"> {_cell(note)}")
    for problem in run.problems:
        yield from ("", "```", problem, "```")


def _failure(row: ScenarioRow) -> Iterator[str]:
    yield ""
    yield f"### {MARKS[row.ending]} {row.module}: {row.title}"
    if row.reason:
        yield from ("", "```", row.reason, "```")
    for claim in row.claims:
        if claim.verdict != "proved":
            yield ""
            yield f"- **{_cell(claim.text)}**: expected {_cell(claim.expected)}, found {_cell(claim.found)}"
            if claim.likely:
                yield f"  - likely: {_cell(claim.likely)}"
            for witness in claim.witnesses:
                yield f"  - {witness.when}: `{witness.read}` {_cell(witness.shows)}"
    for table in row.kept:
        yield from _kept(table)
    for asked in row.asked:
        if asked.unread:
            yield ""
            yield f"`{asked.request}`: Intercom does not read {', '.join(f'`{name}`' for name in asked.unread)} here."
    if row.again:
        yield from ("", "```sh", row.again, "```")


def _kept(table: Sequence[KeptRow]) -> Iterator[str]:
    yield ""
    yield "| | source | target | afterwards | |"
    yield "|---|---|---|---|---|"
    for line in table:
        mark = {True: "", False: " ❌", None: ""}[line.right]
        yield f"| {' | '.join(map(_cell, (line.what, line.source, line.target, line.after)))} | {line.fate}{mark} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
