"""The run as a summary that a pull request can show: what failed and why first, then every scenario.

Bounded, because CI cuts or drops what is long: the page beside it holds everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.report.about import NOWHERE, RunAbout
from harness.report.result import KeptRow, RunRow, ScenarioRow

MARKS = {"proved": "✅", "refuted": "❌", "unknown": "❓", "could not run": "⚠️", "known": "🟡", "not run": "⏭️"}
WHOLE, CLAIMS = 10, 5
"""How many failures are told in full, and how many claims of each."""
FOLDED = 15
"""From so many scenarios on, their table is folded."""


def markdown(run: RunRow, about: RunAbout = NOWHERE) -> Iterator[str]:
    """The summary, line by line."""
    counts = ", ".join(f"{number} {ending}" for ending, number in run.counts.items() if number)
    yield f"## Conversions: {counts or 'nothing was run'}"
    yield ""
    commit = f"`{about.short_commit}`" if about.commit else ""
    if told := ", ".join(filter(None, [_cell(about.project), commit, about.written_at])):
        yield from (f"{told}, containment {run.containment}.", "")
    versions = ", ".join(run.intercom_versions)
    yield f"Pipeline `{_cell(run.pipeline)}` against {run.against}, Intercom {versions}, {run.seconds:.1f} s."
    for problem in (*(f"incomplete: {missing}" for missing in run.incomplete), *run.problems):
        yield from _block(problem)
    failed = [row for row in run.scenarios if row.failed]
    for row in failed[:WHOLE]:
        yield from _failure(row)
    yield from _rest(failed[WHOLE:])
    yield from _known([row for row in run.scenarios if row.ending == "known"])
    yield from _table(run.scenarios)
    for note in run.notes:
        yield from ("", f"> {_cell(note)}")


def _table(rows: Sequence[ScenarioRow]) -> Iterator[str]:
    if not rows:
        return
    folded = len(rows) >= FOLDED
    yield from ("", f"<details><summary>All {len(rows)} scenarios</summary>") if folded else ()
    yield from ("", "| | flow | scenario | claims |", "|---|---|---|---|")
    for row in rows:
        proved = sum(claim.verdict == "proved" for claim in row.claims)
        yield f"| {MARKS[row.ending]} | {row.module} | {_cell(_title(row))} | {proved} of {len(row.claims)} |"
    yield from ("", "</details>") if folded else ()


def _title(row: ScenarioRow) -> str:
    return f"{row.title} ({row.parameters})" if row.parameters else row.title


def _failure(row: ScenarioRow) -> Iterator[str]:
    yield from ("", f"### {MARKS[row.ending]} {row.module}: {_cell(_title(row))}")
    if row.known:
        yield from ("", _cell(row.known.text))
    if row.likely:
        yield from ("", f"Likely: {_cell(row.likely)}")
    if row.reason:
        yield from _block(row.reason)
    yield from _claims(row)
    for table in row.kept:
        yield from _kept(table)
    for asked in row.asked:
        if asked.unread:
            yield ""
            yield f"`{asked.request}`: Intercom does not read {', '.join(f'`{name}`' for name in asked.unread)} here."
    if row.again:
        yield from _block(row.again, "sh")


def _claims(row: ScenarioRow) -> Iterator[str]:
    wrong = [claim for claim in row.claims if claim.verdict != "proved"]
    for claim in wrong[:CLAIMS]:
        yield ""
        yield f"- **{_cell(claim.text)}**: expected {_cell(claim.expected)}, found {_cell(claim.found)}"
        if claim.likely and claim.likely != row.likely:
            yield f"  - likely: {_cell(claim.likely)}"
        for witness in claim.witnesses:
            yield f"  - {witness.when}: `{witness.read}` {_cell(witness.shows)}"
    if len(wrong) > CLAIMS:
        yield from ("", f"- and {len(wrong) - CLAIMS} claims more")


def _rest(rows: Sequence[ScenarioRow]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"### And {len(rows)} more", "")
    for row in rows:
        why = row.likely or row.reason.partition("\n")[0]
        yield f"- {MARKS[row.ending]} {row.module}: {_cell(_title(row))}" + (f": {_cell(why)}" if why else "")


def _known(rows: Sequence[ScenarioRow]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"### {len(rows)} known failures", "")
    for row in rows:
        told = row.known.text if row.known else ""
        yield f"- {MARKS[row.ending]} {row.module}: {_cell(_title(row))}: {_cell(told)}"


def _kept(table: Sequence[KeptRow]) -> Iterator[str]:
    """What is wrong of what was to be kept; what is right stands in the page."""
    wrong = [line for line in table if line.right is False]
    if not wrong:
        return
    yield from ("", "| | source | target | afterwards | |", "|---|---|---|---|---|")
    for line in wrong:
        yield f"| {' | '.join(map(_cell, (line.what, line.source, line.target, line.after)))} | {line.fate} ❌ |"


def _block(text: str, language: str = "") -> Iterator[str]:
    """A text as it is, in a fence longer than any that stands in it."""
    longest = max((len(found) for found in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    yield from ("", f"{fence}{language}", text, fence)


def _cell(text: str) -> str:
    """A text in one line, and nothing of it markup."""
    return re.sub(r"([\\|<>])", r"\\\1", text).replace("\n", " ")
