"""The Messenger's paths without a browser: who a ping makes, finds, converts or refuses, as a form sends it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.http import Request, Response
from harness.sandbox.messenger import messenger_rules
from harness.sandbox.messenger.proofs import Session, read_session, sign, token_of, user_hash
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.rule_combinations import combinations
from harness.tests.support.sandbox_client import Asker
from harness.tests.support.sandbox_server import served

SHOP = "https://shop.example"


class Browser:
    """A page on somebody's site, as the sandbox hears it."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.app_id = asker.sandbox.workspace(asker.workspace).app_id

    def send(self, path: str, user_data: Any = None, **fields: str) -> Response:
        """One post of the Messenger."""
        form = {"app_id": self.app_id, "v": "3", "user_data": json.dumps(user_data or {}), **fields}
        headers = {"origin": SHOP, "content-type": "application/x-www-form-urlencoded"}
        request = Request("POST", f"/messenger/web/{path}", headers, urlencode(form).encode())
        return self.asker.sandbox.handle(request)

    def post(self, path: str, user_data: Any = None, **fields: str) -> dict[str, Any]:
        """The answer's JSON, which must be a 200."""
        answer = self.send(path, user_data, **fields)
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def ping(self, user_data: Any = None, **fields: str) -> dict[str, Any]:
        """Who is on the page."""
        return dict(self.post("ping", user_data, **fields)["user"])


@pytest.fixture
def browser() -> Browser:
    """A page of a sandbox of its own."""
    return Browser(Asker.new())


def test_every_combination_meets_exactly_one_row() -> None:
    """The two tables leave nothing open and nothing twice."""
    for table in messenger_rules.TABLES:
        for facts in combinations(table):
            table.decide(**facts)


def test_a_first_ping_makes_a_visitor(browser: Browser) -> None:
    """The answer names the uuid that the cookie is to hold, and the API finds the visitor by it."""
    user = browser.ping(r="https://search.example/", referer=f"{SHOP}/?utm_source=letter&utm_term=shoes")
    assert (user["role"], user["new_session"], user["has_conversations"]) == ("visitor", True, False)
    visitor = browser.asker.ask("GET", f"/visitors?user_id={user['anonymous_id']}")
    assert (visitor["id"], visitor["session_count"]) == (user["id"], 1)
    assert (visitor["referrer"], visitor["utm_source"], visitor["utm_term"]) == (
        "https://search.example/",
        "letter",
        "shoes",
    )


def test_a_ping_with_the_cookie_is_the_same_visitor(browser: Browser) -> None:
    """A session that goes on is not counted again; one that has ended is."""
    first = browser.ping()
    known = {"anonymous_id": first["anonymous_id"]}
    again = browser.ping(known, anonymous_session=first["anonymous_session"])
    assert (again["id"], again["new_session"]) == (first["id"], False)
    browser.asker.clock.advance(8 * 24 * 3600)
    later = browser.ping(known, anonymous_session=again["anonymous_session"])
    assert (later["id"], later["new_session"]) == (first["id"], True)
    assert browser.asker.ask("GET", f"/visitors?user_id={first['anonymous_id']}")["session_count"] == 2


@pytest.mark.parametrize("form", ["{", "[]", '"text"', "1"])
def test_user_data_that_is_none_is_refused(browser: Browser, form: str) -> None:
    """400 in words, and nobody is made."""
    before = browser.asker.everything()
    answer = browser.asker.sandbox.handle(
        Request("POST", "/messenger/web/ping", {}, urlencode({"app_id": browser.app_id, "user_data": form}).encode())
    )
    assert answer.status == 400
    assert browser.asker.everything() == before


@pytest.mark.parametrize(
    "identity", [{"user_id": "u-1"}, {"email": "ada@example.com"}, {"user_id": "u-1", "email": "ada@example.com"}]
)
@pytest.mark.parametrize("source", ["nobody", "visitor", "lead"])
def test_an_identified_ping_makes_whoever_was_there_a_user(
    browser: Browser, source: str, identity: dict[str, str]
) -> None:
    """In place, under the same id, with what they had; and from nobody a new user."""
    session, was = "", None
    if source != "nobody":
        was = browser.ping({"plan": "pro"})
        session = was["anonymous_session"]
    if source == "lead":
        assert was is not None
        browser.post("messages", {"anonymous_id": was["anonymous_id"]}, body="Hello")
    user = browser.ping(identity, anonymous_session=session)
    assert user["role"] == "user"
    shown = browser.asker.ask("GET", f"/contacts/{user['id']}")
    assert (shown["external_id"], shown["email"]) == (identity.get("user_id"), identity.get("email"))
    assert shown["signed_up_at"] is not None
    if was is not None:
        assert user["id"] == was["id"]
        assert shown["custom_attributes"] == {"plan": "pro"}
        assert browser.asker.refusal("GET", f"/visitors?user_id={was['anonymous_id']}")[0] == 404


