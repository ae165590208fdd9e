"""Replays one long cassette through `requests`, here and by others: `python bench/cassette_peers.py [--short]`.

Each contender gets the same interactions (distinct JSON bodies, one URL for all or one for each) in its own file
format, in a process of its own: time for loading and replaying them all. Imports are told beside it: they are paid
once, whatever the cassette (`pytest_peers` counts them). vcrpy, responses and betamax are quadratic, so they are
measured at 500 and 1,000 and extrapolated, which the table says; vcrpy takes a minute or more for that. Ratios are of
processor time, which other work on the machine disturbs less; nobody here waits for anything. Contenders that are not
installed are left out, which it says too (`python bench/peers.py` installs them).
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import peers
from cassette_contenders import CONTENDERS, FULL, HEADERS, MEASURED_OF_QUADRATIC, SIZES, question, url, write
from promises import Promise, ratio, tell

LONGEST = 420
"""Seconds after which a contender is stopped."""
FLAT = 1.25
"""How much more an interaction may cost in one cassette than in another for the cost to be called flat."""


@dataclass(frozen=True)
class Times:
    """Seconds of one replay: by the clock, of the processor, and of the processor for imports."""

    clock: float
    processor: float
    imports: float


def measure(name: str, folder: Path, size: int, *, many: bool) -> Times:
    """Load and replay, in this process."""
    contender, before = CONTENDERS[name], time.process_time()
    for module in contender.imports:
        importlib.import_module(module)
    imports = time.process_time() - before
    start, started = time.perf_counter(), time.process_time()
    with contender.play(folder, size) as session:
        for number in range(size):
            got = session.post(url(number, many=many), json=question(number), headers=HEADERS, timeout=5).json()
            if got["number"] != number:
                sys.exit(f"{name} answered {got['number']} to {number}")
    return Times(time.perf_counter() - start, time.process_time() - started, imports)


def in_own_process(name: str, folder: Path, size: int, *, many: bool = False) -> Times | None:
    """The same in a new process; `None` where the contender cannot do it, or not in time."""
    python = str(peers.PYTHON) if peers.PYTHON.exists() else sys.executable
    command = [python, __file__, "--one", name, str(folder), str(size), *(["--many"] if many else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        print(f"{name:<22}{size:>13,}   stopped after {LONGEST} s", flush=True)
        return None
    if done.returncode:
        print(f"{name:<22}{size:>13,}   {done.stderr.strip().splitlines()[-1] if done.stderr else 'failed'}")
        return None
    return Times(*json.loads(done.stdout))


def _row(title: str, size: int, times: Times, note: str = "") -> None:
    each = times.processor / size * 1e6
    print(f"{title:<22}{size:>13,}{times.clock:>10.3f}{times.processor:>11.3f}{each:>9.0f}", end="")
    print(f"{times.imports * 1e3:>9.0f}  {note}".rstrip(), flush=True)


def _repeats(seconds: float) -> int:
    """How often more: what is over at once meets chance the most."""
    return 4 if seconds < 0.5 else 1 if seconds < 5 else 0


def _rows(name: str, folder: Path, sizes: tuple[int, ...], *, many: bool = False) -> dict[int, Times]:
    found: dict[int, Times] = {}
    for size in sizes:
        if CONTENDERS[name].quadratic:
            print(f"  {name} replays {size:,} …", file=sys.stderr, flush=True)
        first = in_own_process(name, folder, size, many=many)
        if first is None:
            break
        again = [in_own_process(name, folder, size, many=many) for _ in range(_repeats(first.clock))]
        found[size] = min((one for one in (first, *again) if one), key=lambda one: one.processor)
        _row(f"{name}, distinct URLs" if many else name, size, found[size])
    return found


def _extrapolated(name: str, found: dict[int, Times]) -> dict[int, Times]:
    """With the time for `FULL`, by a·n + b·n²: what grows with the square is what twice as many take above double."""
    small, large = MEASURED_OF_QUADRATIC
    if small not in found or large not in found:
        return found

    def at_full(few: float, many: float) -> float:
        square = max(many - few * large / small, 0.0) / (large**2 - large * small)
        return (few - square * small**2) / small * FULL + square * FULL**2

    one, other = found[small], found[large]
    whole = Times(at_full(one.clock, other.clock), at_full(one.processor, other.processor), other.imports)
    _row(name, FULL, whole, "extrapolated")
    return {**found, FULL: whole}


def compare(only: list[str], largest: int) -> int:
    """The table, and the promises; 1 where one is missed."""
    print(f"{peers.machine()}; load and full replay, best of two where it takes less than 5 s, of five below 0.5 s")
    print(f"{'contender':<22}{'interactions':>13}{'seconds':>10}{'processor':>11}{'µs each':>9}{'imports, ms':>13}")
    found: dict[str, dict[int, Times]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, many = Path(name, "one"), Path(name, "many")
        for place in (folder, many):
            place.mkdir()
            for size in sorted({*SIZES, *MEASURED_OF_QUADRATIC}):
                write(place, size, many=place is many)
        for contender in only or CONTENDERS:
            sizes = tuple(size for size in CONTENDERS[contender].sizes if size <= largest)
            found[contender] = _rows(contender, folder, sizes)
            if CONTENDERS[contender].quadratic:
                found[contender] = _extrapolated(contender, found[contender])
        found["distinct"] = _rows("harness", many, tuple(size for size in SIZES if size <= largest), many=True)
    return tell(promises(found))


def promises(found: dict[str, dict[int, Times]]) -> list[Promise]:
    """What is promised of a long cassette."""

    def full(name: str) -> float | None:
        times = found.get(name, {}).get(FULL)
        return times.processor if times else None

    ours = full("harness")
    return [
        Promise("5,000 interactions: vcrpy's extrapolated time over ours", ratio(full("vcrpy"), ours), 400, least=True),
        Promise("5,000 interactions: cassetter's time over ours", ratio(full("cassetter"), ours), 1, least=True),
        Promise("5,000 interactions: the dictionary's time over ours", ratio(full("dictionary"), ours)),
        Promise("an interaction: dearest of 100 to 10,000 over cheapest, one URL", _spread(found.get("harness")), FLAT),
        Promise("an interaction: the same, distinct URLs", _spread(found.get("distinct")), FLAT),
    ]


def _spread(found: dict[int, Times] | None) -> float | None:
    each = [times.processor / size for size, times in (found or {}).items()]
    return max(each) / min(each) if len(each) == len(SIZES) else None


def main() -> int:
    """Measure one contender here, or all of them; 1 where a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contenders", nargs="*", metavar="CONTENDER", help=", ".join(CONTENDERS))
    parser.add_argument("--short", action="store_true", help="up to 1,000 interactions only")
    parser.add_argument("--one", nargs=3, metavar=("CONTENDER", "FOLDER", "SIZE"), help=argparse.SUPPRESS)
    parser.add_argument("--many", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        contender, folder, size = asked.one
        times = measure(contender, Path(folder), int(size), many=asked.many)
        print(json.dumps([times.clock, times.processor, times.imports]))
        return 0
    return compare(asked.contenders, 1_000 if asked.short else max(SIZES))


if __name__ == "__main__":
    sys.exit(main())
