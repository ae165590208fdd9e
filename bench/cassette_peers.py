"""Replays one long cassette through `requests`, here and by others: `python bench/cassettes.py [--full]`.

Each contender gets the same interactions (one URL, distinct JSON bodies) in its own file format, in a process of its
own: seconds for loading and replaying them all, without the start of Python. vcrpy is quadratic, so it is measured at
500 and 1,000 and extrapolated, which the table says. Contenders that are not installed are left out, which it says too.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import requests

URL = "https://api.intercom.io/contacts/search"
HEADERS = {"Intercom-Version": "2.16", "Content-Type": "application/json"}
SIZES = (100, 1_000, 5_000, 10_000)
MEASURED_OF_VCRPY = (500, 1_000)
FULL = 5_000


def question(number: int) -> dict[str, Any]:
    """The body of one request."""
    return {"query": {"field": "email", "operator": "=", "value": f"person.{number}@example.com"}, "number": number}


def reply(number: int) -> dict[str, Any]:
    """The body of its answer: about a kilobyte, as Intercom's are."""
    attributes = {f"attribute_{index}": f"value {index} of {number}" for index in range(20)}
    contact = {"type": "contact", "id": f"{number:024x}", "role": "lead", "custom_attributes": attributes}
    return {"type": "list", "data": [contact], "total_count": 1, "number": number}


def write(folder: Path, size: int) -> tuple[Path, Path]:
    """The cassette in our format and in vcrpy's."""
    from harness.cassette import Cassette, Header, Interaction, Redactor
    from harness.cassette.plain_yaml import export
    from harness.cassette.writing import write as write_ours
    from harness.exchange import Outcome, Request, Response

    headers = {name.lower(): value for name, value in HEADERS.items()}
    found = [
        Interaction(
            Request("POST", "/contacts/search", headers, json.dumps(question(number)).encode()),
            Outcome(Response(200, {"content-type": "application/json"}, json.dumps(reply(number)).encode())),
        )
        for number in range(size)
    ]
    ours, plain = folder / f"{size}.json", folder / f"{size}.yaml"
    written = write_ours(ours, Cassette(Header(scenario=""), tuple(found)), Redactor())
    plain.write_text(export(written), encoding="utf-8")
    return ours, plain


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


CONTENDERS: dict[str, Callable[[Path, int], AbstractContextManager[requests.Session]]] = {
    "harness": by_harness,
    "dictionary": by_dictionary,
    "vcrpy": by_vcrpy,
    "cassetter": by_cassetter,
}


def measure(name: str, folder: Path, size: int) -> float:
    """Seconds for loading and replaying, in this process."""
    start = time.perf_counter()
    with CONTENDERS[name](folder, size) as session:
        for number in range(size):
            got = session.post(URL, json=question(number), headers=HEADERS, timeout=5).json()
            if got["number"] != number:
                sys.exit(f"{name} answered {got['number']} to {number}")
    return time.perf_counter() - start


def in_own_process(name: str, folder: Path, size: int) -> float | None:
    """The same in a new process; `None` where the contender cannot do it."""
    command = [sys.executable, __file__, "--one", name, str(folder), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {name} at {size}: {done.stderr.strip().splitlines()[-1] if done.stderr else 'failed'}")
        return None
    return float(done.stdout)


def report(sizes: tuple[int, ...]) -> None:
    """The table."""
    print(f"{'contender':<12}{'interactions':>13}{'seconds':>10}{'µs each':>10}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in {*sizes, *MEASURED_OF_VCRPY}:
            write(folder, size)
        for contender in CONTENDERS:
            if contender not in ("harness", "dictionary") and importlib.util.find_spec(_module(contender)) is None:
                print(f"{contender:<12}{'not installed':>13}")
                continue
            _rows(contender, folder, MEASURED_OF_VCRPY if contender == "vcrpy" else sizes)


def _rows(contender: str, folder: Path, sizes: tuple[int, ...]) -> None:
    seconds = 0.0
    for size in sizes:
        found = in_own_process(contender, folder, size)
        if found is None:
            return
        seconds = found
        print(f"{contender:<12}{size:>13,}{seconds:>10.3f}{seconds / size * 1e6:>10.0f}")
    if contender == "vcrpy":
        whole = seconds * (FULL / sizes[-1]) ** 2
        print(f"{contender:<12}{FULL:>13,}{whole:>10.0f}{whole / FULL * 1e6:>10.0f}   extrapolated, quadratic")


def _module(contender: str) -> str:
    return {"vcrpy": "vcr"}.get(contender, contender)


def main() -> None:
    """Measure one contender here, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="all sizes up to 10,000, not only up to 1,000")
    parser.add_argument("--one", nargs=3, metavar=("CONTENDER", "FOLDER", "SIZE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        contender, folder, size = asked.one
        print(measure(contender, Path(folder), int(size)))
    else:
        report(SIZES if asked.full else SIZES[:2])


if __name__ == "__main__":
    main()
