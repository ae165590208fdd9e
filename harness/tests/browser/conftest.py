"""What the tests in a real browser share: Chromium, a sandbox to look at, and a site on another origin.

Every message of the browser's console that is an error, and every exception in a page, fails the test that it came in;
a test that provokes one says which (`expected`).
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from harness.core.clock import WallClock
from harness.tests.support.sandbox_server import served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # One process shows all pages: starting one for each test costs more than most tests do.
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    "--in-process-gpu",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium for all tests of this folder and no others: while it is open, this thread's event loop is its own.

    Code that drives Playwright itself is run `elsewhere`.
    """
    if CHROMIUM is None:
        pytest.skip("needs browser: no Chromium on the PATH; on Debian and Ubuntu: apt-get install -y chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Executor]:
    """A thread for code that brings a Playwright of its own."""
    with ThreadPoolExecutor(1) as thread:
        yield thread


@dataclass
class Playground:
    """One workspace of the sandbox that the pages look at, asked with requests of the test's own."""

    url: str
    name: str
    session: requests.Session

    @property
    def token(self) -> str:
        """Its access token."""
        return f"sandbox-{self.name}"

    @property
    def app_id(self) -> str:
        """The id that a page knows it by."""
        return str(self.ask("GET", "/_sandbox/settings").json()["app_id"])

    def ask(self, method: str, path: str, body: Any = None, version: str = "2.15") -> requests.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {self.token}", "Intercom-Version": version}
        return self.session.request(method, f"{self.url}{path}", json=body, headers=headers)

    def status(self, path: str) -> int:
        """What a read answers."""
        return self.ask("GET", path).status_code

    def contact(self, contact_id: str) -> dict[str, Any]:
        """A lead or user."""
        return dict(self.ask("GET", f"/contacts/{contact_id}").json())

    def user(self, email: str = "here.already@example.com", **traits: Any) -> dict[str, Any]:
        """A user who exists."""
        return dict(self.ask("POST", "/contacts", {"role": "user", "email": email, **traits}).json())

    def conversations_of(self, contact_id: str) -> list[dict[str, Any]]:
        """What somebody said."""
        query = {"field": "contact_ids", "operator": "=", "value": contact_id}
        return list(self.ask("POST", "/conversations/search", {"query": query}).json()["conversations"])

    @property
    def live(self) -> str:
        """The address of the live visitor for this workspace."""
        return f"{self.url}/_sandbox/live-visitor?app_id={self.app_id}#token={self.token}"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a sandbox whose pages may change things."""
    with served(WallClock(), pages_may_change=True) as (_, opened):
        yield opened.url


@pytest.fixture
def workspace(server: str, request: pytest.FixtureRequest) -> Iterator[Playground]:
    """A workspace of the test's own."""
    with requests.Session() as session:
        session.trust_env = False
        name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower())
        yield Playground(server, name[-60:].strip("-"), session)


@dataclass
class Watched:
    """A browser's tabs, and what their consoles said."""

    context: BrowserContext
    expected: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    under_way: list[Request] = field(default_factory=list)

    def open(self, url: str) -> Page:
        """A new tab at an address."""
        page = self.context.new_page()
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)
        page.goto(url)
        return page

    def expect(self, *parts: str) -> None:
        """Errors that this test provokes, by a part of their text."""
        self.expected += parts

    def settle(self, page: Page) -> None:
        """Wait until the tabs have asked nothing for a moment, and all was answered."""
        calm = 0
        while calm < 3:
            page.wait_for_timeout(30)
            calm = 0 if self.under_way else calm + 1

    def _note(self, text: str) -> None:
        self.said.append(text)

    def _began(self, request: Request) -> None:
        self.under_way.append(request)

    def _ended(self, request: Request) -> None:
        if request in self.under_way:
            self.under_way.remove(request)

    def check(self) -> None:
        """Nothing was said that was not expected."""
        usual = ["status of 404"]  # a read that finds nobody is an answer
        strange = [text for text in self.said if not any(part in text for part in [*usual, *self.expected])]
        assert strange == []


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Watched]:
    """A browser session of the test's own, 1280 pixels wide."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    watched = Watched(context)
    yield watched
    context.close()
    watched.check()


@dataclass(frozen=True)
class Site:
    """A site of somebody's own, on another origin than the sandbox."""

    url: str
    pages: dict[str, str | bytes]


@pytest.fixture
def site() -> Iterator[Site]:
    """Serves whatever a test puts into `pages`."""
    pages: dict[str, str | bytes] = {}

    class PageHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = pages.get(self.path.partition("?")[0])
            content = found.encode() if isinstance(found, str) else found or b""
            kind = "text/javascript" if self.path.endswith(".js") else "text/html"
            self.send_response(200 if found is not None else 404)
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), PageHandler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield Site(f"http://localhost:{listening.server_address[1]}", pages)
    listening.shutdown()
    listening.server_close()
    thread.join()


STUB = """<!doctype html><html lang="en"><title>A shop</title><h1>A shop</h1><script>
window.intercomSettings = {settings};
(function(){{var w=window,ic=w.Intercom;
if(typeof ic==="function"){{ic('reattach_activator');ic('update',w.intercomSettings);}}
else{{var i=function(){{i.c(arguments)}};i.q=[];i.c=function(args){{i.q.push(args)}};w.Intercom=i;
var s=document.createElement('script');s.async=true;s.src='{script}';document.head.appendChild(s);}}}})();
</script>"""


@pytest.fixture
def shop(site: Site, workspace: Playground) -> Callable[..., str]:
    """Puts up a page with the usual snippet, its settings given, and tells its address."""

    def put_up(path: str = "/shop", **settings: Any) -> str:
        import json

        app_id = workspace.app_id
        script = f"{workspace.url}/widget/{app_id}"
        site.pages[path] = STUB.format(settings=json.dumps({"app_id": app_id, **settings}), script=script)
        return site.url + path

    return put_up


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: into docs/, for the README, if `HARNESS_PICTURES=1` asks for new ones."""
    return Path(__file__).resolve().parents[3] / "docs" if os.environ.get("HARNESS_PICTURES") == "1" else tmp_path
