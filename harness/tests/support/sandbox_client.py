"""Asks a sandbox as a client would, without a socket: what the sandbox's own tests have in common."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.clock import ManualClock
from harness.core.http import Request, Response
from harness.sandbox import NEWEST_VERSION, Sandbox

SHARED = Path(__file__).resolve().parents[4] / "shared" / "intercom"


@dataclass
class Asker:
    """A client of one workspace in one version."""

    clock: ManualClock
    sandbox: Sandbox
    version: str | None = NEWEST_VERSION
    workspace: str = "test"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def new(cls, state: Path | None = None) -> Asker:
        """A client of a sandbox of its own."""
        clock = ManualClock()
        return cls(clock, Sandbox(clock, state=state))

    def using(self, version: str | None) -> Asker:
        """The same client asking in another version."""
        return Asker(self.clock, self.sandbox, version, self.workspace, self.headers)

    def in_workspace(self, name: str) -> Asker:
        """The same client in another workspace."""
        return Asker(self.clock, self.sandbox, self.version, name, self.headers)

    def send(self, method: str, target: str, body: Any = None, **headers: str) -> Response:
        """The whole answer."""
        sent = {"authorization": f"Bearer sandbox-{self.workspace}", "content-type": "application/json"}
        if self.version:
            sent["intercom-version"] = self.version
        sent |= self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.sandbox.handle(Request(method, target, sent, content, origin="http://127.0.0.1:8080"))

    def ask(self, method: str, target: str, body: Any = None, status: int = 200) -> Any:
        """The answer's JSON, which must come with the status."""
        response = self.send(method, target, body)
        assert response.status == status, (method, target, response.status, response.body)
        return response.json()

    def refusal(self, method: str, target: str, body: Any = None) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        response = self.send(method, target, body)
        assert response.status >= 400, (response.status, response.body)
        envelope = response.json()
        assert envelope["type"] == "error.list"
        assert envelope["request_id"] == response.headers["x-request-id"]
        (error,) = envelope["errors"]
        return response.status, error["code"], error["message"]

    # People

    def visitor(self, **traits: Any) -> dict[str, Any]:
        """A visitor as a ping leaves it."""
        return self.sandbox.workspace(self.workspace).create_visitor(traits)

    def contact(self, **body: Any) -> dict[str, Any]:
        """A contact made in the newest version."""
        made: dict[str, Any] = self.using(NEWEST_VERSION).ask("POST", "/contacts", body)
        return made

    def user(self, email: str = "user@example.com", **body: Any) -> dict[str, Any]:
        """A user."""
        return self.contact(role="user", email=email, **body)

    def lead(self, **body: Any) -> dict[str, Any]:
        """A lead."""
        return self.contact(role="lead", **body)

    def attribute(self, name: str, data_type: str = "string") -> None:
        """A custom attribute of people."""
        body = {"name": name, "model": "contact", "data_type": data_type}
        self.using(NEWEST_VERSION).ask("POST", "/data_attributes", body)

    def give(self, contact_id: str, word: str) -> dict[str, str]:
        """Give somebody one of everything that hangs on people, and tell what."""
        asker = self.using(NEWEST_VERSION)
        tag = asker.ask("POST", "/tags", {"name": f"tag {word}"})["id"]
        company = asker.ask("POST", "/companies", {"company_id": word, "name": f"company {word}"})["id"]
        asker.ask("POST", f"/contacts/{contact_id}/tags", {"id": tag})
        asker.ask("POST", f"/contacts/{contact_id}/companies", {"id": company})
        note = asker.ask("POST", f"/contacts/{contact_id}/notes", {"body": f"note {word}"})["id"]
        said = {"from": {"type": "contact", "id": contact_id}, "body": f"hello from {word}"}
        conversation = asker.ask("POST", "/conversations", said)["conversation_id"]
        return {"tag": tag, "company": company, "note": note, "conversation": conversation}

    def ids_of(self, contact_id: str, what: str) -> set[str]:
        """The ids of what somebody has: tags, notes, companies, subscriptions, or conversations."""
        asker = self.using(NEWEST_VERSION)
        if what == "conversations":
            query = {"field": "contact_ids", "operator": "=", "value": contact_id}
            found = asker.ask("POST", "/conversations/search", {"query": query})["conversations"]
        else:
            found = asker.ask("GET", f"/contacts/{contact_id}/{what}")["data"]
        return {one["id"] for one in found}

    def everything(self) -> bytes:
        """All of the workspace's state, to see whether something changed."""
        database = self.sandbox.workspace(self.workspace).database
        tables = [name for (name,) in database.all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return repr([(table, database.all(f"SELECT * FROM {table}")) for table in tables]).encode()


def refused(asker: Asker, method: str, target: str, body: Any = None) -> tuple[int, str, str]:
    """The refusal, which must have changed nothing."""
    before = asker.everything()
    answer = asker.refusal(method, target, body)
    assert asker.everything() == before
    return answer
