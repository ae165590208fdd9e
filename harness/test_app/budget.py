"""How long to wait before the next request, so that a run stays below the TEST app's rate limit.

Pure arithmetic over what Intercom's own headers say (facts §7); who waits, and by which clock, is `backend`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.core.timestamps import from_http_date

WINDOW: Final = 10.0
"""Seconds for which a limit counts."""
LONGEST_WAIT: Final = 60.0
"""Seconds after which a wait is taken for a misunderstanding between two clocks, and is cut short."""
RESERVE: Final = 0.2
"""The part of each window that is left to whoever else uses the workspace."""
USUAL_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the last answer said of the budget. `reset_in` is in seconds from that answer on."""

    limit: int = 0
    remaining: int = 0
    reset_in: float = 0.0
    retry_after: float | None = None
    limited: bool = False

    @property
    def wait(self) -> float:
        """Seconds that must pass after that answer before the next request; 0 while there is room."""
        if self.limited or self.retry_after is not None:
            return _within(self.retry_after if self.retry_after is not None else self.reset_in or USUAL_PAUSE)
        if self.limit > 0 and self.remaining <= self.limit * RESERVE:
            return _within(self.reset_in)
        return 0.0


def allowance_in(status: int, headers: Mapping[str, str], now: float) -> Allowance | None:
    """The budget that an answer tells; `None` where it tells nothing. `now`: this machine's clock, right or wrong."""
    limited = status == 429
    retry_after = _retry_after(headers.get("retry-after", ""), _their_now(headers, now))
    limit, remaining, reset = (
        _number(headers.get(f"x-ratelimit-{name}", "")) for name in ("limit", "remaining", "reset")
    )
    if limit is None or remaining is None:
        return Allowance(limited=limited, retry_after=retry_after) if limited or retry_after is not None else None
    # Intercom's own clock stands in the Date header: a clock of ours that is wrong by an hour changes nothing.
    reset_in = max(reset - _their_now(headers, now), 0.0) if reset is not None else WINDOW
    return Allowance(int(limit), int(remaining), reset_in, retry_after, limited)


def skew(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds by which this machine's clock is ahead of Intercom's; `None` where an answer carries no date."""
    if "date" not in headers:
        return None
    return now - _their_now(headers, now)


def _their_now(headers: Mapping[str, str], now: float) -> float:
    try:
        return from_http_date(headers["date"])
    except (KeyError, ValueError):
        return now


def _retry_after(text: str, their_now: float) -> float | None:
    number = _number(text)
    if number is not None:
        return max(number, 0.0)
    try:
        moment = from_http_date(text)
    except ValueError:
        return None
    return max(moment - their_now, 0.0)


def _number(text: str) -> float | None:
    try:
        number = float(text.strip())
    except ValueError:
        return None
    return number if 0 <= number < 1e11 else None


def _within(seconds: float) -> float:
    return min(seconds, LONGEST_WAIT)
