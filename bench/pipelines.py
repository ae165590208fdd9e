"""What pipelines outside of this process pay: `python bench/pipelines.py`.

A call of a command pipeline over the bare command's own start (its environment, proxy, authority and preload, its
output drained, what it left ended): at most 30 ms. A keep-alive request through the TLS door, as a proxy's client opens
it, over the same in plain HTTP: at most 3 ms. Both are measured in pairs, so that both sides see the same machine,
and medians are compared. Beside the time stands the processor time, ours and the command's, which a machine that
others use at the same moment changes less.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import shutil
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from harness.pipeline.commands import CommandPipeline
from harness.pipeline.environment import command_environment
from harness.runner.backend_session import CurrentStep, SessionConfig, open_backend_session
from harness.runner.command_session import CommandSession, ServiceConfig, command_session
from harness.runner.wiring import DEFAULT_WORKSPACE

COMMAND_LIMIT, TLS_LIMIT = 0.030, 0.003
ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "true": "true",
    "sh": "sh -c :",
    "Python": f"'{sys.executable}' -c pass",
    "Python and requests": f"'{sys.executable}' -c 'import requests'",
    "Node": "node -e 0",
    "Node and https": "node -e 'require(\"https\")'",
}
HEADERS = {"Authorization": "Bearer sandbox-default", "Intercom-Version": "2.16"}
AT_ONCE = 20
"""Requests between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that something took, and seconds of processors, its children's included."""

    wall: float
    cpu: float


def spent(work: Callable[[], object]) -> Spent:
    """What one piece of work takes."""

    def processors() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    cpu, wall = processors(), time.perf_counter()
    work()
    return Spent(time.perf_counter() - wall, processors() - cpu)


def bare(line: str) -> Callable[[], object]:
    """The command alone."""
    words = shlex.split(line)
    return lambda: subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def called(pipeline: CommandPipeline) -> Callable[[], object]:
    """One call of the pipeline."""

    def call() -> None:
        answer = pipeline.call("run", {})
        if answer.trouble:
            sys.exit(f"error: {answer.trouble}\n{answer.stderr[-2000:]}")

    return call


def asking(connection: HTTPConnection) -> Callable[[], object]:
    """A few requests, one after another, on a connection that stays open."""

    def ask() -> None:
        for _ in range(AT_ONCE):
            connection.request("GET", "/me", headers=HEADERS)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                sys.exit(f"error: GET /me was answered {answer.status} {content[:200]!r}")

    return ask


def doors(session: CommandSession) -> tuple[HTTPConnection, HTTPSConnection]:
    """The plain door, and the TLS door as the client of a proxy comes to it."""
    host, port = urlsplit(session.service.server.url).netloc.split(":")
    trust = ssl.create_default_context(cafile=str(session.way.ca_file))
    tunnelled = HTTPSConnection(host, int(port), context=trust)
    tunnelled.set_tunnel("api.intercom.io", 443)
    return HTTPConnection(host, int(port)), tunnelled


def row(
    name: str, plain: Callable[[], object], ours: Callable[[], object], *, pairs: int, limit: float, times: int = 1
) -> bool:
    """Measure in pairs, print the line, tell whether the promise is kept."""
    plain(), ours()
    measured = [(spent(plain), spent(ours)) for _ in range(pairs)]
    wall = [statistics.median(one.wall / times for one in side) for side in zip(*measured, strict=True)]
    cpu = [statistics.median(one.cpu / times for one in side) for side in zip(*measured, strict=True)]
    more = wall[1] - wall[0]
    numbers = [wall[0], wall[1], more, cpu[1] - cpu[0]]
    print(
        f"{name:<28}" + "".join(f" {number * 1000:9.2f}" for number in numbers)
        + f"   at most {limit * 1000:.0f}: {'kept' if more <= limit else 'BROKEN'}",
        flush=True,
    )  # fmt: skip
    return bool(more <= limit)


def main() -> int:
    """Measure every command that is installed, and the door; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description="What a command pipeline, and the TLS door, cost.")
    parser.add_argument("--pairs", type=int, default=25, help="measured pairs of each (default: 25)")
    pairs = parser.parse_args().pairs
    print(f"{'milliseconds, medians':<28} {'plain':>9} {'ours':>9} {'more':>9} {'more cpu':>9}")
    sandbox = SessionConfig("sandbox", "bench", CurrentStep("when"), workspace=DEFAULT_WORKSPACE)
    with open_backend_session(sandbox) as backend, command_session(backend, ServiceConfig()) as session:
        environment = command_environment(os.environ, session.way)
        kept = True
        for name, line in COMMANDS.items():
            if shutil.which(shlex.split(line)[0]) is None:
                continue
            pipeline = CommandPipeline({"run": line}, name=name, folder=ROOT, environment=lambda: environment)
            kept &= row(f"command: {name}", bare(line), called(pipeline), pairs=pairs, limit=COMMAND_LIMIT)
        plain, tunnelled = doors(session)
        kept &= row(
            "TLS door, a request", asking(plain), asking(tunnelled), pairs=pairs, limit=TLS_LIMIT, times=AT_ONCE
        )
        plain.close()
        tunnelled.close()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
