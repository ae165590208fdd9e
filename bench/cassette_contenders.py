"""Who replays a cassette: the same interactions in each one's own file format, and how each plays them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

URL = "https://api.intercom.io/contacts/search"
HOST = "https://api.intercom.io"
HEADERS = {"Intercom-Version": "2.16", "Content-Type": "application/json"}
SIZES = (100, 1_000, 5_000, 10_000)
UP_TO_FULL = (100, 1_000, 5_000)
MEASURED_OF_QUADRATIC = (500, 1_000)
FULL = 5_000


def url(number: int, *, many: bool) -> str:
    """Where one request goes: the same place for all, or a place of its own."""
    return f"{URL}?page={number}" if many else URL


def question(number: int) -> dict[str, Any]:
    """The body of one request."""
    return {"query": {"field": "email", "operator": "=", "value": f"person.{number}@example.com"}, "number": number}


def reply(number: int) -> dict[str, Any]:
    """The body of its answer: about a kilobyte, as Intercom's are."""
    attributes = {f"attribute_{index}": f"value {index} of {number}" for index in range(20)}
    contact = {"type": "contact", "id": f"{number:024x}", "role": "lead", "custom_attributes": attributes}
    return {"type": "list", "data": [contact], "total_count": 1, "number": number}


def write(folder: Path, size: int, *, many: bool = False) -> None:
    """The cassette in our format, in vcrpy's and in betamax's."""
    from harness.cassette import Cassette, Header, Interaction, Redactor
    from harness.cassette.recording.writer import write as write_ours
    from harness.cassette.vcr.plain_yaml import export
    from harness.core.http import Outcome, Request, Response

    headers = {name.lower(): value for name, value in HEADERS.items()}
    found = [
        Interaction(
            Request("POST", url(number, many=many).removeprefix(HOST), headers, json.dumps(question(number)).encode()),
            Outcome(Response(200, {"content-type": "application/json"}, json.dumps(reply(number)).encode())),
        )
        for number in range(size)
    ]
    ours, plain = folder / f"{size}.json", folder / f"{size}.yaml"
    written = write_ours(ours, Cassette(Header(scenario=""), tuple(found)), Redactor())
    plain.write_text(export(written), encoding="utf-8")
    pairs = [[question(number), reply(number)] for number in range(size)]
    (folder / f"{size}.pairs.json").write_text(json.dumps(pairs), encoding="utf-8")
    (folder / f"{size}.betamax.json").write_text(json.dumps(_betamax(size, many=many)), encoding="utf-8")


def _betamax(size: int, *, many: bool) -> dict[str, Any]:
    def body(content: Any) -> dict[str, str]:
        return {"encoding": "utf-8", "string": json.dumps(content)}

    found = [
        {
            "request": {"body": body(question(n)), "headers": {}, "method": "POST", "uri": url(n, many=many)},
            "response": {
                "body": body(reply(n)),
                "headers": {"Content-Type": ["application/json"]},
                "status": {"code": 200, "message": "OK"},
                "url": url(n, many=many),
            },
            "recorded_at": "2026-01-01T00:00:00",
        }
        for n in range(size)
    ]
    return {"http_interactions": found, "recorded_with": "betamax/0.9.0"}


@contextmanager
def by_harness(folder: Path, size: int) -> Iterator[requests.Session]:
    """Our player behind the in-process door, strict in order and body."""
    from harness.cassette import Player, load
    from harness.gateway.clients.adapter import GatewayAdapter

    player = Player(load(folder / f"{size}.json"), lambda: "when")
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", GatewayAdapter(player, caller="pipeline"))
    yield session
    problem = player.problem()
    if problem is not None:
        raise problem


@contextmanager
def by_dictionary(folder: Path, size: int) -> Iterator[requests.Session]:
    """The least that can be done: a dictionary from body to answer in a requests adapter."""
    from requests.adapters import BaseAdapter

    pairs = json.loads((folder / f"{size}.pairs.json").read_text(encoding="utf-8"))
    answers = {json.dumps(asked): answered for asked, answered in pairs}

    class Adapter(BaseAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            answered = answers[json.dumps(json.loads(request.body or "null"))]
            response = requests.Response()
            response.status_code, response.request, response.url = 200, request, request.url or ""
            response._content = json.dumps(answered).encode()  # noqa: SLF001 - what everybody's stub does
            return response

        def close(self) -> None:
            """Nothing is open."""

    session = requests.Session()
    session.mount("https://", Adapter())
    yield session


@contextmanager
def by_vcrpy(folder: Path, size: int) -> Iterator[requests.Session]:
    """vcrpy as it is, told to match bodies."""
    import vcr

    matchers = ["method", "scheme", "host", "port", "path", "query", "body"]
    with vcr.use_cassette(str(folder / f"{size}.yaml"), record_mode="none", match_on=matchers):
        yield requests.Session()


@contextmanager
def by_cassetter(folder: Path, size: int) -> Iterator[requests.Session]:
    """cassetter's Rust core, which reads vcrpy's files."""
    import cassetter  # type: ignore[import-not-found, unused-ignore]  # only where it was installed by hand

    matching: Any = ["method", "uri", "json_body"]
    with cassetter.use_cassette(str(folder / f"{size}.yaml"), record_mode="none", match_on=matching):
        yield requests.Session()


@contextmanager
def by_responses(folder: Path, size: int) -> Iterator[requests.Session]:
    """responses, with a matcher for each body; it has no cassette with bodies to match, so it reads vcrpy's."""
    import responses  # type: ignore[import-not-found, unused-ignore]  # only where it was installed by hand
    import yaml
    from responses import matchers

    rows = yaml.load((folder / f"{size}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)["interactions"]
    with responses.RequestsMock() as mock:
        for row in rows:
            wanted = matchers.json_params_matcher(json.loads(row["request"]["body"]))
            body = row["response"]["body"]["string"]
            mock.post(row["request"]["uri"], body=body, content_type="application/json", match=[wanted])
        yield requests.Session()


@contextmanager
def by_betamax(folder: Path, size: int) -> Iterator[requests.Session]:
    """betamax, told to match bodies."""
    from betamax import Betamax  # type: ignore[import-not-found, unused-ignore]  # only where installed by hand

    session = requests.Session()
    with Betamax(session, cassette_library_dir=str(folder)).use_cassette(
        f"{size}.betamax", record="none", match_requests_on=["method", "uri", "body"]
    ):
        yield session


Play = Callable[[Path, int], AbstractContextManager[requests.Session]]


@dataclass(frozen=True)
class Contender:
    """Who replays: what it imports, how it plays, and up to how many interactions it is measured."""

    imports: tuple[str, ...]
    play: Play
    sizes: tuple[int, ...] = UP_TO_FULL
    quadratic: bool = False


OURS = ("harness.cassette.replay.player", "harness.cassette.recording.storage", "harness.gateway.clients.adapter")
CONTENDERS = {
    "harness": Contender(OURS, by_harness, SIZES),
    "dictionary": Contender(("requests.adapters",), by_dictionary, SIZES),
    "cassetter": Contender(("cassetter",), by_cassetter),
    "betamax": Contender(("betamax",), by_betamax, MEASURED_OF_QUADRATIC, quadratic=True),
    "responses": Contender(("responses", "yaml"), by_responses, MEASURED_OF_QUADRATIC, quadratic=True),
    "vcrpy": Contender(("vcr",), by_vcrpy, MEASURED_OF_QUADRATIC, quadratic=True),
}
