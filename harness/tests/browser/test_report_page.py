"""The report of real runs in a real browser: of a sound pipeline, and of one that does everything wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.tests.browser.conftest import Watched
from harness.tests.support.axe import serious_faults

ROOT = Path(__file__).resolve().parents[3]
MERGE = "A lead who chatted is folded into the user they turn out to be"

UNSOUND = '''
import os

import requests


class Shop:
    """Deletes where it should merge, writes over names, and prints what looks like markup."""

    def ask(self, method, path, body):
        headers = {"Authorization": f"Bearer {os.environ['INTERCOM_ACCESS_TOKEN']}", "Intercom-Version": "2.15"}
        url = os.environ["INTERCOM_BASE_URL"] + path
        answer = requests.request(method, url, json=body, headers=headers, timeout=10)
        print(path, "<img src=x onerror=alert(1)><script>window.hurt=1</script>")
        return answer.json()

    def visitor_to_lead(self, visitor):
        return self.ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor.user_id}, "type": "lead"})

    def visitor_to_user(self, visitor, user):
        raise RuntimeError("</script><script>window.hurt=1</script>")

    def lead_to_user(self, lead, user):
        if user.id:
            return self.ask("DELETE", f"/contacts/{lead.id}", None)
        changes = {"role": "user", "email": user.email, "name": "<script>window.hurt=1</script>"}
        return self.ask("PUT", f"/contacts/{lead.id}", changes)
'''


def report(folder: Path, *options: str) -> str:
    """Run a scenario of each kind of two flows and tell the address of the report."""
    (folder / "unsound.py").write_text(UNSOUND)
    command = [
        sys.executable,
        "-m",
        "harness",
        "run",
        "scenarios/lead_to_user.py",
        "scenarios/visitor_to_user_create.py",
        "-k",
        "chatted or becomes_a_new_user",
    ]
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [*command, "--report", str(folder / "out"), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert (folder / "out" / "report.html").is_file(), done.stdout + done.stderr
    return (folder / "out" / "report.html").as_uri()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of the reference pipeline."""
    return report(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def unsound(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a pipeline that does everything wrong."""
    return report(tmp_path_factory.mktemp("unsound"), "--pipeline", "unsound:Shop")


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a comparison of two versions."""
    return report(
        tmp_path_factory.mktemp("versions"), "-k", "chatted", "--intercom-version", "2.15", "--intercom-version", "2.16"
    )


def opened(tabs: Watched, address: str) -> tuple[Page, list[str]]:
    """The page, and whatever it asked for."""
    asked: list[str] = []
    tabs.context.on("request", lambda request: asked.append(request.url))
    return tabs.open(address), asked


def test_it_needs_nothing_but_itself(tabs: Watched, sound: str) -> None:
    """One file, no request, nothing in the console."""
    page, asked = opened(tabs, sound)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Conversions of {ROOT.name}: proved")
    expect(page.locator(".counts")).to_contain_text("proved")
    assert [url for url in asked if not url.startswith("data:")] == [sound]


def test_a_scenario_tells_its_flow(tabs: Watched, sound: str) -> None:
    """Drawn, with what was kept and moved, its claims and witnesses, its exchanges, and how to run it again."""
    page, _ = opened(tabs, sound)
    page.get_by_role("link", name=MERGE).first.click()
    scenario = page.locator("details.scenario[open]")
    expect(scenario).to_have_count(1)
    expect(scenario.locator("svg.flow")).to_contain_text("POST /contacts/merge")
    row = scenario.locator(".kept tr", has_text="conversations")
    expect(row).to_contain_text("✓")
    expect(scenario.locator(".run-again pre")).to_contain_text("scenarios/lead_to_user.py::test_")
    scenario.locator(".claims summary", has_text="is gone by id").first.evaluate(
        "node => node.closest('details.reads').open = true"
    )
    claim = scenario.locator(".claims details", has_text="is gone by id").first
    claim.locator("summary").click()
    expect(claim).to_contain_text("before")
    expect(claim).to_contain_text("→ 410")
    exchange = scenario.locator("details.exchange", has_text="POST /contacts/merge").first
    exchange.locator("summary").click()
    expect(exchange.locator("pre").first).to_contain_text('"into"')


def test_failures_come_first_and_open(tabs: Watched, unsound: str) -> None:
    """What failed is listed with its reason; its scenario is open, its wrong rows are marked, its reads can be read."""
    page, _ = opened(tabs, unsound)
    expect(page.locator("section[aria-labelledby=failed]")).to_contain_text("deleted somebody")
    failed = page.locator("details.scenario").first
    expect(failed).to_have_attribute("open", "")
    expect(failed.locator(".kept")).to_contain_text("replaced (wrong)")
    expect(failed.locator(".claims > li").first).to_contain_text("found")
    reads = failed.locator("details.reads", has_text="Then: everybody is read again")
    reads.locator("summary").first.click()
    read = reads.locator("details.exchange").first
    read.locator("summary").click()
    expect(read.locator("pre").last).to_contain_text("{")


def test_what_a_pipeline_prints_runs_nowhere(tabs: Watched, unsound: str) -> None:
    """Output, exceptions and names with scripts in them are text."""
    page, _ = opened(tabs, unsound)
    page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true })")
    expect(page.locator("[data-part]")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.evaluate("window.hurt") is None
    assert page.locator("main img").count() == 0


def test_the_foot_tells_what_was_redacted(tabs: Watched, sound: str) -> None:
    """And that the search afterwards found nothing left."""
    page, _ = opened(tabs, sound)
    expect(page.locator("footer")).to_contain_text("nothing was left")


def test_versions_stand_side_by_side(tabs: Watched, versions: str) -> None:
    """A comparison shows a column for each."""
    page, _ = opened(tabs, versions)
    expect(page.locator("section[aria-labelledby=versions] thead")).to_contain_text("2.16")


def test_it_can_be_read_without_scripts(sound: str, unsound: str, tabs: Watched) -> None:
    """Verdicts need none, nor do the drawings, tables and claims of the first failures."""
    assert tabs.context.browser is not None
    context = tabs.context.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(unsound)
    expect(page.locator("details.scenario[open] .kept").first).to_be_visible()
    expect(page.locator("details.scenario[open] .claims").first).to_be_visible()
    page.goto(sound)
    expect(page.locator("details.scenario .badge.proved").first).to_be_visible()
    page.locator("details.scenario > summary").first.click()
    expect(page.locator("details.scenario[open] .unscripted").first).to_contain_text("unpacked by the page’s script")
    context.close()


def test_scenarios_are_filtered_by_verdict_level_and_text(tabs: Watched, unsound: str) -> None:
    """Each narrows the list and the scenarios; what is left is counted; all of it works by keyboard."""
    page, _ = opened(tabs, unsound)
    scenarios = page.locator("details.scenario:visible")
    total = scenarios.count()
    refuted = page.get_by_role("button", name="Refuted")
    refuted.focus()
    page.keyboard.press("Enter")
    expect(refuted).to_have_attribute("aria-pressed", "true")
    assert 0 < scenarios.count() <= total
    page.get_by_label("Find").fill("chatted")
    expect(scenarios).to_have_count(1)
    expect(page.locator("[data-shown]")).to_have_text(f"1 of {total} scenarios")
    page.get_by_label("Level").select_option("flows")
    expect(scenarios).to_have_count(1)
    page.get_by_label("Find").fill("nothing has these words")
    expect(scenarios).to_have_count(0)


def test_a_link_opens_its_scenario(tabs: Watched, sound: str) -> None:
    """From outside, with what is packed in place; and where a filter hides it, the filter gives way."""
    page, _ = opened(tabs, sound)
    anchor = page.locator("details.scenario").last.get_attribute("id")
    page.goto(f"{sound}#{anchor}")
    page.reload()
    scenario = page.locator("details.scenario[open]")
    expect(scenario).to_have_count(1)
    expect(scenario).to_have_attribute("id", anchor or "")
    expect(scenario.locator(".claims").first).to_be_attached()
    expect(scenario.locator(":scope > summary")).to_be_focused()
    page.get_by_label("Find").fill("nothing has these words")
    expect(page.locator("details.scenario:visible")).to_have_count(0)
    first = page.locator("details.scenario").first.get_attribute("id")
    page.evaluate("name => { location.hash = name }", first)
    expect(page.locator("details.scenario:visible").first).to_have_attribute("open", "")


def test_an_exchange_is_unpacked_by_keyboard(tabs: Watched, sound: str) -> None:
    """A scenario, its reads and a body are opened with the keyboard alone."""
    page, _ = opened(tabs, sound)
    page.locator("details.scenario > summary").first.focus()
    page.keyboard.press("Enter")
    exchange = page.locator("details.scenario[open] details.reads[open] details.exchange").first
    exchange.locator("summary").focus()
    page.keyboard.press("Space")
    expect(exchange.locator("pre").first).to_contain_text("{")


@pytest.mark.parametrize(("scheme", "widths"), [("light", (1280, 390)), ("dark", (390, 1280))])
def test_it_fits_and_axe_finds_nothing_serious(
    tabs: Watched, unsound: str, node_client: Callable[[str], Path], scheme: str, widths: tuple[int, int]
) -> None:
    """At both widths and in both themes, with what was proved and what was not standing open."""
    page, _ = opened(tabs, unsound)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.evaluate("document.querySelectorAll('details.scenario')[2].open = false")
    page.locator("details.scenario", has_text="✓").last.evaluate("node => { node.open = true }")
    for width in widths:
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert width != widths[0] or serious_faults(page, node_client("axe-core")) == []


def test_a_merge_that_was_proved_is_the_picture_of_the_readme(tabs: Watched, sound: str, pictures: Path) -> None:
    """Opened by its link, with its flow and what was kept."""
    page, _ = opened(tabs, sound)
    page.get_by_role("link", name=MERGE).first.click()
    page.locator("details.scenario[open]").screenshot(path=pictures / "report.png")