@pytest.mark.parametrize("source", ["visitor", "lead"])
def test_an_identified_ping_merges_into_the_user_who_exists(browser: Browser, source: str) -> None:
    """The source is gone; a lead points to the user (410 from 2.16), whose conversations theirs are now."""
    there = browser.asker.contact(role="user", external_id="u-1", email="ada@example.com", name="Ada")
    was = browser.ping({"plan": "pro", "name": "Somebody"})
    known = {"anonymous_id": was["anonymous_id"]}
    if source == "lead":
        browser.post("messages", known, body="Hello")
    user = browser.ping({**known, "user_id": "u-1"})
    assert user["id"] == there["id"]
    shown = browser.asker.ask("GET", f"/contacts/{there['id']}")
    assert (shown["name"], shown["custom_attributes"]) == ("Ada", {"plan": "pro"})
    status = browser.asker.send("GET", f"/contacts/{was['id']}").status
    assert status == (410 if source == "lead" else 404)
    assert len(browser.asker.ids_of(there["id"], "conversations")) == (1 if source == "lead" else 0)


def test_a_user_known_by_the_email_alone_gets_the_user_id(browser: Browser) -> None:
    """Boot with both finds the one whom the application did not name yet."""
    there = browser.asker.user("ada@example.com")
    assert browser.ping({"user_id": "u-1", "email": "ada@example.com"})["id"] == there["id"]
    assert browser.asker.ask("GET", f"/contacts/{there['id']}")["external_id"] == "u-1"


def test_a_used_up_id_is_never_anybody_again(browser: Browser) -> None:
    """A page whose visitor was converted meanwhile is a new visitor; the old uuid goes on finding nobody."""
    was = browser.ping()
    body = {"visitor": {"user_id": was["anonymous_id"]}, "user": {"email": "ada@example.com"}, "type": "user"}
    browser.asker.ask("POST", "/visitors/convert", body)
    now = browser.ping({"anonymous_id": was["anonymous_id"]}, anonymous_session=was["anonymous_session"])
    assert (now["role"], now["new_session"]) == ("visitor", True)
    assert now["anonymous_id"] != was["anonymous_id"]
    assert browser.asker.refusal("GET", f"/visitors?user_id={was['anonymous_id']}")[0] == 404


def test_a_cookie_from_before_a_reset_is_taken_up(browser: Browser) -> None:
    """A uuid that nobody ever had becomes the new visitor's; what is no uuid does not."""
    uuid = "0b6ab4c5-2f0e-4d57-9c0a-5a1b6f9e7d11"
    assert browser.ping({"anonymous_id": uuid})["anonymous_id"] == uuid
    assert browser.ping({"anonymous_id": "../../etc"})["anonymous_id"] not in ("../../etc", uuid)


def test_a_message_makes_a_lead_and_a_reply_goes_on(browser: Browser) -> None:
    """One conversation with both messages; nobody else can read it or reply to it."""
    user = browser.ping()
    known = {"anonymous_id": user["anonymous_id"]}
    blocks = json.dumps([{"type": "paragraph", "text": "<b>one</b>"}])
    said = browser.post("messages", known, blocks=blocks)
    conversation_id = said["conversation"]["id"]
    assert said["user"]["role"] == "lead"
    browser.post(f"conversations/{conversation_id}/reply", known, body="two")
    (found,) = browser.post("conversations", known)["conversations"]
    assert [part["body"] for part in found["parts"]] == ["<p>&lt;b&gt;one&lt;/b&gt;</p>", "<p>two</p>"]
    stranger = {"anonymous_id": browser.ping()["anonymous_id"]}
    assert browser.post("conversations", stranger)["conversations"] == []
    assert browser.send(f"conversations/{conversation_id}/reply", stranger, body="three").status == 404


