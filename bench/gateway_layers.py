"""What the gateway's layers cost where no fault is armed and nobody subscribed: paired runs, in this process.

Two gateways in front of equal sandboxes, one with the fault and webhook layers, are asked in turn; what counts is the
difference of each pair against how much the plain one varies by itself.
"""

from __future__ import annotations

import statistics
import time

from harness.core.clock import ManualClock
from harness.core.http import Request
from harness.gateway import Gateway, GatewaySession
from harness.runner import wiring

PAIRS, REQUESTS = 60, 400
ASKED = Request("GET", "/me", {"authorization": "Bearer sandbox-one", "intercom-version": "2.16"})


def gateway(*, layered: bool) -> Gateway:
    """A gateway in front of a sandbox of its own."""
    clock = ManualClock()
    backend = wiring.sandbox_backend(clock)
    session = GatewaySession(backend)
    if layered:
        webhooks = wiring.subscriptions(backend, clock)
        assert webhooks is not None
        session = GatewaySession(backend, (webhooks.middleware, wiring.workspace_faults(backend, clock).middleware))
    opened = Gateway(clock)
    opened.open(session)
    return opened


def microseconds(asked: Gateway) -> float:
    """How long one request takes, on average of many."""
    began = time.perf_counter()
    for _ in range(REQUESTS):
        asked.handle(ASKED)
    return (time.perf_counter() - began) / REQUESTS * 1e6


def main() -> None:
    """Measure and tell."""
    plain, layered = gateway(layered=False), gateway(layered=True)
    microseconds(plain), microseconds(layered)
    pairs = [(microseconds(plain), microseconds(layered)) for _ in range(PAIRS)]
    alone = [one for one, _ in pairs]
    more = [other - one for one, other in pairs]
    print(f"a request without layers: {statistics.median(alone):.1f} us, varying by {statistics.pstdev(alone):.1f} us")
    print(f"with both layers: {statistics.median(more):+.2f} us")


if __name__ == "__main__":
    main()
