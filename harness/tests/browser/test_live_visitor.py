"""Visitors of a TEST app from a real browser: by themselves, and by hand on the live page for a run that waits."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from harness.core.errors import NotPossibleHere, NotPossibleReason, Problem
from harness.core.http import Outcome, Request
from harness.test_app.test_app_backend import ProxyRoute
from harness.test_app.test_app_session import AppSession
from harness.test_app.visitors.browser import BrowserOrigin, chromium, playwright_is_there
from harness.test_app.visitors.by_hand import NOTE, HandOrigin, LivePage
from harness.test_app.visitors.origin import LedgeredOrigin
from harness.test_app.visitors.page import MessengerPlace, visitor_page
from harness.tests.support.intercom_stand_in import StandIn, playing, session

UUID = "3ecf64d0-9ed1-4e9f-88e1-da7d6e6782f3"


class PlayedWithMessenger(StandIn):
    """Intercom with its Messenger, whose requests carry no token."""

    def handle(self, request: Request) -> Outcome:
        """The Messenger's hosts are answered without a token, all others as usual."""
        if request.host in ("widget.intercom.io", "js.intercomcdn.com", "api-iam.intercom.io"):
            return Outcome(self.sandbox.handle(request))
        return super().handle(request)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[tuple[StandIn, ProxyRoute, AppSession]]:
    """A TEST app with a Messenger, and a session with it."""
    if chromium() is None or not playwright_is_there():
        pytest.skip("needs browser: no Chromium on the PATH, or no Playwright; see harness doctor")
    played = PlayedWithMessenger()
    with playing(tmp_path, played) as line, session(tmp_path, line, played) as opened:
        yield played, line, opened


def test_a_browser_visits_and_the_ledger_knew_it_before(
    stage: tuple[StandIn, ProxyRoute, AppSession], elsewhere: Executor
) -> None:
    """Each visit is another visitor, whom Intercom's API shows under the uuid that was written down first."""
    played, line, opened = stage

    def visit_twice() -> list[Mapping[str, Any]]:
        with BrowserOrigin(MessengerPlace.of(opened.app), line) as browser:
            origin = LedgeredOrigin((browser,), opened)
            return [origin.visit({"utm_campaign": "spring launch"}), origin.visit({})]

    first, second = elsewhere.submit(visit_twice).result()
    assert first["type"] == "visitor"
    assert first["user_id"] != second["user_id"]
    assert [entry.entity_id for entry in opened.ledger.open_entries()] == [first["id"], second["id"]]
    assert len(opened.ledger.entries) == 2
    assert [entry.by["uuid"] for entry in opened.ledger.open_entries()] == [first["user_id"], second["user_id"]]
    assert opened.clean(opened.ledger.open_entries()) == []
    assert played.people() == []


def test_a_messenger_that_does_not_load_is_told(
    stage: tuple[StandIn, ProxyRoute, AppSession], elsewhere: Executor
) -> None:
    """What the page shows instead is part of the message."""
    _, line, opened = stage
    nowhere = MessengerPlace(opened.app.app_id, widget="http://127.0.0.1:9")

    def visit() -> None:
        with BrowserOrigin(nowhere, line, patience=1_500) as browser:
            browser.visit({"user_id": UUID})

    with pytest.raises(Problem, match="no visitor") as caught:
        elsewhere.submit(visit).result()
    assert "could not be loaded" in caught.value.evidence


# --- by hand --------------------------------------------------------------------------------------


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[LivePage, list[str], Path]]:
    """A live page with the ids that it saw."""
    seen: list[str] = []
    page = LivePage(MessengerPlace("ab12cd34"), tmp_path, saw=seen.append)
    with page.serving():
        yield page, seen, tmp_path


def _page_secret(page: LivePage) -> str:
    text = requests.get(page.url, timeout=5).text
    told: Mapping[str, Any] = json.loads(text.partition("const told = ")[2].partition(";\n")[0])
    return str(told["secret"])