def test_notes_of_teammates_are_not_for_the_page(browser: Browser) -> None:
    """What the teammate notes beside a conversation is never answered to the Messenger."""
    known = {"anonymous_id": browser.ping()["anonymous_id"]}
    conversation_id = browser.post("messages", known, body="Hello")["conversation"]["id"]
    admin_id = browser.asker.ask("GET", "/me")["id"]
    for kind, body in (("note", "Annoying person"), ("comment", "Hello yourself")):
        reply = {"type": "admin", "admin_id": admin_id, "message_type": kind, "body": body}
        browser.asker.ask("POST", f"/conversations/{conversation_id}/reply", reply)
    answer = browser.send("conversations", known).body
    assert b"Annoying" not in answer
    assert b"Hello yourself" in answer


@pytest.mark.parametrize("sent", [{}, {"user_hash": ""}, {"user_hash": "0" * 64}, {"user_hash": 7}])
def test_identity_verification_refuses_what_is_not_proved(browser: Browser, sent: dict[str, Any]) -> None:
    """403, and nothing is changed: not by a ping, not by a message in the user's name."""
    browser.asker.contact(role="user", external_id="u-1")
    browser.asker.sandbox.workspace("test").update_settings({"identity_verification": True})
    before = browser.asker.everything()
    for path in ("ping", "messages", "conversations"):
        assert browser.send(path, {"user_id": "u-1", **sent}, body="Hello").status == 403
    assert browser.asker.everything() == before


def test_identity_verification_lets_in_what_is_proved(browser: Browser) -> None:
    """The hash of the user id, or of the e-mail where there is no user id; visitors need none."""
    settings = browser.asker.sandbox.workspace("test").update_settings({"identity_verification": True})
    for identity in ({"user_id": "u-1", "email": "a@example.com"}, {"email": "b@example.com"}):
        proof = user_hash(settings["client_secret"], next(iter(identity.values())))
        assert browser.ping({**identity, "user_hash": proof})["role"] == "user"
    assert browser.ping()["role"] == "visitor"


def test_a_signed_token_says_who_the_user_is(browser: Browser) -> None:
    """`intercom_user_jwt`, HS256 with the client secret: its claims win over what the page says, and need no hash."""
    settings = browser.asker.sandbox.workspace("test").update_settings({"identity_verification": True})
    now = int(browser.asker.clock.now())
    token = token_of(settings["client_secret"], {"user_id": "u-1", "email": "a@example.com", "exp": now + 60})
    browser.ping({"intercom_user_jwt": token, "user_id": "somebody-else", "plan": "pro"})
    (user,) = browser.asker.using("2.16").ask("GET", "/contacts")["data"]
    assert (user["external_id"], user["email"]) == ("u-1", "a@example.com")
    assert user["custom_attributes"] == {"plan": "pro"}


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda secret, now: token_of("another secret", {"user_id": "u-1"}),
        lambda secret, now: token_of(secret, {"user_id": "u-1", "exp": now - 1}),
        lambda secret, now: token_of(secret, {"plan": "pro"}),
        lambda secret, now: token_of(secret, {"user_id": "u-1"}).rpartition(".")[0] + ".",
        lambda secret, now: token_of(secret, {"user_id": "u-1"})[:-3],
        lambda secret, now: "no token",
        lambda secret, now: 7,
    ],
    ids=["another secret", "expired", "of nobody", "unsigned", "cut", "no token", "a number"],
)
@pytest.mark.parametrize("verification", [True, False])
def test_a_token_that_proves_nobody_is_refused(browser: Browser, spoiled: Any, verification: bool) -> None:
    """Signed by another, expired, of nobody, unsigned, cut or no token: 403, and nothing is changed."""
    settings = browser.asker.sandbox.workspace("test").update_settings({"identity_verification": verification})
    token = spoiled(settings["client_secret"], int(browser.asker.clock.now()))
    before = browser.asker.everything()
    assert browser.send("ping", {"user_id": "u-1", "intercom_user_jwt": token}).status == 403
    assert browser.asker.everything() == before


