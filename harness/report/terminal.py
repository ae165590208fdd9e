"""The run in the terminal: a line per scenario as it ends, then what failed with its evidence, then totals.

Colour where the terminal has it, plain where it has not. Nothing here decides anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from harness.core.foreign_values import writable
from harness.report.causes import Cause, by_cause
from harness.report.console import CLAIM_ENDINGS, MARKS, STYLES, VISIBLE
from harness.report.failure_blocks import Block, within
from harness.report.flows import endings_of, flows
from harness.report.kept_table import kept_table
from harness.report.known_lines import known_lines
from harness.report.matrix import MatrixRow, matrix
from harness.report.next_step import next_step
from harness.report.progress import Progress
from harness.report.result import AnswerRow, AskedRow, ClaimRow, Ending, RunRow, ScenarioRow
from harness.report.text_width import fitted

WIDEST = 118
"""Columns that a scenario's line takes at most; its figures stand at the right."""
KEPT_LINES = 20

MOST_LINES: Final = 60
"""Lines that a run prints, unless all is wanted."""

SCENARIO_LINES: Final = 20
"""Up to how many scenarios each has a line of its own."""

NAMED: Final = 3
"""How many other scenarios are named that fail for the same cause."""


class TerminalReport:
    """Prints as the run goes on."""

    def __init__(self, console: Console, *, explain: bool = False, verbose: bool = False, quiet: bool = False) -> None:
        self._console = console
        self._explain = explain
        self._whole = verbose or explain
        self._printed = 0
        self._many = False
        self._held: list[Text] | None = None
        self._module = ""
        self._width = min(console.width, WIDEST) if console.is_terminal else WIDEST
        self._progress = Progress(console, quiet=quiet)
        self._ascii = not (console.encoding or "").lower().startswith("utf")

    def begin(self, pipeline: str, against: str, versions: Sequence[str]) -> None:
        """The first line: what runs against what."""
        parts = [f"pipeline {pipeline}", f"against {against}", f"Intercom {', '.join(versions)}"]
        line = Text("harness run", style="bold")
        line.append("  " + (" | " if self._ascii else " · ").join(parts), style="not bold dim")
        self._print(line)

    def running(self, number: int, total: int, title: str) -> None:
        """A scenario has begun."""
        self._many = total > SCENARIO_LINES
        self._progress.show(number, total, title.translate(VISIBLE))

    def waiting(self, text: str) -> None:
        """What the scenario under way waits for."""
        self._progress.note(text.translate(VISIBLE))

    def scenario(self, row: ScenarioRow) -> None:
        """One scenario has ended; it has a line of its own where there are few, or where all is wanted."""
        if self._many and not self._whole:
            return
        if row.module != self._module:
            self._module = row.module
            self._print(Text(f"\n{row.module}", style="bold"))
        told = Text(row.title)
        details = [part for part in (row.parameters, row.intercom_version) if part]
        if details:
            told.append(f"  {', '.join(details)}", style="cyan")
        figures = f"{len(row.claims):>3} claims {row.seconds * 1000:>6.0f} ms"
        if row.known:
            told.append(f"  {row.known.text}", style="yellow")
        if row.ending == "not run":
            told.append(f"  not run: {row.reason}", style="dim")
            figures = ""
        mark = Text("  ").append(self._mark(row.ending), style=STYLES[row.ending]).append(" ")
        for line in fitted(mark, told, figures, self._width, wraps=self._console.is_terminal):
            self._print(line)
        if self._explain and row.ending == "proved":
            self._evidence(row, everything=True)

    def end(self, run: RunRow) -> None:
        """A table of the flows; what failed, by cause; what could not run; the totals."""
        self._flows(run)
        if self._whole:
            for row in run.scenarios:
                if row.failed:
                    self._failure(row)
            self._conclusion(run)
            return
        tail = self._captured(lambda: self._conclusion(run))
        for line in self._causes(run, MOST_LINES - self._printed - len(tail)):
            self._print(line)
        for line in tail:
            self._print(line)

    def _conclusion(self, run: RunRow) -> None:
        for missing in run.incomplete:
            self._print(Text(f"\nincomplete: {missing}", style="bold magenta"))
        for problem in run.problems:
            self._print(Text(f"\n{problem}", style="bold magenta"))
        self._versions(run)
        for line in known_lines(run, self._mark("known")):
            self._print(Text(line, style="yellow"))
        for note in run.notes:
            self._print(Text(f"\nnote: {note}", style="yellow"))
        self._totals(run)
        if step := next_step(run):
            self._print(Text("next: ", style="bold").append(step, style="not bold"))

    def _causes(self, run: RunRow, room: int) -> list[Text]:
        """Return what failed, the most frequent cause first, in as many lines as there is room for."""
        blocks = [self._block(cause) for cause in by_cause(run.scenarios)]
        return within(blocks, room)

    def _block(self, cause: Cause) -> Block:
        first, *others = cause.rows
        lines = self._captured(lambda: self._failure(first))
        if not others:
            return Block(lines, [])
        named = [Text(f"      {row.module}: {row.title}  {row.parameters}".rstrip()) for row in others[:NAMED]]
        head = Text(f"  and {len(others)} more fail for the same cause", style="bold")
        left = [Text(f"      … {len(others) - NAMED} more: --verbose", style="dim")] if len(others) > NAMED else []
        return Block(lines, [head, *named, *left])

    def _captured(self, printing: Callable[[], object]) -> list[Text]:
        """Return the lines that something prints, instead of printing them."""
        held, self._held = self._held, []
        printing()
        lines, self._held = self._held, held
        return [part for line in lines for part in line.split("\n", allow_blank=True)]

    # --- parts ------------------------------------------------------------------------------------

    def _flows(self, run: RunRow) -> None:
        rows, endings = flows(run), endings_of(run)
        if not rows:
            return
        widest = max(len(row.flow) for row in rows)
        head = "".join([" " * (widest + 2), *(f"{ending:>15}" for ending in endings), f"{'claims':>9}"])
        self._print(Text(f"\n{head}"))
        for row in rows:
            line = Text(f"  {row.flow:<{widest}}")
            for ending, number in zip(endings, row.endings, strict=True):
                line.append(f"{number or '':>15}", style=STYLES[ending])
            line.append(f"{row.claims:>9}{row.seconds:>8.2f} s", style="dim")
            self._print(line)

    def _failure(self, row: ScenarioRow) -> None:
        head = Text(f"\n{row.ending.upper()}", style=STYLES[row.ending])
        head.append(f"  {row.module}: {row.title}", style="bold not dim")
        if details := ", ".join(part for part in (row.parameters, row.intercom_version) if part):
            head.append(f"  {details}", style="cyan")
        self._print(head)
        if row.known:
            self._field("known", row.known.text, style="yellow", indent=2)
        if row.reason:
            self._indented(row.reason, 2)
        self._evidence(row, everything=self._explain)
        if row.again:
            self._field("again", row.again, indent=2)

    def _evidence(self, row: ScenarioRow, *, everything: bool) -> None:
        shown = [claim for claim in row.claims if everything or claim.verdict != "proved"]
        if common := row.likely:
            self._field("likely", common, style="bold", indent=2)
        for claim in shown:
            self._claim(claim, common)
        if row.claims and len(shown) < len(row.claims):
            self._print(
                Text(f"  {self._mark('proved')} {len(row.claims) - len(shown)} other claims proved", style="dim")
            )
        self._kept(row, everything=everything)
        for name in row.additions:
            self._print(Text(f"  + the pipeline added {name}", style="dim"))
        if row.asked or row.answers:
            self._print(Text("  the pipeline", style="bold"))
        for before, asked in zip([*row.asked[:1], *row.asked], row.asked, strict=False):
            if asked.at - before.at >= 1:
                self._print(Text(f"      {asked.at - before.at:g} s later", style="dim"))
            self._asked(asked)
        for answer in row.answers:
            self._answer(answer)

    def _kept(self, row: ScenarioRow, *, everything: bool) -> None:
        for table in row.kept:
            shown = [line for line in table if everything or line.right is False]
            if not shown:
                continue
            for line in kept_table(shown, self._console.width if self._console.is_terminal else None):
                self._print(line)
            if len(shown) < len(table):
                self._print(Text(f"      {len(table) - len(shown)} other things are as they should be", style="dim"))

    def _claim(self, claim: ClaimRow, common: str) -> None:
        ending = CLAIM_ENDINGS[claim.verdict]
        self._wrapped(Text(f"  {self._mark(ending)} ", STYLES[ending]), Text(claim.text, STYLES[ending]))
        rule = f"{claim.source}{', assumed' if claim.assumed else ''}"
        for name, text in (
            ("expected", claim.expected),
            ("found", claim.found),
            ("likely", claim.likely if claim.likely != common else ""),
            ("rule", rule),
        ):
            if text:
                self._field(name, text)
        for witness in claim.witnesses:
            self._field(witness.when, f"{witness.read}  {witness.shows}", style="dim")

    def _field(self, name: str, text: str, style: str = "", indent: int = 6) -> None:
        head = Text(f"{' ' * indent}{name:<9} ", style="dim")
        told = Text(text, style=style or "not dim")
        if name == "again":  # a command is copied as one line
            self._print(head + told)
        else:
            self._wrapped(head, told)

    def _asked(self, asked: AskedRow) -> None:
        line = Text(f"      webhook {asked.webhook}" if asked.webhook else f"      {asked.request}")
        line.append(f" {asked.sent}", style="dim")
        line.append("  again" if asked.again else "", style="yellow")
        failed = asked.refused or not asked.status.startswith("2")
        line.append(f"  {'->' if self._ascii else '→'} {asked.status}", style="red" if failed else "green")
        if asked.fault:
            line.append(f" (fault: {asked.fault})", style="yellow")
        line.append(f" {asked.refused or asked.answer}", style="dim")
        self._print(line)
        if asked.unread:
            names = ", ".join(f"`{name}`" for name in asked.unread)
            self._field("unread", f"Intercom does not read {names} here", style="yellow")

    def _answer(self, answer: AnswerRow) -> None:
        self._field("answered", f"{answer.operation}: {answer.trouble or 'no complaint'}")
        for name, text in (("stdout", answer.stdout), ("stderr", answer.stderr)):
            if text.strip():
                lines = text.rstrip().splitlines()
                note = [f"… {len(lines) - KEPT_LINES} lines before"] if len(lines) > KEPT_LINES else []
                for number, part in enumerate([*note, *lines[-KEPT_LINES:]]):
                    self._field(name if number == 0 else "", part, style="dim")

    def _versions(self, run: RunRow) -> None:
        rows = matrix(run)
        if not rows:
            return
        self._print(
            Text(f"\nversions  {'  '.join(f'{version:>5}' for version in run.intercom_versions)}", style="bold")
        )
        above: MatrixRow | None = None
        for row in rows:
            if row.alike:
                continue
            line = self._endings([row.endings.get(version, "not run") for version in run.intercom_versions])
            told = Text(f"{row.module}: {row.title}")
            if parameters := row.case.partition("[")[2].removesuffix("]"):
                told.append(f"  {parameters}", style="cyan")
            self._wrapped(line.append("  "), told)
            if row.changes and row.changes_as(above):
                self._print(Text(f"{' ' * 12}as above", style="dim"))
                continue
            above = row
            for change in row.changes:
                since = f"{'in' if change.first else 'from'} {change.since}"
                self._field(since, f"{change.ending}: {change.why}" if change.why else change.ending, indent=12)
        for ending, number in Counter(row.alike for row in rows if row.alike).items():
            self._print(self._endings([ending] * len(run.intercom_versions)).append(f"  {number} alike"))

    def _endings(self, endings: Sequence[Ending]) -> Text:
        line = Text(" " * 8)
        for ending in endings:
            line.append(f"  {self._mark(ending):>5}", style=STYLES[ending])
        return line

    def _totals(self, run: RunRow) -> None:
        counts = run.counts
        line = Text("\n")
        for ending, number in counts.items():
            if number or ending in ("proved", "refuted"):
                line.append(f"{number} {ending}", style=STYLES[ending] if number else "dim")
                line.append("  ")
        claims = sum(len(row.claims) for row in run.scenarios)
        line.append(f"{claims} claims  {run.seconds:.2f} s", style="dim")
        self._print(line)

    def _wrapped(self, head: Text, told: Text) -> None:
        for line in fitted(head, told, "", self._console.width, wraps=self._console.is_terminal):
            self._print(line)

    def _indented(self, text: str, width: int) -> None:
        for part in text.splitlines():
            self._print(Text(" " * width + part))

    def _mark(self, ending: Ending) -> str:
        return MARKS[ending][1 if self._ascii else 0]

    def _print(self, line: Text) -> None:
        if self._held is not None:
            self._held.append(line)
            return
        self._printed += 1 + line.plain.count("\n")
        self._progress.clear()
        line.plain = writable(line.plain.translate(VISIBLE))
        self._console.print(line, soft_wrap=True, highlight=False, markup=False)
