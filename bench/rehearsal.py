"""What a rehearsal costs: the census of many people, conversions in a large workspace, and the page of many changes.

    .venv/bin/python bench/rehearsal.py [census N] [job N] [page N]

Seconds of the processor stand beside seconds of the clock: on a machine that does other work only the first compare.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from harness.core.clock import ManualClock
from harness.rehearsal.census import fate_counts, take_census
from harness.rehearsal.census_ledger import open_ledger
from harness.rehearsal.matches import find_matches
from harness.rehearsal.state_copy import copy_before, copy_to_work_on
from harness.sandbox import Sandbox
from harness.sandbox.operations.conversions import merge
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.rules.versions import VERSIONS
from harness.tests.support.peopled_state import peopled_state

JOB = "harness.tests.support.rehearsed_jobs:sound"
PAIRS = """SELECT l.person_id, u.person_id FROM people l JOIN people u ON u.email_key = l.email_key
    WHERE l.kind = 'lead' AND u.kind = 'user' GROUP BY l.person_id HAVING count(*) = 1"""
SHARE = 5
"""One in so many pairs is merged before a census."""


def census(number: int) -> None:
    """Take the census of so many people, a tenth of whom were merged."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = copy_before(peopled_state(folder / "people", number), folder)
        work = copy_to_work_on(before, folder / "work")
        merged = _merge_some(work)
        began, processor, held = time.monotonic(), time.process_time(), _memory()
        with open_ledger(folder / "ledger.sqlite", before, work) as ledger:
            take_census(ledger)
            find_matches(ledger)
            counts = dict(fate_counts(ledger))
        spent, used = time.monotonic() - began, time.process_time() - processor
        told = f"census of {number:,}, {merged:,} of them merged: {spent:.1f} s, {used:.1f} s of the processor"
        print(f"{told}, {_memory() - held} MB more memory {counts}")


def _merge_some(work: Path, share: int = SHARE) -> int:
    with closing(Sandbox(ManualClock(1_800_000_000), state=work.parent)) as sandbox:
        workspace = sandbox.workspace("default")
        pairs = workspace.database.all(PAIRS)[::share]
        context = RequestContext(workspace, VERSIONS["2.14"], (), {}, {}, workspace.now(), "", "")
        with workspace.database.transaction():
            for lead_id, user_id in pairs:
                lead, user = workspace.people.get(lead_id), workspace.people.get(user_id)
                assert lead is not None
                assert user is not None
                merge(context, lead, user)
    return len(pairs)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def job(number: int) -> None:
    """Rehearse a job over so many leads, and over few, and compare what a conversion costs."""
    few, many = _rehearsed(2_000), _rehearsed(2 * number)
    print(f"a conversion among {2 * number:,} people costs {many / few:.2f} times one among 2,000")


def _rehearsed(size: int) -> float:
    """Return the processor's milliseconds of one conversion in a workspace of so many contacts."""
    with tempfile.TemporaryDirectory() as name:
        people, result = peopled_state(Path(name) / "people", size), Path(name) / "result.json"
        words = ["rehearse", "--people", str(people), "--pipeline", JOB, "--json", str(result)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "harness", *words], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        bill = json.loads(result.read_text())["bill"]
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        cost: float = 1000 * used / bill["conversions"]
        each = 1000 * bill["real_seconds"] / bill["conversions"]
        told = f"{bill['conversions']:,} conversions among {size:,}: {bill['real_seconds']:.1f} s ({each:.2f} ms each)"
        print(f"{told}, {cost:.2f} ms of the processor each, copies and census included")
        return cost


def page(number: int) -> None:
    """Open the page of so many changes in Chromium, and tell when the table is there."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        file = _page_of(Path(name), number)
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        shown = browser.new_page()
        began = time.monotonic()
        shown.goto(file.as_uri())
        shown.wait_for_function("document.getElementById('count').textContent.includes('in all')", timeout=120_000)
        opened = time.monotonic() - began
        began = time.monotonic()
        shown.locator("#search").fill("a5d4")
        found = shown.locator("#count").text_content()
        print(f"page of {number:,} changes, {file.stat().st_size / 1e6:.1f} MB: table after {opened:.2f} s")
        print(f"  searched in {time.monotonic() - began:.2f} s: {found}")
        browser.close()


def _page_of(folder: Path, number: int) -> Path:
    before = copy_before(peopled_state(folder / "people", number), folder)
    work = copy_to_work_on(before, folder / "work")
    _merge_some(work, share=1)
    from harness.rehearsal.rehearsal_page import write_page
    from harness.rehearsal.rehearsal_result import Bill, RehearsalResult

    with open_ledger(folder / "ledger.sqlite", before, work) as ledger:
        take_census(ledger)
        find_matches(ledger)
        counts = dict(fate_counts(ledger))
        bill = Bill(0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.2, None, 0.0, 0.0, {})
        result = RehearsalResult(
            "job", "people", "", counts, {"lead": number // 2, "user": number // 2}, [], {}, {}, [], [], bill, "full",
            "", "", 0, 0,
        )  # fmt: skip
        with (folder / "page.html").open("w", encoding="utf-8") as file:
            write_page(result, ledger, file, reveal=False)
    return folder / "page.html"


def _chromium() -> str:
    import shutil

    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "chromium")


if __name__ == "__main__":
    given = sys.argv[1:] or ["census", "1000000", "job", "100000", "page", "100000"]
    for what, size in zip(given[::2], map(int, given[1::2]), strict=True):
        {"census": census, "job": job, "page": page}[what](size)
