"""Prints the figures that the project promises, measured here and now: `make bench`, or `python bench/figures.py NAME`.

Each is a whole process, from start to exit (the sandbox: to its ready line), run several times after one unmeasured
run that fills the caches of the file system and of Python. Medians stand beside minimum and maximum, for what a machine
shared with others does to one number; a bare interpreter and an empty pytest run are there to compare with. These are
no tests: nothing in `make test` is timed.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOWS = ("visitor_to_lead", "visitor_to_user_create", "visitor_to_user_merge", "lead_to_user", "refusals")
SCENARIOS = [f"scenarios/{name}.py" for name in FLOWS]
PYTEST_QUIETLY = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Figure:
    """One promise: what is measured, at most how many seconds it may take (none for a comparison), and how."""

    name: str
    what: str
    limit: float | None
    measure: Callable[[], float]


def whole_process(*arguments: str, folder: Path = ROOT) -> float:
    """Seconds from start to exit of a Python process that has to succeed."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(
            f"error: {' '.join(arguments)} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return seconds


def to_ready_line() -> float:
    """Seconds from the start of `harness sandbox` until it says that it accepts."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "harness", "sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=10)
    if not line.startswith("ready http://127.0.0.1:") or status:
        sys.exit(f"error: harness sandbox said {line!r} and ended with {status}")
    return seconds


def empty_pytest() -> float:
    """Seconds of a pytest run with one empty test, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text("def test_nothing(): pass\n")
        return whole_process(*PYTEST_QUIETLY, "-p", "no:faker", "-p", "no:anyio", folder=folder)


FIGURES = (
    Figure("python", "an empty Python process", None, lambda: whole_process("-c", "pass")),
    Figure("pytest", "an empty pytest run", None, empty_pytest),
    Figure(
        "run", "harness run, flow modules and refusals", 3.0, lambda: whole_process("-m", "harness", "run", *SCENARIOS)
    ),
    Figure("replay", "the same replayed under pytest", 3.0, lambda: whole_process(*PYTEST_QUIETLY, *SCENARIOS)),
    Figure("sandbox", "harness sandbox, to its ready line", 0.5, to_ready_line),
)


def row(figure: Figure, runs: int) -> bool:
    """Measure one figure, print its line, tell whether its median keeps the promise."""
    figure.measure()
    seconds = [figure.measure() for _ in range(runs)]
    median = statistics.median(seconds)
    kept = figure.limit is None or median <= figure.limit
    promise = "" if figure.limit is None else f"at most {figure.limit:.1f} s: {'kept' if kept else 'BROKEN'}"
    print(f"{figure.what:<40} {median:7.3f} {min(seconds):7.3f} {max(seconds):7.3f}   {promise}", flush=True)
    return kept


def main() -> int:
    """Measure the named figures, or all of them; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description="Prints the figures that the project promises.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(figure.name for figure in FIGURES))
    parser.add_argument("--runs", type=int, default=7, help="measured runs of each (default: 7)")
    options = parser.parse_args()
    if unknown := set(options.names) - {figure.name for figure in FIGURES}:
        parser.error(f"no figure is named {', '.join(sorted(unknown))}")
    chosen = [figure for figure in FIGURES if not options.names or figure.name in options.names]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"Python {platform.python_version()}, {machine}, {options.runs} runs")
    print(f"{'seconds, whole processes':<40} {'median':>7} {'min':>7} {'max':>7}")
    kept = [row(figure, options.runs) for figure in chosen]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
