"""The sandbox beside others under one load: `python bench/sandbox_peers.py` (`python bench/peers.py` gets the others).

Visitors become users over HTTP at 32 keep-alive connections; then one after another, for the latency; and from the
start of the process to its first answer. All servers stand at the same time, idle but for the one that is asked, and
take turns, so that what else the machine does meets all alike: the ratios count, not the figures. Only the sandbox and
the thin handler really convert; the others answer a prepared body (WireMock, Prism, uvicorn) or store a row (moto).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import load
import peers
from thin import CONTACT

HERE = Path(__file__).resolve().parent
DESCRIPTION = HERE.parents[1] / "shared" / "intercom" / "openapi" / "intercom-api-2.16.yaml"
CONNECTIONS = 32
ONE_BY_ONE = 400
JSON = {"content-type": "application/json"}
INTERCOM = {**JSON, "authorization": "Bearer sandbox-bench", "intercom-version": "2.16"}
DYNAMO = {
    "content-type": "application/x-amz-json-1.0",
    "authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=none",
}


def visitor_user_id(number: int) -> str:
    """The uuid of one of the visitors."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def conversion(number: int) -> bytes:
    """The request that turns one visitor into a user."""
    user = {"email": f"person.{number}@example.com"}
    body = {"visitor": {"user_id": visitor_user_id(number)}, "user": user, "type": "user"}
    return load.request("/visitors/convert", json.dumps(body).encode(), INTERCOM)


def described(number: int) -> bytes:
    """The same as Intercom's description wants it, which Prism insists on: the user by all three identifiers."""
    user = {"id": f"{number:024x}", "user_id": f"account-{number}", "email": f"person.{number}@example.com"}
    body = {"visitor": {"user_id": visitor_user_id(number)}, "user": user, "type": "user"}
    return load.request("/visitors/convert", json.dumps(body).encode(), INTERCOM)


def visitor(path: str, number: int) -> bytes:
    """The request that makes one visitor."""
    body = {"user_id": visitor_user_id(number), "name": "Ada Bench"}
    return load.request(path, json.dumps(body).encode(), INTERCOM)


def dynamo(operation: str, body: object) -> bytes:
    """One request to moto's DynamoDB."""
    return load.request("/", json.dumps(body).encode(), {**DYNAMO, "x-amz-target": f"DynamoDB_20120810.{operation}"})


def item(number: int) -> bytes:
    """The request that stores a row, which is the closest that moto has."""
    row = {"id": {"S": visitor_user_id(number)}, "email": {"S": f"person.{number}@example.com"}}
    return dynamo("PutItem", {"TableName": "people", "Item": row})


