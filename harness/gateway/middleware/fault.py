"""One fault as it is armed: a value. What its kind does is `fault_kinds`' matter, which requests it meets `faults`'."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as it is armed.

    operation: Intercom's operationId, `METHOD /path` (`{}` stands for one segment), `conversion` or `*`. It fires at
    the `start`th request of that operation and at each `every`th after it, `times` times at most (`None`: without end).
    """

    operation: str
    kind: str
    times: int | None = 1
    every: int | None = None
    start: int | None = None
    status: int = 500
    retry_after: int = 10
    after: bool = False
    seconds: float = 0.0
    at: int = 0

    @property
    def first(self) -> int:
        """The number of the first request that it fires at."""
        return self.start or self.every or 1

    def __str__(self) -> str:
        if self.kind not in ("status", "html"):
            return self.kind
        return f"{self.kind} {self.status}{' after the work' if self.after else ''}"

    def due(self, number: int, fired: int) -> bool:
        """Whether it fires at the request of this number (from 1), having fired so often before."""
        if self.times is not None and fired >= self.times:
            return False
        return number >= self.first and (number - self.first) % (self.every or 1) == 0
