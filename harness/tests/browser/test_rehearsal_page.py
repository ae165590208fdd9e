"""The page of a rehearsal in a real browser, from a file: everyone can be found, and nothing is asked of anybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from harness.tests.browser.conftest import Watched
from harness.tests.support.axe import serious_faults
from harness.tests.support.peopled_state import peopled_state


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a job that undoes opt-outs."""
    folder = tmp_path_factory.mktemp("rehearsal")
    people = peopled_state(folder / "people", 400)
    job = "harness.tests.support.rehearsed_jobs:undoes_opt_outs"
    words = ["rehearse", "--people", str(people), "--pipeline", job, "--report", str(folder / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    return folder / "out"


def _result(report: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((report / "rehearsal.json").read_text())
    return found


def _opened(tabs: Watched, report: Path) -> Page:
    page = tabs.open((report / "rehearsal.html").as_uri())
    expect(page.locator("#count")).to_contain_text("in all")
    return page


def test_everyone_is_in_the_table_and_can_be_filtered(tabs: Watched, report: Path) -> None:
    """The table counts everyone, and filters by what became of people, by what was found and by id."""
    result, page = _result(report), _opened(tabs, report)
    everyone = sum(result["before"].values())
    expect(page.locator("#count")).to_contain_text(f"({everyone:,} in all)")
    page.locator("#fate").select_option("merged")
    expect(page.locator("#count")).to_contain_text(f"of {result['census']['merged']:,} people")
    page.locator("#fate").select_option("")
    page.locator("#found").select_option("opt-out")
    hurt = {person["id"] for person in result["people"] if "opt-out" in person.get("found", ())}
    expect(page.locator("#people tbody tr")).to_have_count(len(hurt))
    shown = page.locator("#people tbody tr td:first-child").all_text_contents()
    assert set(shown) == hurt
    page.locator("#found").select_option("")
    page.locator("#search").fill(shown[0])
    rows = page.locator("#people tbody tr", has_text=shown[0])
    expect(rows.first).to_be_visible()


def test_a_person_shows_before_and_after(tabs: Watched, report: Path) -> None:
    """Whoever was hurt is opened: the attribute before and after, and what was found; no value is shown."""
    page = _opened(tabs, report)
    page.locator("#found").select_option("opt-out")
    page.locator("#people tbody button").first.click()
    panel = page.locator("#person")
    expect(panel).to_contain_text("unsubscribed_from_emails")
    expect(panel).to_contain_text("undone")
    assert "@" not in (report / "rehearsal.html").read_text().partition("<script")[0].partition("</style>")[2]
    assert "@" not in panel.inner_text()


def test_it_asks_for_nothing(tabs: Watched, report: Path) -> None:
    """One file: nothing else is loaded, and the picture says what the table says."""
    asked: list[str] = []
    tabs.context.on("request", lambda request: asked.append(request.url))
    page = _opened(tabs, report)
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [(report / "rehearsal.html").as_uri()]
    result = _result(report)
    picture = page.locator("svg.flow").text_content() or ""
    for fate, count in result["census"].items():
        assert f"{fate} {count:,}" in picture
        expect(page.locator("table", has_text="The same as a table")).to_contain_text(fate)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(
    tabs: Watched, report: Path, node_client: Callable[[str], Path], width: int, scheme: str
) -> None:
    """On a phone and on a desk, in light and in dark, nothing keeps anybody from using it, and nothing sticks out."""
    page = _opened(tabs, report)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.locator("#found").select_option("opt-out")
    page.locator("#people tbody button").first.click()
    expect(page.locator("#person table").first).to_be_visible()
    assert serious_faults(page, node_client("axe-core")) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if folder := os.environ.get("REHEARSAL_PICTURES"):
        page.screenshot(path=f"{folder}/rehearsal-{width}-{scheme}.png", full_page=True)