TABLE = {
    "TableName": "people",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@dataclass(frozen=True)
class Contender:
    """One server: how it is started, what it is asked, and what its answers hold."""

    name: str
    command: Callable[[int, Path], list[str]]
    question: Callable[[int], bytes] = conversion
    expected: bytes = b'"role":"user"'
    probe: bytes = load.request("/_sandbox/health", b"", {}, "GET")
    visitors: str = ""
    """The path that makes visitors, where they are needed."""
    tables: bool = False
    limit: float | None = None
    """How many times as fast as this one the sandbox has to be."""


def sandbox(port: int, folder: Path) -> list[str]:
    """`harness sandbox`, in memory."""
    return [sys.executable, "-m", "harness", "sandbox", "--port", str(port)]


def thin(port: int, folder: Path) -> list[str]:
    """The thinnest handler."""
    return [sys.executable, str(HERE / "thin.py"), str(port)]


def bare(port: int, folder: Path) -> list[str]:
    """uvicorn alone."""
    return [*thin(port, folder), "--bare"]


def wiremock(port: int, folder: Path) -> list[str]:
    """WireMock with one canned answer, without journal and logs, and with threads for every connection."""
    (folder / "mappings").mkdir()
    stub = {
        "request": {"method": "POST", "urlPath": "/visitors/convert"},
        "response": {"status": 200, "headers": JSON, "body": json.dumps(CONTACT, separators=(",", ":"))},
    }
    (folder / "mappings" / "convert.json").write_text(json.dumps(stub))
    options = "--no-request-journal --disable-request-logging --use-chunked-encoding never --container-threads 64"
    where = ["--bind-address", "127.0.0.1", "--port", str(port), "--root-dir", str(folder)]
    return ["java", "-jar", str(peers.wiremock()), *options.split(), "--disable-banner", *where]


def prism(port: int, folder: Path) -> list[str]:
    """Prism with a description of this one operation and an example of its answer."""
    answer = {"200": {"description": "", "content": {"application/json": {"example": CONTACT}}}}
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    paths = {"/visitors/convert": {"post": {"requestBody": body, "responses": answer}}}
    description = {"openapi": "3.0.1", "info": {"title": "visitors", "version": "1"}, "paths": paths}
    (folder / "openapi.json").write_text(json.dumps(description))
    where = ["--host", "127.0.0.1", "--port", str(port), "--verboseLevel", "silent"]
    return [str(peers.prism()), "mock", *where, str(folder / "openapi.json")]


def prism_on_intercom(port: int, folder: Path) -> list[str]:
    """Prism with Intercom's own description, as whoever mocks Intercom with it has it."""
    where = ["--host", "127.0.0.1", "--port", str(port), "--verboseLevel", "silent"]
    return [str(peers.prism()), "mock", *where, str(DESCRIPTION)]


def moto(port: int, folder: Path) -> list[str]:
    """moto's server."""
    return [str(peers.PYTHON.with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]


LIST_TABLES = dynamo("ListTables", {})
CONTENDERS = (
    Contender("harness sandbox", sandbox, visitors="/_sandbox/visitors"),
    Contender("thin handler", thin, probe=visitor("/visitors", 0xFFFFFFFF), visitors="/visitors"),
    Contender("bare uvicorn", bare, probe=conversion(0)),
    Contender("WireMock, tuned", wiremock, probe=conversion(0), limit=1.0),
    Contender("Prism", prism, probe=conversion(0), limit=3.0),
    Contender("Prism, Intercom", prism_on_intercom, described, probe=described(0), limit=3.0),
    Contender("moto, PutItem", moto, item, b"{}", LIST_TABLES, tables=True, limit=8.0),
)


def is_here(contender: Contender) -> bool:
    """Whether it is installed."""
    match contender.name:
        case "WireMock, tuned":
            return peers.wiremock() is not None
        case "Prism":
            return peers.prism() is not None
        case "Prism, Intercom":
            return peers.prism() is not None and DESCRIPTION.is_file()
        case "moto, PutItem":
            return peers.python_peer("moto")
        case _:
            return True


@dataclass
class Running:
    """A contender that answers."""

    contender: Contender
    port: int
    ready_after: float
    asked: int = 0

    def fresh(self, count: int) -> list[bytes]:
        """The next questions, with the visitors they are about."""
        numbers = range(self.asked, self.asked + count)
        self.asked += count
        if self.contender.visitors:
            made = [visitor(self.contender.visitors, number) for number in numbers]
            load.seconds_for(self.port, made, connections=8, expected=b"")
        return [self.contender.question(number) for number in numbers]

    def rate(self, count: int) -> float:
        """Requests per second at all connections."""
        questions = self.fresh(count)
        took = load.seconds_for(self.port, questions, connections=CONNECTIONS, expected=self.contender.expected)
        return count / took

    def latency(self) -> list[float]:
        """Milliseconds of requests one after another."""
        found = load.one_by_one(self.port, self.fresh(ONE_BY_ONE), expected=self.contender.expected)
        return [second * 1_000 for second in found]


@contextlib.contextmanager
def running(contender: Contender) -> Iterator[Running]:
    """A contender for the length of a block."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = contender.command(port, Path(folder))
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _wait_for(port, contender, process)
                found = Running(contender, port, time.perf_counter() - start)
                if contender.tables:
                    load.answer_to(port, dynamo("CreateTable", TABLE))
                yield found
            finally:
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=10)
                process.kill()


def _wait_for(port: int, contender: Contender, process: subprocess.Popen[bytes]) -> None:
    end = time.perf_counter() + 60
    while time.perf_counter() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            if load.answer_to(port, contender.probe).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.002)
    sys.exit(f"error: {contender.name} does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def starts(contender: Contender, runs: int) -> float:
    """The median of seconds from the start of the process to its first answer."""
    found: list[float] = []
    for _ in range(runs):
        with running(contender) as one:
            found.append(one.ready_after)
    return statistics.median(found)


def compare(rounds: int, count: int, warm: int) -> dict[str, tuple[list[float], list[float]]]:
    """Rates and latencies of all contenders, in turns."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    with contextlib.ExitStack() as stack:
        standing = [stack.enter_context(running(one)) for one in CONTENDERS if is_here(one)]
        for one in standing:
            found[one.contender.name] = ([], [])
            # A virtual machine has to see its code often before it is fast; moto is slow from first to last.
            one.rate(warm if one.contender.limit != 8 else 200)
        for _ in range(rounds):
            for one in standing:
                rates, latencies = found[one.contender.name]
                rates.append(one.rate(count if one.contender.limit != 8 else count // 8))
                latencies += one.latency()
    return found


def report(rounds: int, count: int, warm: int) -> bool:
    """Print the table; whether every limit holds."""
    print(f"{peers.machine()}; {rounds} rounds of {count:,} requests at {CONNECTIONS} connections, medians")
    found = compare(rounds, count, warm)
    ours = found[CONTENDERS[0].name][0]
    kept = True
    print(f"{'':<18}{'requests/s':>11}{'sandbox is':>12}{'p50 ms':>8}{'p99 ms':>8}{'ready s':>9}")
    for contender in CONTENDERS:
        if contender.name not in found:
            print(f"{contender.name:<18}not installed")
            continue
        rates, latencies = found[contender.name]
        ratio = statistics.median(mine / other for mine, other in zip(ours, rates, strict=True))
        cuts = statistics.quantiles(latencies, n=100)
        ready = starts(contender, 3)
        line = f"{contender.name:<18}{statistics.median(rates):>11,.0f}{ratio:>11.2f}x{cuts[49]:>8.2f}{cuts[98]:>8.2f}"
        promise = ""
        if contender.limit is not None:
            promise = f"   more than {contender.limit:.0f}x: {_word(ratio > contender.limit)}"
            kept = kept and ratio > contender.limit
        if contender is CONTENDERS[0]:
            fits = cuts[49] <= 1.0 and ready <= 0.4
            promise = f"   p50 at most 1 ms, ready in at most 0.4 s: {_word(fits)}"
            kept = kept and fits
        print(f"{line}{ready:>9.2f}{promise}", flush=True)
    return kept


def _word(kept: bool) -> str:
    return "kept" if kept else "BROKEN"


def main() -> int:
    """Compare; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=4_000, help="requests per round and contender")
    parser.add_argument("--warm", type=int, default=10_000, help="unmeasured requests before the first round")
    options = parser.parse_args()
    return 0 if report(options.rounds, options.count, options.warm) else 1


if __name__ == "__main__":
    sys.exit(main())