@pytest.mark.parametrize(
    ("region", "host", "status"),
    [
        ("US", "api-iam.intercom.io", 200),
        ("EU", "api-iam.eu.intercom.io", 200),
        ("EU", "api-iam.intercom.io", 403),
        ("US", "api-iam.au.intercom.io", 403),
        ("EU", "127.0.0.1:8080", 200),
    ],
)
def test_a_messenger_of_another_region_is_refused(browser: Browser, region: str, host: str, status: int) -> None:
    """With both regions named; on this machine's own address every region answers."""
    browser.asker.sandbox.workspace("test").update_settings({"region": region})
    form = urlencode({"app_id": browser.app_id, "v": "3", "user_data": "{}"}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = Request("POST", "/messenger/web/ping", headers, form, origin=f"https://{host}")
    answer = browser.asker.sandbox.handle(request)
    assert answer.status == status
    if status == 403:
        (error,) = answer.json()["errors"]
        assert error["code"] == "region_mismatch"
        assert error["message"].startswith("Your workspace is hosted in ")


def test_who_does_not_sign_out_is_shown_for_a_week(browser: Browser) -> None:
    """The next anonymous ping of that browser is still the user, conversations and all; nothing of theirs changes."""
    user = browser.ping({"user_id": "u-1", "email": "ada@example.com", "name": "Ada"})
    browser.post("messages", {"user_id": "u-1"}, body="Private")
    kept = {"anonymous_session": user["anonymous_session"]}
    before = browser.asker.ask("GET", f"/contacts/{user['id']}")
    assert browser.ping({}, **kept)["id"] == user["id"]
    assert len(browser.post("conversations", {}, **kept)["conversations"]) == 1
    now = browser.asker.ask("GET", f"/contacts/{user['id']}")
    assert {name: now[name] for name in ("email", "external_id", "name")} == {
        name: before[name] for name in ("email", "external_id", "name")
    }
    browser.asker.clock.advance(7 * 24 * 3600 + 1)
    assert browser.ping({}, **kept)["role"] == "visitor"


def test_a_session_of_a_visitor_does_not_sign_in_the_user_they_became(browser: Browser) -> None:
    """Converted by REST, the browser was never told who they are: its next ping is a new visitor."""
    visitor = browser.ping()
    sent = {"visitor": {"id": visitor["id"]}, "user": {"email": "ada@example.com"}, "type": "user"}
    browser.asker.ask("POST", "/visitors/convert", sent)
    again = browser.ping({"anonymous_id": visitor["anonymous_id"]}, anonymous_session=visitor["anonymous_session"])
    assert (again["role"], again["id"] != visitor["id"]) == ("visitor", True)


def test_a_session_is_believed_only_if_signed_here(browser: Browser) -> None:
    """One that was altered, or made with another secret, leads to nobody."""
    was = browser.ping()
    forged = sign("another secret", Session(was["id"], 0))
    for cookie in (forged, was["anonymous_session"][:-1], "", "--", "x--y", "é--é"):
        assert browser.ping({"email": f"{len(cookie)}@example.com"}, anonymous_session=cookie)["id"] != was["id"]
    assert read_session("secret", sign("secret", Session("a", 10)), 10 + 7 * 24 * 3600 + 1) is None


@pytest.mark.parametrize("path", ["ping", "open", "messages", "conversations", "events", "metrics"])
def test_an_unknown_app_id(browser: Browser, path: str) -> None:
    """404 wherever it is named."""
    assert browser.send(path, {}, app_id="nosuch00").status == 404
    assert browser.asker.sandbox.handle(Request("GET", "/widget/nosuch00")).status == 404


def test_pages_on_other_origins_may_read_the_messenger_and_nothing_else(browser: Browser) -> None:
    """Its answers allow the asking origin, without cookies; Intercom's own paths allow nobody."""
    assert browser.send("ping").headers["access-control-allow-origin"] == SHOP
    asked_first = browser.asker.sandbox.handle(Request("OPTIONS", "/messenger/web/ping", {"origin": SHOP}))
    assert (asked_first.status, asked_first.headers["access-control-allow-methods"]) == (204, "POST")
    assert "access-control-allow-credentials" not in asked_first.headers
    other = browser.asker.send("GET", "/contacts", origin=SHOP)
    assert not any(name.startswith("access-control") for name in other.headers)


def test_the_script_names_its_workspace_and_nothing_of_the_request(browser: Browser) -> None:
    """The app id in it is the workspace's own; what a path tries to smuggle in is not found."""
    script = browser.asker.sandbox.handle(Request("GET", f"/widget/{browser.app_id}"))
    assert (script.status, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert f'const APP = {{"app_id": "{browser.app_id}"}};'.encode() in script.body
    smuggled = browser.asker.sandbox.handle(Request("GET", f"/widget/{browser.app_id}%22;alert(1)//"))
    assert (smuggled.status, b"alert" in smuggled.body) == (404, False)


def test_the_small_siblings_answer(browser: Browser) -> None:
    """open, metrics and launcher_settings are what a page asks for beside the rest; a GET of them is none."""
    known = {"anonymous_id": browser.ping()["anonymous_id"]}
    assert browser.post("open", known)["user"]["role"] == "visitor"
    assert browser.post("metrics", known) == {}
    assert browser.post("launcher_settings", known)["is_enabled"] is True
    assert browser.send("nothing", known).status == 404
    assert browser.asker.sandbox.handle(Request("GET", "/messenger/web/ping")).status == 405
    assert (
        browser.send("messages", {"anonymous_id": "0b6ab4c5-2f0e-4d57-9c0a-5a1b6f9e7d11"}, body="Hello").status == 404
    )
    assert browser.send("messages", known, body="").status == 400


def test_a_workspace_on_disk_is_found_by_its_app_id_after_a_restart(tmp_path: Any) -> None:
    """A page that embeds the app id needs nobody to use the token first."""
    first = Asker.new(tmp_path)
    app_id = first.sandbox.workspace("test").app_id
    first.sandbox.close()
    second = Asker.new(tmp_path)
    assert second.sandbox.handle(Request("GET", f"/widget/{app_id}")).status == 200
    second.sandbox.close()


def test_faults_and_exchanges_know_the_messenger() -> None:
    """Over HTTP, where a browser brings no token: both are the workspace's that has the app id."""
    token = {"Authorization": "Bearer sandbox-shop"}
    with served() as (_, server), requests.Session() as session:
        session.trust_env = False
        app_id = session.get(f"{server.url}/_sandbox/settings", headers=token).json()["app_id"]
        fault = {"operation": "messengerPing", "kind": "status", "status": 503, "times": 1}
        assert session.post(f"{server.url}/_sandbox/faults", json=fault, headers=token).status_code == 201
        form = {"app_id": app_id, "user_data": json.dumps({"user_id": "u-1", "user_hash": "ab" * 32})}
        pings = [session.post(f"{server.url}/messenger/web/ping", data=form).status_code for _ in range(2)]
        seen = session.get(f"{server.url}/_sandbox/exchanges", headers=token)
    assert pings == [503, 200]
    assert [entry["operation"] for entry in seen.json()["data"]] == ["messengerPing"] * 2
    assert "abab" not in seen.text


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(["u-1", "ada@example.com", "0b6ab4c5-2f0e-4d57-9c0a-5a1b6f9e7d11", "\ud800", "\0", "x" * 100_000]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KNOWN = "anonymous_id user_id email name phone avatar created_at company companies custom_attributes user_hash utm_term"
USER_DATA = st.dictionaries(st.sampled_from([*KNOWN.split(), "plan", "a b", "$", ""]), TREES, max_size=6)
FIELDS = st.dictionaries(
    st.sampled_from(["blocks", "body", "email", "event_name", "metadata", "anonymous_session", "referer", "r"]),
    st.text(max_size=20) | TREES.map(json.dumps),
    max_size=4,
)


@settings(UNHURRIED, max_examples=150)
@given(
    st.sampled_from(["ping", "messages", "open", "conversations", "conversations/12/reply", "events"]),
    USER_DATA,
    FIELDS,
)
def test_no_form_breaks_it(path: str, user_data: dict[str, Any], fields: dict[str, str]) -> None:
    """Whatever a page sends is answered or refused; nothing is an error of the sandbox's own."""
    sent = {name: value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for name, value in fields.items()}
    assert Browser(Asker.new()).send(path, user_data, **sent).status < 500


@settings(UNHURRIED, max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_break_it(body: bytes) -> None:
    """Nor does what is no form at all."""
    assert Asker.new().sandbox.handle(Request("POST", "/messenger/web/ping", {}, body)).status < 500
