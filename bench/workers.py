"""What several processes save, and what a receipt costs: `python bench/workers.py`.

The Node pipeline plays the conversions with a time-out of 1 s, with `-n 1` and with `-n 4`: four take at most 0.7 of
what one takes, on 2 cores. With `--receipt` a run takes at most 100 ms more. Both are measured in pairs, so that both
sides see the same machine, and medians are compared.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
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


def seconds(folder: Path, *words: str) -> float:
    """Return how long a run takes. It may refute what it likes, as long as it runs."""
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "harness", "run", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if ran.returncode == 2:
        sys.exit(f"error: harness run {' '.join(words)} could not run\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
    return time.perf_counter() - began


def pairs(folder: Path, one: Sequence[str], other: Sequence[str], number: int) -> tuple[float, float]:
    """Return the medians of two kinds of runs, measured in turns."""
    seconds(folder, *other)  # durations and byte code are there then
    measured = [(seconds(folder, *one), seconds(folder, *other)) for _ in range(number)]
    first, second = zip(*measured, strict=True)
    return statistics.median(first), statistics.median(second)


def main() -> int:
    """Measure both, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="measured pairs of each (default: 3)")
    parser.add_argument("--level", action="append", help="levels to play (default: all)")
    given = parser.parse_args()
    levels = [word for level in given.level or () for word in ("--level", level)]
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as name:
        folder = project(Path(name))
        one, four = pairs(folder, ["-n", "1", *levels], ["-n", "4", *levels], given.pairs)
        print(f"Node pipeline, time-out of 1 s: -n 1 {one:.1f} s, -n 4 {four:.1f} s")
        short = ["-k", "test_a_visitor_becomes_a_lead", "--level", "flows"]
        plain, receipt = pairs(folder, short, [*short, "--receipt", "receipt.json"], 3 * given.pairs)
        print(f"a run of two scenarios: {plain * 1000:.0f} ms, with --receipt {receipt * 1000:.0f} ms")
    more = receipt - plain
    print(
        f"--receipt adds {more * 1000:.0f} ms (at most {RECEIPT * 1000:.0f}): {'kept' if more <= RECEIPT else 'MISSED'}"
    )
    broken = tell([Promise("-n 4 over -n 1, Node, time-out of 1 s", ratio(four, one), WORKERS)])
    return int(broken or more > RECEIPT)


if __name__ == "__main__":
    sys.exit(main())
