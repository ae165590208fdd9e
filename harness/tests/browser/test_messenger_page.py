"""The Messenger's script in a real browser, on a page of another origin, by the interface of the real one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, expect

from harness.core.clock import FollowingClock, WallClock
from harness.runner import wiring
from harness.sandbox.messenger.proofs import user_hash
from harness.tests.browser.conftest import Playground, Site, Watched

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
DAY = 86_400


def booted(page: Page) -> str:
    """The visitor id once the ping is answered."""
    page.wait_for_function("window.Intercom.booted && Intercom('whoami')")
    return str(page.evaluate("Intercom('getVisitorId')"))


def call(page: Page, *words: Any) -> None:
    """One call of the page's `Intercom`, and the answer to its ping."""
    page.evaluate("words => { Intercom(...words) }", list(words))


def settled(tabs: Watched, page: Page) -> dict[str, Any]:
    """Who is on the page once nothing is under way."""
    tabs.settle(page)
    return dict(page.evaluate("Intercom('whoami') || {}"))


def test_the_usual_snippet_makes_a_visitor_from_another_origin(
    tabs: Watched, workspace: Playground, shop: Callable[..., str]
) -> None:
    """`intercomSettings` alone boots it; the visitor is one that the API finds, with what the page said of them."""
    page = tabs.open(shop(plan="pro", name="Ada <3") + "?utm_source=letter")
    found = booted(page)
    assert UUID.fullmatch(found)
    visitor = workspace.ask("GET", f"/visitors?user_id={found}").json()
    assert (visitor["custom_attributes"], visitor["name"]) == ({"plan": "pro"}, "Ada &lt;3")
    assert (visitor["utm_source"], visitor["session_count"]) == ("letter", 1)
    page.reload()
    assert booted(page) == found
    assert workspace.ask("GET", f"/visitors?user_id={found}").json()["session_count"] == 1


def test_the_cookies_have_their_names_and_lives(tabs: Watched, workspace: Playground, shop: Callable[..., str]) -> None:
    """id and device for 270 days and an hour, the session for a week, all on the site's own domain."""
    page = tabs.open(shop())
    found = booted(page)
    page.wait_for_function("document.cookie.includes('intercom-session')")
    now = page.evaluate("Date.now() / 1000")
    cookies = {cookie["name"]: cookie for cookie in tabs.context.cookies()}
    app_id = workspace.app_id
    assert set(cookies) == {f"intercom-{kind}-{app_id}" for kind in ("id", "session", "device-id")}
    assert cookies[f"intercom-id-{app_id}"]["value"] == found
    lives = {name: round((cookie["expires"] - now) / 60) * 60 for name, cookie in cookies.items()}
    month, week = 270 * DAY + 3600, 7 * DAY
    assert lives[f"intercom-id-{app_id}"] == lives[f"intercom-device-id-{app_id}"] == month
    assert lives[f"intercom-session-{app_id}"] == week
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*--[0-9a-f]{40}", unquote(cookies[f"intercom-session-{app_id}"]["value"]))
    assert {cookie["domain"] for cookie in cookies.values()} == {"localhost"}


def test_the_id_is_undefined_before_boot_and_after_shutdown(tabs: Watched, workspace: Playground, site: Site) -> None:
    """A script that was loaded and not booted knows nobody; after a shutdown the next boot is somebody else."""
    app_id = workspace.app_id
    site.pages["/quiet"] = f"<title>quiet</title><script src='{workspace.url}/widget/{app_id}'></script>"
    page = tabs.open(f"{site.url}/quiet")
    assert page.evaluate("Intercom('getVisitorId') === undefined && Intercom.booted === false")
    call(page, "boot", {"app_id": app_id})
    first = booted(page)
    call(page, "shutdown")
    assert page.evaluate("Intercom('getVisitorId') === undefined && Intercom.booted === false")
    assert {cookie["name"] for cookie in tabs.context.cookies()} == {f"intercom-device-id-{app_id}"}
    call(page, "boot", {"app_id": app_id})
    second = booted(page)
    assert first != second
    assert workspace.status(f"/visitors?user_id={first}") == workspace.status(f"/visitors?user_id={second}") == 200


def test_boot_with_a_user_makes_the_visitor_that_user(
    tabs: Watched, workspace: Playground, shop: Callable[..., str]
) -> None:
    """The same id, the new identifiers, what they had (facts §2); the visitor is gone."""
    page = tabs.open(shop(plan="pro"))
    found = booted(page)
    visitor = workspace.ask("GET", f"/visitors?user_id={found}").json()
    call(
        page,
        "boot",
        {"user_id": "u-1", "email": "ada@example.com", "name": "Ada", "company": {"id": "c", "name": "Co"}},
    )
    assert settled(tabs, page)["role"] == "user"
    user = workspace.contact(visitor["id"])
    assert (user["role"], user["external_id"], user["email"]) == ("user", "u-1", "ada@example.com")
    assert user["custom_attributes"] == {"plan": "pro"}
    assert user["companies"]["total_count"] == 1
    assert workspace.status(f"/visitors?user_id={found}") == 404


