"""Visitors by hand: a page for a person's own browser, and the scenario that waits for the ids it yields.

`harness live-visitor` serves the page in one process, a run against the TEST app takes the ids in another. The two find
each other by a note in the TEST app's state folder; the secret in it is what the run shows.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests

from harness.core.errors import Problem
from harness.core.json_values import Json
from harness.test_app.visitors.page import MessengerPlace, visitor_page

NOTE: Final = "live-visitor.json"
WAIT: Final = 300.0
"""Seconds that a scenario waits for a person to visit."""
TURN: Final = 10.0
"""Seconds that one question for an id stays open."""
_UUID_LENGTH = 36


class LivePage:
    """Serves the page, and hands each id over once. `saw` hears of each id when it comes."""

    def __init__(self, place: MessengerPlace, folder: Path, *, port: int = 0, saw: Callable[[str], None]) -> None:
        self._ids: queue.Queue[str] = queue.Queue()
        self._secret, self._page_secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._content = visitor_page(place, self._page_secret)
        self._saw = saw
        self._note = folder / NOTE
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://localhost:{self._server.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve for the length of a block, and leave the note for runs meanwhile."""
        self._note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._note.touch(mode=0o600)
        self._note.write_text(json.dumps({"url": self.url, "secret": self._secret}), encoding="utf-8")
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            with suppress(OSError):
                self._note.unlink()
            self._server.shutdown()
            self._server.server_close()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body for one request."""
        own = {self.url, self.url.replace("localhost", "127.0.0.1")}
        if headers.get("host", "") not in {urlsplit(url).netloc for url in own}:
            return 421, b""
        match method, path.partition("?")[0]:
            case "GET", "/":
                return 200, self._content
            case "POST", "/visitor" if headers.get("x-page") == self._page_secret and headers.get("origin", "") in own:
                return self._take_in(body.decode("ascii", "replace"))
            case "POST", "/take" if headers.get("x-run") == self._secret:
                return self._hand_over()
            case "POST", "/visitor" | "/take":
                return 403, b""
            case _:
                return 404, b""

    def _take_in(self, user_id: str) -> tuple[int, bytes]:
        if len(user_id) != _UUID_LENGTH or set(user_id) - set("0123456789abcdef-"):
            return 400, b""
        self._ids.put(user_id)
        self._saw(user_id)
        return 204, b""

    def _hand_over(self) -> tuple[int, bytes]:
        try:
            return 200, self._ids.get(timeout=TURN).encode()
        except queue.Empty:
            return 204, b""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        page = self

        class VisitorPageHandler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("GET", b"")

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                self._answer("POST", self.rfile.read(min(length, 200)))

            def _answer(self, method: str, body: bytes) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, content = page.answer(method, self.path, headers, body)
                self.send_response(status)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Json) -> None:  # noqa: A002 - the name is the base class's
                """Nothing is printed."""

        return VisitorPageHandler


class HandOrigin:
    """Takes the ids of a live page that is served by another process."""

    def __init__(self, folder: Path, *, tell: Callable[[str], None] = lambda _: None, wait: float = WAIT) -> None:
        self._note, self._tell, self._wait = folder / NOTE, tell, wait
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def can_visit(self) -> bool:
        """Whether a live page is being served."""
        return self._note.is_file()

    def visit(self, traits: Mapping[str, Json]) -> Mapping[str, Json]:
        """The next visitor whom a person makes on the page."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            return {"user_id": self._next(note["url"], note["secret"])}
        except (OSError, ValueError, KeyError) as error:
            raise Problem(
                "The live visitor page is gone.",
                evidence=type(error).__name__,
                remedy="start it again: harness live-visitor",
            ) from None

    def _next(self, url: str, secret: str) -> str:
        left = self._wait
        while left > 0:
            self._tell(f"waiting for a visitor: press Sign Out on {url} ({left:.0f} s left)")
            got = self._session.post(f"{url}/take", headers={"x-run": secret}, timeout=TURN + 5)
            if got.status_code == 200:
                return got.text
            left -= TURN
        raise Problem(
            "Nobody visited.", evidence=f"{self._wait:.0f} s went by", remedy=f"open {url} and press Sign Out"
        )
