"""Writes docs/reference/recorded.md: how far the sandbox answers as the real API was recorded to answer.

`make docs` runs it; a test holds the page against a replay of the recordings. They lie beside the repository, in
`shared`, and nothing of them is copied into the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from harness.sandbox.routes import ROUTES
from harness.tests.support.recorded_comparison import ASPECTS
from harness.tests.support.recorded_exchanges import sessions
from harness.tests.support.recorded_ledger import LEDGER
from harness.tests.support.recorded_replay import ReplayTally, replay_all

PAGE = Path(__file__).with_suffix(".md")
RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "intercom" / "recorded" / "exchanges"
FILES = ("grouparoo.jsonl", "others.jsonl")
MEASURED = re.compile(r"^Measured on \d{4}-\d{2}-\d{2}\.$", re.MULTILINE)

INTRODUCTION = """\
# How the sandbox answers where the real API was recorded

Recordings of the real API, published by other projects, are replayed at the sandbox in their own version, date and
order (harness/tests/contract/test_recorded_exchanges.py). What existed before a recording is set up first, the seconds
between its `Date` headers pass by the sandbox's clock, and ids, uuids and cursors are bound as they appear. Each cell
says *matched / compared*: statuses, errors (code and message), shapes (keys and types of one object), values (those
that the sequence determines) and headers. An operation that nobody recorded has 0 exchanges.

A list or a search may show an earlier state of the workspace: recordings bound the time after which it shows a write
(20 to 60 seconds) and do not tell it. Between the bounds, each state that the index may show matches.
"""


def page(tally: ReplayTally, day: str) -> str:
    """Return the whole page; `day` is the date of the measurement."""
    head = ["| operation | exchanges | " + " | ".join(ASPECTS) + " |", "|---|" + "---|" * (len(ASPECTS) + 1)]
    total = [f"| **all** | {sum(tally.exchanges.values())} | " + " | ".join(_totals(tally)) + " |"]
    parts = [
        INTRODUCTION,
        f"Measured on {day}.\n",
        *head,
        *_rows(tally),
        *total,
        "",
        *_apart(tally),
        "",
        *_ledger(tally),
    ]
    return "\n".join(parts) + "\n"


def _rows(tally: ReplayTally) -> Iterator[str]:
    names = sorted({route.operation for route in ROUTES} | set(tally.exchanges), key=str.lower)
    for name in sorted(names, key=lambda one: -tally.exchanges[one]):
        cells = (_cell(tally.matched[name, aspect], tally.compared[name, aspect]) for aspect in ASPECTS)
        yield f"| {name} | {tally.exchanges[name]} | " + " | ".join(cells) + " |"


def _cell(matched: int, compared: int) -> str:
    return f"{matched:,} / {compared:,}" if compared else "0"


def _totals(tally: ReplayTally) -> Iterator[str]:
    for aspect in ASPECTS:
        matched, compared = tally.total(aspect)
        yield f"{_cell(matched, compared)} ({matched / max(compared, 1):.2%})"


def _apart(tally: ReplayTally) -> Iterator[str]:
    yield "Counted apart, and in no cell:\n"
    for what, count in sorted(tally.apart.items()):
        yield f"- {what}: {count:,}"


def _ledger(tally: ReplayTally) -> Iterator[str]:
    yield "## Known divergences\n"
    for reason, findings in LEDGER.items():
        yield f"- {reason}:"
        yield from (f"  - `{one}` ({len(tally.findings.get(one, ())):,})" for one in findings)


def measured() -> ReplayTally:
    """Replay every recording."""
    return replay_all(session for name in FILES for session in sessions(RECORDINGS / name))


def undated(text: str) -> str:
    """Return a page without its date."""
    return MEASURED.sub("", text)


if __name__ == "__main__":
    written = page(measured(), datetime.now(UTC).date().isoformat())
    if not PAGE.exists() or undated(PAGE.read_text(encoding="utf-8")) != undated(written):
        PAGE.write_text(written, encoding="utf-8")