@pytest.mark.parametrize("way", ["boot", "update"])
def test_a_lead_who_logs_in_is_merged_into_the_user_they_are(
    tabs: Watched, workspace: Playground, shop: Callable[..., str], way: str
) -> None:
    """What they said before is the user's conversation; the lead is gone."""
    user = workspace.user("ada@example.com", external_id="u-1")
    page = tabs.open(shop())
    booted(page)
    lead_id = say(tabs, page, "Do you ship to Spain?")["id"]
    call(page, way, {"user_id": "u-1", "email": "ada@example.com"})
    assert settled(tabs, page)["id"] == user["id"]
    assert workspace.status(f"/contacts/{lead_id}") == 404
    assert len(workspace.conversations_of(user["id"])) == 1


def say(tabs: Watched, page: Page, text: str, email: str = "") -> dict[str, Any]:
    """Say something in the Messenger itself, and tell who is on the page then."""
    call(page, "showNewMessage", text)
    if email:
        page.get_by_label("Your e-mail, if you like").fill(email)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("list", name="What was said").get_by_role("listitem").last).to_have_text(text)
    return settled(tabs, page)


def test_saying_hello_in_the_messenger(tabs: Watched, workspace: Playground, shop: Callable[..., str]) -> None:
    """The visitor is a lead with a conversation and the e-mail they left; who asked to be told is told."""
    page = tabs.open(shop())
    found = booted(page)
    page.evaluate("""() => { window.told = []; for (const name of ['onShow', 'onHide', 'onUserEmailSupplied'])
        Intercom(name, () => told.push(name)); }""")
    person = say(tabs, page, "<b>Hello</b> & good day", "left@example.com")
    page.keyboard.press("Escape")
    assert page.evaluate("told") == ["onShow", "onUserEmailSupplied", "onHide"]
    lead = workspace.contact(person["id"])
    assert (lead["role"], lead["external_id"], lead["email"]) == ("lead", found, "left@example.com")
    (said,) = workspace.conversations_of(person["id"])
    assert "&lt;b&gt;Hello" in said["source"]["body"]
    assert page.evaluate("Intercom('getVisitorId')") == found
    call(page, "show")
    expect(page.get_by_role("list", name="What was said").get_by_role("listitem")).to_have_count(1)
    page.get_by_label("Your message").fill("Anybody there?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("list", name="What was said").get_by_role("listitem")).to_have_count(2)
    assert len(workspace.conversations_of(person["id"])) == 1


def test_who_does_not_sign_out_leaves_their_conversations_behind(
    tabs: Watched, workspace: Playground, shop: Callable[..., str]
) -> None:
    """The next person at this browser sees them; after a shutdown nobody does."""
    page = tabs.open(shop("/account", user_id="u-1", email="ada@example.com"))
    page.wait_for_function("window.Intercom.booted && Intercom('whoami')")
    say(tabs, page, "Private")
    page.goto(shop("/home"))
    page.wait_for_function("window.Intercom.booted && Intercom('whoami')")
    call(page, "show")
    expect(page.get_by_role("list", name="What was said").get_by_role("listitem")).to_have_text("Private")
    call(page, "shutdown")
    call(page, "boot", {"app_id": workspace.app_id})
    assert settled(tabs, page)["role"] == "visitor"
    call(page, "show")
    tabs.settle(page)
    expect(page.get_by_role("list", name="What was said").get_by_role("listitem")).to_have_count(0)


def test_events_are_tracked(tabs: Watched, workspace: Playground, shop: Callable[..., str]) -> None:
    """`trackEvent` waits for the ping and lands on the person."""
    page = tabs.open(shop(user_id="u-1", email="ada@example.com"))
    call(page, "trackEvent", "invited-friend", {"number": 2})
    page.wait_for_function("window.Intercom.booted && Intercom('whoami')")
    settled(tabs, page)
    events = workspace.ask("GET", "/events?type=user&user_id=u-1").json()["events"]
    assert [(event["event_name"], event["metadata"]) for event in events] == [("invited-friend", {"number": 2})]


def test_identity_verification(tabs: Watched, workspace: Playground, shop: Callable[..., str]) -> None:
    """403 without the right hash, and nobody is made; with it the user is there."""
    tabs.expect("status of 403", "User hash is missing or wrong")
    changed = workspace.ask("PUT", "/_sandbox/settings", {"identity_verification": True}).json()
    page = tabs.open(shop("/none", user_id="u-1"))
    settled(tabs, page)
    assert page.evaluate("Intercom('whoami') === undefined")
    settled(tabs, tabs.open(shop("/wrong", user_id="u-1", user_hash="0" * 64)))
    assert workspace.status("/contacts/find_by_external_id/u-1") == 404
    proof = user_hash(changed["client_secret"], "u-1")
    page = tabs.open(shop("/right", user_id="u-1", user_hash=proof))
    page.wait_for_function("window.Intercom.booted && Intercom('whoami')")
    assert workspace.status("/contacts/find_by_external_id/u-1") == 200
    assert proof not in workspace.ask("GET", "/_sandbox/exchanges").text


def test_update_is_limited_as_the_real_one(tabs: Watched, workspace: Playground, shop: Callable[..., str]) -> None:
    """Twenty calls in half an hour; the next is passed over."""
    page = tabs.open(shop())
    booted(page)
    page.evaluate("() => { for (let n = 1; n <= 25; n++) Intercom('update', { visits: n }) }")
    settled(tabs, page)
    pings = [
        entry
        for entry in workspace.ask("GET", "/_sandbox/exchanges").json()["data"]
        if entry["operation"] == "messengerPing" and entry["request"]["body"]["source"] == "apiUpdate"
    ]
    assert len(pings) == 20


def test_an_unknown_method_hurts_nobody(tabs: Watched, workspace: Playground, shop: Callable[..., str]) -> None:
    """It is a line in the console, as are those for which the sandbox has nothing to show."""
    page = tabs.open(shop())
    booted(page)
    for name in ("noSuchMethod", "constructor", "startTour", "showArticle", "reattach_activator", "hide", "whoami"):
        call(page, name, 1)
    assert booted(page)


def test_the_launcher_can_be_hidden_and_replaced(
    tabs: Watched, workspace: Playground, site: Site, shop: Callable[..., str]
) -> None:
    """`hide_default_launcher` and `custom_launcher_selector` do what they say."""
    url = shop("/own", hide_default_launcher=True, custom_launcher_selector="#chat")
    site.pages["/own"] = str(site.pages["/own"]).replace("<h1>", "<button id=chat>Chat</button><h1>")
    page = tabs.open(url)
    booted(page)
    expect(page.get_by_role("button", name="Open the Messenger")).to_be_hidden()
    page.locator("#chat").click()
    expect(page.get_by_role("dialog", name="Messages")).to_be_visible()


# --- the wrapper from npm, whose hosts are compiled in --------------------------------------------


LOADER = """<!doctype html><title>wrapped</title><script>
const modules = {{ {modules} }}, loaded = {{}};
function load(name) {{ name = name.replace("./", ""); if (!loaded[name]) {{ loaded[name] = {{}};
  modules[name](loaded[name], load); }} return loaded[name]; }}
const sdk = load("index"); sdk.default({{ app_id: "{app_id}" }});
</script>"""


def test_the_wrapper_from_npm_unmodified(browser: Browser, node_client: Callable[[str], Path], site: Site) -> None:
    """`@intercom/messenger-js-sdk` asks widget.intercom.io and api-iam.intercom.io; the TLS door answers both."""
    package = node_client("@intercom/messenger-js-sdk") / "dist"
    modules = ",".join(
        f'"{name}": function (exports, require) {{ {(package / f"{name}.js").read_text()} }}'
        for name in ("index", "instance-manager", "constants")
    )
    clock = FollowingClock(WallClock())
    backend = wiring.sandbox_backend(clock)
    _, server = wiring.service(backend, clock)
    assert backend.controls is not None
    app_id = backend.controls.workspace("default").settings()["app_id"]
    site.pages["/wrapped"] = LOADER.format(modules=modules, app_id=app_id)
    with server:
        context = browser.new_context(ignore_https_errors=True, proxy={"server": server.url, "bypass": "localhost"})
        page = context.new_page()
        page.goto(f"{site.url}/wrapped")
        page.wait_for_function("window.Intercom && Intercom.booted && Intercom('whoami')")
        found = page.evaluate("sdk.getVisitorId()")
        page.evaluate("sdk.update({ user_id: 'u-1', email: 'ada@example.com' })")
        page.wait_for_function("Intercom('whoami').role === 'user'")
        page.evaluate("sdk.shutdown()")
        assert page.evaluate("sdk.getVisitorId() === undefined")
        context.close()
    backend.close()
    assert UUID.fullmatch(found)
