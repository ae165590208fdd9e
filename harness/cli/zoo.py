"""`harness zoo`: plays pipelines whose verdict is known, and tells whether the harness says what it has to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from harness.cli import shared_options
from harness.config.stock import stock_folder
from harness.core.errors import Problem
from harness.report.console import ReportConsole
from harness.report.progress import Progress
from harness.zoo.judging import Ending, Ground, Judged, judge, matrix
from harness.zoo.specimens import Specimen, specimens

NAME_WIDTH = 32
SIGNS = "X where its bug says, x elsewhere, . lives, blank: not played with it"


@click.command("zoo")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--quick", is_flag=True, help="Play wrong pipelines over the scenarios that their bug names, and no other."
)
@click.option(
    "--scenarios",
    type=click.Path(path_type=Path, file_okay=False),
    default=stock_folder,
    show_default="the stock scenarios",
    metavar="DIR",
    help="The folder of the scenarios.",
)
@shared_options.as_json
def command(names: Sequence[str], quick: bool, scenarios: Path, as_json: bool) -> int:
    """Play the bug zoo: wrong pipelines, each with one bug that real code has, and right ones in many styles.

    Prints which scenario kills which pipeline, by which claim. NAME plays only pipelines whose name contains it.

    Exit codes: 0 each wrong one was killed for its stated reason and no right one was touched; 1 one was not; 2 could
    not run.
    """
    console = ReportConsole(stderr=as_json, highlight=False)
    played = _play(_picked(names), Ground(scenarios, whole=not quick), Progress(console))
    code = 0 if all(judged.ending.right for judged in played) else 1
    if as_json:
        sys.stdout.write(json.dumps(_as_data(played, code), indent=1, ensure_ascii=False) + "\n")
    else:
        _show(console, played)
    return code


def _picked(names: Sequence[str]) -> Sequence[Specimen]:
    picked = [one for one in specimens() if not names or any(name.lower() in one.name.lower() for name in names)]
    if not picked:
        raise Problem(
            f"there is no pipeline {' or '.join(names)} in the zoo",
            remedy="docs/zoo.md lists all; or leave the name out",
        )
    return picked


def _play(these: Sequence[Specimen], ground: Ground, progress: Progress) -> list[Judged]:
    played = []
    for number, specimen in enumerate(these, 1):

        def tell(case: object, number: int = number, name: str = specimen.name) -> None:
            progress.show(number, len(these), f"{name}: {case}")

        played.append(judge(specimen, ground, about_to=tell))
    progress.clear()
    return played


# --- as text --------------------------------------------------------------------------------------


def _show(console: Console, played: Sequence[Judged]) -> None:
    columns = matrix(played)
    _say(console, f"[bold]The kill matrix[/]  ({SIGNS})\n")
    for line in _head(len(columns)):
        _say(console, " " * (NAME_WIDTH + 2) + line)
    for judged in played:
        style = "green" if judged.ending.right else "bold red"
        _say(console, f"[{style}]{judged.specimen.name:{NAME_WIDTH}}[/]  {_row(judged, columns)}")
    _say(console, "\n[bold]Scenarios[/]")
    for name, number in columns.items():
        _say(console, f"{number:4}  {_escaped(name)}")
    _say(console, "\n[bold]What kills whom[/]")
    for judged in played:
        for line in _lines(judged, columns):
            _say(console, line)
    _say(console, "\n" + _summary(played))


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


def _head(count: int) -> Iterator[str]:
    numbers = range(1, count + 1)
    yield "".join(str(number // 10) if number % 10 == 0 else " " for number in numbers)
    yield "".join(str(number % 10) for number in numbers)


def _row(judged: Judged, columns: Mapping[str, int]) -> str:
    stated, dead = set(judged.specimen.stated), {death.scenario for death in judged.deaths}
    signs = {name: ("X" if name in stated else "x") if name in dead else "." for name in judged.played}
    return "".join(signs.get(name, " ") for name in columns).rstrip()


def _lines(judged: Judged, columns: Mapping[str, int]) -> Iterator[str]:
    specimen = judged.specimen
    style = "dim" if judged.ending.right else "bold red"
    why = f": {specimen.lacks}" if specimen.lacks else ""
    yield f"{specimen.name}: {specimen.kind}, [{style}]{judged.ending.value}{why}[/]"
    stated = [death for death in judged.deaths if death.scenario in specimen.stated or not specimen.stated]
    for death in stated:
        yield _escaped(f"    {columns[death.scenario]}: {death.claim}: {death.found}")
        if death.likely:
            yield _escaped(f"        {death.likely}")
    for missed in judged.missed:
        yield f"    [bold red]not as stated[/] {_escaped(missed)}"


def _summary(played: Sequence[Judged]) -> str:
    endings = [judged.ending for judged in played]
    counts = {ending: endings.count(ending) for ending in Ending}
    wrong = sum(judged.specimen.wrong for judged in played)
    parts = [
        f"{counts[Ending.KILLED]} of {wrong} wrong pipelines killed for their stated reason",
        f"{counts[Ending.UNHARMED]} of {len(played) - wrong} right ones unharmed",
    ]
    parts += [f"{counts[one]} {one.value}" for one in (Ending.LIVES, Ending.MISTAKEN, Ending.TOUCHED) if counts[one]]
    parts += [f"{counts[Ending.SKIPPED]} skipped"] if counts[Ending.SKIPPED] else []
    return ", ".join(parts)


# --- as data --------------------------------------------------------------------------------------


def _as_data(played: Sequence[Judged], code: int) -> dict[str, object]:
    return {"pipelines": [_pipeline(judged) for judged in played], "exit_code": code}


def _pipeline(judged: Judged) -> dict[str, object]:
    specimen = judged.specimen
    return {
        "name": specimen.name,
        "pipeline": specimen.spec,
        "wrong": specimen.wrong,
        "kind": specimen.kind,
        "says": specimen.says,
        "ending": judged.ending.value,
        "skipped": specimen.lacks,
        "stated": specimen.stated,
        "played": judged.played,
        "killed_by": [asdict(death) for death in judged.deaths],
        "missed": judged.missed,
    }
