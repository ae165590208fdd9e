"""A lead who became a user in place was shown as merged into themself."""

from __future__ import annotations

import json
from typing import Any

from harness.core.clock import ManualClock
from harness.core.http import Request
from harness.sandbox import Sandbox

HEADERS = {"authorization": "Bearer sandbox-history", "content-type": "application/json", "intercom-version": "2.16"}


def test_a_lead_who_became_a_user_in_place_has_no_merges() -> None:
    """The merge history lists merges, and not the conversion of a lead into a user who did not exist."""
    sandbox = Sandbox(ManualClock())

    def ask(method: str, target: str, body: Any = None, **changed: str) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        return sandbox.handle(Request(method, target, HEADERS | changed, content)).json()

    lead = ask("POST", "/contacts", {"role": "lead", "name": "Ada"})
    wanted = {"contact": {"id": lead["id"]}, "user": {"email": "ada@example.com"}}
    ask("POST", "/contacts/convert", wanted, **{"intercom-version": "1.4"})
    user = ask("GET", f"/contacts/{lead['id']}?include_merge_history=true")
    assert (user["role"], user["merge_history"]) == ("user", [])
