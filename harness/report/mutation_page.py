"""The files of a mutation run: a page, its JSON, and the JSON of mutation-testing-elements that CI tools read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from harness.report.html import environment, part
from harness.report.mutation_file import mutation_data
from harness.report.mutation_result import KeyFate, MutationResult
from harness.report.stryker import elements_of


def mutation_page(result: MutationResult) -> str:
    """Return a run as one page that needs nothing else; everything in it is escaped by its template."""
    matrix = result.matrix()
    played = {case for row in matrix.values() for case in row}
    template = environment().get_template("mutation.html")
    return template.render(
        run=result,
        matrix=matrix,
        shown_cases=[case for case in result.cases if case in played],
        cases_of=_cases_of,
        style=part("report.css"),
    )


def _cases_of(one: KeyFate) -> Sequence[str]:
    return sorted({row.case for row in one.rows if row.fate == one.fate})


def write_mutation_report(folder: Path, result: MutationResult) -> Path:
    """Write the files of a run into a folder, and return the page."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"mutation.json": mutation_data(result), "mutation-testing-elements.json": elements_of(result)}
    for name, data in files.items():
        (folder / name).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = folder / "mutation.html"
    page.write_text(mutation_page(result), encoding="utf-8")
    return page
