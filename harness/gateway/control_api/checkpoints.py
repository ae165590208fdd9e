"""Named states of a workspace: its data, the clock and the armed faults, to go back to as often as one likes.

They live as long as the server. What a state is made of is the sandbox's business; here it is bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.core.errors import Problem
from harness.core.http import BrokenResponse, Exchange
from harness.gateway.middleware.faults import ArmedFault

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One state. `told` is what the clock had been told, `None` where it followed; `count` how far the log had come."""

    name: str
    state: bytes
    now: float
    told: float | None
    faults: Sequence[ArmedFault]
    count: int

    def as_data(self) -> dict[str, object]:
        """What can be told of it."""
        return {"type": "checkpoint", "name": self.name, "now": self.now, "bytes": len(self.state)}


@dataclass(slots=True)
class Checkpoints:
    """The checkpoints of every workspace of a server."""

    _kept: dict[tuple[str, str], Checkpoint] = field(default_factory=dict)

    def put(self, workspace: str, checkpoint: Checkpoint) -> None:
        """Keep a state under its name; one of the same name is replaced."""
        if not NAME.fullmatch(checkpoint.name):
            raise Problem(
                f"{checkpoint.name!r} cannot be the name of a checkpoint",
                remedy="use up to 64 letters, digits, dots, hyphens and underscores",
            )
        self._kept[workspace, checkpoint.name] = checkpoint

    def named(self, workspace: str, name: str) -> Checkpoint:
        """The state of that name, or a `Problem` that tells which there are."""
        if (workspace, name) not in self._kept:
            there = ", ".join(one.name for one in self.of(workspace)) or "none"
            raise Problem(f"there is no checkpoint {name!r}", evidence=f"there are: {there}")
        return self._kept[workspace, name]

    def of(self, workspace: str) -> Sequence[Checkpoint]:
        """All states of a workspace, in the order in which they were named first."""
        return [one for (owner, _), one in self._kept.items() if owner == workspace]


def writes(exchanges: Iterable[Exchange]) -> list[Mapping[str, object]]:
    """What was asked that may have changed something: who asked, for what, with what answer."""
    return [_told(exchange) for exchange in exchanges if _may_have_written(exchange)]


def _may_have_written(exchange: Exchange) -> bool:
    request, outcome = exchange.request, exchange.outcome
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.endswith("/search"):
        return False
    response = outcome.response
    return response is not None and (response.status < 400 or outcome.fault is not None)


def _told(exchange: Exchange) -> Mapping[str, object]:
    request, answer = exchange.request, exchange.outcome.answer
    return {
        "number": exchange.number,
        "at": exchange.at,
        "by": request.headers.get("user-agent", request.caller),
        "operation": exchange.operation,
        "request": f"{request.method} {request.path}",
        "answer": answer.kind if isinstance(answer, BrokenResponse) else answer.status,
        "fault": exchange.outcome.fault,
    }
