"""A rehearsal on one screen: the verdict, what became of everyone, what is refuted and for how many, and the bill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from harness.core.foreign_values import writable
from harness.rehearsal.census import FATES
from harness.rehearsal.rehearsal_result import Bill, KillResult, RehearsalResult
from harness.report.console import CLAIM_ENDINGS, MARKS, STYLES, VISIBLE
from harness.verification.claims import Claim, Verdict

FATE_STYLES: Final = {"deleted": "bold red", "vanished": "bold red", "archived": "yellow", "changed": "yellow"}
OUTCOMES: Final = {
    "moved": "gave or got belongings",
    "united": "have a gap filled, or a belonging in common",
    "dropped": "have a value dropped by a rule",
    "added": "got something new",
    "overwritten": "had something overwritten",
    "lost": "lost something",
}
RULES_SHOWN: Final = 4
OPERATIONS_SHOWN: Final = 5


def show(result: RehearsalResult, console: Console) -> None:
    """Print a result."""
    for line in lines(result, ascii_only=not (console.encoding or "").lower().startswith("utf")):
        line.plain = writable(line.plain.translate(VISIBLE))
        console.print(line, soft_wrap=not console.is_terminal, highlight=False)


def lines(result: RehearsalResult, *, ascii_only: bool = False) -> Iterator[Text]:
    """Yield the lines of a result."""
    yield from _head(result)
    yield Text()
    yield from _fates(result)
    yield Text()
    for claim in sorted(result.claims, key=lambda claim: claim.verdict is Verdict.PROVED):
        yield from _claim(claim, ascii_only=ascii_only)
    if result.assumed:
        yield Text()
        yield from _assumed(result)
    yield Text()
    yield from _bill(result.bill)
    if result.kill is not None:
        yield _kill(result.kill)


def _head(result: RehearsalResult) -> Iterator[Text]:
    style = STYLES[CLAIM_ENDINGS[result.verdict.value]]
    roles = ", ".join(f"{count:,} {role}s" for role, count in sorted(result.roles.items()))
    line = Text("rehearsal ", style="bold").append(result.verdict.value, style=style)
    line.append(f"  {result.pipeline} on {result.people}: {roles}", style="not bold dim")
    yield line
    if result.stopped:
        yield Text(f"  {result.stopped}: what follows is what happened until then", style="bold yellow")


def _fates(result: RehearsalResult) -> Iterator[Text]:
    width = max((len(f"{count:,}") for count in result.census.values()), default=1)
    for fate, count in result.census.items():
        yield (
            Text(f"  {count:>{width},} ")
            .append(f"{fate:<10}", style=FATE_STYLES.get(fate, "bold"))
            .append(f" {FATES[fate]}", style="dim")
        )
    told = [f"{result.outcomes[name]:,} {words}" for name, words in OUTCOMES.items() if result.outcomes.get(name)]
    if told:
        yield Text(f"  of these {', '.join(told)}")
    left = [
        (result.doubles_left, "e-mails that several users have"),
        (result.undecided, "leads left whose e-mail several users have"),
        (result.findings.get("refused", 0), "conversions refused, which the job noticed"),
        (result.findings.get("left for a space", 0), "leads left whose user's e-mail differs by spaces alone"),
        (result.findings.get("nothing shared", 0), "merged with neither e-mail nor phone in common"),
    ]
    if found := [f"{count:,} {words}" for count, words in left if count]:
        yield Text(f"  {', '.join(found)}", style="dim")


def _claim(claim: Claim, *, ascii_only: bool) -> Iterator[Text]:
    ending = CLAIM_ENDINGS[claim.verdict.value]
    line = Text(f"  {MARKS[ending][ascii_only]} ", style=STYLES[ending])
    line.append(claim.text, style="default" if claim.proved else STYLES[ending])
    if claim.proved:
        if claim.expected == "permitted":
            line.append(f"  permitted: {claim.found}", style="dim")
        yield line
        return
    yield line.append(f": {claim.found}", style="default")
    if claim.who:
        more = " …" if len(claim.who) > 2 else ""
        yield Text(f"      {', '.join(claim.who[:2])}{more}", style="dim")
    if claim.likely:
        yield Text(f"      likely: {claim.likely}", style="dim")


def _assumed(result: RehearsalResult) -> Iterator[Text]:
    rules = result.assumed
    yield Text(f"  {len(rules)} assumed rules bear on this; what Intercom really does there is not known:", style="dim")
    for rule, people in rules[:RULES_SHOWN]:
        yield Text(f"    {people:,} {rule}", style="dim")
    if len(rules) > RULES_SHOWN:
        yield Text(f"    and {len(rules) - RULES_SHOWN} more rules, in the report and the JSON", style="dim")


def _bill(bill: Bill) -> Iterator[Text]:
    limit = f"{bill.limit:,} requests in 10 s" if bill.limit else "no rate limit"
    told = f"  {bill.requests:,} requests, {bill.conversions:,} conversions, {bill.retries:,} retries, "
    told += f"{bill.limited:,} answers 429"
    yield Text(f"{told}; {duration(bill.seconds)} at Intercom ({limit}, {bill.latency:g} s an answer)")
    ranked = sorted(bill.operations.items(), key=lambda one: -one[1].requests)
    shown = ", ".join(f"{one.requests:,} {name}" for name, one in ranked[:OPERATIONS_SHOWN])
    more = f" and {len(ranked) - OPERATIONS_SHOWN} more operations" if len(ranked) > OPERATIONS_SHOWN else ""
    if shown:
        yield Text(f"    {shown}{more}", style="dim")


def _kill(kill: KillResult) -> Text:
    when = f"  killed at {kill.percent:g} % of its writes and started again: "
    return Text(when + (f"{kill.different:,} people ended otherwise" if kill.different else "the same end"))


def duration(seconds: float) -> str:
    """Return a length of time in words: hours and minutes, minutes and seconds, or seconds."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{seconds:.1f} s"