def _tell(page: LivePage, user_id: str, **headers: str) -> int:
    sent = {"x-page": _page_secret(page), "origin": page.url, **headers}
    return requests.post(f"{page.url}/visitor", data=user_id, headers=sent, timeout=5).status_code


def test_an_id_from_the_page_reaches_the_scenario_that_waits(live: tuple[LivePage, list[str], Path]) -> None:
    """The run asks, the person visits, the run goes on; each id is handed over once."""
    page, seen, folder = live
    told: list[str] = []
    origin = HandOrigin(folder, tell=told.append, wait=20)
    assert origin.can_visit
    threading.Timer(0.3, lambda: _tell(page, UUID)).start()
    assert origin.visit({}) == {"user_id": UUID}
    assert seen == [UUID]
    assert page.url in told[0]


@pytest.mark.parametrize(
    "headers",
    [{"x-page": "wrong"}, {"origin": "http://evil.example"}, {"x-page": ""}],
    ids=["secret", "origin", "none"],
)
def test_another_page_hands_nothing_over(live: tuple[LivePage, list[str], Path], headers: dict[str, str]) -> None:
    """Only the page that was served here may tell ids."""
    page, seen, _ = live
    assert _tell(page, UUID, **headers) == 403
    assert seen == []


@pytest.mark.parametrize("text", ["", "undefined", "x" * 36, UUID + "0", "<script>"])
def test_what_is_no_id_is_not_handed_over(live: tuple[LivePage, list[str], Path], text: str) -> None:
    """A used-up or undefined id stops at the page."""
    page, seen, _ = live
    assert _tell(page, text) == 400
    assert seen == []


def test_a_name_that_leads_here_from_elsewhere_is_refused(live: tuple[LivePage, list[str], Path]) -> None:
    """Only the page's own address is answered, so that no rebound name reads the secret."""
    page, _, _ = live
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(page.url).port or 0, timeout=5)
    connection.request("GET", "/", headers={"host": "evil.example"})
    assert connection.getresponse().status == 421
    connection.close()


def test_the_note_is_the_owners_and_goes_with_the_page(tmp_path: Path) -> None:
    """A run that comes later finds no page that is not there."""
    page = LivePage(MessengerPlace("ab12cd34"), tmp_path, saw=lambda _: None)
    with page.serving():
        assert (tmp_path / NOTE).stat().st_mode & 0o077 == 0
    assert not HandOrigin(tmp_path).can_visit


def test_a_page_that_died_is_told(tmp_path: Path) -> None:
    """The note of a killed process leads nowhere."""
    (tmp_path / NOTE).write_text(json.dumps({"url": "http://127.0.0.1:9", "secret": "x"}))
    with pytest.raises(Problem, match="page is gone") as caught:
        HandOrigin(tmp_path).visit({})
    assert "harness live-visitor" in caught.value.remedy


def test_an_app_id_cannot_break_out_of_the_page() -> None:
    """What stands in the script is data."""
    text = visitor_page(MessengerPlace("</script><script>alert(1)"), "secret").decode()
    assert "</script><script>alert" not in text


class _Nobody:
    can_visit = False

    def visit(self, traits: Mapping[str, Any]) -> Mapping[str, Any]:
        """Never called."""
        raise AssertionError(traits)


def test_without_any_origin_a_visitor_is_not_staged(tmp_path: Path) -> None:
    """The mark says so; nothing is written into the ledger."""
    played = StandIn()
    with playing(tmp_path, played) as line, session(tmp_path, line, played) as opened:
        with pytest.raises(NotPossibleHere) as caught:
            LedgeredOrigin((_Nobody(),), opened).visit({})
        assert caught.value.mark is NotPossibleReason.VISITORS
        assert opened.ledger.entries == ()


def test_a_browser_that_is_not_there_cannot_visit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Chromium on the PATH: nobody can visit, and asking all the same is not staged."""
    monkeypatch.setenv("PATH", str(tmp_path))
    origin = BrowserOrigin(MessengerPlace("ab12cd34"))
    assert not origin.can_visit
    with pytest.raises(NotPossibleHere):
        origin.visit({})
