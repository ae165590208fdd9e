"""The control plane as other people's scripts use it: over HTTP, in front of the sandbox, one workspace per token."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from harness.core.clock import FollowingClock, ManualClock
from harness.core.errors import Problem
from harness.gateway import Gateway
from harness.gateway.core import Backend, GatewaySession
from harness.gateway.server.server import Server
from harness.gateway.upstream import RemoteSandbox, Upstream, running_sandbox
from harness.runner import wiring
from harness.tests.support.doors import echo
from harness.tests.support.sandbox_server import served

pytestmark = pytest.mark.usefixtures("both_paths")


class Sandboxed:
    """A sandbox behind its server, asked with one workspace's token."""

    def __init__(self, url: str, gateway: Gateway) -> None:
        self.url = url
        self.gateway = gateway
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, method: str, path: str, body: Any = None, token: str | None = "sandbox-one") -> requests.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.session.request(method, f"{self.url}{path}", json=body, headers=headers)


@pytest.fixture
def sandboxed() -> Iterator[Sandboxed]:
    """A sandbox whose clock stands at the start of all runs, as `harness sandbox` serves one."""
    with served() as (gateway, server):
        opened = Sandboxed(server.url, gateway)
        with opened.session:
            yield opened


def test_health_asks_for_no_token(sandboxed: Sandboxed) -> None:
    """Anybody may ask whether it runs, and what it is."""
    answer = sandboxed.ask("GET", "/_sandbox/health", token=None)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["backend"]) == ("ok", "sandbox")


@pytest.mark.parametrize("token", [None, "wrong", "sandbox-", "sandbox-Not A Name"])
@pytest.mark.parametrize("path", ["/_sandbox/exchanges", "/_sandbox/settings", "/me"])
def test_any_other_token_is_unauthorized(sandboxed: Sandboxed, token: str | None, path: str) -> None:
    """The control plane asks for the same token as Intercom's own paths, and refuses in the same envelope."""
    answer = sandboxed.ask("GET", path, token=token)
    assert answer.status_code == 401
    assert answer.json()["type"] == "error.list"


def test_a_visitor_can_be_made_and_is_then_found_by_intercoms_own_read(sandboxed: Sandboxed) -> None:
    """201 with the visitor as Intercom shows it."""
    made = sandboxed.ask("POST", "/_sandbox/visitors", {"name": "Ada", "custom_attributes": {"plan": "pro"}})
    assert made.status_code == 201
    visitor = made.json()
    assert (visitor["type"], visitor["name"]) == ("visitor", "Ada")
    found = sandboxed.ask("GET", f"/visitors?user_id={visitor['user_id']}")
    assert found.json()["id"] == visitor["id"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "clock", b'{"now": 1e308}'),
        ("PUT", "clock", b'{"advance": NaN}'),
        ("PUT", "clock", b'{"now": Infinity}'),
        ("PUT", "clock", b"[" * 5_000),
        ("POST", "visitors", b'{"location": "Dublin"}'),
        ("POST", "visitors", b'{"custom_attributes": {"a": 1180591620717411303424}}'),
        ("POST", "visitors", b'{"name": "' + b"a" * 5_000),
    ],
)
def test_nothing_asked_of_the_control_plane_spoils_the_server(
    sandboxed: Sandboxed, method: str, path: str, body: bytes
) -> None:
    """A clock at no moment there is would be felt by every workspace; each of these is refused with its reason."""
    headers = {"Authorization": "Bearer sandbox-one"}
    answer = sandboxed.session.request(method, f"{sandboxed.url}/_sandbox/{path}", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]
    assert sandboxed.ask("GET", "/me").status_code == 200


def test_what_cannot_be_is_a_400_that_says_so(sandboxed: Sandboxed) -> None:
    """Unknown traits, settings and broken JSON are refused by name, and nothing is made."""
    assert "shoe_size" in sandboxed.ask("POST", "/_sandbox/visitors", {"shoe_size": 42}).text
    assert "shoe_size" in sandboxed.ask("PUT", "/_sandbox/settings", {"shoe_size": 42}).text
    headers = {"Authorization": "Bearer sandbox-one"}
    broken = sandboxed.session.post(f"{sandboxed.url}/_sandbox/visitors", data="{", headers=headers)
    assert (broken.status_code, "no JSON" in broken.text) == (400, True)


