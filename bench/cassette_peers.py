"""Replays one long cassette through `requests`, here and by others: `python bench/cassette_peers.py [--full]`.

Each contender gets the same interactions (distinct JSON bodies, one URL for all or one for each) in its own file
format, in a process of its own: seconds for loading and replaying them all, without the start of Python. vcrpy,
responses and betamax are quadratic, so they are measured at 500 and 1,000 and extrapolated, which the table says.
Contenders that are not installed are left out, which it says too (`python bench/peers.py` installs them).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import peers
import requests

URL = "https://api.intercom.io/contacts/search"
HOST = "https://api.intercom.io"
HEADERS = {"Intercom-Version": "2.16", "Content-Type": "application/json"}
SIZES = (100, 1_000, 5_000, 10_000)
QUADRATIC = ("vcrpy", "responses", "betamax")
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
    from harness.cassette.plain_yaml import export
    from harness.cassette.writing import write as write_ours
    from harness.exchange import Outcome, Request, Response

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
    from harness.gateway.adapter import GatewayAdapter

    player = Player(load(folder / f"{size}.json"), lambda: "when")
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", GatewayAdapter(player, lane="pipeline"))
    yield session
    problem = player.problem()
    if problem is not None:
        raise problem


@contextmanager
def by_dictionary(folder: Path, size: int) -> Iterator[requests.Session]:
    """The least that can be done: a dictionary from body to answer in a requests adapter."""
    from requests.adapters import BaseAdapter

    rows = json.loads((folder / f"{size}.json").read_text(encoding="utf-8"))["interactions"]
    answers = {json.dumps(row["request"]["body"]): row["response"] for row in rows}

    class Adapter(BaseAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            row = answers[json.dumps(json.loads(request.body or "null"))]
            response = requests.Response()
            response.status_code, response.request, response.url = row["status"]["code"], request, request.url or ""
            response._content = json.dumps(row["body"]).encode()  # noqa: SLF001 - what everybody's stub does
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


CONTENDERS: dict[str, Callable[[Path, int], AbstractContextManager[requests.Session]]] = {
    "harness": by_harness,
    "dictionary": by_dictionary,
    "vcrpy": by_vcrpy,
    "cassetter": by_cassetter,
    "responses": by_responses,
    "betamax": by_betamax,
}


def measure(name: str, folder: Path, size: int, *, many: bool) -> float:
    """Seconds for loading and replaying, in this process."""
    start = time.perf_counter()
    with CONTENDERS[name](folder, size) as session:
        for number in range(size):
            got = session.post(url(number, many=many), json=question(number), headers=HEADERS, timeout=5).json()
            if got["number"] != number:
                sys.exit(f"{name} answered {got['number']} to {number}")
    return time.perf_counter() - start


def in_own_process(name: str, folder: Path, size: int, *, many: bool = False) -> float | None:
    """The same in a new process; `None` where the contender cannot do it."""
    python = str(peers.PYTHON) if peers.PYTHON.exists() else sys.executable
    command = [python, __file__, "--one", name, str(folder), str(size), *(["--many"] if many else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {name} at {size}: {done.stderr.strip().splitlines()[-1] if done.stderr else 'failed'}")
        return None
    return float(done.stdout)


def report(sizes: tuple[int, ...], only: list[str]) -> None:
    """The tables."""
    print(f"{peers.machine()}; load and full replay, best of two")
    print(f"{'contender':<22}{'interactions':>13}{'seconds':>10}{'µs each':>10}")
    with tempfile.TemporaryDirectory() as name:
        folder, many = Path(name, "one"), Path(name, "many")
        folder.mkdir()
        many.mkdir()
        for size in {*sizes, *MEASURED_OF_QUADRATIC}:
            write(folder, size)
        for size in sizes:
            write(many, size, many=True)
        for contender in only or CONTENDERS:
            if contender in QUADRATIC:
                _extrapolated(contender, folder)
                continue
            _rows(contender, folder, sizes)
        _rows("harness", many, sizes, many=True)


def _best(contender: str, folder: Path, size: int, *, many: bool = False, runs: int = 2) -> float | None:
    found = [in_own_process(contender, folder, size, many=many) for _ in range(runs)]
    return None if None in found else min(one for one in found if one is not None)


def _rows(contender: str, folder: Path, sizes: tuple[int, ...], *, many: bool = False) -> None:
    for size in sizes:
        found = _best(contender, folder, size, many=many)
        if found is None:
            return
        title = f"{contender}, distinct URLs" if many else contender
        print(f"{title:<22}{size:>13,}{found:>10.3f}{found / size * 1e6:>10.0f}", flush=True)


def _extrapolated(contender: str, folder: Path) -> None:
    small, large = MEASURED_OF_QUADRATIC
    seconds = {}
    for size in MEASURED_OF_QUADRATIC:
        found = _best(contender, folder, size, runs=1)
        if found is None:
            return
        seconds[size] = found
        print(f"{contender:<22}{size:>13,}{found:>10.3f}{found / size * 1e6:>10.0f}", flush=True)
    # a·n + b·n²: what grows with the square is told by how much more than twice the double takes.
    square = max(seconds[large] - seconds[small] * large / small, 0.0) / (large**2 - large * small)
    straight = (seconds[small] - square * small**2) / small
    whole = straight * FULL + square * FULL**2
    print(f"{contender:<22}{FULL:>13,}{whole:>10.0f}{whole / FULL * 1e6:>10.0f}   extrapolated", flush=True)


def main() -> None:
    """Measure one contender here, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contenders", nargs="*", metavar="CONTENDER", help=", ".join(CONTENDERS))
    parser.add_argument("--full", action="store_true", help="all sizes up to 10,000, not only up to 1,000")
    parser.add_argument("--one", nargs=3, metavar=("CONTENDER", "FOLDER", "SIZE"), help=argparse.SUPPRESS)
    parser.add_argument("--many", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        contender, folder, size = asked.one
        print(measure(contender, Path(folder), int(size), many=asked.many))
    else:
        report(SIZES if asked.full else SIZES[:2], asked.contenders)


if __name__ == "__main__":
    main()
