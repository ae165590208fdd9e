"""A session behind the guard, with people of its own beside live ones, at a TEST app that a sandbox plays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.http import Outcome, Request
from harness.test_app.test_app_backend import ProxyRoute
from harness.test_app.test_app_session import AppSession
from harness.tests.support.intercom_stand_in import StandIn, session


@dataclass
class GuardedSession:
    """An open session with one lead, one user and one visitor of its own, beside a live user and a live lead."""

    played: StandIn
    session: AppSession
    line: ProxyRoute
    live: Mapping[str, str]
    mine: Mapping[str, str]

    def request(self, method: str, target: str, body: Any = None, **headers: str) -> Request:
        """A request as the pipeline would send it, token and all."""
        sent = {"authorization": f"Bearer {self.session.stand_in}", "intercom-version": "2.16"}
        sent |= {"content-type": "application/json"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return Request(method, target, sent, content, origin="http://127.0.0.1:8080")

    def send(self, request: Request) -> Outcome:
        """Through guard and backend."""
        return self.session.guard.middleware(request, self.session.handle)


@contextmanager
def open_guarded(played: StandIn, line: ProxyRoute, folder: Path) -> Iterator[GuardedSession]:
    """The guarded, made anew in what plays Intercom."""
    played.controls.reset()
    played.faults.clear()
    user = played.ask("POST", "/contacts", {"role": "user", "email": "real@customer.example", "external_id": "u-1"})
    lead = played.ask("POST", "/contacts", {"role": "lead", "email": "real-lead@customer.example"})
    visitor = played.visit({})
    company = played.ask("POST", "/companies", {"company_id": "acme", "name": "Acme", "plan": "gold"})
    with session(folder, line, played) as opened:
        guarded = GuardedSession(played, opened, line, {}, {})
        marker = opened.marker
        guarded.live = {"user": user["id"], "lead": lead["id"], "visitor": visitor["id"], "uuid": visitor["user_id"]}
        guarded.live = {**guarded.live, "company": company["id"]}
        made = guarded.send(
            guarded.request("POST", "/contacts", {"role": "user", "email": f"ada.{marker}1@example.com"})
        ).response
        again = guarded.send(
            guarded.request("POST", "/contacts", {"role": "lead", "email": f"bo.{marker}2@example.com"})
        ).response
        assert made is not None
        assert again is not None
        guarded.mine = {"user": made.json()["id"], "lead": again.json()["id"], "marker": marker}
        _talk(guarded)
        played.seen.clear()
        yield guarded


def _talk(guarded: GuardedSession) -> None:
    """Conversations: `room` of each side, the live user's `shared` with ours, and ours `visited` by the live user."""
    played, live, mine = guarded.played, guarded.live, guarded.mine
    begun = [played.ask("POST", "/conversations", _saying(live["user"]))["conversation_id"] for _ in range(2)]
    guarded.live = {**live, "room": begun[0], "shared": begun[1]}
    saying = guarded.request("POST", "/conversations", _saying(mine["user"]))
    answers = [guarded.send(saying).response for _ in range(2)]
    own = [answer.json()["conversation_id"] for answer in answers if answer is not None]
    guarded.mine = {**mine, "room": own[0], "visited": own[1]}
    for room, person in ((begun[1], mine["user"]), (own[1], live["user"])):
        played.ask("POST", f"/conversations/{room}/customers", {"customer": {"intercom_user_id": person}})


def _saying(contact_id: str) -> dict[str, Any]:
    return {"from": {"type": "user", "id": contact_id}, "body": "Hello"}


def delete(guarded: GuardedSession, **headers: str) -> Request:
    """What ends a user of its own."""
    return guarded.request("DELETE", f"/contacts/{guarded.mine['user']}", **headers)
