"""The dashboard in a real browser: what arrives is shown, conversions side by side, and it changes only what it may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from harness.core.clock import ManualClock, WallClock
from harness.core.http import Outcome, Response
from harness.dashboard.pages import page as page_at
from harness.gateway.control_api.control_plane import ControlPlane
from harness.gateway.core import Backend, Gateway, GatewaySession
from harness.gateway.server.server import Server
from harness.tests.browser.conftest import Playground, Watched
from harness.tests.support.axe import serious_faults
from harness.tests.support.sandbox_server import served

HOSTILE = "<img src=x onerror=alert(1)><script>window.hurt=1</script>"


def dashboard(tabs: Watched, workspace: Playground) -> Page:
    """The dashboard of a workspace, once it has looked."""
    page = tabs.open(f"{workspace.url}/_sandbox/#token={workspace.token}")
    expect(page.locator("#app-id")).to_have_text(workspace.app_id)
    return page


def test_what_is_asked_arrives(tabs: Watched, workspace: Playground) -> None:
    """A request is on the page within moments, with its operation, its status and both bodies."""
    page = dashboard(tabs, workspace)
    workspace.user("ada@example.com", name="Ada")
    row = page.locator(".exchange").first
    expect(row).to_contain_text("POST /contacts")
    expect(row).to_contain_text("CreateContact")
    row.locator("summary").click()
    expect(row.locator("pre").first).to_contain_text("ada@example.com")
    expect(page.locator("#people")).to_contain_text("1 user")


def grown(workspace: Playground) -> tuple[dict[str, Any], dict[str, Any]]:
    """Somebody who went from visitor to lead and into a user, with something to say."""
    user = workspace.user("ada@example.com", name="Ada")
    visitor = workspace.ask(
        "POST", "/_sandbox/visitors", {"name": "Grace", "custom_attributes": {"plan": "pro"}}
    ).json()
    workspace.ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor["user_id"]}, "type": "lead"})
    said = {"from": {"type": "lead", "id": visitor["id"]}, "body": "Do you ship to Spain?"}
    workspace.ask("POST", "/conversations", said)
    workspace.ask("POST", "/contacts/merge", {"from": visitor["id"], "into": user["id"]})
    return visitor, user


def test_what_was_converted_before_anybody_looked_is_shown(tabs: Watched, workspace: Playground) -> None:
    """Each step side by side with what it was made of: the sandbox kept it, not the page."""
    _, user = grown(workspace)
    workspace.ask("DELETE", f"/contacts/{user['id']}")
    page = dashboard(tabs, workspace)
    deleted, merge, first = page.locator("details.conversion").all()
    expect(deleted).to_contain_text("nobody has it now")
    expect(merge.locator("summary")).to_contain_text("Grace merged into Ada")
    merge.locator("summary").click()
    expect(merge.locator("tr.changed", has_text="conversations").locator("td")).to_have_text(
        ["Do you ship to Spain?", "", "Do you ship to Spain?", "moved"]
    )
    first.locator("summary").click()
    expect(first.locator("tr.changed").first.locator("td")).to_have_text(["visitor", "lead", "changed"])


def test_a_conversion_is_shown_as_it_happens(tabs: Watched, workspace: Playground) -> None:
    """Side by side, what changed marked and first; and the person tells what they were."""
    visitor = workspace.ask(
        "POST", "/_sandbox/visitors", {"name": "Grace", "custom_attributes": {"plan": "pro"}}
    ).json()
    page = dashboard(tabs, workspace)
    expect(page.locator("#people")).to_contain_text("Grace")
    workspace.ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor["user_id"]}, "type": "lead"})
    rows = page.locator("#conversions tbody tr")
    expect(rows.first.locator("td")).to_have_text(["visitor", "lead", "changed"])
    expect(rows.filter(has_text="custom_attributes.plan").locator("td")).to_have_text(["pro", "pro", "kept"])
    expect(page.locator("#people")).to_contain_text("was a visitor")


def test_a_merge_shows_both_who_were_there(tabs: Watched, workspace: Playground) -> None:
    """The source, the user as they were, and the user with what came over; what was opened stays open."""
    grown(workspace)
    page = dashboard(tabs, workspace)
    expect(page.locator("#conversions thead").first.locator("th")).to_have_text(
        ["What", "Before: the lead", "Before: the user", "After: the user", "Became"]
    )
    expect(page.locator("#people")).to_contain_text("took in the lead Grace")
    page.locator("#people summary", has_text="Ada").click()
    workspace.user("else@example.com")
    expect(page.locator("#people")).to_contain_text("2 users")
    expect(page.locator("#people details[open]")).to_contain_text("ada@example.com")


def test_exchanges_and_people_can_be_narrowed(tabs: Watched, workspace: Playground) -> None:
    """To conversions, or to what went wrong, with what is remarkable said beside it; people by what they have."""
    grown(workspace)
    workspace.ask("POST", "/contacts/merge", {"from": "x", "to": "y"})
    page = dashboard(tabs, workspace)
    visible = page.locator(".exchange:visible")
    page.get_by_role("button", name="Conversions").click()
    expect(visible).to_have_count(3)
    page.get_by_role("button", name="Went wrong").click()
    expect(visible).to_have_count(1)
    expect(visible).to_contain_text("not read: to")
    page.locator("#find").fill("nobody has this")
    expect(page.locator("#people li")).to_have_count(0)
    page.locator("#find").fill("ADA@")
    expect(page.locator("#people li")).to_have_count(1)


def test_each_workspace_is_by_itself(tabs: Watched, workspace: Playground) -> None:
    """The token decides what is seen; another one shows other people, a wrong one nobody."""
    tabs.expect("status of 401")
    workspace.user("ada@example.com")
    page = dashboard(tabs, workspace)
    expect(page.locator("#people")).to_contain_text("ada@example.com")
    page.locator("#token").fill("sandbox-somewhere-else")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("#people")).to_contain_text("0 users")
    assert "ada@example.com" not in page.locator("main").inner_text()
    page.locator("#token").fill("wrong")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("#workspace-note")).to_contain_text("refused")
    expect(page.locator("#people")).to_be_empty()


def test_control_changes_this_workspace(tabs: Watched, workspace: Playground) -> None:
    """Visitors, checkpoints, faults, the clock and a reset, each said to have happened."""
    page = dashboard(tabs, workspace)
    note = page.locator("#control-note")
    page.locator("#save").click()
    expect(note).to_have_text("Saved.")
    page.locator("#make-visitor").click()
    expect(page.locator("#people")).to_contain_text("1 visitor")
    page.locator("#rewind").click()
    expect(page.locator("#people")).to_contain_text("0 visitors")
    page.locator("#arm").click()
    expect(page.locator("#faults")).to_contain_text("conversion")
    page.locator("#clear").click()
    expect(page.locator("#faults")).to_be_empty()
    before = workspace.ask("GET", "/_sandbox/clock").json()["now"]
    page.locator("#move-clock").click()
    expect(note).to_have_text("The clock was moved.")
    assert workspace.ask("GET", "/_sandbox/clock").json()["now"] > before + 3_000
    page.locator("#make-visitor").click()
    expect(page.locator("#people")).to_contain_text("1 visitor")
    page.locator("#reset").click()
    expect(page.locator("#people")).to_contain_text("0 visitors")


@pytest.fixture
def looking() -> Iterator[Playground]:
    """A workspace of a sandbox that was started without control; asked for before `tabs`, it outlives their pages."""
    with served(WallClock()) as (_, server), requests.Session() as session:
        session.trust_env = False
        yield Playground(server.url, "default", session)


def test_without_control_it_only_looks(looking: Playground, tabs: Watched) -> None:
    """The page says so, its panel is hidden, and the server refuses what a page asks all the same; scripts may."""
    tabs.expect("status of 403")
    page = dashboard(tabs, looking)
    expect(page.locator("#read-only")).to_contain_text("Read only")
    expect(page.locator("#control-card")).to_be_hidden()
    expect(page.locator("#reset")).to_be_disabled()
    call = "fetch('/_sandbox/reset', {method: 'POST', headers: {Authorization: 'Bearer sandbox-default'}})"
    asked = f"{call}.then(answer => answer.status)"
    assert page.evaluate(asked) == 403
    assert looking.ask("POST", "/_sandbox/reset").status_code == 204


def test_the_busiest_workspace_is_opened_and_all_are_listed(looking: Playground, tabs: Watched) -> None:
    """Where nobody named one; another is opened from the list, by keyboard; exchanges come before the control panel."""
    busy, calm = replace(looking, name="busy"), replace(looking, name="calm")
    calm.user("calm@example.com")
    for number in range(3):
        busy.user(f"busy{number}@example.com")
    page = tabs.open(f"{looking.url}/_sandbox/")
    expect(page.get_by_label("Access token")).to_have_value("sandbox-busy")
    expect(page.locator("#people")).to_contain_text("3 users")
    names = page.get_by_role("navigation", name="Workspaces").get_by_role("button")
    expect(names.first).to_contain_text("busy 3")
    expect(names.first).to_have_attribute("aria-current", "true")
    names.filter(has_text="calm").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#people")).to_contain_text("1 user")
    expect(names.filter(has_text="calm")).to_have_attribute("aria-current", "true")
    order = "one => [...document.querySelectorAll('section')].map(node => node.getAttribute('aria-labelledby'))"
    titles = page.evaluate(order)
    assert titles.index("exchanges-title") < titles.index("control-title")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost.evil.example"]
)
def test_a_page_from_elsewhere_gets_nothing(looking: Playground, origin: str) -> None:
    """The control plane refuses its origin, and no answer may be read across origins."""
    headers = {"Authorization": looking.token, "Origin": origin}
    for method, path in (("GET", "people"), ("POST", "reset")):
        answer = looking.session.request(method, f"{looking.url}/_sandbox/{path}", headers=headers)
        assert answer.status_code == 403
        assert not any(name.lower().startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("tells", [True, False])
def test_a_name_that_was_made_to_point_here_gets_nothing(looking: Playground, tells: bool) -> None:
    """A page on a name that resolves to this machine is at home on it, and is refused for the name."""
    port = looking.url.rpartition(":")[2]
    named = {"Authorization": f"Bearer {looking.token}", "Host": f"evil.example:{port}"}
    named |= {"Origin": f"http://evil.example:{port}"} if tells else {}
    assert looking.session.get(f"{looking.url}/_sandbox/people", headers=named).status_code == 403


def test_markup_is_shown_as_text(tabs: Watched, workspace: Playground) -> None:
    """Names, e-mails and messages run nowhere, turn nothing around and stretch nothing, before and after a merge."""
    user = workspace.user("ada@example.com", name=HOSTILE)
    lead = workspace.ask("POST", "/contacts", {"role": "lead", "name": f"\u202e{HOSTILE}"}).json()
    said = {"from": {"type": "lead", "id": lead["id"]}, "body": f"{HOSTILE}\u202e" * 2_000}
    workspace.ask("POST", "/conversations", said)
    workspace.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    workspace.ask("POST", "/_sandbox/visitors", {"name": HOSTILE, "custom_attributes": {"plan": HOSTILE}})
    page = dashboard(tabs, workspace)
    expect(page.locator("#people")).to_contain_text(HOSTILE)
    page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true })")
    expect(page.locator("#conversions")).to_contain_text("characters more")
    expect(page.locator("#exchanges")).to_contain_text("onerror=alert(1)")
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("window.hurt") is None
    assert page.locator("main img").count() == 0


def test_where_there_is_no_sandbox_the_pages_say_so(tabs: Watched) -> None:
    """Exchanges are shown of every backend; who is there, and a Messenger, only of a sandbox."""
    tabs.expect("status of 400", "status of 401")
    gateway = Gateway(ManualClock())
    gateway.open(
        GatewaySession(
            Backend(lambda _: Outcome(Response(200, {"content-type": "application/json"}, b'{"type": "list"}')))
        )
    )
    plane = ControlPlane(gateway, pages=page_at)
    with Server(gateway, control=plane) as server:
        headers = {"Authorization": "Bearer sandbox-default"}
        requests.get(f"{server.url}/contacts", headers=headers, timeout=5, proxies={"http": ""})
        page = tabs.open(f"{server.url}/_sandbox/")
        expect(page.locator("#conversions-hint")).to_contain_text("no sandbox")
        expect(page.locator(".exchange")).to_contain_text("GET /contacts")
        expect(page.locator("#people-card")).to_be_hidden()
        expect(page.locator("#state")).to_have_text("live")
        live = tabs.open(f"{server.url}/_sandbox/live-visitor")
        expect(live.locator("#workspace-note")).to_contain_text("There is no Messenger here")
        page.close()
        live.close()


def test_a_sandbox_that_went_away_is_said_to_have(tabs: Watched, workspace: Playground) -> None:
    """What was shown stays, and the page goes on by itself once it is back."""
    tabs.expect("ERR_CONNECTION_REFUSED")
    page = dashboard(tabs, workspace)
    tabs.context.route("**/*", lambda route: route.abort("connectionrefused"))
    expect(page.locator("#workspace-note")).to_contain_text("Nothing answers at")
    expect(page.locator("#state")).to_have_text("not answering")
    tabs.context.unroute("**/*")
    expect(page.locator("#state")).to_have_text("live")


def crowd(workspace: Playground) -> None:
    """People with names and addresses as they are, a merge, and what went wrong."""
    workspace.ask("POST", "/data_attributes", {"name": "plan", "model": "contact", "data_type": "string"})
    ada = workspace.user("ada.lovelace@example.com", name="Ada Lovelace", custom_attributes={"plan": "pro"})
    workspace.user(f"{'a-very-long-address-' * 3}@a-subdomain.of-a-company.example.com", name="Maximiliana " * 6)
    for name in ("Grace Hopper", "Katherine Johnson", "Barbara Liskov"):
        workspace.ask("POST", "/_sandbox/visitors", {"name": name, "utm_source": "newsletter"})
        workspace.user(f"{name.lower().replace(' ', '.')}@example.com", name=name)
    workspace.ask("POST", "/_sandbox/faults", {"operation": "listTags", "kind": "status", "status": 503})
    workspace.ask("GET", "/tags")
    visitor = workspace.ask(
        "POST", "/_sandbox/visitors", {"location": {"city": "Lisbon"}, "custom_attributes": {"campaign": "spring"}}
    ).json()
    workspace.ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor["user_id"]}, "type": "lead"})
    said = {"from": {"type": "lead", "id": visitor["id"]}, "body": "Do you ship to Spain?"}
    workspace.ask("POST", "/conversations", said)
    workspace.ask("POST", "/contacts/merge", {"from": visitor["id"], "to": ada["id"]})
    workspace.ask("POST", "/contacts/merge", {"from": visitor["id"], "into": ada["id"]})


@pytest.mark.parametrize(("scheme", "widths"), [("light", (1280, 390)), ("dark", (390, 1280))])
@pytest.mark.parametrize("name", ["dashboard", "live-visitor"])
def test_pages_fit_and_axe_finds_nothing_serious(
    tabs: Watched,
    workspace: Playground,
    node_client: Callable[[str], Path],
    pictures: Path,
    name: str,
    scheme: str,
    widths: tuple[int, int],
) -> None:
    """At both widths and in both themes, with something on them; the light, wide one is the README's picture."""
    axe = node_client("axe-core")
    workspace = replace(workspace, name=f"shop-{scheme}-{name[:4]}")
    crowd(workspace)
    path = "" if name == "dashboard" else "live-visitor"
    page = tabs.open(f"{workspace.url}/_sandbox/{path}#token={workspace.token}")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": widths[0], "height": 900})
    if name == "dashboard":
        expect(page.locator("#conversions")).to_contain_text("merged into Ada Lovelace")
        page.locator(".exchange summary").nth(1).click()
    else:
        expect(page.locator("#kind")).to_have_text("visitor")
        page.locator("#convert").click()
        expect(page.locator("#kind")).to_have_text("lead")
    assert serious_faults(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if scheme == "light":
        page.set_viewport_size({"width": 1280, "height": 1240})
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=pictures / f"{name}.png")
    page.set_viewport_size({"width": widths[1], "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_axe_is_really_asked(tabs: Watched, workspace: Playground, node_client: Callable[[str], Path]) -> None:
    """A field without a label, put there on purpose, is found: a check that cannot fail proves nothing."""
    page = dashboard(tabs, workspace)
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert any(fault.startswith("label:") for fault in serious_faults(page, node_client("axe-core")))
