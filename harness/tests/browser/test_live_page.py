"""The live visitor page in a real browser: every step of the guide's example, and all that can go wrong on it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from harness.tests.browser.conftest import Playground, Watched

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
HOSTILE = "<img src=x onerror=alert(1)></script><script>window.hurt=1</script>\u202eevil\u202c"


def visitor_id(page: Page) -> str:
    """The id that the page shows, once there is one."""
    expect(page.locator("#visitor-id")).to_have_text(UUID)
    expect(page.locator("#kind")).not_to_be_empty()
    return page.locator("#visitor-id").inner_text()


def person_of(page: Page) -> dict[str, Any]:
    """Who the Messenger says is on the page."""
    return dict(page.evaluate("window.Intercom('whoami')"))


def become(page: Page, what: str) -> None:
    """Choose what the visitor is to become."""
    page.locator(f"input[name=become][value={what}]").check()


def test_a_visitor_gets_an_id_and_keeps_it_on_reload(tabs: Watched, workspace: Playground) -> None:
    """The id on the page is one that Intercom's own read finds, today and after a reload."""
    page = tabs.open(workspace.live)
    first = visitor_id(page)
    assert workspace.ask("GET", f"/visitors?user_id={first}").json()["user_id"] == first
    page.reload()
    assert visitor_id(page) == first
    assert page.evaluate("Intercom.booted") is True


def test_saying_hello_makes_a_lead_with_that_conversation(tabs: Watched, workspace: Playground) -> None:
    """The visitor is gone as one, the same person is a lead, and what was said is their conversation."""
    page = tabs.open(workspace.live)
    found = visitor_id(page)
    person = person_of(page)
    assert workspace.status(f"/visitors?user_id={found}") == 200
    page.locator("#message").fill("Do you ship to Spain?")
    page.locator("#hello").click()
    expect(page.locator("#hello-note")).to_contain_text("The visitor is a lead now")
    expect(page.locator("#kind")).to_have_text("lead")
    assert workspace.status(f"/visitors?user_id={found}") == 404
    assert workspace.contact(person["id"])["role"] == "lead"
    (said,) = workspace.conversations_of(person["id"])
    assert "Do you ship to Spain?" in said["source"]["body"]
    expect(page.locator("#card-hello .status")).to_have_text("200")


def test_converting_to_a_lead_and_once_more(tabs: Watched, workspace: Playground) -> None:
    """The request is the guide's own, step 4 tells that the source is gone; a used-up id gets Intercom's refusal."""
    page = tabs.open(workspace.live)
    found = visitor_id(page)
    expect(page.locator("#card-convert pre").first).to_contain_text(found)
    page.locator("#convert").click()
    expect(page.locator("#convert-note")).to_contain_text("lead")
    expect(page.locator("#proof")).to_contain_text("found before and is not found now; the same person is a lead")
    (sent,) = [
        entry["request"]["body"]
        for entry in workspace.ask("GET", "/_sandbox/exchanges").json()["data"]
        if entry["operation"] == "convertVisitor"
    ]
    assert sent == {"visitor": {"user_id": found}, "type": "lead"}
    page.locator("#convert").click()
    expect(page.locator("#convert-note")).to_contain_text("404 not_found: Visitor Not Found")
    expect(page.locator("#convert-hint")).to_contain_text("already")


def test_converting_to_a_new_user(tabs: Watched, workspace: Playground) -> None:
    """The same person is a user with that e-mail, and the id on the page is said to be used up."""
    page = tabs.open(workspace.live)
    found = visitor_id(page)
    person = person_of(page)
    become(page, "user")
    page.locator("#email").fill("ada@example.com")
    page.locator("#convert").click()
    expect(page.locator("#kind")).to_have_text("user")
    expect(page.locator("#id-note")).to_contain_text("used up")
    now = workspace.contact(person["id"])
    assert (now["role"], now["email"]) == ("user", "ada@example.com")
    assert workspace.status(f"/visitors?user_id={found}") == 404


@pytest.mark.parametrize("first", ["visitor", "lead"])
def test_merging_into_a_chosen_user(tabs: Watched, workspace: Playground, first: str) -> None:
    """A visitor, or the lead whom a message made of them, is folded into the user that was chosen from the list."""
    user = workspace.user()
    page = tabs.open(workspace.live)
    found = visitor_id(page)
    person = person_of(page)
    if first == "lead":
        page.locator("#hello").click()
        expect(page.locator("#kind")).to_have_text("lead")
    become(page, "merge")
    page.locator("#user").select_option(user["id"])
    page.locator("#convert").click()
    expect(page.locator("#kind")).to_have_text("merged away")
    assert workspace.status(f"/visitors?user_id={found}") == 404
    assert workspace.status(f"/contacts/{person['id']}") == 404
    assert workspace.contact(user["id"])["email"] == user["email"]
    gone = page.locator("#reads tr", has_text="the same person as a contact").locator("td")
    expect(gone.nth(0)).to_contain_text("404" if first == "visitor" else "200 lead")
    expect(gone.nth(1)).to_contain_text("404")
    expect(page.locator("#proof")).to_contain_text("the user they were merged into is there")
    assert len(workspace.conversations_of(user["id"])) == (1 if first == "lead" else 0)


