"""What faults cost while none is armed: `python bench/gateway_cost.py`.

Two gateways over one sandbox, one with the fault table as a layer and one without any, answer the same reads in turns,
pair by pair; a third, built like the second, tells how far apart two equal gateways are measured. The cost is not to
be told from that noise.
"""

from __future__ import annotations

import random
import statistics
import sys
import time

import peers

from harness.core.clock import ManualClock
from harness.core.http import Request
from harness.gateway.core import Gateway, GatewaySession
from harness.runner import wiring

PAIRS = 400
AT_ONCE = 50
HEADERS = {"authorization": "Bearer sandbox-bench", "intercom-version": "2.16"}


def gateways() -> dict[str, Gateway]:
    """The three gateways."""
    clock = ManualClock()
    backend = wiring.sandbox_backend(clock)
    table = wiring.fault_table(clock, backend.operation)
    found = {}
    for name, middleware in (("none", ()), ("none again", ()), ("faults", (table.middleware,))):
        found[name] = Gateway(clock)
        found[name].open(GatewaySession(backend, middleware))
    return found


def microseconds(gateway: Gateway) -> float:
    """One request's share of a short series."""
    request = Request("GET", "/me", HEADERS)
    start = time.perf_counter()
    for _ in range(AT_ONCE):
        gateway.handle(request)
    return (time.perf_counter() - start) / AT_ONCE * 1e6


def main() -> int:
    """Measure; 1 if the cost can be told from the noise."""
    standing = gateways()
    for gateway in standing.values():
        microseconds(gateway)
    found: dict[str, list[float]] = {name: [] for name in standing}
    names = list(standing)
    for _ in range(PAIRS):
        random.shuffle(names)
        for name in names:
            found[name].append(microseconds(standing[name]))
    base = statistics.median(found["none"])
    cost, noise = (
        statistics.median(b - a for a, b in zip(found["none"], found[name], strict=True))
        for name in ("faults", "none again")
    )
    quarters = statistics.quantiles((b - a for a, b in zip(found["none"], found["none again"], strict=True)), n=4)
    spread = (quarters[2] - quarters[0]) / 2
    kept = abs(cost) <= max(abs(noise), spread)
    print(f"{peers.machine()}; {PAIRS} pairs of {AT_ONCE} reads")
    print(f"one request through the gateway     {base:8.2f} µs")
    print(f"with a fault table, none armed      {cost:+8.2f} µs")
    print(f"two equal gateways, median          {noise:+8.2f} µs, half of all pairs within {spread:.2f} µs")
    print(f"not to be told from the noise: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
