"""What several processes save, and what a receipt costs: `python bench/workers.py`.

The Node pipeline plays the conversions with a time-out of 1 s, with `-n 1` and with `-n 4`: four take at most 0.7 of
what one takes, on 2 cores. With `--receipt` a run takes at most 100 ms more. Both are measured in pairs, so that both
sides see the same machine, and medians are compared; of the receipt's cost also in processor time, which others on the
machine change less.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promises import Promise, ratio, tell

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ROOT / "harness" / "zoo" / "commands"
WORKERS, RECEIPT = 0.7, 0.1


def project(folder: Path) -> Path:
    """Write a project with the Node pipeline, which gives up each request after a second."""
    for name in ("node_fetch.cjs", "intercom.cjs"):
        text = (COMMANDS / name).read_text(encoding="utf-8")
        limited = text.replace("{ method, headers, body", "{ signal: AbortSignal.timeout(1000), method, headers, body")
        (folder / name).write_text(limited, encoding="utf-8")
    shutil.copy(COMMANDS / "node_fetch.toml", folder / "node.toml")
    (folder / "harness.toml").write_text('pipeline = "node.toml"\n', encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class RunTime:
    """Seconds that a run took, and seconds of processors, those of all its processes."""

    wall: float
    cpu: float


def spent(folder: Path, *words: str) -> RunTime:
    """Return what a run takes. It may refute what it likes, as long as it runs."""
    cpu, began = _processors(), time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "harness", "run", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if ran.returncode == 2:
        sys.exit(f"error: harness run {' '.join(words)} could not run\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
    return RunTime(time.perf_counter() - began, _processors() - cpu)


def _processors() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def pairs(folder: Path, one: Sequence[str], other: Sequence[str], number: int) -> tuple[RunTime, RunTime]:
    """Return the medians of two kinds of runs, measured in turns."""
    spent(folder, *other)  # durations and byte code are there then
    measured = [(spent(folder, *one), spent(folder, *other)) for _ in range(number)]
    first, second = zip(*measured, strict=True)
    return _median(first), _median(second)


def _median(runs: Sequence[RunTime]) -> RunTime:
    return RunTime(statistics.median(run.wall for run in runs), statistics.median(run.cpu for run in runs))


def main() -> int:
    """Measure both, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="measured pairs of each (default: 3)")
    parser.add_argument("--receipt-alone", action="store_true", help="measure the cost of a receipt alone")
    parser.add_argument("--level", action="append", help="levels to play (default: all)")
    given = parser.parse_args()
    levels = [word for level in given.level or () for word in ("--level", level)]
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as name:
        folder = project(Path(name))
        kept = receipt_is_cheap(folder, 3 * given.pairs)
        if given.receipt_alone:
            return int(not kept)
        one, four = pairs(folder, ["-n", "1", *levels], ["-n", "4", *levels], given.pairs)
    print(f"Node pipeline, time-out of 1 s: -n 1 {one.wall:.1f} s, -n 4 {four.wall:.1f} s")
    broken = tell([Promise("-n 4 over -n 1, Node, time-out of 1 s", ratio(four.wall, one.wall), WORKERS)])
    return int(broken or not kept)


def receipt_is_cheap(folder: Path, number: int) -> bool:
    """Measure what `--receipt` adds to a run of two scenarios, print it, and return whether the promise is kept."""
    short = ["-k", "test_a_visitor_becomes_a_lead", "--level", "flows"]
    plain, receipt = pairs(folder, short, [*short, "--receipt", "receipt.json"], number)
    for name, before, after in (("wall", plain.wall, receipt.wall), ("processor", plain.cpu, receipt.cpu)):
        print(f"{name} time of two scenarios: {before * 1000:.0f} ms, with --receipt {after * 1000:.0f} ms")
    more = receipt.wall - plain.wall
    kept = more <= RECEIPT
    print(f"--receipt adds {more * 1000:.0f} ms (at most {RECEIPT * 1000:.0f}): {'kept' if kept else 'MISSED'}")
    return kept


if __name__ == "__main__":
    sys.exit(main())
