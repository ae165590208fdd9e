"""Visitors from a real browser: a page on loopback loads the Messenger, and the visitor's id is read from it.

Intercom's own tests skip visitors because no API makes one. The browser is the system's Chromium, driven by Playwright
(extra `browser`); where either is missing, nobody can visit and scenarios that need visitors are not run.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import urlencode

from harness.core.errors import NotPossibleHere, NotPossibleReason, Problem
from harness.test_app.test_app_backend import ProxyRoute
from harness.test_app.visitors.interrupts import interrupts_kept
from harness.test_app.visitors.page import MessengerPlace, visitor_page

CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE: Final = 30_000
"""Milliseconds that a page and its Messenger may take."""
_UTM: Final = ("utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term")
_QUIET: Final = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str | None:
    """The system's Chromium, if there is one."""
    return next((found for name in CHROMIUMS if (found := shutil.which(name))), None)


def playwright_is_there() -> bool:
    """Whether Playwright is installed."""
    return importlib.util.find_spec("playwright") is not None


class BrowserOrigin:
    """Lets visitors visit, each in a fresh browser session; the browser starts with the first and ends with the block.

    To be used from one thread. `line`: in a rehearsal, the way to whatever plays Intercom.
    """

    def __init__(self, place: MessengerPlace, line: ProxyRoute | None = None, *, patience: float = PATIENCE) -> None:
        self._place, self._line, self._patience = place, line or ProxyRoute(), patience
        self._stack = ExitStack()
        self._browser: Any = None
        self._url = ""

    @property
    def can_visit(self) -> bool:
        """Whether there is a browser."""
        return chromium() is not None and playwright_is_there()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rest()

    def rest(self) -> None:
        """End the browser; the next visit starts it anew."""
        with interrupts_kept():
            self._stack.close()
        self._browser = None

    def visit(self, traits: Mapping[str, object]) -> Mapping[str, Any]:
        """One new visitor: the uuid that the Messenger tells, in `user_id`. Asks it to take the uuid of the traits."""
        if not self.can_visit:
            raise NotPossibleHere(NotPossibleReason.VISITORS)
        visitor_user_id = ""
        with interrupts_kept():
            if self._browser is None:
                self._start()
            context = self._browser.new_context(ignore_https_errors=bool(self._line.proxy))
            try:
                visitor_user_id = self._visit(context, traits)
            finally:
                with suppress(Exception):
                    context.close()
        return {"user_id": visitor_user_id}

    def _start(self) -> None:
        from playwright.sync_api import Error, sync_playwright

        self._url = self._stack.enter_context(serving_page(visitor_page(self._place)))
        playwright = self._stack.enter_context(sync_playwright())
        proxy: Any = {"server": self._line.proxy, "bypass": "localhost"} if self._line.proxy else None
        try:
            self._browser = playwright.chromium.launch(
                executable_path=chromium(), args=[*_QUIET, *_without_sandbox()], proxy=proxy, handle_sigint=False
            )
        except Error as error:
            raise Problem(
                "Chromium does not start.",
                evidence=str(error).splitlines()[0],
                remedy="start it by hand to see why; harness doctor tells what is needed",
            ) from None
        self._stack.callback(self._browser.close)

    def _visit(self, context: Any, traits: Mapping[str, object]) -> str:
        from playwright.sync_api import Error

        if wanted := traits.get("user_id"):
            # The Messenger takes the id that this cookie holds (facts §9), so the ledger can know it beforehand.
            context.add_cookies([{"name": self._place.cookie, "value": wanted, "url": self._url}])
        page = context.new_page()
        query = urlencode({name: traits[name] for name in _UTM if traits.get(name)})
        try:
            page.goto(f"{self._url}/?{query}", referer=traits.get("referrer"), timeout=self._patience)
            page.wait_for_function(
                "/^[0-9a-f-]{36}$/.test(document.getElementById('visitor-id').textContent)", timeout=self._patience
            )
            found: str = page.inner_text("#visitor-id")
            page.wait_for_load_state("networkidle", timeout=self._patience)
            return found
        except Error as error:
            raise _no_visitor(page, error) from None


def _without_sandbox() -> tuple[str, ...]:
    """Chromium keeps its own sandbox wherever it can; as root, as in most containers, it refuses to start with it."""
    return ("--no-sandbox",) if os.geteuid() == 0 else ()


def _no_visitor(page: Any, error: Exception) -> Problem:
    shown = ""
    with suppress(Exception):
        shown = page.inner_text("#visitor-id", timeout=1_000)
    return Problem(
        "The Messenger made no visitor.",
        evidence=f"{str(error).splitlines()[0]}; the page shows: {shown or 'nothing'}",
        why="the Messenger is switched off for visitors, its script is blocked, or the app id is another's",
        remedy="open harness live-visitor in your own browser and look at its console",
    )


@contextmanager
def serving_page(content: bytes) -> Iterator[str]:
    """Serve one page on loopback for the length of a block; tells its address."""

    class BrowserPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there = self.path.partition("?")[0] == "/"
            self.send_response(200 if there else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content if there else b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), BrowserPage)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
