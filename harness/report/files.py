"""The run as files in a folder: `report.json` for machines, `report.md` for a pull request, `run.svg`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from harness.report.result import RunRow, ScenarioRow

MARKS = {"proved": "✅", "refuted": "❌", "unknown": "❓", "could not run": "⚠️", "not run": "⏭️"}


def write_report(folder: Path, run: RunRow, picture: str) -> Path:
    """Write the files and tell the one to read first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(run.as_data(), indent=1) + "\n", encoding="utf-8")
    (folder / "run.svg").write_text(picture, encoding="utf-8")
    summary = folder / "report.md"
    summary.write_text("\n".join(markdown(run)) + "\n", encoding="utf-8")
    return summary


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


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
