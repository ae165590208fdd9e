"""A figure that was promised, as a ratio beside its limit; what the benches print at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """A ratio (`None`: not measured) beside the most that it may be (`least`: the least; `None`: there is no limit)."""

    what: str
    measured: float | None
    limit: float | None = None
    least: bool = False

    @property
    def verdict(self) -> str:
        """Whether it is kept."""
        if self.measured is None:
            return "not measured"
        if self.limit is None:
            return ""
        kept = self.measured >= self.limit if self.least else self.measured <= self.limit
        return "kept" if kept else "MISSED"


def ratio(above: float | None, below: float | None) -> float | None:
    """One over the other, where both were measured."""
    return above / below if above is not None and below else None


def tell(promises: Iterable[Promise]) -> int:
    """Print them all; 1 where one is missed."""
    found = list(promises)
    print("\nratio" + " " * 75 + "measured   limit")
    for one in found:
        measured = "" if one.measured is None else f"{one.measured:.2f}"
        limit = "none" if one.limit is None else f"{'at least' if one.least else 'at most'} {one.limit:g}"
        print(f"  {one.what:<76}{measured:>10}   {limit:<13} {one.verdict}".rstrip(), flush=True)
    return int(any(one.verdict == "MISSED" for one in found))
