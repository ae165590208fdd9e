"""A comparison of two rehearsals in the terminal: claims whose verdict differs, then people, by what differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from harness.rehearsal.rehearsal_comparison import FIRST, RehearsalComparison

SHOWN: Final = 25
"""Kinds of differences that have a line of their own; how many more there are is said."""


def show_comparison(comparison: RehearsalComparison, console: Console) -> None:
    """Print a comparison."""
    for line in comparison_lines(comparison):
        console.print(line, soft_wrap=not console.is_terminal, highlight=False)


def comparison_lines(comparison: RehearsalComparison) -> Iterator[Text]:
    """Yield the lines of a comparison."""
    first, second = comparison.heads
    yield Text(f"{first['pipeline']}: {first['verdict']}, then {second['pipeline']}: {second['verdict']}", style="bold")
    for claim, was, is_now in comparison.claims:
        style = "green" if is_now == "proved" else "bold red"
        yield Text(f"  {claim}: {was} → ").append(is_now, style=style)
    one, other = first["bill"], second["bill"]
    for name in ("requests", "conversions", "retries", "limited"):
        if one[name] != other[name]:
            yield Text(f"  {name}: {one[name]:,} → {other[name]:,}", style="dim")
    kinds = comparison.kinds
    people = len({one.person_id for one in comparison.differences})
    yield Text(f"  {people:,} people are treated otherwise" if people else "  everyone is treated the same")
    for what, count in list(kinds.items())[:SHOWN]:
        ids = [one.person_id for one in comparison.differences if one.what == what][:FIRST]
        more = " …" if count > FIRST else ""
        yield Text(f"    {count:,} {what}: ").append(f"{', '.join(ids)}{more}", style="dim")
    if len(kinds) > SHOWN:
        yield Text(f"    and {len(kinds) - SHOWN} more kinds of differences, in --json", style="dim")
