"""What a call of a command pipeline costs over the bare command's own start: `python bench/pipelines.py`.

Each command is started in pairs, bare and as the harness starts it (its environment, proxy, authority and preload, its
output drained, what it left ended), so that both see the same machine. At most 30 ms may lie between the medians.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from harness.app import command_session, sandbox_backend
from harness.clock import ManualClock
from harness.pipeline.commands import CommandPipeline
from harness.pipeline.environment import command_environment

LIMIT = 0.030
ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "true": "true",
    "sh": "sh -c :",
    "Python": f"'{sys.executable}' -c pass",
    "Python and requests": f"'{sys.executable}' -c 'import requests'",
    "Node": "node -e 0",
    "Node and https": "node -e 'require(\"https\")'",
}


def bare(line: str) -> Callable[[], float]:
    """Seconds of the command alone."""
    words = shlex.split(line)

    def measure() -> float:
        started = time.perf_counter()
        subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return time.perf_counter() - started

    return measure


def called(pipeline: CommandPipeline) -> Callable[[], float]:
    """Seconds of one call of the pipeline."""

    def measure() -> float:
        started = time.perf_counter()
        answer = pipeline.call("run", {})
        seconds = time.perf_counter() - started
        if answer.trouble:
            sys.exit(f"error: {answer.trouble}\n{answer.stderr[-2000:]}")
        return seconds

    return measure


def row(name: str, alone: Callable[[], float], ours: Callable[[], float], pairs: int) -> bool:
    """Measure in pairs, print the line, tell whether the promise is kept."""
    alone(), ours()
    measured = [(alone(), ours()) for _ in range(pairs)]
    first, second = (statistics.median(column) for column in zip(*measured, strict=True))
    kept = bool(second - first <= LIMIT)
    print(
        f"{name:<22} {first * 1000:8.1f} {second * 1000:8.1f} {(second - first) * 1000:8.1f}   "
        f"at most {LIMIT * 1000:.0f}: {'kept' if kept else 'BROKEN'}",
        flush=True,
    )
    return kept


def main() -> int:
    """Measure every command that is installed; 1 if the promise is broken for one."""
    parser = argparse.ArgumentParser(description="What a call of a command pipeline costs over the bare command.")
    parser.add_argument("--pairs", type=int, default=25, help="measured pairs of each (default: 25)")
    pairs = parser.parse_args().pairs
    clock = ManualClock()
    print(f"{'milliseconds, medians':<22} {'bare':>8} {'called':>8} {'more':>8}")
    with command_session(sandbox_backend(clock), clock) as session:
        environment = command_environment(os.environ, session.way)
        kept = True
        for name, line in COMMANDS.items():
            if shutil.which(shlex.split(line)[0]) is None:
                continue
            pipeline = CommandPipeline({"run": line}, name=name, folder=ROOT, environment=lambda: environment)
            kept &= row(name, bare(line), called(pipeline), pairs)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