def test_signing_out_gives_another_visitor(tabs: Watched, workspace: Playground) -> None:
    """The page tells both ids, and the next one is a visitor of its own."""
    page = tabs.open(workspace.live)
    first = visitor_id(page)
    page.locator("#sign-out").click()
    expect(page.locator("#sign-out-note")).to_contain_text(f"Was {first}, is ")
    second = visitor_id(page)
    assert second != first
    assert workspace.status(f"/visitors?user_id={second}") == 200
    expect(page.locator("#kind")).to_have_text("visitor")


def test_two_tabs_are_one_visitor(tabs: Watched, workspace: Playground) -> None:
    """The cookie is the site's, and the second tab knows that the first said hello."""
    one = tabs.open(workspace.live)
    found = visitor_id(one)
    other = tabs.open(workspace.live)
    assert visitor_id(other) == found
    one.locator("#hello").click()
    expect(one.locator("#kind")).to_have_text("lead")
    other.locator("#prove").click()
    expect(other.locator("#kind")).to_have_text("lead")


def test_an_id_can_be_copied(tabs: Watched, workspace: Playground) -> None:
    """What lands in the clipboard is the id and nothing else."""
    tabs.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = tabs.open(workspace.live)
    found = visitor_id(page)
    page.locator("#copy-id").click()
    expect(page.locator("#copy-id")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == found


def runner_of(kind: str, folder: Path, code: str) -> list[str]:
    """The command that runs a copied call."""
    name = {"curl": "call.sh", "python": "call.py", "node": "call.mjs"}[kind]
    path = folder / name
    path.write_text(code)
    return [{"curl": "sh", "python": sys.executable, "node": "node"}[kind], str(path)]


def copied(page: Page, card: str, kind: str, folder: Path) -> str:
    """What the call beside a step prints when it is pasted into a terminal."""
    page.locator(f"#card-{card} [data-kind={kind}]").click()
    code = page.locator(f"#card-{card} pre").inner_text()
    command, bare = runner_of(kind, folder, code), {"PATH": os.environ["PATH"], "no_proxy": "*"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=bare)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.replace(" ", "")


def test_the_call_beside_each_step_runs_as_it_was_copied(tabs: Watched, workspace: Playground, tmp_path: Path) -> None:
    """As curl, Python and Node: the very visitor on the page is read, says what stands there, and is converted."""
    page = tabs.open(workspace.live)
    said = 'It\'s "50 % off" & más — $HOME `date` \\n?'
    for kind in ("curl", "python", "node"):
        found = visitor_id(page)
        person = person_of(page)
        page.locator("#message").fill(said)
        become(page, "user")
        email = f"o'hara+{kind}@example.com"
        page.locator("#email").fill(email)
        assert f'"user_id":"{found}"' in copied(page, "read", kind, tmp_path)
        assert '"role":"user"' in copied(page, "convert", kind, tmp_path)
        assert workspace.contact(person["id"])["email"] == email
        page.locator("#sign-out").click()
        expect(page.locator("#visitor-id")).not_to_have_text(found)
        visitor_id(page)
        person = person_of(page)
        assert '"conversation":{' in copied(page, "hello", kind, tmp_path)
        (conversation,) = workspace.conversations_of(person["id"])
        assert "$HOME `date` \\n?" in conversation["source"]["body"]
        second = visitor_id(page)
        page.locator("#sign-out").click()
        expect(page.locator("#visitor-id")).not_to_have_text(second)


def test_a_lead_who_was_deleted_is_not_said_to_be_converted(tabs: Watched, workspace: Playground) -> None:
    """From 2.16 a merge leaves a link behind; a deletion leaves nothing, and the page tells them apart."""
    page = tabs.open(workspace.live)
    visitor_id(page)
    person = person_of(page)
    page.locator("#convert").click()
    expect(page.locator("#kind")).to_have_text("lead")
    workspace.ask("DELETE", f"/contacts/{person['id']}")
    page.locator("#prove").click()
    expect(page.locator("#proof")).to_contain_text("they were deleted, not converted")


# --- what can go wrong ----------------------------------------------------------------------------


def test_markup_is_shown_as_text(tabs: Watched, workspace: Playground) -> None:
    """Names, e-mails, messages and answers with markup, scripts and right-to-left marks run nowhere."""
    workspace.ask("POST", "/contacts", {"role": "user", "email": "x@example.com", "name": HOSTILE})
    page = tabs.open(workspace.live)
    visitor_id(page)
    page.locator("#message").fill(HOSTILE)
    page.locator("#hello").click()
    expect(page.locator("#kind")).to_have_text("lead")
    expect(page.locator("#card-hello")).to_contain_text("onerror=alert(1)")
    page.evaluate("Intercom('show')")
    expect(page.get_by_role("list", name="What was said").get_by_role("listitem")).to_contain_text("<img src=x")
    assert page.evaluate("window.hurt") is None
    assert page.locator("#card-hello img").count() == 0


def test_a_message_of_100_kilobytes(tabs: Watched, workspace: Playground) -> None:
    """It is said, kept and shown, and the page stays as wide as it was."""
    page = tabs.open(workspace.live)
    visitor_id(page)
    person = person_of(page)
    page.locator("#message").fill("ä<b>" * 25_000)
    page.locator("#hello").click()
    expect(page.locator("#kind")).to_have_text("lead")
    (said,) = workspace.conversations_of(person["id"])
    assert said["source"]["body"].count("ä&lt;b&gt;") == 25_000
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_unknown_app_id(tabs: Watched, workspace: Playground) -> None:
    """The page says that nobody has it, and which one the token's workspace has."""
    own = workspace.app_id
    page = tabs.open(f"{workspace.url}/_sandbox/live-visitor?app_id=nosuch00#token={workspace.token}")
    expect(page.locator("#workspace-note")).to_contain_text("No workspace here has the App ID nosuch00")
    expect(page.locator("#workspace-note")).to_contain_text(own)
    expect(page.locator("#visitor-id")).to_have_text("undefined")


def test_a_wrong_token(tabs: Watched, workspace: Playground) -> None:
    """It is refused in words, and nothing is booted."""
    tabs.expect("status of 401")
    page = tabs.open(workspace.live)
    visitor_id(page)
    for token in ("wrong", "sandbox-NOT A NAME", ""):
        page.locator("#token").fill(token)
        page.get_by_role("button", name="Open", exact=True).click()
        expect(page.locator("#workspace-note")).to_contain_text("The access token is refused")
        expect(page.locator("#visitor-id")).to_have_text("undefined")


def test_a_blocked_script(tabs: Watched, workspace: Playground) -> None:
    """Where a blocker stops the Messenger the id is undefined, and the page says what that means."""
    tabs.expect("ERR_BLOCKED_BY_CLIENT", "Failed to load resource")
    tabs.context.route("**/widget/*", lambda route: route.abort("blockedbyclient"))
    page = tabs.open(workspace.live)
    expect(page.locator("#workspace-note")).to_contain_text("ad blocker")
    expect(page.locator("#visitor-id")).to_have_text("undefined")
    expect(page.locator("#id-note")).to_contain_text("Never send it on")
    expect(page.locator("#convert")).to_be_disabled()


def test_a_sandbox_that_went_away(tabs: Watched, workspace: Playground) -> None:
    """A step that gets no answer says so beside its button; what was shown stays."""
    tabs.expect("ERR_CONNECTION_REFUSED", "Failed to load resource")
    page = tabs.open(workspace.live)
    found = visitor_id(page)
    tabs.context.route("**/*", lambda route: route.abort("connectionrefused"))
    page.locator("#convert").click()
    expect(page.locator("#convert-note")).to_contain_text("Nothing answers at")
    expect(page.locator("#visitor-id")).to_have_text(found)
    assert page.locator("#convert").is_enabled()


def test_identity_verification_leaves_visitors_alone(tabs: Watched, workspace: Playground) -> None:
    """It is about users who say who they are; nobody else is asked."""
    workspace.ask("PUT", "/_sandbox/settings", {"identity_verification": True})
    page = tabs.open(workspace.live)
    visitor_id(page)


def test_the_policy_of_the_page_lets_nothing_in(tabs: Watched, workspace: Playground) -> None:
    """A script that got into the document would not run, and no other site may frame the page."""
    tabs.expect("Content Security Policy")
    page = tabs.open(workspace.live)
    visitor_id(page)
    script = "const s = document.createElement('script'); s.textContent = 'window.hurt = 1'; document.body.append(s)"
    page.evaluate(script)
    assert page.evaluate("window.hurt") is None
    headers = workspace.session.get(f"{workspace.url}/_sandbox/live-visitor").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_everything_can_be_done_with_the_keyboard(tabs: Watched, workspace: Playground) -> None:
    """From the first tab stop to the converted visitor without a pointer; the calls' tabs turn with the arrows."""
    page = tabs.open(workspace.live)
    visitor_id(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the steps"
    page.locator("#card-convert [role=tab][aria-selected=true]").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "curl"
    page.locator("#convert").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#kind")).to_have_text("lead")