def _own_address() -> str:
    """An address of this machine that is not the loopback's; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as looking:
        try:
            looking.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network at all")
        return str(looking.getsockname()[0])


@pytest.mark.parametrize("page", ["/_sandbox/", "/_sandbox/live-visitor"])
def test_pages_are_for_the_machine_that_serves_them(page: str) -> None:
    """Also where the server listens on every address, as it has to for a container."""
    address, clock = _own_address(), FollowingClock(ManualClock())
    backend = wiring.sandbox_backend(clock)
    _, everywhere = wiring.service(backend, clock, host="0.0.0.0")
    with closing(backend), everywhere as server, requests.Session() as session:
        session.trust_env = False
        near, far = (f"http://{host}:{server.port}" for host in ("127.0.0.1", address))
        assert session.get(near + page, timeout=10).status_code == 200
        assert session.get(far + page, timeout=10).status_code == 403
        assert session.get(f"{far}/_sandbox/health", timeout=10).status_code == 200


def test_a_segment_can_be_made_and_is_then_listed(sandboxed: Sandboxed) -> None:
    """201 with the segment as Intercom shows it; what is none is a 400 that says why."""
    rule = {"field": "email_domain", "operator": "=", "value": "example.org"}
    made = sandboxed.ask("POST", "/_sandbox/segments", {"name": "Ours", "query": rule})
    assert (made.status_code, made.json()["name"], made.json()["person_type"]) == (201, "Ours", "user")
    there = sandboxed.ask("GET", "/segments").json()["segments"]
    assert made.json() in there
    refused = sandboxed.ask("POST", "/_sandbox/segments", {"name": "Ours", "query": {"field": "email_domain"}})
    assert (refused.status_code, "no rule of a segment" in refused.text) == (400, True)
    assert sandboxed.ask("GET", "/segments").json()["segments"] == there
    with closing(Upstream(sandboxed.url)) as upstream:
        workspace = RemoteSandbox(upstream).workspace("one")
        assert workspace.create_segment({"name": "Leads", "role": "lead", "query": rule})["person_type"] == "contact"


def test_reset_empties_one_workspace_and_no_other(sandboxed: Sandboxed) -> None:
    """204, and the neighbour keeps everyone."""
    one = sandboxed.ask("POST", "/_sandbox/visitors", {}).json()
    other = sandboxed.ask("POST", "/_sandbox/visitors", {}, token="sandbox-other").json()
    assert sandboxed.ask("POST", "/_sandbox/reset").status_code == 204
    assert sandboxed.ask("GET", f"/visitors?user_id={one['user_id']}").status_code == 404
    found = sandboxed.ask("GET", f"/visitors?user_id={other['user_id']}", token="sandbox-other")
    assert found.status_code == 200


def test_settings_can_be_read_and_changed(sandboxed: Sandboxed) -> None:
    """The default version counts for requests without a header; the app id is what /me shows, and stays."""
    before = sandboxed.ask("GET", "/_sandbox/settings").json()
    assert sandboxed.ask("GET", "/me").json()["app"]["id_code"] == before["app_id"]
    assert len(before["app_id"]) == 8
    changed = sandboxed.ask("PUT", "/_sandbox/settings", {"intercom_version": "2.14"}).json()
    assert changed == {**before, "intercom_version": "2.14"}
    assert sandboxed.ask("GET", "/me").headers["intercom-version"] == "2.14"
    assert sandboxed.ask("PUT", "/_sandbox/settings", {"app_id": "abcdefgh"}).status_code == 400


def test_exchanges_show_what_this_workspace_was_asked_and_answered(sandboxed: Sandboxed) -> None:
    """Bodies are trees, credentials are gone, the control plane's own requests are not among them."""
    sandboxed.ask("POST", "/visitors/convert", {"visitor": {"user_id": "nobody"}, "type": "lead"})
    sandboxed.ask("GET", "/me?access_token=very-secret", token="sandbox-other")
    shown = sandboxed.ask("GET", "/_sandbox/exchanges")
    (exchange,) = shown.json()["data"]
    assert exchange["request"]["body"] == {"visitor": {"user_id": "nobody"}, "type": "lead"}
    assert (exchange["response"]["status"], exchange["response"]["body"]["type"]) == (404, "error.list")
    assert "authorization" not in exchange["request"]["headers"]
    other = sandboxed.ask("GET", "/_sandbox/exchanges", token="sandbox-other").text
    assert "very-secret" not in other
    assert "[masked]" in other


def test_exchanges_name_the_fields_that_intercom_does_not_read(sandboxed: Sandboxed) -> None:
    """A merge that sends `to` is told apart from one that sends `into`."""
    sandboxed.ask("PUT", "/_sandbox/settings", {"intercom_version": "2.16"})
    sandboxed.ask("POST", "/contacts/merge", {"from": "a", "to": "b"})
    (exchange,) = sandboxed.ask("GET", "/_sandbox/exchanges").json()["data"]
    assert exchange["unread"] == ["to"]


def test_secrets_in_bodies_are_masked(sandboxed: Sandboxed) -> None:
    """Whatever a key calls a secret is not shown, however deep."""
    body = {"custom_attributes": {"api_key": "k-123456", "plan": "pro"}, "list": [{"client_secret": "s-123456"}]}
    sandboxed.ask("POST", "/contacts", body)
    text = sandboxed.ask("GET", "/_sandbox/exchanges").text
    assert "pro" in text
    assert "k-123456" not in text
    assert "s-123456" not in text


