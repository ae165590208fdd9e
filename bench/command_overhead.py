"""Prints what one command pipeline costs over the bare command's own start: `python bench/command_overhead.py`.

The same command is started bare, in this environment, and by a pipeline of commands, in turn, so that both meet the
same machine. It does nothing, and so all that differs is the harness: words filled in, the way to the gateway in its
environment with what is loaded before its own code, two streams read to their end, and whatever was left behind ended.
The median of the differences is held against the promise of at most 30 ms; the least shows a machine at rest.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.app import way_to
from harness.clock import WallClock
from harness.gateway import Gateway
from harness.gateway.authority import Authority
from harness.gateway.server import Server
from harness.persons import Visitor
from harness.pipeline.commands import CommandPipeline
from harness.pipeline.environment import command_environment

LIMIT = 0.030
TOKEN = "sandbox-run"
COMMANDS = {"sh": "sh -c :", "python": f"'{sys.executable}' -c pass", "node": "node -e 0"}


def seconds_of(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(line: str, environment: dict[str, str], times: int) -> tuple[list[float], list[float]]:
    """Seconds of the bare command, and of the same as a pipeline."""
    visitor = Visitor("6955b900", "c339b142")
    pipeline = CommandPipeline(
        {"visitor_to_lead": f"{line} {{visitor.user_id}}"},
        name="bench",
        folder=Path.cwd(),
        environment=lambda: environment,
    )
    words = [*shlex.split(line), visitor.user_id]

    def bare() -> None:
        subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def as_pipeline() -> None:
        answer = pipeline.call("visitor_to_lead", {"visitor": visitor})
        if answer.trouble:
            sys.exit(f"error: {line}: {answer.trouble}\n{answer.stderr}")

    bare()
    as_pipeline()
    both = [(seconds_of(bare), seconds_of(as_pipeline)) for _ in range(times)]
    return [one for one, _ in both], [other for _, other in both]


def main() -> int:
    """Measure each kind of command; 1 where one costs more than promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(COMMANDS)}; all unless named")
    parser.add_argument("--times", type=int, default=30)
    asked = parser.parse_args()
    names = asked.names or list(COMMANDS)
    slow = 0
    authority = Authority()
    with Server(Gateway(WallClock()), authority=authority) as server, TemporaryDirectory() as folder:
        environment = command_environment(os.environ, way_to(server, TOKEN, authority, Path(folder)))
        for name in names:
            bare, pipeline = measure(COMMANDS[name], environment, asked.times)
            over = sorted(one - other for one, other in zip(pipeline, bare, strict=True))
            middle = statistics.median(over)
            slow += middle > LIMIT
            print(
                f"{name:8} bare {statistics.median(bare) * 1000:6.1f} ms,"
                f" as a pipeline {statistics.median(pipeline) * 1000:6.1f} ms,"
                f" over {middle * 1000:+5.1f} ms (least {(min(pipeline) - min(bare)) * 1000:+5.1f})"
                f"  {'ok' if middle <= LIMIT else 'TOO SLOW'}"
            )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
