"""A mutation run on one screen: the rate, families and flows, then the survivors, those without an excuse first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from harness.report.mutation_result import KeyFate, MutationResult, Rate

SHOWN = 8
"""How many survivors stand on the screen; the page and the JSON have all."""

WORST = 0.9
"""The share below which a family or a flow is marked."""


def show_mutation(console: Console, result: MutationResult) -> None:
    """Print a mutation run."""
    for line in lines_of(result):
        console.print(line, soft_wrap=True, highlight=False)


def lines_of(result: MutationResult) -> Iterator[str]:
    """Yield the lines of a mutation run, with marks of style."""
    yield from _head(result)
    yield ""
    yield from _rates("families", result.families)
    yield from _rates("flows", result.flows)
    if result.survivors:
        yield ""
        yield from _survivors(result)
    for row in result.hung[:3]:
        yield f"[yellow]hung[/]: {escape(row.case)}: {escape(row.mutant)}"
    for case, reason in list(result.not_mutated.items())[:3]:
        yield f"[yellow]not mutated[/]: {escape(case)}: {escape(reason.partition(chr(10))[0])}"
    for complaint in result.complaints:
        yield f"[red]ledger[/]: {escape(complaint)}"
    yield ""
    yield _verdict(result)


def _head(result: MutationResult) -> Iterator[str]:
    rate, speed = result.rate, len(result.rows) / result.seconds if result.seconds else 0.0
    sample = f", a sample with seed {result.seed}" if result.sample is not None else ""
    yield (
        f"[bold]{len(result.rows)} mutants[/] of {escape(result.pipeline)} in {len(result.cases)} scenarios{sample}, "
        f"{result.seconds:.0f} s, {speed:.0f} a second on {result.workers} processes"
    )
    apart = [f"{result.count(fate)} {fate}" for fate in ("loud", "permitted", "equivalent", "inapplicable")]
    colour = "green" if rate.share >= WORST else "red"
    yield (
        f"[bold {colour}]{rate.percent} killed[/]: {rate.killed} of {rate.counted} that count; "
        f"apart from them {', '.join(apart)}"
    )
    yield f"the reason names the mutation for {result.named.percent} of the killed"


def _rates(title: str, rates: Mapping[str, Rate]) -> Iterator[str]:
    cells = [
        f"{escape(name)} {'[red]' if rate.share < WORST else ''}{rate.percent}{'[/]' if rate.share < WORST else ''}"
        f" [dim]({rate.killed}/{rate.counted})[/]"
        for name, rate in rates.items()
    ]
    for start in range(0, len(cells), 4):
        yield f"[bold]{title if start == 0 else '':9}[/]" + "  ".join(cells[start : start + 4])


def _survivors(result: MutationResult) -> Iterator[str]:
    alive = result.survivors
    excused = len(alive) - len(result.unexcused)
    yield f"[bold]survivors[/]: {len(alive)}, of which the ledger excuses {excused}"
    for one in alive[:SHOWN]:
        yield from _survivor(one, result.excused.get(one.key, ""))
    if len(alive) > SHOWN:
        yield f"  … and {len(alive) - SHOWN} more: --report DIR or --json FILE has all of them"


def _survivor(one: KeyFate, excuse: str) -> Iterator[str]:
    row = one.shown
    mark = "[dim]excused[/] " if excuse else ""
    yield f"  {mark}[bold]{escape(one.key)}[/]  [dim]{escape(_short(row.case))}[/]"
    if excuse:
        yield f"    [dim]{escape(excuse)}[/]"
        return
    yield f"    was  {escape(_line(row.before))}"
    yield f"    now  {escape(_line(row.after))}"
    yield f"    to see it: {escape(row.needs)}"


def _short(case: str) -> str:
    return case.rpartition("/")[2]


def _line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 150 else f"{flat[:150]}…"


def _verdict(result: MutationResult) -> str:
    if not result.unexcused and not result.complaints:
        return "[bold green]no mutant survived that the ledger does not excuse[/]"
    parts: Sequence[str] = [
        *([f"{len(result.unexcused)} mutants survived that the ledger does not excuse"] if result.unexcused else []),
        *([f"the ledger is not exact in {len(result.complaints)} places"] if result.complaints else []),
    ]
    return f"[bold red]{'; '.join(parts)}[/]"