def test_exchanges_can_be_asked_for_from_a_number_on(sandboxed: Sandboxed) -> None:
    """A script that looks again sees only what is new."""
    sandboxed.ask("GET", "/me")
    last = sandboxed.ask("GET", "/_sandbox/exchanges").json()["data"][-1]["number"]
    sandboxed.ask("GET", "/contacts")
    (new,) = sandboxed.ask("GET", f"/_sandbox/exchanges?since={last}").json()["data"]
    assert new["request"]["target"] == "/contacts"


def test_the_clock_stands_once_it_is_told(sandboxed: Sandboxed) -> None:
    """It can be set and advanced, forward only, and the sandbox lives by it."""
    began = sandboxed.ask("GET", "/_sandbox/clock").json()
    assert began["follows_wall_clock"] is True
    told = sandboxed.ask("PUT", "/_sandbox/clock", {"now": began["now"] + 60}).json()
    assert (told["now"], told["follows_wall_clock"]) == (began["now"] + 60, False)
    assert sandboxed.ask("PUT", "/_sandbox/clock", {"advance": 10}).json()["now"] == began["now"] + 70
    assert sandboxed.ask("POST", "/_sandbox/visitors", {}).json()["created_at"] == began["now"] + 70
    assert sandboxed.ask("PUT", "/_sandbox/clock", {"now": 1}).status_code == 400
    assert sandboxed.ask("PUT", "/_sandbox/clock", {"later": 1}).status_code == 400


def test_unknown_paths_and_methods_are_told_apart(sandboxed: Sandboxed) -> None:
    """Neither reaches the gateway."""
    assert sandboxed.ask("GET", "/_sandbox/nothing").status_code == 404
    wrong = sandboxed.ask("DELETE", "/_sandbox/clock")
    assert (wrong.status_code, "GET, PUT" in wrong.text) == (405, True)
    assert sandboxed.gateway.log.count == 0


def test_a_running_sandbox_can_stand_behind_another_gateway(sandboxed: Sandboxed) -> None:
    """Its answers, its links and its control plane are passed on as they are."""
    upstream = running_sandbox(sandboxed.url)
    clock = FollowingClock(ManualClock())
    backend = wiring.OpenBackend(upstream.handle, controls=RemoteSandbox(upstream), close=upstream.close)
    gateway, server = wiring.service(backend, clock)
    with server:
        front = Sandboxed(server.url, gateway)
        visitor = front.ask("POST", "/_sandbox/visitors", {"name": "Ada"}).json()
        found = front.ask("GET", f"/visitors?user_id={visitor['user_id']}")
        assert found.json()["name"] == "Ada"
        assert front.ask("PUT", "/_sandbox/settings", {"intercom_version": "1.4"}).json()["intercom_version"] == "1.4"
        assert front.ask("PUT", "/_sandbox/settings", {"intercom_version": "9.9"}).status_code == 400
        for number in range(3):
            front.ask("POST", "/contacts", {"name": str(number)})
        following = front.ask("GET", "/contacts?per_page=1").json()["pages"]["next"]
        assert following.startswith(front.url), "a link leads back through the door that was used"
        assert front.ask("POST", "/_sandbox/reset").status_code == 204
        front.session.close()
    upstream.close()


def test_a_sandbox_that_ends_is_a_502_of_the_gateway(sandboxed: Sandboxed) -> None:
    """Requests to a backend that went away are refusals with their reason."""
    gateway = Gateway(ManualClock())
    with Server(gateway) as gone:
        gateway.open(GatewaySession(Backend(echo)))
        dead = gone.url
    upstream = wiring.OpenBackend(Upstream(dead).handle)
    front, server = wiring.service(upstream, ManualClock())
    with server:
        answer = Sandboxed(server.url, front).ask("GET", "/me")
    assert answer.status_code == 502
    assert "cannot be reached" in str(front.log.refused[0].outcome.refused)
    assert json.loads(answer.text)["type"] == "error.list"


@pytest.mark.parametrize(
    "url", ["https://api.intercom.io", "http://example.com:80", "http://127.0.0.1:1", "ftp://127.0.0.1", "http://"]
)
def test_only_a_sandbox_on_loopback_may_stand_behind(url: str) -> None:
    """Anything else is turned down with its reason before the first request."""
    with pytest.raises(Problem, match=r"not on this machine's loopback|no sandbox runs at"):
        running_sandbox(url)


def test_a_server_that_is_no_sandbox_is_turned_down() -> None:
    """Whatever answers on a port must say that it is a sandbox."""
    gateway = Gateway(ManualClock())
    gateway.open(GatewaySession(Backend(echo)))
    with Server(gateway) as server, pytest.raises(Problem, match="no sandbox runs at"):
        running_sandbox(server.url)
