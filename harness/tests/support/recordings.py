"""Small recordings for the tests of cassettes: a visitor who becomes a lead, a lead who is merged, a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.cassette import Cassette, Header, Interaction, Player, Recorder, Redactor
from harness.cassette.recording.writer import write
from harness.core.http import Caller, Handler, Outcome, Request, Response, Step

VISITOR_ID = "695563800000000000000001"
VISITOR_UUID = "8a88a590-e1c3-41e2-a502-e0649dbf721c"
LEAD_ID = "695563800000000000000002"
USER_ID = "695563800000000000000003"
NEWEST = "2.16"
SCENARIO = "scenarios/visitor_to_lead.py::test_a_visitor_becomes_a_lead[user_id]"


@dataclass
class Stage:
    """Says where the scenario stands; tests set it."""

    step: Step = "when"

    def __call__(self) -> Step:
        """The step."""
        return self.step


@dataclass
class Echo:
    """A backend that answers each request with its own facts, and counts them."""

    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Outcome:
        """An answer that names the request."""
        self.asked.append(request)
        body = {"asked": request.target, "number": len(self.asked)}
        return Outcome(Response(200, {"content-type": "application/json"}, json.dumps(body).encode()))


def ask(method: str, target: str, body: Any = None, *, caller: Caller = "pipeline", **headers: str) -> Request:
    """A request with a JSON body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else json.dumps(body).encode()
    return Request(method, target, {"intercom-version": NEWEST, **named}, content, caller=caller)


def answer(status: int, body: Any = None, **headers: str) -> Outcome:
    """An answer with a JSON body."""
    content = b"" if body is None else json.dumps(body).encode()
    return Outcome(Response(status, {"content-type": "application/json", **headers}, content))


def read(step: Step, target: str, status: int, body: Any = None) -> Interaction:
    """A read that the harness took."""
    error = {"type": "error.list", "errors": [{"code": "not_found", "message": "not there"}]}
    asked = ask("GET", target, caller="harness")
    return Interaction(asked, answer(status, body if status == 200 else error), step, "harness")


def call(method: str, target: str, body: Any, status: int, answered: Any) -> Interaction:
    """A call of the pipeline."""
    return Interaction(ask(method, target, body), answer(status, answered), "when", "pipeline")


def visitor() -> dict[str, Any]:
    """A visitor as Intercom shows them."""
    return {"type": "visitor", "id": VISITOR_ID, "user_id": VISITOR_UUID, "email": "", "name": "Violet Suitcase"}


def contact(contact_id: str, role: str, external_id: str | None = None) -> dict[str, Any]:
    """A contact as Intercom shows them in 2.x."""
    email = f"{role}@example.com"
    return {"type": "contact", "id": contact_id, "role": role, "external_id": external_id, "email": email}


def visitor_to_lead() -> list[Interaction]:
    """A visitor becomes a lead in their place."""
    lead = contact(VISITOR_ID, "lead", VISITOR_UUID)
    body = {"visitor": {"user_id": VISITOR_UUID}, "type": "lead"}
    return [
        read("given", f"/visitors?user_id={VISITOR_UUID}", 200, visitor()),
        call("POST", "/visitors/convert", body, 200, lead),
        read("then", f"/visitors?user_id={VISITOR_UUID}", 404),
        read("then", f"/contacts/{VISITOR_ID}", 200, lead),
    ]


def lead_merged() -> list[Interaction]:
    """A lead is folded into a user."""
    user = contact(USER_ID, "user")
    return [
        read("given", f"/contacts/{LEAD_ID}", 200, contact(LEAD_ID, "lead")),
        read("given", f"/contacts/{USER_ID}", 200, user),
        call("POST", "/contacts/merge", {"from": LEAD_ID, "into": USER_ID}, 200, user),
        read("then", f"/contacts/{LEAD_ID}", 410),
        read("then", f"/contacts/{USER_ID}", 200, user),
    ]


def refusal() -> list[Interaction]:
    """A visitor who was never converted, though it was asked for."""
    error = {"type": "error.list", "errors": [{"code": "parameter_not_found", "message": "no user"}]}
    body = {"visitor": {"user_id": VISITOR_UUID}, "type": "user"}
    return [
        read("given", f"/visitors?user_id={VISITOR_UUID}", 200, visitor()),
        call("POST", "/visitors/convert", body, 400, error),
        read("then", f"/visitors?user_id={VISITOR_UUID}", 200, visitor()),
    ]


def header(**changes: Any) -> Header:
    """A header of the case that the sample files belong to."""
    told: dict[str, Any] = {
        "scenario": SCENARIO,
        "title": "A visitor becomes a lead",
        "recorded_at": "2026-01-01T00:00:00Z",
        "intercom_version": NEWEST,
        "harness": "0.1",
        "people": ({"kind": "visitor", "user_id": VISITOR_UUID},),
    }
    return Header(**{**told, **changes})


def written(path: Path, interactions: Iterable[Interaction], **changes: Any) -> Cassette:
    """A cassette on disk."""
    return write(path, Cassette(header(**changes), tuple(interactions)), Redactor())


def recorded(path: Path, requests: Iterable[Request], inner: Handler | None = None) -> Cassette:
    """What a recorder makes of requests in one step."""
    recorder, backend = Recorder(Stage(), path=path), inner or Echo()
    for request in requests:
        recorder.middleware(request, backend)
    return recorder.save(path, header())


def player(cassette: Cassette, **options: Any) -> tuple[Player, Stage]:
    """A player with the stage that tells it where it is."""
    stage = Stage()
    return Player(cassette, stage, **options), stage


def play(found: Player, stage: Stage, interactions: Iterable[Interaction]) -> list[Outcome]:
    """Ask a player for interactions, each in its own step."""
    outcomes = []
    for interaction in interactions:
        stage.step = interaction.step
        outcomes.append(found.handle(interaction.request))
    return outcomes
